"""Bodies of the desk's API (docs/architecture.md, "Desk")."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.pipeline.about import MOST
from handover.rights import Role

ARTICLE_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=20_000)


class Credentials(_Body):
    """Login."""

    email: str = Field(max_length=200)
    password: str = Field(max_length=1000)
    code: str | None = Field(None, max_length=40)


class AgentOut(BaseModel):
    """A member of staff."""

    id: str
    email: str
    name: str
    role: Role
    active: bool
    departments: list[str]
    languages: list[str]
    second_factor: bool = False
    present: bool | None = None


class LoggedIn(BaseModel):
    """Who is logged in, and the token that every write must carry in `X-CSRF-Token`. With `must_enrol` only the setting up of a
    second factor is open."""

    agent: AgentOut
    csrf_token: str
    must_enrol: bool
    method: str


class NewAgentMessage(_Body):
    """A message to the citizen."""

    client_message_id: str = Field(min_length=1, max_length=64)
    text: str
    article_id: str | None = Field(None, max_length=64, pattern=ARTICLE_ID)  # the article whose text the agent put in


class Claiming(_Body):
    """Taking a conversation."""

    override: bool = False  # a supervisor goes beyond the limit


class Returning(_Body):
    """Back to the bot."""

    note: str | None = Field(None, max_length=4000)
    # What the bot is told was spoken of; left out: what the server finds (`handover.told`).
    about: list[Annotated[str, Field(max_length=64, pattern=ARTICLE_ID)]] | None = Field(None, max_length=MOST)


class Closing(_Body):
    """Why the conversation is over."""

    reason: str = Field(min_length=1, max_length=48)


class Snoozing(_Body):
    """Laid aside until a time; `reason` is one of the settings' `snooze_reasons`."""

    until: AwareDatetime
    reason: str = Field(max_length=48)


class Scheduling(_Body):
    """By when the citizen is called, or answered in the conversation."""

    due_at: AwareDatetime
    kind: Literal["call_back", "written"]


class Transfer(_Body):
    """To a colleague or to a department's queue: exactly one of them."""

    agent_id: str | None = Field(None, max_length=32)
    department: str | None = Field(None, max_length=48)
    note: str | None = Field(None, max_length=4000)


class NewNote(_Body):
    """A note for staff."""

    text: str = Field(min_length=1)


class ResendAll(_Body):
    """All failed messages of a channel account; `hours`: only those that failed in the last so many."""

    account: str = Field(min_length=1, max_length=64)
    hours: float | None = Field(None, gt=0, le=10_000)


class Switch(_Body):
    """The bot's switch; the reason is shown to citizens while it is off."""

    enabled: bool
    reason: str = Field(min_length=1, max_length=300)


class NewAccountBody(_Body):
    """An account; `departments` empty = all."""

    email: str = Field(max_length=200)
    name: str = Field(max_length=100)
    role: Role
    password: str = Field(max_length=1000)
    departments: list[str] = Field(default_factory=list, max_length=100)
    languages: list[str] = Field(default_factory=lambda: ["sv"], max_length=50)


class AgentChange(_Body):
    """What of an account to change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=100)
    role: Role | None = None
    active: bool | None = None
    departments: list[str] | None = Field(None, max_length=100)
    languages: list[str] | None = Field(None, max_length=50)
    password: str | None = Field(None, max_length=1000)
