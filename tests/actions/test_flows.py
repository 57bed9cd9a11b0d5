"""Language, feedback, limits of the assistant, tone and repetition."""

from __future__ import annotations

import pytest

from actions.answer_faq import ActionAnswerFaq
from actions.capabilities import ActionAskCapabilities
from actions.feedback import ActionGiveFeedback
from actions.language import ActionChooseLanguage, served
from actions.limits import ActionAppealNotice, ActionAssessment, ActionPoliticalOpinion, assessment, notice
from actions.repeat import ActionRepeat
from actions.thresholds import Thresholds
from actions.tone import ActionAnswerAbuse
from actions.turn import read

LIMITS = Thresholds(answer=0.6, clarify=0.2)


@pytest.mark.asyncio
@pytest.mark.parametrize("code", ["sv", "en", "fi", "ar", "so"])
async def test_a_language_we_have_is_changed_to(conversation, code):
    asked = conversation.citizen("byt språk", "choose_language", entities={"language": code})
    (reply,) = await asked.answered_by(ActionChooseLanguage())
    assert (reply["key"], reply["params"]) == ("language.changed", {"language": code})


@pytest.mark.asyncio
async def test_a_language_we_lack_gets_the_list_of_those_we_have(conversation):
    asked = conversation.citizen("kan ni ryska", "choose_language", entities={"language": "ru"})
    (reply,) = await asked.answered_by(ActionChooseLanguage())
    assert reply["key"] == "languages"
    assert "Suomi" in reply["params"]["languages"] and "العربية" in reply["params"]["languages"]


@pytest.mark.asyncio
async def test_an_unnamed_language_is_asked_for_with_a_button_each_in_its_own_name(conversation):
    (reply,) = await conversation.citizen("byt språk", "choose_language").answered_by(ActionChooseLanguage())
    assert reply["key"] == "language.choose"
    assert [b["title"] for b in reply["buttons"]] == [language.name for language in served()]
    assert reply["buttons"][2]["payload"] == '/choose_language{"language": "fi"}'


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("intent", "entities", "key"),
    [
        ("give_feedback", {"value": "up"}, "feedback.thanks_up"),
        ("give_feedback", {"value": "down"}, "feedback.thanks_down"),
        ("positive_feedback", {}, "feedback.thanks_up"),
        ("negative_feedback", {}, "feedback.thanks_down"),
    ],
)
async def test_feedback_is_thanked_for_and_a_thumb_down_offers_a_human(conversation, intent, entities, key):
    (reply,) = await conversation.citizen("tumme", intent, entities=entities).answered_by(ActionGiveFeedback())
    assert reply["key"] == key
    assert (reply["type"] == "offer_human") == (key == "feedback.thanks_down")


@pytest.mark.asyncio
async def test_a_right_is_never_judged_but_the_conditions_are_shown(conversation, candidate):
    conversation.citizen("har jag rätt till hemtjänst", "ask_assessment", candidates=[candidate("hemtjanst", 0.9)])
    (reply,) = assessment(read(conversation.tracker()), LIMITS)
    assert (reply["type"], reply["key"], reply["article_ids"]) == ("answer", "rights.no_assessment", ["hemtjanst"])


@pytest.mark.asyncio
async def test_a_right_with_unsure_conditions_asks_which(conversation, candidate):
    conversation.citizen("får jag stöd", "ask_assessment", candidates=[candidate("a", 0.4)])
    first, second = assessment(read(conversation.tracker()), LIMITS)
    assert first["key"] == "rights.no_assessment" and second["type"] == "clarify"


@pytest.mark.asyncio
async def test_a_right_without_any_article_still_says_who_decides(conversation):
    first, second = await conversation.citizen("får jag stöd", "ask_assessment", candidates=[]).answered_by(ActionAssessment())
    assert first["key"] == "rights.no_assessment"
    assert second["type"] == "offer_human"


@pytest.mark.asyncio
async def test_an_appeal_is_not_received_and_the_day_is_said(conversation, candidate):
    conversation.citizen("jag överklagar", "declare_appeal", candidates=[candidate("overklaga", 0.8)])
    conversation.latest["metadata"] = {"written_at": "2026-11-21T23:30:00+00:00"}  # half past midnight in Gothenburg
    first, second, third = notice(read(conversation.tracker()), "appeal.notice", LIMITS)
    assert (first["key"], first["params"]) == ("appeal.notice", {"date": "2026-11-22"})
    assert second["article_ids"] == ["overklaga"]
    assert third["type"] == "offer_human"


@pytest.mark.asyncio
async def test_an_appeal_with_no_article_gets_the_notice_and_the_offer_of_a_human(conversation):
    replies = await conversation.citizen("jag överklagar", "declare_appeal", candidates=[]).answered_by(ActionAppealNotice())
    assert [reply["key"] for reply in replies] == ["appeal.notice", "offer_human.question"]


@pytest.mark.asyncio
async def test_no_political_opinion(conversation):
    (reply,) = await conversation.citizen("bästa partiet", "ask_political_opinion").answered_by(ActionPoliticalOpinion())
    assert reply["key"] == "political"


@pytest.mark.asyncio
async def test_abuse_is_met_politely_then_with_a_human_then_the_end(conversation):
    seen = []
    for _ in range(4):
        seen += await conversation.citizen("idiot", "abuse").answered_by(ActionAnswerAbuse())
    assert [reply["key"] for reply in seen] == ["abuse", "abuse.again", "abuse.again", "conversation.ended"]
    assert [reply["type"] for reply in seen] == ["text", "offer_human", "offer_human", "end"]


@pytest.mark.asyncio
async def test_repeat_says_the_last_turns_replies_again(conversation, candidate):
    before = await conversation.citizen("tippen", candidates=[candidate("a", 0.99)]).answered_by(ActionAnswerFaq())
    assert await conversation.citizen("igen", "repeat").answered_by(ActionRepeat()) == before


@pytest.mark.asyncio
async def test_repeat_says_a_humans_last_word_again_when_the_conversation_is_just_back_from_them(conversation):
    asked = conversation.citizen("igen", "repeat", metadata={"told": {"name": "Anna", "text": "Ring mig på måndag."}})
    (reply,) = await asked.answered_by(ActionRepeat())
    assert (reply["key"], reply["params"]) == ("repeat.agent", {"name": "Anna", "said": "Ring mig på måndag."})


@pytest.mark.asyncio
async def test_repeat_with_nothing_said_yet(conversation):
    (reply,) = await conversation.citizen("igen", "repeat").answered_by(ActionRepeat())
    assert reply["key"] == "repeat.nothing"


@pytest.mark.asyncio
async def test_capabilities(conversation):
    (reply,) = await conversation.citizen("vad kan du", "ask_capabilities").answered_by(ActionAskCapabilities())
    assert reply["key"] == "capabilities"
