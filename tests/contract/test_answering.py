"""What a citizen gets on any channel: an answer, a question back, a long answer, buttons, help in danger, a word after a thumb."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.store import schema
from tests.bot.scripted import article
from tests.contract.conftest import Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")
TIP = {"answer": "Ett besök kostar 100 kronor. Det är gratis sex gånger om året.", "short": "Ett besök kostar 100 kronor."}


def _clarifies(phone: Phone, *titles: str) -> None:
    """Rasa asks back, and answers the one that is chosen."""
    ids = [f"val-{number}" for number, _ in enumerate(titles)]
    for article_id in ids:
        phone.town.script.articles[article_id] = article(article_id, short=f"Svaret om {article_id}.")

    def say(body: dict[str, Any]) -> list[dict[str, Any]]:
        for article_id in ids:
            if article_id in body["message"]:
                return [{"type": "answer", "article_ids": [article_id], "outcome": "answered"}]
        buttons = [
            {"title": title, "payload": f'/answer_article{{"article_id": "{article_id}"}}', "article_id": article_id}
            for title, article_id in zip(titles, ids, strict=True)
        ]
        return [{"type": "clarify", "key": "clarify.intro", "outcome": "clarification", "buttons": buttons}]

    phone.town.script.rasa = say


async def test_a_question_is_answered_with_who_answers_and_where_it_stands(phone: Phone) -> None:
    article_id = phone.town.knows("vad kostar tippen", **TIP)
    said = await phone.asks("vad kostar tippen")
    assert "AI" in said.splitlines()[0] and "100 kronor" in said
    if phone.line.capabilities.sms:
        assert f"{phone.town.url}/a/{article_id}" in said
    else:
        assert "Det är gratis" in said and "2026-11-22" in said
    said = await phone.asks("vad kostar tippen")
    assert "100 kronor" in said and "AI" not in said.splitlines()[0]  # said once
    assert len(await phone.town.rows(schema.conversation)) == 1
    states = {row.state for row in await phone.town.rows(schema.delivery)}
    assert states == ({"delivered"} if phone.line.reports else set())


async def test_the_same_on_postgresql_where_deliveries_can_meet(postgres_phone: Phone) -> None:
    phone = postgres_phone
    phone.town.knows("vad kostar tippen", **TIP)
    await phone.sends("vad kostar tippen")
    again = phone.town.last[phone.line.provider.name]
    answers = await asyncio.gather(*(phone.town.replays(again()) for _ in range(5)))
    assert all(answer.status_code < 300 for answer in answers)
    (message,) = await phone.reads()
    assert "100 kronor" in message.text
    assert len(await phone.town.citizens_texts()) == 1


async def test_a_wide_question_is_asked_back_and_the_choice_is_answered(phone: Phone) -> None:
    _clarifies(phone, "Bygglov", "Parkering")
    asked = await phone.reads_after("hur gör jag")
    offered = asked[-1].buttons if phone.line.presses else asked[-1].text
    assert all(any(title in part for part in (*offered, asked[-1].text)) for title in ("Bygglov", "Parkering"))
    await phone.presses("Parkering")
    assert "Svaret om val-1." in await phone.hears()
    assert "Svaret om val-0." in await phone.asks("1")  # typed, wherever there are buttons too
    assert "Svaret om val-1." in await phone.asks("parkering")  # its words


async def test_long_titles_are_whole_somewhere_and_can_be_chosen(phone: Phone) -> None:
    long = "Tillstånd för uteservering på allmän plats under sommaren"
    _clarifies(phone, long, "Parkering")
    (*_, asked) = await phone.reads_after("hur gör jag")
    whole = asked.text + " ".join(asked.buttons) + str(asked.raw)
    assert long in whole
    place = 0
    await phone.simulator.citizen_presses(phone.address, place)
    assert "Svaret om val-0." in await phone.hears()


async def test_a_long_answer_comes_whole_and_in_order(phone: Phone) -> None:
    sentences = [f"Mening nummer {number} av svaret handlar om regler som gäller i hela staden." for number in range(120)]
    paragraphs = "\n\n".join(" ".join(sentences[at : at + 8]) for at in range(0, len(sentences), 8))
    phone.town.knows("allt om reglerna", answer=paragraphs, short="")
    parts = await phone.reads_after("allt om reglerna")
    heard = " ".join(part.text for part in parts)
    places = [heard.find(sentence) for sentence in sentences]
    assert -1 not in places and places == sorted(places)
    assert len(parts) > 1
    assert {row.state for row in await phone.town.rows(schema.outbox)} == {"sent"}  # nothing was too long for the provider


async def test_a_button_pressed_twice_is_answered_twice_and_an_old_one_kindly(phone: Phone) -> None:
    _clarifies(phone, "Bygglov", "Parkering")
    await phone.reads_after("hur gör jag")
    await phone.presses("Bygglov")
    assert "Svaret om val-0." in await phone.hears()
    await phone.presses("Bygglov")
    assert "Svaret om val-0." in await phone.hears()
    if not phone.line.presses:
        return
    async with phone.town.core.store.write() as tx:
        opened = schema.conversation.c.created_at >= phone.town.since
        await tx.conn.execute(schema.conversation.update().where(opened).values(owner="closed"))
    await phone.presses("Bygglov")
    assert "gäller inte längre" in await phone.hears()


async def test_danger_is_answered_at_once_though_everything_else_is_dead(phone: Phone) -> None:
    phone.town.script.down |= {"knowledge", "rasa"}
    said = await phone.reads_after("det brinner i huset")
    assert "112" in said[0].text.splitlines()[0]
    assert any("AI" in message.text for message in said)


async def test_a_word_after_a_thumb(phone: Phone) -> None:
    def say(body: dict[str, Any]) -> list[dict[str, Any]]:
        if body["message"].startswith("/give_feedback"):
            key = "feedback.thanks_up" if '"up"' in body["message"] else "feedback.thanks_down"
            return [{"type": "text" if "up" in key else "offer_human", "key": key, "outcome": "smalltalk"}]
        buttons = [
            {"title": "Ja", "payload": '/give_feedback{"value": "up"}'},
            {"title": "Nej", "payload": '/give_feedback{"value": "down"}'},
        ]
        return [{"type": "text", "key": "feedback.question", "outcome": "smalltalk", "buttons": buttons}]

    phone.town.script.rasa = say
    assert "Hjälpte svaret dig?" in await phone.asks("tack")
    await phone.presses("Ja")
    assert "Roligt att det hjälpte" in await phone.hears()
    await phone.presses("Nej")
    said = await phone.hears()
    assert "säger till" in said and len(phone.town.script.asked) == 3


async def test_another_language_is_answered_in_it(phone: Phone) -> None:
    arabic, answer = "كم تكلفة زيارة محطة إعادة التدوير", "الزيارة تكلف 100 كرون."
    phone.town.knows(
        arabic, said_in="ar", answer=answer, short=answer, language="ar", requested_language="ar", translation_state="reviewed"
    )
    said = await phone.asks(arabic)
    assert answer in said
    assert "ذكاء اصطناعي" in said.splitlines()[0].replace("الذكاء الاصطناعي", "ذكاء اصطناعي")
