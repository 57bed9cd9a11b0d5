"""Bodies of the routes that help an agent answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_TEXT = 2000
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=20_000)


class ReplyBody(_Body):
    """A canned reply as it is to be; `department` None = every department's."""

    shortcut: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^/?[A-Za-zÅÄÖåäö0-9-]{1,31}$")]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    department: str | None = Field(None, max_length=48)
    texts: dict[str, _Text] = Field(max_length=50)


class ReplyChange(ReplyBody):
    """… and the version that was edited."""

    version: int = Field(ge=1)


class WrongAnswer(_Body):
    """A bot answer that was wrong.

    Args:
        seq: of the bot's message.
        proposed_article_id: what would have been right, None = the knowledge base lacks it.
        question: what was asked, in words without personal data.
    """

    seq: int = Field(ge=1)
    proposed_article_id: str | None = Field(None, max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""


class ReportDecision(_Body):
    """What an editor made of a report."""

    state: Literal["open", "done", "dismissed"]
