"""What is said: a `Reply` before it is put into words, a `Rendered` message after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Author = Literal["citizen", "bot", "agent", "system"]
Owner = Literal["bot", "queue", "agent", "closed"]


@dataclass(frozen=True)
class Button:
    """A choice offered to the citizen.

    Args:
        action: what pressing it means: a Rasa payload (`/answer_article{…}`) or one of `bot.pipeline.actions`.
        title_key: key of the catalogue, or
        title: a text already in the citizen's language (an article's title).
        article_id: the article the choice leads to, if any.
        quotes: seq of the citizen's own message that the title repeats: who may not read that message does not see the title.
        said: what the conversation says when it is pressed, instead of the title.
    """

    action: str
    title_key: str | None = None
    title: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    article_id: str | None = None
    quotes: int | None = None
    said: str | None = None


@dataclass(frozen=True)
class Mail:
    """What goes out by e-mail when a message is stored; the conversation shows the message, the channel writes the mail.

    Args:
        push_to: id and channel account of the address it goes to.
        content: what the channel must know to write it; never an address, nothing personal.
    """

    push_to: tuple[str, str]
    content: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """Something to say, not yet in words: a key of the catalogue and/or articles, and buttons."""

    type: Literal["answer", "clarify", "text", "offer_human", "end"]
    key: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    article_ids: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    outcome: str | None = None
    probability: float | None = None
    author: Author = "bot"
    preview: dict[str, Any] | None = None
    links: tuple[dict[str, str], ...] = ()  # where to go on, each {url, title}
    mail: Mail | None = None


@dataclass(frozen=True)
class Rendered:
    """A message in words, ready to be stored.

    Args:
        text: plain text; never markup.
        language: language code of `text`.
        payload: the further fields of the public `Message` (sources, updated, links, preview, …), without buttons.
        buttons: choices with their titles; the store gives each its payload.
        push_to: id and channel account of an address it goes to instead of the conversation's own.
    """

    author: Author
    text: str
    language: str
    outcome: str | None = None
    article_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    agent_id: str | None = None
    push_to: tuple[str, str] | None = None
