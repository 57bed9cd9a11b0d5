"""The citizen sees what will be sent, decides, and the agent sees that and nothing more."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.store import conversations, schema
from bot.switch import BotSwitch, set_switch
from tests.bot.scripted import analysis, article, candidate
from tests.handover.conftest import HUMAN, Office, press

SECRET = "Min granne spelar trumpet om natten"


@pytest.mark.asyncio
async def test_the_consent_question_shows_exactly_what_the_agent_will_see(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    await citizen.send(SECRET)
    question = await office.asks_for_human(citizen)
    assert [button["title"] for button in question["buttons"]] == [
        office.core.texts.render(key, "sv") for key in ("consent.send", "consent.without_text", "consent.cancel")
    ]
    assert question["outcome"] == "handover_offered"
    shown = question["preview"]
    assert SECRET in [message["text"] for message in shown["messages"]]
    assert (await citizen.read())["owner"] == "bot"
    assert await agent.queue() == []  # nothing is sent before the yes

    replies = await press(citizen, question, 0)
    assert replies[0]["author"] == "system"
    assert replies[0]["text"] == office.core.texts.render("queue.joined", "sv", position=1)
    assert (await citizen.read())["queue"] == {"position": 1}
    context = await agent.context((await agent.queue())[0]["id"])
    assert context["preview"] == shown
    as_previewed = [{name: m[name] for name in ("seq", "author", "text", "language", "created_at")} for m in context["messages"]]
    assert as_previewed[: len(shown["messages"])] == shown["messages"]


@pytest.mark.asyncio
async def test_the_preview_names_language_topic_and_department(office: Office) -> None:
    office.script.analyses[HUMAN] = analysis("sv", 0.99, {"ask_human": 0.99}, candidate("sopor", 0.8, "Sopor"))
    office.script.articles["sopor"] = article("sopor", title="Sopor i villa")
    question = await office.asks_for_human(await office.citizen())
    assert {name: question["preview"][name] for name in ("language", "topic", "department")} == {
        "language": "sv", "topic": "Sopor i villa", "department": "Kretslopp och vatten",
    }  # fmt: skip


@pytest.mark.asyncio
async def test_the_page_and_that_there_was_something_before_are_shown_and_no_more_is_seen(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, first = await office.in_queue("En gammal sak")
    await agent.claim(first)
    await agent.post(f"/handovers/{first}/return")
    then = office.core.now()
    office.clock.forward(minutes=1)
    question = await office.asks_for_human(citizen)
    shown = question["preview"]
    assert [one["at"] for one in shown["earlier"]] == [then.isoformat()]
    await press(citizen, question)
    second = await office.handover_of(citizen)
    seen = await agent.context(second)
    assert (seen["preview"], [row["id"] for row in seen["earlier"]]) == (shown, [first])
    await press(citizen, question, 1)  # taken back
    seen = await agent.context(second)
    assert seen["earlier"] == [] and "earlier" not in seen["preview"]


@pytest.mark.asyncio
async def test_the_page_stands_in_the_preview(office: Office) -> None:
    citizen = await office.citizen(page_url="https://goteborg.se/bygglov")
    assert (await office.asks_for_human(citizen))["preview"]["page_url"] == "https://goteborg.se/bygglov"


@pytest.mark.asyncio
async def test_without_text_the_agent_sees_nothing_of_what_was_written_before(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue(SECRET, button=1)
    await citizen.send("Nu skriver jag till en människa")
    seen = await agent.context(handover_id)
    assert seen["preview"]["messages"] == []
    assert seen["preview"]["language"] == "sv"
    assert [m["text"] for m in seen["messages"] if m["author"] == "citizen"] == ["Nu skriver jag till en människa"]
    assert [turn["text"] for turn in seen["turns"]] == ["Nu skriver jag till en människa"]
    everything = str(seen) + str(await agent.queue())
    assert SECRET not in everything
    assert HUMAN not in everything


@pytest.mark.asyncio
async def test_what_was_written_between_the_preview_and_the_yes_is_not_sent(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    question = await office.asks_for_human(citizen)
    await citizen.send(SECRET)  # to the bot, after the preview was shown
    await press(citizen, question, 0)
    seen = await agent.context(await office.handover_of(citizen))
    assert HUMAN in str(seen["messages"])
    assert SECRET not in str(seen) + str(await agent.queue())


@pytest.mark.asyncio
async def test_what_was_written_in_the_queue_reaches_the_agent(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    first = (await citizen.send("Hallå?")).json()["messages"]
    second = (await citizen.send("Är någon där?")).json()["messages"]
    assert [m["text"] for m in first] == [office.core.texts.render("queue.waiting", "sv")]
    assert second == []  # told once
    row = (await agent.queue())[0]
    assert (row["unread"], row["last_text"]) == (2, "Är någon där?")
    assert "Hallå?" in str((await agent.context(handover_id))["messages"])


@pytest.mark.asyncio
async def test_cancel_sends_nothing_and_the_bot_goes_on(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    question = await office.asks_for_human(citizen)
    replies = await press(citizen, question, 2)
    assert replies[0]["text"] == office.core.texts.render("consent.cancelled", "sv")
    assert (await citizen.read())["owner"] == "bot"
    assert await agent.queue() == []
    assert (await citizen.send("En fråga till")).json()["messages"][0]["author"] == "bot"
    assert (await agent.get(f"/handovers/{await office.handover_of(citizen)}/context")).status_code == 404


@pytest.mark.asyncio
async def test_a_double_press_queues_once_and_tells_the_place(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    question = await office.asks_for_human(citizen)
    await press(citizen, question, 0)
    again = await press(citizen, question, 0)
    assert [m["text"] for m in again] == [office.core.texts.render("queue.position", "sv", position=1)]
    assert len(await agent.queue()) == 1
    assert len(await office.audited("handover.queued")) == 1


@pytest.mark.asyncio
async def test_consent_to_the_text_can_be_taken_back_while_waiting_and_after_the_claim(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    await citizen.send(SECRET)
    question = await office.asks_for_human(citizen)
    await press(citizen, question, 0)
    handover_id = await office.handover_of(citizen)
    await agent.claim(handover_id)
    assert SECRET in str(await agent.context(handover_id))
    replies = await press(citizen, question, 1)
    assert replies[0]["text"] == office.core.texts.render("consent.withdrawn", "sv")
    assert SECRET not in str(await agent.context(handover_id))


@pytest.mark.asyncio
async def test_asked_again_the_same_handover_gets_a_fresh_preview(office: Office) -> None:
    citizen = await office.citizen()
    await office.asks_for_human(citizen)
    first = await office.handover_of(citizen)
    await citizen.send(SECRET)
    question = await office.asks_for_human(citizen)
    assert await office.handover_of(citizen) == first
    assert SECRET in str(question["preview"])
    assert await office.scalar(sa.select(sa.func.count()).select_from(schema.handover)) == 1


@pytest.mark.asyncio
async def test_an_old_button_after_the_end_asks_afresh_instead_of_sending(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    question = await office.asks_for_human(citizen)
    await press(citizen, question, 2)
    await citizen.send(SECRET)
    replies = await press(citizen, question, 0)
    assert "preview" in replies[0]
    assert await agent.queue() == []


@pytest.mark.asyncio
async def test_leaving_the_queue_gives_the_word_back_to_the_bot(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    joined = (await press(citizen, await office.asks_for_human(citizen), 0))[0]
    replies = await press(citizen, joined, 0)
    assert replies[0]["text"] == office.core.texts.render("queue.left", "sv")
    assert (await citizen.read())["owner"] == "bot"
    assert await agent.queue() == []
    lost = await agent.claim(await office.handover_of(citizen))
    assert (lost.status_code, lost.json()["error"]["winner"]) == (409, None)


@pytest.mark.asyncio
async def test_in_an_emergency_one_button_is_the_consent_and_it_goes_first(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    await office.in_queue()
    office.clock.forward(minutes=5)
    citizen = await office.citizen()
    replies = (await citizen.send("det brinner i min lägenhet")).json()["messages"]
    assert "112" in replies[0]["text"]
    offer = next(reply for reply in replies if reply.get("buttons"))
    assert len(offer["buttons"]) == 1
    await press(citizen, offer, 0)
    assert (await citizen.read())["queue"] == {"position": 1}
    first = (await agent.queue())[0]
    assert (first["reason"], first["conversation_id"]) == ("emergency", citizen.conversation_id)


@pytest.mark.asyncio
async def test_danger_while_waiting_moves_the_citizen_to_the_front(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    await office.in_queue()
    office.clock.forward(minutes=1)
    citizen, _ = await office.in_queue()
    assert (await citizen.read())["queue"] == {"position": 2}
    replies = (await citizen.send("hjälp det brinner i köket")).json()["messages"]
    assert replies[0]["author"] == "system"
    assert "112" in replies[0]["text"]
    assert (await citizen.read())["queue"] == {"position": 1}
    assert (await agent.queue())[0]["conversation_id"] == citizen.conversation_id


@pytest.mark.asyncio
async def test_asking_for_a_human_in_the_queue_tells_the_place(office: Office) -> None:
    await office.in_queue()
    office.clock.forward(minutes=1)
    citizen, _ = await office.in_queue()
    replies = (await citizen.send(HUMAN)).json()["messages"]
    assert [m["text"] for m in replies] == [office.core.texts.render("queue.position", "sv", position=2)]


@pytest.mark.asyncio
async def test_at_night_the_citizen_is_told_when_somebody_answers(office: Office) -> None:
    office.clock.forward(hours=12)  # Monday 23:00 in Gothenburg
    citizen = await office.citizen()
    replies = await press(citizen, await office.asks_for_human(citizen), 0)
    assert [m["text"] for m in replies[1:]] == [
        office.core.texts.render("queue.closed", "sv"),
        office.core.texts.render("queue.opens", "sv", date="2026-11-24", time="08:00"),
    ]


@pytest.mark.asyncio
async def test_in_the_hours_with_an_agent_present_nothing_is_said_of_closing(office: Office) -> None:
    await office.staff("Anna Agent")
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.agent.update().values(present_at=office.clock()))
    citizen = await office.citizen()
    assert len(await press(citizen, await office.asks_for_human(citizen), 0)) == 1


@pytest.mark.asyncio
async def test_the_offer_made_while_the_bot_is_off_is_not_the_bots_word(office: Office) -> None:
    async with office.core.store.write() as tx:
        await set_switch(tx, BotSwitch(False, "Underhåll"), actor="test", now=office.clock())
    citizen = await office.citizen()
    replies = (await citizen.send("Hej")).json()["messages"]
    assert {reply["author"] for reply in replies} == {"system"}
    await press(citizen, next(r for r in replies if r.get("preview")), 0)
    assert (await citizen.read())["owner"] == "queue"


@pytest.mark.asyncio
async def test_with_protected_identity_nobody_is_queued_and_the_telephone_is_named(office: Office) -> None:
    citizen = await office.citizen()
    async with office.core.store.write() as tx:
        await conversations.update(tx, citizen.conversation_id, protected=True)
        conversation = await conversations.get(tx.conn, citizen.conversation_id)
        desk = office.desk
        replies = await desk.offer(tx, conversation, reason="asked", department=None, topic="Något")
    assert [reply.key for reply in replies] == ["protected_identity"]
    assert await office.scalar(sa.select(sa.func.count()).select_from(schema.handover)) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("claimed", [False, True])
async def test_a_citizen_who_ends_the_conversation_is_out_of_the_queue(office: Office, claimed: bool) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    if claimed:
        await agent.claim(handover_id)
    assert (await citizen.http.post("/chat/v1/end", headers=citizen.auth)).status_code == 200
    assert await agent.queue() == []
    assert (await citizen.read())["owner"] == "closed"
    assert (await agent.write(handover_id, "Är du kvar?")).status_code == 409
    state = await office.scalar(sa.select(schema.handover.c.state).where(schema.handover.c.id == handover_id))
    assert state == ("closed" if claimed else "abandoned")
