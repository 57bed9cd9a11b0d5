"""What an agent reads first: what it is about, what the bot has said, what is unclear. Taken from what the agent may see: whole
sentences of it, nothing put into other words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Turns that say nothing of the matter. `faq` is any question to the knowledge base.
_ASIDE = frozenset(
    {
        "ask_human",
        "greet",
        "goodbye",
        "thanks",
        "affirm",
        "deny",
        "smalltalk",
        "ask_bot_identity",
        "ask_capabilities",
        "ask_language",
        "choose_language",
        "positive_feedback",
        "negative_feedback",
        "repeat",
        "abuse",
    }
)
_NOT_UNDERSTOOD = ("unanswered", "out_of_scope")
_MOST_ABOUT, _MOST_SAID, _MOST_UNCLEAR, _MOST_SUGGESTED = 2, 3, 3, 3
_LENGTH = 220
_TURNS_BACK = 4
_LEAST_PROBABILITY = 0.1
_LIST_NUMBER = re.compile(r"\s+\d{1,2}\.$")
_SENTENCE_END = re.compile(r"(?<=[.!?…؟।።])\s+|\n+")

Message = Mapping[str, Any]
Turn = Mapping[str, Any]


def summarise(messages: Sequence[Message], turns: Sequence[Turn]) -> dict[str, list[dict[str, Any]]]:
    """The three answers, each in the order of the conversation.

    Args:
        messages: those the agent may see, in the public form.
        turns: what the bot understood of them (`handover.context`).

    Returns:
        `{about: [{seq, text, language, dir}], said: [{… title, article_id}], unclear: [{… why}]}`; `why` is not_understood |
        asked_back | not_helped | not_answered.
    """
    by_seq = {turn["seq"]: turn for turn in turns}
    asked = [message for message in messages if message["author"] == "citizen" and _of_substance(message, by_seq)]
    about = asked[:1] + asked[1:][-(_MOST_ABOUT - 1) :]
    answers = {message["article_id"]: message for message in messages if message["author"] == "bot" and message.get("article_id")}
    unclear = [(message, why) for message in asked if (why := _unclear(message, messages, by_seq)) is not None]
    return {
        "about": [_excerpt(message) for message in about],
        "said": [
            _excerpt(message) | {"title": message.get("title", ""), "article_id": message["article_id"]}
            for message in list(answers.values())[-_MOST_SAID:]
        ],
        "unclear": [_excerpt(message) | {"why": why} for message, why in unclear[-_MOST_UNCLEAR:]],
    }


def suggested(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Articles that may answer, likeliest first; those the bot has shown already come last, and say so.

    Returns:
        `[{article_id, title, probability, shown}]`, at most three.
    """
    best: dict[str, dict[str, Any]] = {}
    for turn in [turn for turn in turns if turn["intent"] not in _ASIDE][-_TURNS_BACK:]:
        for candidate in turn["candidates"]:
            known = best.get(candidate["article_id"])
            if candidate["probability"] >= _LEAST_PROBABILITY and (
                known is None or known["probability"] < candidate["probability"]
            ):
                best[candidate["article_id"]] = dict(candidate)
    shown = {article_id for turn in turns for article_id in turn["answered_with"]}
    rows = [row | {"shown": row["article_id"] in shown} for row in best.values()]
    return sorted(rows, key=lambda row: (row["shown"], -row["probability"]))[:_MOST_SUGGESTED]


def _of_substance(message: Message, by_seq: Mapping[int, Turn]) -> bool:
    turn = by_seq.get(message["seq"])
    return turn is not None and turn["intent"] not in _ASIDE and any(char.isalpha() for char in message["text"])


def _unclear(message: Message, messages: Sequence[Message], by_seq: Mapping[int, Turn]) -> str | None:
    """Why a message of the citizen's is not settled; None when it is."""
    outcome = by_seq[message["seq"]]["outcome"] or ""
    later = [other for other in messages if other["seq"] > message["seq"]]
    if any(other["author"] == "agent" for other in later):
        return None  # the agent knows what they have answered
    if outcome in _NOT_UNDERSTOOD or outcome.startswith("error_"):
        return "not_understood"
    until = next((other["seq"] for other in later if other["author"] == "citizen" and _of_substance(other, by_seq)), None)
    replies = [other for other in later if other["author"] == "bot" and (until is None or other["seq"] < until)]
    answered = [reply for reply in replies if reply.get("article_id")]
    if any(reply.get("feedback") == "down" for reply in answered):
        return "not_helped"
    if outcome == "clarification":
        return None if answered else "asked_back"
    return None if replies else "not_answered"


def _excerpt(message: Message) -> dict[str, Any]:
    return {"seq": message["seq"], "text": shortened(message["text"]), "language": message["language"], "dir": message["dir"]}


def shortened(text: str, most: int = _LENGTH) -> str:
    """The first whole sentences that fit; of a first sentence that is too long its first words."""
    text = text.strip()
    if len(text) <= most:
        return text
    kept = ""
    for sentence in _SENTENCE_END.split(text):
        joined = f"{kept} {sentence}".strip()
        if len(joined) > most:
            break
        kept = joined
    kept = _LIST_NUMBER.sub("", kept)  # of a list whose text did not fit
    return kept or text[:most].rsplit(None, 1)[0] + " …"
