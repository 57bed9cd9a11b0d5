"""Whole turns by SMS, the same with every provider: what is asked arrives once, what is answered arrives once."""

from __future__ import annotations

import itertools

import pytest
from fastapi import Response

from bot.store import schema
from connectors.simulator.twilio import UNSUBSCRIBED
from tests.connectors.sms.conftest import ANNA, BO, Town

pytestmark = pytest.mark.asyncio
_o, _m, _d, _a = schema.outbox.c, schema.message.c, schema.delivery.c, schema.address.c


async def test_a_question_is_answered_shortly_with_a_link_and_its_delivery_is_known(town: Town) -> None:
    town.knows("vad kostar tippen")
    attempt = await town.sim.citizen_sends(ANNA, "vad kostar tippen")
    assert attempt.ok and attempt.number == 1
    (message,) = await town.gets(1)
    assert message.text.splitlines()[0].startswith("AI-svar")
    assert "Kort." in message.text and message.text.endswith("/a/tippen")
    await town.outbox("sent")
    for state in ("delivered", "sent"):  # late and in the wrong order
        await town.sim.report(message.provider_id, state)
    assert [row.state for row in await town.rows(schema.delivery)] == ["delivered"]
    await town.sim.citizen_sends(ANNA, "vad kostar tippen")
    assert not (await town.gets(2))[1].text.startswith("AI")  # said once
    assert len(await town.rows(schema.conversation)) == 1
    assert {row.author for row in await town.rows(schema.message)} == {"citizen", "bot"}


async def test_a_number_chooses(town: Town) -> None:
    town.script.rasa = lambda body: [
        {"type": "clarify", "key": "clarify.intro", "outcome": "clarification",
         "buttons": [{"title": "Sopor", "payload": "/human"}, {"title": "Tippen", "payload": "/none_of_these"}]}
    ]  # fmt: skip
    await town.sim.citizen_sends(ANNA, "avfall")
    (asked,) = await town.gets(1)
    assert "1. Sopor\n2. Tippen" in asked.text
    await town.sim.citizen_presses(ANNA, 1)
    await town.gets(2)
    assert "Tippen" in [row.text for row in await town.rows(schema.message, _m.author == "citizen")]


async def test_duplicates_late_and_shuffled_deliveries_are_each_taken_once(town: Town) -> None:
    town.sim.duplicates(1.0)
    async with town.sim.holding(shuffled=True):
        for number in range(5):
            await town.sim.citizen_sends(ANNA, f"fråga {number}")
            await town.sim.citizen_sends(BO, f"fråga {number}")
    assert len(town.sim.attempts) == 20 and all(attempt.ok for attempt in town.sim.attempts)
    written = await town.rows(schema.message, _m.author == "citizen")
    assert sorted(row.text for row in written) == sorted(f"fråga {number}" for number in range(5) for _ in range(2))
    await town.gets(5)
    await town.gets(5, BO)


async def test_what_we_could_not_store_is_brought_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from connectors.gateway.intake import Intake

    real, failures = Intake.take, iter([True, True])

    async def broken(self: Intake, *args: object) -> object:
        if next(failures, False):
            raise OperationalError("", {}, Exception("locked"))
        return await real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "take", broken)
    attempt = await town.sim.citizen_sends(ANNA, "hej")
    assert (attempt.status in (200, 204), attempt.number) == (True, 3)
    assert [attempt.status for attempt in town.sim.attempts][:2] == [503, 503]
    assert len(await town.rows(schema.message, _m.author == "citizen")) == 1


async def test_forged_deliveries_change_nothing_and_are_not_brought_again(town: Town) -> None:
    for name in ("auth_token", "hmac_secret"):
        if hasattr(town.sim, name):
            setattr(town.sim, name, "f" * 32)
    town.sim.webhook_url = town.sim.webhook_url.replace("?key=", "?key=x")
    attempt = await town.sim.citizen_sends(ANNA, "hej")
    assert attempt.status == 401 and attempt.body == ""
    assert not await town.rows(schema.message) and not await town.rows(schema.address)


@pytest.mark.parametrize("kind", ["server_error", "rate_limited"])
async def test_the_provider_is_asked_again_after_a_fault(town: Town, kind: str) -> None:
    town.sim.fault(kind, 2, retry_after=0.1)
    await town.sim.citizen_sends(ANNA, "hej")
    await town.outbox("sent", forward=20)
    assert len(town.sim.inbox(ANNA)) == 1


async def test_an_account_that_is_refused_loses_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sms.ACCOUNT_REST_SECONDS", 0.1)
    refusals = itertools.count()
    town.sim._denied = lambda *_: next(refusals) < 12 and Response(status_code=401)  # more than a message has tries
    await town.sim.citizen_sends(ANNA, "hej")
    await town.outbox("sent", forward=5)
    assert len(town.sim.inbox(ANNA)) == 1
    assert [row.attempts for row in await town.rows(schema.outbox)] == [1]


async def test_a_send_that_broke_off_is_looked_up_and_not_sent_twice(town: Town) -> None:
    town.sim.fault("dropped")
    await town.sim.citizen_sends(ANNA, "hej")
    await town.outbox("sent", forward=1)
    assert len(town.sim.inbox(ANNA)) == 1
    (delivery,) = await town.rows(schema.delivery)
    assert delivery.provider_id == town.sim.inbox(ANNA)[0].provider_id


async def test_a_report_that_names_the_part_settles_a_send_nobody_answered(town: Town) -> None:
    """The look-up fails too; then the report comes."""
    town.sim.fault("dropped")
    router_fails = {"elks": "_history", "twilio": "_listed", "sinch": "_listed"}[town.provider]
    setattr(town.sim, router_fails, lambda params: Response(status_code=500))
    await town.sim.citizen_sends(ANNA, "hej")
    (message,) = await town.gets(1)
    await town.outbox("sending")
    await town.sim.report(message.provider_id, "delivered")
    await town.outbox("sent", forward=1)
    assert len(town.sim.inbox(ANNA)) == 1
    assert [row.state for row in await town.rows(schema.delivery)] == ["delivered"]


async def test_a_number_that_can_not_be_reached_ends_the_conversation(town: Town) -> None:
    town.sim.fault("invalid_number")
    await town.sim.citizen_sends(ANNA, "hej")
    await town.stopped("unreachable")
    assert [row.close_reason for row in await town.rows(schema.conversation)] == ["unreachable"]
    await town.sim.citizen_sends(ANNA, "hej igen")  # who writes can be reached
    await town.gets(1)


async def test_stop_is_confirmed_once_and_start_brings_back(town: Town) -> None:
    await town.sim.citizen_sends(ANNA, "hej")
    await town.gets(1)
    await town.sim.citizen_sends(ANNA, "STOPP")
    assert "START" in (await town.gets(2))[1].text
    await town.sim.citizen_sends(ANNA, "Hallå?")
    await town.sim.citizen_sends(ANNA, "STOPP")
    await town.sim.citizen_sends(BO, "hej")
    await town.gets(1, BO)
    assert len(town.sim.inbox(ANNA)) == 2
    await town.sim.citizen_sends(ANNA, "START")
    await town.gets(3)


async def test_twilios_own_stop_ends_the_conversation_too(town: Town) -> None:
    if town.provider != "twilio":
        pytest.skip("only Twilio knows the word itself")
    await town.sim.citizen_sends(ANNA, "hej")
    await town.gets(1)
    await town.sim.citizen_sends(ANNA, "STOP")
    await town.stopped("asked")
    await town.outbox("dead")  # our own confirmation: 21610
    assert [message.text for message in town.sim.inbox(ANNA)][1:] == [UNSUBSCRIBED]
    await town.sim.citizen_sends(ANNA, "START")
    await town.gets(3)


async def test_a_picture_is_answered_with_what_to_do(town: Town) -> None:
    media = "https://example.org/bild.jpg" if town.provider == "elks" else "image/jpeg"
    await town.sim.citizen_sends(ANNA, "", media=media)
    (message,) = await town.gets(1)
    assert message.text
    assert len(await town.rows(schema.message, _m.author == "citizen")) == 1


async def test_a_failed_delivery_of_a_number_that_is_gone_ends_the_conversation(town: Town) -> None:
    error = {"twilio": "30005", "sinch": "402", "elks": None}[town.provider]
    await town.sim.citizen_sends(ANNA, "hej")
    (message,) = await town.gets(1)
    await town.outbox("sent")
    await town.sim.report(message.provider_id, "failed", error)
    (delivery,) = await town.rows(schema.delivery)
    assert delivery.state == "failed"
    await town.stopped("unreachable" if error else None)  # 46elks gives no reason
