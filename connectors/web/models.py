"""Requests and answers of `/chat/v1`, as published in OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_BODY_BYTES = 16_384  # 2 000 characters of any script, escaped, and the rest of the request


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", str_max_length=12_000)


class NewConversation(_Strict):
    """Opens a conversation. `language` and `department` are priors: what the citizen writes decides.

    A department that has no queue at the desk is ignored.
    """

    language: str | None = Field(None, max_length=16, examples=["sv"])
    page_url: str | None = Field(None, max_length=500)
    department: str | None = Field(None, max_length=100, examples=["forskola"])


class NewMessage(_Strict):
    """A citizen's message: either `text` or the `payload` of a button."""

    client_message_id: str = Field(min_length=1, max_length=128, description="chosen by the client; repeating it changes nothing")
    text: str | None = None
    payload: str | None = Field(None, max_length=64)
    struck: list[Annotated[int, Field(ge=1)]] = Field(
        default_factory=list, max_length=500, description="with a button that sends the conversation: seqs not to be sent"
    )


class NewFeedback(_Strict):
    """Was the answer with this seq of help?"""

    seq: int = Field(ge=1)
    value: Literal["up", "down"]
    comment: str | None = Field(None, max_length=1000)


# One address, and no character that could end a header line or begin another address; whether it exists only sending tells.
_PART = r"[^@\s\p{C}<>()\[\],;:\\\"]"
EmailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=rf"^{_PART}{{1,64}}@{_PART}+\.[\p{{L}}\p{{N}}-]{{2,}}$")
]


class TranscriptRequest(_Strict):
    """Where to send what has been said."""

    email: EmailAddress = Field(examples=["namn@exempel.se"])


class Suggestion(BaseModel):
    """An article that what is being written may be about. Sending its payload shows it, with the title as the citizen's words."""

    article_id: str
    payload: str
    language: str
    dir: Literal["ltr", "rtl"]
    title: str


class Suggestions(BaseModel):
    """At most four, best first."""

    suggestions: list[Suggestion]


class Message(BaseModel):
    """One utterance. `text` is plain text and must be shown as text."""

    model_config = ConfigDict(extra="allow")
    seq: int
    message_id: str
    author: Literal["citizen", "bot", "agent", "system"]
    text: str
    language: str
    dir: Literal["ltr", "rtl"]
    created_at: str
    outcome: str | None = None
    client_message_id: str | None = None
    agent_name: str | None = None
    article_id: str | None = None
    title: str | None = None
    sources: list[dict[str, Any]] | None = None
    updated: str | None = None
    links: list[dict[str, Any]] | None = None
    buttons: list[dict[str, Any]] | None = None
    probability: float | None = None
    preview: dict[str, Any] | None = None
    wants_feedback: bool | None = None
    feedback: Literal["up", "down"] | None = None


class ConversationOpened(BaseModel):
    """The token belongs to this conversation only and is shown once."""

    conversation_id: str
    token: str
    messages: list[Message]


class MessageAccepted(BaseModel):
    """Stored; the answer comes over the events or `GET /messages`."""

    message_id: str


class TurnResult(BaseModel):
    """The replies of one turn. `done` is false when it is still running or waits for a service to come back."""

    message_id: str
    messages: list[Message]
    owner: Literal["bot", "queue", "agent", "closed"]
    done: bool


class Delivery(BaseModel):
    """How far the citizen's messages have come: seq of the last one at the desk, and of the last one read; 0 = none."""

    delivered: int
    read: int


class Transcript(BaseModel):
    """Messages after a seq, and where the conversation stands. `delivery` is null while the bot has the word; `reopens`: closed,
    but the citizen may go on with it."""

    messages: list[Message]
    owner: Literal["bot", "queue", "agent", "closed"]
    language: str
    queue: dict[str, int | dict[str, int]] | None  # {position, wait?: {low, high}}
    delivery: Delivery | None
    closed: bool
    reopens: bool
