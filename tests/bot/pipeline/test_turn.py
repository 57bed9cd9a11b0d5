"""A turn from message to reply: who speaks, in what language, and what happens when something is down."""

from __future__ import annotations

from typing import Any

import pytest

from bot.pipeline.worker import MAX_FAULTS, TurnWorker
from bot.rasa import as_rasa_text
from bot.store import conversations
from bot.switch import BotSwitch, set_switch
from tests.bot.pipeline.conftest import Citizen
from tests.bot.scripted import Script, analysis, article, candidate
from tests.conftest import Clock


def answering(*article_ids: str, probability: float = 0.93) -> Any:
    return lambda _: [{"type": "answer", "article_ids": list(article_ids), "outcome": "answered", "probability": probability}]


@pytest.mark.asyncio
async def test_d8_an_answer_has_source_date_and_the_articles_own_text(citizen: Citizen, script: Script) -> None:
    script.articles["avc-regler"] = article("avc-regler", answer="Det är gratis.")
    script.rasa = answering("avc-regler")
    (reply,) = await citizen.says("Vad kostar tippen?")
    assert reply["author"] == "bot"
    assert reply["outcome"] == "answered"
    assert reply["article_id"] == "avc-regler"
    assert reply["text"].startswith("Det är gratis.")
    assert reply["sources"] == [{"url": "https://goteborg.se", "title": "Källa", "year": 2024}]
    assert reply["updated"] == "2026-11-22"
    assert reply["probability"] == 0.93
    assert reply["wants_feedback"] is True


@pytest.mark.asyncio
async def test_d8_an_article_past_its_review_date_is_not_shown(citizen: Citizen, script: Script) -> None:
    script.rasa = answering("gone")  # knowledge answers 404/410: unknown, expired or past review
    (reply,) = await citizen.says("Vad kostar tippen?")
    assert reply["outcome"] == "unanswered"
    assert "article_id" not in reply


@pytest.mark.asyncio
async def test_d9_a_live_topic_says_where_to_look(citizen: Citizen, script: Script) -> None:
    script.articles["eldningsforbud"] = article("eldningsforbud", live_only=True)
    script.rasa = answering("eldningsforbud")
    (reply,) = await citizen.says("Är det eldningsförbud i dag?")
    assert citizen.core.texts.render("live_only.note", "sv") in reply["text"]


@pytest.mark.asyncio
async def test_two_questions_get_two_answers(citizen: Citizen, script: Script) -> None:
    script.articles |= {"a": article("a"), "b": article("b")}
    script.rasa = answering("a", "b")
    replies = await citizen.says("Vad kostar tippen och hur söker jag förskola?")
    assert [reply.get("article_id") for reply in replies] == ["a", "b"]


@pytest.mark.asyncio
async def test_the_answer_comes_in_the_citizens_language_and_direction(citizen: Citizen, script: Script) -> None:
    script.analyses["كم يكلف؟"] = analysis("ar")
    script.articles["x"] = article("x", language="ar", answer="مجاني.", translation_state="drafted")
    script.rasa = answering("x")
    (reply,) = await citizen.says("كم يكلف؟")
    assert (reply["language"], reply["dir"]) == ("ar", "rtl")
    assert citizen.core.texts.render("drafted_translation.note", "ar") in reply["text"]
    assert (await citizen.conversation()).language == "ar"


@pytest.mark.asyncio
async def test_an_answer_missing_in_the_citizens_language_is_said_so_and_shown_in_english_and_swedish(
    citizen: Citizen, script: Script
) -> None:
    script.analyses["Paljonko se maksaa?"] = analysis("fi")
    script.articles["x"] = article("x", language="en", answer="It is free.", translation_state="missing")
    script.articles["x:sv"] = article("x", answer="Det är gratis.")
    script.rasa = answering("x")
    note, english, swedish = await citizen.says("Paljonko se maksaa?")
    assert [message["language"] for message in (note, english, swedish)] == ["fi", "en", "sv"]
    assert "English, Svenska" in note["text"]
    assert [button["title"] for button in note["buttons"]] == ["Kyllä, haluan jutella ihmisen kanssa"]
    assert english["text"].startswith("It is free.")
    assert swedish["text"].startswith("Det är gratis.")
    assert [bool(message.get("wants_feedback")) for message in (english, swedish)] == [False, True]


@pytest.mark.asyncio
async def test_a_doubtful_language_does_not_switch_the_conversation(citizen: Citizen, script: Script) -> None:
    script.analyses["ok"] = analysis("en", 0.5)
    await citizen.says("ok")
    assert (await citizen.conversation()).language == "sv"


@pytest.mark.asyncio
async def test_a_chosen_language_is_kept_whatever_is_written(citizen: Citizen, script: Script) -> None:
    (reply,) = await citizen.presses("language:fi")
    assert reply["language"] == "fi"
    script.analyses["Hello there, how are you?"] = analysis("en")
    (reply,) = await citizen.says("Hello there, how are you?")
    assert reply["language"] == "fi"


@pytest.mark.asyncio
@pytest.mark.parametrize("service", ["rasa", "knowledge"])
async def test_d2_danger_is_answered_first_with_rasa_and_knowledge_dead(citizen: Citizen, script: Script, service: str) -> None:
    script.down = {"rasa", service}
    replies = await citizen.says("jag orkar inte leva längre, jag vill dö")
    assert replies[0]["outcome"] == "emergency"
    assert "112" in replies[0]["text"]
    assert "90101" in replies[0]["text"]
    assert replies[1]["buttons"], "a human is offered"
    assert not any(reply.get("wants_feedback") for reply in replies), "no survey in an emergency"
    assert citizen.desk.calls[0][1]["reason"] == "emergency"


@pytest.mark.asyncio
@pytest.mark.parametrize("owner", ["queue", "agent"])
async def test_d2_the_emergency_card_is_shown_in_every_owner_state_as_system(citizen: Citizen, owner: str) -> None:
    async with citizen.core.store.write() as tx:
        await conversations.set_owner(tx, citizen.conversation_id, owner, expected_version=1, now=citizen.core.now())  # type: ignore[arg-type]
    (reply,) = await citizen.says("han slår mig just nu hjälp")
    assert reply["author"] == "system"
    assert "112" in reply["text"]
    assert citizen.desk.calls == [("citizen_wrote", {"emergency": True, "wants_human": False})]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "area", "signal", "shown"),
    [
        ("brandskyddskontroll sotning", "miljo", 0.46, False),  # retrieval is sure that it is a question
        ("brandskyddskontroll sotning", "miljo", 0.9, True),  # the classifier is sure too
        ("vart ringer jag", "nodlagen", 0.46, True),  # an article about a help line is no reason for silence
        ("det brinner i köket", "miljo", 0.46, True),  # what the rules found is never overruled
    ],
)
async def test_d2_a_hesitating_classifier_gives_way_to_a_sure_answer_and_nothing_else_does(
    citizen: Citizen, script: Script, text: str, area: str, signal: float, shown: bool
) -> None:
    script.analyses[text] = analysis("sv", 0.99, {"emergency_fire": signal}, candidate("x", 0.99))
    script.articles["x"] = article("x", area=area)
    script.rasa = answering("x")
    replies = await citizen.says(text)
    assert (replies[0]["outcome"] == "emergency") is shown


@pytest.mark.asyncio
@pytest.mark.parametrize("down", [set(), {"rasa"}, {"rasa", "knowledge"}])
async def test_d3_human_is_two_steps_whatever_is_down(citizen: Citizen, script: Script, down: set[str]) -> None:
    script.down = down
    replies = await citizen.says("Jag vill prata med en människa")
    assert replies[-1]["outcome"] == "handover_offered"
    assert replies[-1]["preview"] is not None
    joined = await citizen.presses(replies[-1]["buttons"][0]["payload"])
    assert joined[-1]["author"] == "system"
    assert (await citizen.conversation()).owner == "queue"


@pytest.mark.asyncio
async def test_a_typed_yes_to_the_consent_question_counts(citizen: Citizen, script: Script) -> None:
    await citizen.says("Jag vill prata med en människa")
    script.analyses["ja gärna"] = analysis("sv", 0.9, {"affirm": 0.9})
    await citizen.says("ja gärna")
    assert (await citizen.conversation()).owner == "queue"


@pytest.mark.asyncio
async def test_the_offer_after_a_dont_know_leads_to_a_human(citizen: Citizen, script: Script) -> None:
    script.rasa = lambda _: [
        {"type": "text", "key": "dont_know", "outcome": "unanswered"},
        {"type": "offer_human", "outcome": "handover_offered"},
    ]
    replies = await citizen.says("Vad är meningen med livet?")
    offered = await citizen.presses(replies[-1]["buttons"][0]["payload"])
    assert offered[-1]["preview"] is not None


@pytest.mark.asyncio
async def test_the_desk_learns_department_and_topic_from_what_was_talked_about(citizen: Citizen, script: Script) -> None:
    script.analyses["Vad kostar tippen?"] = analysis("sv", 0.99, None, candidate("avc-regler", 0.9))
    script.articles["avc-regler"] = article("avc-regler")
    await citizen.says("Vad kostar tippen?")
    await citizen.says("människa tack")
    assert citizen.desk.calls[-1][1] == {"reason": "asked", "department": "kretslopp-vatten", "topic": "Om avc-regler"}


@pytest.mark.asyncio
@pytest.mark.parametrize("owner", ["queue", "agent"])
async def test_the_bot_is_silent_while_somebody_else_owns_the_conversation(citizen: Citizen, script: Script, owner: str) -> None:
    async with citizen.core.store.write() as tx:
        await conversations.set_owner(tx, citizen.conversation_id, owner, expected_version=1, now=citizen.core.now())  # type: ignore[arg-type]
    assert await citizen.says("Vad kostar tippen?") == []
    assert script.asked == []


@pytest.mark.asyncio
async def test_a_reply_that_comes_after_the_takeover_is_never_said(citizen: Citizen, script: Script) -> None:
    message_id = await citizen.writes("Vad kostar tippen?")
    original = citizen.core.rasa.ask

    async def taken_over_meanwhile(ctx: Any) -> Any:
        replies = await original(ctx)
        await citizen.taken_over()
        return replies

    citizen.core.rasa.ask = taken_over_meanwhile  # type: ignore[method-assign]
    assert await citizen.answered(message_id) == []
    assert (await citizen.turn(message_id)).state == "done"


@pytest.mark.asyncio
@pytest.mark.parametrize("service", ["rasa", "knowledge"])
async def test_a_dead_service_is_said_once_and_the_question_is_answered_when_it_is_back(
    citizen: Citizen, script: Script, clock: Clock, service: str
) -> None:
    script.articles["a"] = article("a")
    script.rasa = answering("a")
    script.down = {service}
    message_id = await citizen.writes("Vad kostar tippen?")
    (notice,) = await citizen.answered(message_id)
    assert notice["author"] == "system"
    assert notice["buttons"], "a human is offered"
    assert (await citizen.turn(message_id)).state == "deferred"

    clock.forward(seconds=5)
    assert len(await citizen.answered(message_id)) == 1, "not said again"

    script.down = set()
    clock.forward(seconds=5)
    assert [reply.get("article_id") for reply in await citizen.answered(message_id)] == [None, "a"]
    assert (await citizen.turn(message_id)).state == "done"


@pytest.mark.asyncio
async def test_knowledge_that_dies_between_our_call_and_rasas_puts_the_turn_off(citizen: Citizen, script: Script) -> None:
    script.rasa = lambda _: [{"type": "text", "key": "error.knowledge_down", "outcome": "error_knowledge"}]
    message_id = await citizen.writes("Vad kostar tippen?")
    (notice,) = await citizen.answered(message_id)
    assert notice["author"] == "system"
    assert (await citizen.turn(message_id)).state == "deferred"


@pytest.mark.asyncio
async def test_a_deferred_turn_is_given_up_after_a_while(citizen: Citizen, script: Script, clock: Clock) -> None:
    script.down = {"rasa"}
    message_id = await citizen.writes("Vad kostar tippen?")
    await citizen.answered(message_id)
    clock.forward(minutes=citizen.core.settings.turn_retry_minutes + 1)
    await citizen.answered(message_id)
    assert (await citizen.turn(message_id)).state == "done"


@pytest.mark.asyncio
async def test_a_turn_run_twice_answers_once(citizen: Citizen) -> None:
    message_id = await citizen.writes("Hej på er")
    first = await citizen.answered(message_id)
    assert await citizen.answered(message_id) == first


@pytest.mark.asyncio
async def test_with_the_bot_switched_off_the_reason_and_the_way_to_a_human_are_shown(citizen: Citizen, script: Script) -> None:
    async with citizen.core.store.write() as tx:
        await set_switch(tx, BotSwitch(False, "Vi uppdaterar svaren."), actor="cli", now=citizen.core.now())
    replies = await citizen.says("Vad kostar tippen?")
    assert "Vi uppdaterar svaren." in replies[0]["text"]
    assert citizen.desk.calls[0][0] == "offer"
    assert script.asked == []


@pytest.mark.asyncio
async def test_the_tracker_is_begun_anew_after_some_turns(citizen: Citizen, script: Script) -> None:
    for number in range(citizen.core.settings.episode_turns + 1):
        await citizen.says(f"fråga {number}")
    senders = [asked["sender"] for asked in script.asked]
    assert len(set(senders[:-1])) == 1
    assert senders[-1] != senders[0]


@pytest.mark.parametrize("typed", ["/restart", " /goodbye", "//human", "/"])
def test_a_typed_slash_never_fires_an_action(typed: str) -> None:
    assert not as_rasa_text(typed, None).startswith("/")


@pytest.mark.asyncio
async def test_a_fault_of_ours_ends_in_an_apology_and_does_not_hold_up_the_conversation(
    citizen: Citizen, script: Script, clock: Clock
) -> None:
    script.rasa = lambda _: [{"type": "text", "key": "no.such.key"}]
    message_id = await citizen.writes("Vad kostar tippen?")
    worker = TurnWorker(citizen.core)
    for _ in range(MAX_FAULTS):
        await worker._run(message_id)
        clock.forward(minutes=5)
    (reply,) = await citizen.replies(message_id)
    assert reply["outcome"] == "error_internal"
    assert reply["buttons"]
    assert (await citizen.turn(message_id)).state == "done"
