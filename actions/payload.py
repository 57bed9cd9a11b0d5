"""The replies Rasa hands to `app` (docs/architecture.md, "Rasa → app"), built in one place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from actions import keys

Payload = dict[str, Any]
Kind = Literal["answer", "clarify", "text", "offer_human", "end"]

HUMAN = "/human"
HUMAN_DECLINED = "/human_declined"
NONE_OF_THESE = "/none_of_these"


def reply(
    kind: Kind,
    key: str | None = None,
    *,
    outcome: str,
    params: dict[str, Any] | None = None,
    article_ids: Sequence[str] = (),
    buttons: Sequence[Payload] = (),
    probability: float | None = None,
    links: Sequence[Payload] = (),
) -> Payload:
    """One reply.

    Args:
        kind: the contract's `type`.
        key: key of the text catalogue.
        outcome: how the turn ends, from the glossary.
        params: what fills the text's placeholders.
        article_ids: for an answer 1 to 3, for a clarification up to 3.
        buttons: from the functions below.
        probability: of the best article, 0 to 1.
        links: where to go on, each `{url, title}`; an article brings its own.

    Returns:
        The payload, without empty fields.
    """
    made: Payload = {"type": kind, "outcome": outcome}
    if key:
        made["key"] = key
    if params:
        made["params"] = params
    if article_ids:
        made["article_ids"] = list(article_ids)
    if buttons:
        made["buttons"] = list(buttons)
    if probability is not None:
        made["probability"] = round(probability, 4)
    if links:
        made["links"] = list(links)
    return made


def human_buttons() -> list[Payload]:
    """Yes and no to the offer of a human; `app` understands the same payloads."""
    return [
        {"title_key": keys.OFFER_HUMAN_YES, "payload": HUMAN},
        {"title_key": keys.OFFER_HUMAN_NO, "payload": HUMAN_DECLINED},
    ]


def offer_human(key: str = keys.OFFER_HUMAN, *, outcome: str = "handover_offered") -> Payload:
    """An offer of a human, said with the text `key`."""
    return reply("offer_human", key, outcome=outcome, buttons=human_buttons())


def article_button(article_id: str, title: str) -> Payload:
    """A button that shows one article; its title is the article's own."""
    return {"title": title, "payload": intent_payload("answer_article", article_id=article_id), "article_id": article_id}


def none_button() -> Payload:
    """The way out of a clarification."""
    return {"title_key": keys.CLARIFY_NONE, "payload": NONE_OF_THESE}


def intent_payload(intent: str, **entities: str) -> str:
    """A message that Rasa reads as this intent with these entities."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"
