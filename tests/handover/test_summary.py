"""What an agent reads first: taken from the conversation, never invented, and the same each time."""

from __future__ import annotations

from typing import Any

import pytest

from handover.summary import shortened, suggested, summarise
from tests.bot.scripted import analysis, article, candidate
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import HUMAN, Office, press


def said(seq: int, author: str, text: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "author": author, "text": text, "language": "sv", "dir": "ltr"} | more


def turn(
    seq: int, outcome: str, intent: str = "faq", *candidates: tuple[str, float], answered: tuple[str, ...] = ()
) -> dict[str, Any]:
    found = [{"article_id": key, "title": key.title(), "probability": share} for key, share in candidates]
    return {"seq": seq, "intent": intent, "outcome": outcome, "candidates": found, "answered_with": list(answered)}


TALK = [
    said(1, "bot", "Hej!"), said(2, "citizen", "Hej"), said(3, "bot", "Hej!"),
    said(4, "citizen", "När töms soporna?"), said(5, "bot", "På tisdag.", article_id="sopor", title="Sopor", feedback="down"),
    said(6, "citizen", "Och grovsoporna?"), said(7, "bot", "Det vet jag inte."),
    said(8, "citizen", "jag vill prata med en människa"), said(9, "system", "Du står i kö."),
    said(10, "citizen", "Det gäller Storgatan 1"),
]  # fmt: skip
TURNS = [
    turn(2, "smalltalk", "greet"), turn(4, "answered", "faq", ("sopor", 0.9), ("kompost", 0.05), answered=("sopor",)),
    turn(6, "unanswered", "faq", ("grovavfall", 0.4), ("sopor", 0.95)), turn(8, "handed_over", "ask_human", ("kontakt", 0.9)),
    turn(10, "", "faq"),
]  # fmt: skip


def test_the_three_questions_are_answered_with_the_conversations_own_words() -> None:
    found = summarise(TALK, TURNS)
    assert [one["text"] for one in found["about"]] == ["När töms soporna?", "Det gäller Storgatan 1"]
    assert [(one["article_id"], one["title"], one["text"]) for one in found["said"]] == [("sopor", "Sopor", "På tisdag.")]
    assert [(one["seq"], one["why"]) for one in found["unclear"]] == [
        (4, "not_helped"), (6, "not_understood"), (10, "not_answered"),
    ]  # fmt: skip
    texts = " ".join(message["text"] for message in TALK)
    assert all(one["text"] in texts for part in found.values() for one in part)


def test_what_the_agent_has_answered_is_no_longer_unclear() -> None:
    assert summarise([*TALK, said(11, "agent", "På fredag.")], TURNS)["unclear"] == []


def test_a_question_back_is_unclear_until_it_is_answered() -> None:
    asked = [said(1, "citizen", "parkering"), said(2, "bot", "Vilket menar du?")]
    assert [one["why"] for one in summarise(asked, [turn(1, "clarification")])["unclear"]] == ["asked_back"]
    chosen = [*asked, said(3, "citizen", "Boendeparkering"), said(4, "bot", "Så här.", article_id="boende", title="Boende")]
    assert summarise(chosen, [turn(1, "clarification")])["unclear"] == []


def test_nothing_said_is_nothing_told() -> None:
    assert summarise([], []) == {"about": [], "said": [], "unclear": []}
    assert suggested([]) == []


def test_likely_articles_are_suggested_and_those_already_shown_come_last() -> None:
    rows = [(row["article_id"], row["shown"]) for row in suggested(TURNS)]
    assert rows == [("grovavfall", False), ("sopor", True)]  # no article on how to reach a human, nothing unlikely


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Kort.", 10, "Kort."),
        ("En mening. En till som är längre.", 20, "En mening."),
        ("اين جواب است؟ بله، همين است.", 16, "اين جواب است؟"),
        ("ett två tre fyra", 9, "ett två …"),
    ],
)
def test_excerpts_end_with_a_sentence_or_a_word(text: str, most: int, kept: str) -> None:
    assert shortened(text, most) == kept


async def talked(office: Office) -> tuple[Browser, str]:
    question = "När töms soporna?"
    office.script.analyses[question] = analysis(
        "sv", 0.98, {}, candidate("sopor", 0.83, "Sopor"), candidate("kompost", 0.3, "Kompost")
    )
    office.script.articles["sopor"] = article("sopor", title="Sopor")
    office.script.rasa = lambda _: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered", "probability": 0.83}]
    citizen = await office.citizen()
    await citizen.send(question)
    await press(citizen, await office.asks_for_human(citizen), 0)
    return citizen, await office.handover_of(citizen)


@pytest.mark.asyncio
async def test_the_context_begins_with_it(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    _, handover_id = await talked(office)
    context = await agent.context(handover_id)
    assert [one["text"] for one in context["summary"]["about"]] == ["När töms soporna?"]
    assert context["summary"]["said"][0]["title"] == "Sopor"
    assert [(one["article_id"], one["shown"]) for one in context["suggested"]] == [("kompost", False), ("sopor", True)]
    assert HUMAN not in str(context["summary"])


@pytest.mark.asyncio
async def test_without_the_text_there_is_no_summary_of_it(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    _, handover_id = await office.in_queue("Min hemliga fråga", button=1)
    context = await agent.context(handover_id)
    assert context["summary"] == {"about": [], "said": [], "unclear": []}
    assert context["suggested"] == []
