"""Bodies of the editors' API (docs/architecture.md, "Editors")."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_REASON = 500
MAX_NOTE = 2000

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_REASON)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Checking(_Body):
    """An article as it stands in the form."""

    article: dict[str, Any]
    reviewed: list[Language] = Field(default=[], max_length=100)


class Comparing(_Body):
    """Phrasings of one language, and the article they belong to as it stands in the form."""

    language: Language
    phrasings: list[Annotated[str, Field(max_length=500)]] = Field(max_length=200)
    article: dict[str, Any] | None = None


class Draft(_Body):
    """What is written so far. `version` is that of the draft last read or saved; None when there was none."""

    article: dict[str, Any]
    reviewed: list[Language] = Field(default=[], max_length=100)
    reason: str = Field("", max_length=MAX_REASON)
    base_hash: str | None = Field(None, max_length=64)
    version: int | None = None


class Proposing(_Body):
    """A draft becomes a proposal."""

    version: int
    reason: Reason


class Deciding(_Body):
    """The version that was looked at."""

    version: int


class Rejecting(Deciding):
    """The author gets to read the note."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_NOTE)]


class Rebasing(Deciding):
    """The article after a conflict was settled; None takes the merge as it is, with the proposal's word where both changed."""

    article: dict[str, Any] | None = None


class Quick(_Body):
    """A proposal of one press: `review` needs `review_by`, `revert` needs `to`, `reviewed` needs `language`."""

    action: Literal["expire", "review", "revert", "reviewed"]
    base_hash: str = Field(max_length=64)
    reason: Reason
    review_by: dt.date | None = None
    confirmed: bool = False  # the facts were looked over today: the date of the text is today's
    to: str | None = Field(None, max_length=64)
    language: Language | None = None


class Expiring(_Body):
    """Takes a wrong answer out of use at once."""

    reason: Reason
