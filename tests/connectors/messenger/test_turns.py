"""Whole turns on Messenger: a citizen's phone, Meta (simulated), the real app, over real HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core import Core
from bot.store import conversations, schema
from connectors.simulator.messenger import PAGE_ID, MessengerSimulator
from tests.bot.conftest import core, script
from tests.bot.scripted import Script, article
from tests.conftest import Clock
from tests.connectors.meta.making import SIM, Place, place

__all__ = ["core", "script"]
pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
ANNA, BO = "7301928374650192", "7301928374650999"


@pytest_asyncio.fixture
async def town(
    core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place[MessengerSimulator]]:
    script.articles["tippen"] = article("tippen", next=[{"article_id": "sopor", "title": "När töms soporna?"}])
    script.articles["sopor"] = article("sopor")
    script.rasa = lambda said: [{"type": "answer", "article_ids": ["sopor" if "sopor" in said["message"] else "tippen"],
                                 "outcome": "answered"}]  # fmt: skip
    sim = MessengerSimulator("", reports=(), now=clock, **SIM)
    async with place(sim, core, script, clock, monkeypatch, page_id=PAGE_ID) as made:
        yield made


async def test_the_address_is_verified_and_a_question_answered(town: Place[MessengerSimulator]) -> None:
    assert await town.sim.verify_webhook()
    sent = await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    assert sent
    assert sent.status == 200
    (answer,) = await town.gets(ANNA, 1)
    assert answer.text.startswith("Fråga Göteborg")
    assert "Svaret om tippen." in answer.text
    assert "https://goteborg.se" in answer.text
    assert (ANNA, "typing_on") in town.sim.actions
    (conversation,) = await town.rows(schema.conversation)
    assert (conversation.channel, conversation.channel_account) == ("messenger", "messenger:main")
    (address,) = await town.rows(schema.address)
    assert ANNA.encode() not in address.value_encrypted


async def test_typing_is_shown_only_while_the_bot_has_the_word(town: Place[MessengerSimulator]) -> None:
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    (conversation,) = await town.rows(schema.conversation)
    async with town.core.store.write() as tx:
        await conversations.set_owner(tx, conversation.id, "queue", expected_version=conversation.version, now=town.clock())
    await town.sim.citizen_sends(ANNA, "Hallå?")
    async with asyncio.timeout(10):
        while town.sim.actions.count((ANNA, "mark_seen")) < 2:
            await asyncio.sleep(0.02)
    await town.sim.citizen_sends(BO, "Vad kostar tippen?")
    await town.gets(BO, 1)
    assert town.sim.actions.count((ANNA, "typing_on")) == 1


async def test_a_press_answers_what_it_offered(town: Place[MessengerSimulator]) -> None:
    town.script.rasa = lambda said: (
        [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered"}] if said["message"].startswith("/answer_article") else
        [{"type": "clarify", "key": "clarify.intro", "outcome": "clarification",
          "buttons": [{"title": "Om tippen", "payload": '/answer_article{"article_id": "tippen"}'},
                      {"title": "När töms soporna?", "payload": '/answer_article{"article_id": "sopor"}'}]}])  # fmt: skip
    await town.sim.citizen_sends(ANNA, "Sopor?")
    (asked,) = await town.gets(ANNA, 1)
    assert asked.buttons == ["Om tippen", "När töms soporna?"]
    await town.sim.citizen_presses(ANNA, 1)
    assert "Svaret om sopor." in (await town.gets(ANNA, 2))[1].text


async def test_get_started_greets_with_languages(town: Place[MessengerSimulator]) -> None:
    await town.sim.citizen_starts(ANNA)
    (greeting,) = await town.gets(ANNA, 1)
    assert greeting.buttons == ["Svenska", "English", "Suomi", "العربية", "Soomaali"]
    await town.sim.citizen_presses(ANNA, 1)
    assert len(await town.gets(ANNA, 2)) == 2


async def test_duplicates_and_a_batch_of_two_citizens(town: Place[MessengerSimulator]) -> None:
    town.sim.duplicates(1.0)
    async with town.sim.batching():
        await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
        await town.sim.citizen_sends(BO, "När töms sopor?")
        await town.sim.citizen_reads(BO)
    await town.gets(ANNA, 1)
    await town.gets(BO, 1)
    assert [attempt.status for attempt in town.sim.attempts] == [200, 200]
    assert len(await town.rows(schema.message, schema.message.c.author == "citizen")) == 2
    assert len(await town.rows(schema.outbox)) == 2


async def test_forged_and_malformed_deliveries_change_nothing(town: Place[MessengerSimulator]) -> None:
    url = town.sim.webhook_url
    good = town.sim.sign({"object": "page", "entry": []})
    for content, headers, status in (
        (good.content, {}, 401), (good.content + b" ", good.headers, 401), (b"", good.headers, 401),
        (good.content, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401), (good.content, good.headers, 200),
    ):  # fmt: skip
        assert (await town.http.post(url, content=content, headers=dict(headers))).status_code == status
    odd = town.sim.sign({"object": "user", "entry": []})
    assert (await town.http.post(url, content=odd.content, headers=dict(odd.headers))).status_code == 400
    assert (await town.http.get(url)).status_code == 401
    assert (await town.http.get(url + "?hub.mode=subscribe&hub.verify_token=guessed&hub.challenge=1")).status_code == 403
    assert await town.rows(schema.address) == []


async def test_delivered_and_read_by_watermark(town: Place[MessengerSimulator]) -> None:
    town.sim.reports = ("sent", "delivered")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    await town.until(schema.delivery, schema.delivery.c.state == "delivered")
    town.clock.forward(minutes=1)
    await town.sim.citizen_reads(ANNA)
    await town.until(schema.delivery, schema.delivery.c.state == "read")
    assert await town.states() == ["read"]


async def test_a_watermark_reaches_only_its_citizen_and_only_what_came_before(town: Place[MessengerSimulator]) -> None:
    for citizen in (ANNA, BO):
        await town.sim.citizen_sends(citizen, "Vad kostar tippen?")
        await town.gets(citizen, 1)
    before = town.clock()
    town.clock.forward(minutes=1)
    await town.sim.citizen_sends(ANNA, "När töms sopor?")
    await town.gets(ANNA, 2)
    await town.until(schema.delivery, count=3)
    event = {"sender": {"id": ANNA}, "recipient": {"id": PAGE_ID}, "read": {"watermark": int(before.timestamp() * 1000)}}
    await town.sim.emit(event)
    assert sorted(await town.states()) == ["read", "sent", "sent"]


async def test_a_send_that_nobody_heard_of_is_settled_by_its_echo(town: Place[MessengerSimulator]) -> None:
    town.sim.reports = ("sent",)
    town.sim.fault("dropped")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.until(schema.outbox, schema.outbox.c.state == "sent", ticking=True)
    assert len(town.sim.inbox(ANNA)) == 1  # never twice
    (part,) = await town.rows(schema.delivery)
    assert part.provider_id == town.sim.inbox(ANNA)[0].provider_id


async def test_without_echoes_it_waits_and_is_not_sent_again(town: Place[MessengerSimulator]) -> None:
    town.sim.fault("dropped")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    (row,) = await town.until(schema.outbox, schema.outbox.c.error.like("waiting%"), ticking=True)
    assert row.state == "sending"
    assert len(town.sim.inbox(ANNA)) == 1


async def test_who_blocks_us_is_left_alone_and_may_come_back(town: Place[MessengerSimulator]) -> None:
    town.sim.blocked.add(ANNA)
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    (closed,) = await town.until(schema.conversation, schema.conversation.c.owner == "closed")
    assert closed.close_reason == "unreachable"
    town.sim.blocked.clear()
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    assert len(await town.gets(ANNA, 1)) == 1


async def test_a_picture_with_a_question(town: Place[MessengerSimulator]) -> None:
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?", media="image")
    advice, answer = await town.gets(ANNA, 2)
    assert "bilder" in advice.text
    assert "Svaret om tippen." in answer.text


async def test_stop_and_a_command_after_days(town: Place[MessengerSimulator]) -> None:
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    town.clock.forward(hours=23)
    town.core.settings.conversation_idle_hours = 10_000
    town.clock.forward(days=3)
    await town.sim.citizen_sends(ANNA, "STOPP")  # no message of the store: the answer still goes, the window is open
    assert len(await town.gets(ANNA, 2)) == 2
    await town.sim.citizen_sends(ANNA, "Hallå?")
    await town.sim.citizen_sends(ANNA, "START")
    assert len(await town.gets(ANNA, 3)) == 3


async def test_what_waited_too_long_is_given_up_with_its_reason(town: Place[MessengerSimulator]) -> None:
    town.sim.fault("server_error", share=1.0)
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.until(schema.outbox, schema.outbox.c.attempts >= 1)
    town.sim.no_faults()
    town.clock.forward(hours=25)
    (row,) = await town.until(schema.outbox, schema.outbox.c.state == "dead", seconds=15)
    assert "24 hours" in row.error
    assert town.sim.inbox(ANNA) == []


async def test_a_conversation_from_the_web_goes_on_here(town: Place[MessengerSimulator]) -> None:
    await town.sim.citizen_sends(BO, "Vad kostar tippen?")
    await town.gets(BO, 1)
    await town.sim.citizen_sends(BO, "WEBB")
    code = (await town.gets(BO, 2))[1].text.rsplit(" ", 1)[1].strip(".")
    await town.sim.citizen_starts(ANNA, ref=f"kod-{code}")
    (here,) = await town.gets(ANNA, 1)
    assert "här" in here.text
    assert town.clock() - dt.timedelta(days=1) < town.sim.wrote_at[ANNA]
