"""Whole turns on WhatsApp: a citizen's phone, Meta (simulated), the real app, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core import Core
from bot.messages import Rendered
from bot.store import messages, schema
from connectors.simulator.whatsapp import PHONE_NUMBER_ID, WhatsAppSimulator
from tests.bot.conftest import core, script
from tests.bot.scripted import Script, article
from tests.conftest import Clock
from tests.connectors.meta.making import SIM, Place, place

__all__ = ["core", "script"]
pytestmark = pytest.mark.asyncio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANNA, BO = "46701234567", "46707654321"
Town = Place[WhatsAppSimulator]


@pytest_asyncio.fixture
async def town(core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    script.articles["tippen"] = article("tippen", answer="Du kan lämna avfall gratis. " * 50)
    script.articles["sopor"] = article("sopor")
    script.rasa = lambda said: [{"type": "answer", "article_ids": ["sopor" if "sopor" in said["message"] else "tippen"],
                                 "outcome": "answered"}]  # fmt: skip
    sim = WhatsAppSimulator("", reports=(), now=clock, templates=frozenset({("svar_vantar", "sv")}), **SIM)
    async with place(sim, core, script, clock, monkeypatch, phone_number_id=PHONE_NUMBER_ID, template="svar_vantar") as made:
        yield made


async def agent_writes(town: Town, text: str) -> str:
    """What the desk does when an agent answers."""
    (conversation,) = await town.rows(schema.conversation)
    async with town.core.store.write() as tx:
        said = Rendered("agent", text, "sv")
        message_id, _ = await messages.append(tx, conversation.id, said, now=town.clock())
    return message_id


async def test_the_address_is_verified_and_a_question_answered(town: Town) -> None:
    assert await town.sim.verify_webhook()
    town.sim.reports = ("sent", "delivered", "read")
    sent = await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    assert sent
    assert sent.status == 200
    (answer,) = await town.gets(ANNA, 1)
    assert answer.text.startswith("Fråga Göteborg")
    assert "gratis" in answer.text
    assert len(town.sim.read) == 1  # marked as read, typing shown
    await town.until(schema.delivery, schema.delivery.c.state == "read")
    (conversation,) = await town.rows(schema.conversation)
    assert (conversation.channel, conversation.channel_account) == ("whatsapp", "whatsapp:main")


@SQLITE
async def test_a_row_of_a_list_and_a_button(town: Town) -> None:
    title = "Vad kostar det att lämna grovsopor?"
    town.script.rasa = lambda said: (
        [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered"}] if said["message"].startswith("/answer_article") else
        [{"type": "clarify", "key": "clarify.intro", "outcome": "clarification",
          "buttons": [{"title": "Om tippen", "payload": '/answer_article{"article_id": "tippen"}'},
                      {"title": title, "payload": '/answer_article{"article_id": "sopor"}'}]}])  # fmt: skip
    await town.sim.citizen_sends(ANNA, "Sopor?")
    (asked,) = await town.gets(ANNA, 1)
    assert asked.buttons == ["Om tippen", title]
    await town.sim.citizen_presses(ANNA, 1)
    assert "Svaret om sopor." in (await town.gets(ANNA, 2))[1].text
    said = await town.rows(schema.message, schema.message.c.author == "citizen")
    assert {row.text for row in said} == {"Sopor?", title}  # the agent reads the whole title


@SQLITE
async def test_a_citizen_who_takes_a_username_stays_the_same(town: Town) -> None:
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    town.sim.usernames = True
    await town.sim.citizen_sends(ANNA, "När töms sopor?")
    assert len(await town.gets(ANNA, 2)) == 2
    assert len(await town.rows(schema.conversation)) == 1
    assert len(await town.rows(schema.address)) == 1


@SQLITE
async def test_duplicates_a_batch_and_late_statuses_out_of_order(town: Town) -> None:
    town.sim.reports = ("sent", "delivered", "read")
    town.sim.duplicates(1.0)
    async with town.sim.batching():
        for phone, text in ((ANNA, "Vad kostar tippen?"), (BO, "När töms sopor?"), (BO, "Vad kostar tippen?")):
            await town.sim.citizen_sends(phone, text)
    async with town.sim.holding(backwards=True):
        await town.gets(ANNA, 1)
        await town.gets(BO, 2)
        await town.sim.settle()
    await town.until(schema.delivery, schema.delivery.c.state == "read", count=3)
    assert {attempt.status for attempt in town.sim.attempts} == {200}
    assert len(await town.rows(schema.message, schema.message.c.author == "citizen")) == 3
    assert ["sopor" in shown.text for shown in town.sim.inbox(BO)] == [True, False]  # in the order they were asked


@SQLITE
async def test_forged_deliveries_and_other_numbers_change_nothing(town: Town) -> None:
    url = town.sim.webhook_url
    good = town.sim.sign({"object": "whatsapp_business_account", "entry": []})
    for content, headers, status in (
        (good.content, {}, 401), (good.content + b" ", good.headers, 401), (b"", good.headers, 401), (good.content, good.headers, 200),
    ):  # fmt: skip
        assert (await town.http.post(url, content=content, headers=dict(headers))).status_code == status
    assert (await town.http.get(url + "?hub.mode=subscribe&hub.verify_token=guessed&hub.challenge=1")).status_code == 403
    town.sim.phone_number_id = "999999999"
    sent = await town.sim.citizen_sends(ANNA, "Till ett annat nummer")
    assert sent
    assert sent.status == 200  # Meta shall not bring it again
    assert await town.rows(schema.address) == []


async def test_a_send_that_nobody_heard_of_is_settled_by_its_status_and_the_rest_follows(town: Town) -> None:
    town.sim.reports = ("sent", "delivered")
    town.script.rasa = lambda _: [{"type": "answer", "article_ids": ["tippen"], "outcome": "answered"}]
    town.script.articles["tippen"] = article("tippen", answer="Stycke. " * 900)
    town.sim.fault("dropped")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.until(schema.outbox, schema.outbox.c.state == "sent", ticking=True)
    keys = [shown.raw["biz_opaque_callback_data"].rpartition(".")[2] for shown in town.sim.inbox(ANNA)]
    assert keys == ["0", "1", "2"]  # all parts, each once
    await town.until(schema.delivery, schema.delivery.c.state == "delivered", count=3)


async def test_a_status_that_comes_after_we_gave_up_still_settles_it(town: Town) -> None:
    town.sim.fault("dropped")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    await town.until(schema.outbox, schema.outbox.c.state == "sending")
    async with town.core.store.write() as tx:  # as after a minute without a report
        await tx.conn.execute(schema.outbox.update().values(state="ambiguous"))
    await town.sim.report(town.sim.inbox(ANNA)[0].provider_id, "delivered")
    await town.until(schema.outbox, schema.outbox.c.state == "sent", ticking=True)
    assert len(town.sim.inbox(ANNA)) == 1
    assert await town.states() == ["delivered"]


@SQLITE
async def test_a_number_that_is_not_on_whatsapp_closes_the_conversation(town: Town) -> None:
    town.sim.fault("invalid_number")
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    (closed,) = await town.until(schema.conversation, schema.conversation.c.owner == "closed")
    assert closed.close_reason == "unreachable"
    (part,) = await town.rows(schema.delivery)
    assert (part.state, part.error[:17]) == ("failed", "Meta error 131026")


@SQLITE
async def test_an_agents_answer_after_a_day_asks_the_citizen_to_write(town: Town) -> None:
    await town.sim.citizen_sends(ANNA, "Vad kostar tippen?")
    await town.gets(ANNA, 1)
    town.clock.forward(hours=30)
    await agent_writes(town, "Nu vet jag mer.")
    (row,) = await town.until(schema.outbox, schema.outbox.c.state == "dead")
    assert "24 hours" in row.error
    assert "template" in row.error
    assert town.sim.inbox(ANNA)[1].text == "[svar_vantar]"
    await agent_writes(town, "Och mer.")
    await town.until(schema.outbox, schema.outbox.c.state == "dead", count=2)
    assert len(town.sim.inbox(ANNA)) == 2  # asked once
    await town.sim.citizen_presses_template(ANNA, "Läs svaret", "LAS")
    await town.until(schema.message, schema.message.c.text == "Läs svaret")
    await agent_writes(town, "Nu går det fram.")
    assert "Nu går det fram." in (await town.gets(ANNA, 4))[-1].text


@SQLITE
async def test_a_voice_message_a_reaction_and_the_first_opening(town: Town) -> None:
    await town.sim.citizen_opens_chat(ANNA)
    (greeting,) = await town.gets(ANNA, 1)
    assert greeting.buttons == ["Svenska", "English", "Suomi", "العربية", "Soomaali"]  # five: a list
    await town.sim.citizen_sends(ANNA, "", media="audio")
    assert "röstmeddelanden" in (await town.gets(ANNA, 2))[1].text
    await town.sim.citizen_sends(ANNA, "", media="reaction")
    await town.sim.citizen_sends(ANNA, "STOPP")
    await town.gets(ANNA, 3)
    assert len(town.sim.inbox(ANNA)) == 3
