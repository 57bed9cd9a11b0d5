"""A question is answered, asked back, or honestly not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actions import knowledge
from actions.answer_faq import ActionAnswerFaq, Ask, Parts, decide
from actions.choice import ActionAnswerArticle, ActionNoneOfThese, ActionTakeNo, ActionTakeYes
from actions.fallback import ActionDefaultFallback
from actions.questions import Reading
from actions.thresholds import Thresholds
from actions.turn import Candidate, read
from knowledge.client import KnowledgeClient

LIMITS = Thresholds(answer=0.6, clarify=0.2)


async def nobody(readings: Sequence[Reading], language: str) -> Sequence[Parts]:
    """Retrieval that must not be needed."""
    raise AssertionError(f"asked for {readings!r}")


def finding(**articles: tuple[str, float]) -> Ask:
    """Retrieval that finds an article by a word of the part."""

    async def ask(readings: Sequence[Reading], language: str) -> Sequence[Parts]:
        return [
            [[Candidate(name, "", p) for word, (name, p) in articles.items() if word in part] for part in reading]
            for reading in readings
        ]

    return ask


async def said(conversation: Any) -> list[dict[str, Any]]:
    """The replies to the conversation's last message under fixed thresholds."""
    return list((await decide(read(conversation.tracker()), LIMITS, nobody)).payloads)


@pytest.mark.asyncio
async def test_a_sure_article_is_the_answer(conversation, candidate):
    conversation.citizen("vad kostar tippen", candidates=[candidate("avc-regler", 0.91), candidate("sopor", 0.3)])
    assert await said(conversation) == [
        {"type": "answer", "outcome": "answered", "article_ids": ["avc-regler"], "probability": 0.91}
    ]


@pytest.mark.asyncio
async def test_an_unsure_one_is_asked_about_with_at_most_three_titles_and_a_way_out(conversation, candidate):
    found = [candidate(name, 0.4 - n / 20, name.upper()) for n, name in enumerate(("a", "b", "c", "d"))]
    conversation.citizen("kort", candidates=[*found, candidate("far-off", 0.01)])
    (reply,) = await said(conversation)
    assert reply["type"] == "clarify" and reply["key"] == "clarify.intro"
    assert reply["article_ids"] == ["a", "b", "c"]
    assert [b.get("title") or b["title_key"] for b in reply["buttons"]] == ["A", "B", "C", "clarify.none"]
    assert reply["buttons"][0]["payload"] == '/answer_article{"article_id": "a"}'
    assert reply["buttons"][-1]["payload"] == "/none_of_these"


@pytest.mark.asyncio
async def test_an_unlikely_article_is_not_offered_as_a_choice(conversation, candidate):
    conversation.citizen("kort", candidates=[candidate("a", 0.3), candidate("b", 0.05)])
    (reply,) = await said(conversation)
    assert reply["article_ids"] == ["a"]


@pytest.mark.asyncio
async def test_the_threshold_itself_counts_as_sure(conversation, candidate):
    conversation.citizen("kort", candidates=[candidate("a", LIMITS.answer)])
    assert (await said(conversation))[0]["type"] == "answer"


@pytest.mark.asyncio
async def test_not_understood_twice_leads_to_a_firmer_offer_of_a_human(conversation, candidate):
    action = ActionDefaultFallback()
    first = await conversation.citizen("blarg", "nlu_fallback", candidates=[]).answered_by(action)
    second = await conversation.citizen("blorg", "nlu_fallback", candidates=[]).answered_by(action)
    assert (first[0]["type"], first[0]["key"], first[0]["outcome"]) == ("offer_human", "dont_know", "unanswered")
    assert (second[0]["type"], second[0]["key"]) == ("offer_human", "dont_know.again")
    assert [b["payload"] for b in second[0]["buttons"]] == ["/human", "/human_declined"]
    assert conversation.slots["unanswered_count"] == 2


@pytest.mark.asyncio
async def test_an_answer_between_starts_the_count_again(conversation, candidate):
    await conversation.citizen("blarg", "nlu_fallback", candidates=[]).answered_by(ActionDefaultFallback())
    await conversation.citizen("tippen", candidates=[candidate("avc-regler", 0.99)]).answered_by(ActionAnswerFaq())
    (reply,) = await conversation.citizen("blorg", candidates=[]).answered_by(ActionAnswerFaq())
    assert reply["key"] == "dont_know"


@pytest.mark.asyncio
async def test_with_knowledge_down_it_says_so_and_does_not_blame_the_wording(conversation):
    (reply,) = await conversation.citizen("vad kostar tippen", "nlu_fallback", candidates=[], knowledge_down=True).answered_by(
        ActionDefaultFallback()
    )
    assert (reply["type"], reply["key"]) == ("offer_human", "error.knowledge_down")
    assert conversation.slots["unanswered_count"] == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text",
    [
        "Vad kostar tippen? Och vad kostar förskolan?",
        "Vad kostar tippen och vad kostar förskolan",
        "vad kostar tippen\nförskolan då",
    ],
)
async def test_two_questions_get_two_answers(conversation, candidate, text):
    conversation.citizen(text, language="sv", candidates=[candidate("avc-regler", 0.7)])
    ask = finding(tippen=("avc-regler", 0.8), förskolan=("forskola-avgift", 0.9))
    (reply,) = (await decide(read(conversation.tracker()), LIMITS, ask)).payloads
    assert reply["article_ids"] == ["avc-regler", "forskola-avgift"]
    assert (reply["key"], reply["probability"]) == ("two_answers.intro", 0.8)


@pytest.mark.asyncio
@pytest.mark.parametrize("third", [0.9, 0.1])
async def test_of_three_questions_those_that_are_sure_are_answered(conversation, candidate, third):
    conversation.citizen("Vad är ett? Vad är två? Vad är tre?", language="sv", candidates=[candidate("a", 0.7)])
    ask = finding(ett=("a", 0.8), två=("b", 0.9), tre=("c", third))
    (reply,) = (await decide(read(conversation.tracker()), LIMITS, ask)).payloads
    assert reply["article_ids"] == (["a", "b", "c"] if third > LIMITS.answer else ["a", "b"])
    assert reply["key"] == "several_answers.intro"


@pytest.mark.asyncio
@pytest.mark.parametrize("second", [("b", 0.5), ("a", 0.9)], ids=["unsure", "same"])
async def test_two_answers_only_when_both_are_sure_and_different(conversation, candidate, second):
    conversation.citizen("Vad gäller första? Vad gäller andra?", language="sv", candidates=[candidate("whole", 0.9)])
    result = await decide(read(conversation.tracker()), LIMITS, finding(första=("a", 0.9), andra=second))
    assert result.payloads[0]["article_ids"] == ["whole"]


@pytest.mark.asyncio
async def test_with_the_service_down_for_the_parts_the_whole_message_decides(conversation, candidate, monkeypatch):
    monkeypatch.setattr(knowledge, "_client", lambda: KnowledgeClient("http://127.0.0.1:9"))
    conversation.citizen("Vad kostar tippen? När öppnar den?", language="sv", candidates=[candidate("avc-regler", 0.9)])
    result = await decide(read(conversation.tracker()), LIMITS, knowledge.ask)
    assert result.payloads[0]["article_ids"] == ["avc-regler"]


@pytest.mark.asyncio
async def test_a_pressed_title_shows_its_article(conversation):
    pressed = conversation.citizen("/answer_article", "answer_article", entities={"article_id": "avc-regler"})
    (reply,) = await pressed.answered_by(ActionAnswerArticle())
    assert (reply["type"], reply["article_ids"]) == ("answer", ["avc-regler"])


@pytest.mark.asyncio
async def test_none_of_the_titles_is_a_dont_know(conversation, candidate):
    await conversation.citizen("kort", candidates=[candidate("a", 0.3)]).answered_by(ActionAnswerFaq())
    (reply,) = await conversation.citizen("/none_of_these", "none_of_these").answered_by(ActionNoneOfThese())
    assert reply["key"] == "dont_know"


@pytest.mark.asyncio
async def test_a_typed_yes_takes_the_only_title(conversation, candidate):
    await conversation.citizen("kort", candidates=[candidate("a", 0.3)]).answered_by(ActionAnswerFaq())
    (reply,) = await conversation.citizen("ja", "affirm").answered_by(ActionTakeYes())
    assert reply["article_ids"] == ["a"]


@pytest.mark.asyncio
async def test_a_typed_yes_to_several_titles_shows_them_again(conversation, candidate):
    found = [candidate("a", 0.4), candidate("b", 0.3)]
    (before,) = await conversation.citizen("kort", candidates=found).answered_by(ActionAnswerFaq())
    (reply,) = await conversation.citizen("ja", "affirm").answered_by(ActionTakeYes())
    assert reply == before


@pytest.mark.asyncio
async def test_a_typed_no_to_the_titles_is_a_dont_know(conversation, candidate):
    await conversation.citizen("kort", candidates=[candidate("a", 0.3)]).answered_by(ActionAnswerFaq())
    (reply,) = await conversation.citizen("nej", "deny").answered_by(ActionTakeNo())
    assert reply["key"] == "dont_know"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("action", "key"), [(ActionTakeYes(), "handover.unavailable"), (ActionTakeNo(), "handover.declined")], ids=["yes", "no"]
)
async def test_yes_and_no_to_a_human(conversation, action, key):
    await conversation.citizen("blarg", "nlu_fallback", candidates=[]).answered_by(ActionDefaultFallback())
    (reply,) = await conversation.citizen("svar", "affirm").answered_by(action)
    assert reply["key"] == key


@pytest.mark.asyncio
async def test_a_yes_to_nothing_says_what_can_be_asked(conversation):
    (reply,) = await conversation.citizen("ja", "affirm").answered_by(ActionTakeYes())
    assert reply["key"] == "smalltalk"


@pytest.mark.asyncio
async def test_one_wide_word_is_asked_about_however_probable_its_first_article_is(conversation, candidate):
    wide = [candidate("forskola-avgift", 0.96), candidate("aldre-avgifter", 0.02)]
    conversation.citizen("avgift", candidates=wide, choices=wide)
    (reply,) = await said(conversation)
    assert (reply["type"], reply["article_ids"]) == ("clarify", ["forskola-avgift", "aldre-avgifter"])


@pytest.mark.asyncio
async def test_a_wide_word_far_from_every_article_is_still_a_dont_know(conversation, candidate):
    wide = [candidate("a", 0.1), candidate("b", 0.05)]
    conversation.citizen("zzz", candidates=wide, choices=wide)
    (reply,) = await said(conversation)
    assert reply["key"] == "dont_know"
