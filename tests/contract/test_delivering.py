"""What goes wrong between a provider and the app: duplicates, forgeries, outages, bursts, restarts. Nothing is lost or doubled."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bot.store import schema
from tests.contract.conftest import Phone, Town
from tests.contract.lines import LINES

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_delivery_that_comes_again_is_answered_once(phone: Phone) -> None:
    phone.town.echoes()
    sent = await phone.sends("en fråga")
    said = phone.town.last[phone.line.provider.name]
    again = await asyncio.gather(*(phone.town.replays(said()) for _ in range(6)))
    assert {answer.status_code for answer in again} == {sent.status}
    (answer,) = await phone.reads()
    assert "Svar på en fråga." in answer.text
    assert (await phone.town.replays(said())).status_code == sent.status  # later, too
    assert not await phone.reads() and await phone.town.citizens_texts() == ["en fråga"]


async def test_a_forged_delivery_changes_nothing(phone: Phone) -> None:
    phone.town.echoes()
    sent = await phone.sends("en hemlighet")
    await phone.reads()
    for forged in phone.line.forged(sent.webhook):
        answer = await phone.town.replays(forged)
        assert answer.status_code in (400, 401, 403) and answer.text == ""
    answers = [await phone.town.http.get(sent.webhook.url.partition("?")[0]),
               await phone.town.http.post(sent.webhook.url, content=b"\x00{[", headers={"Content-Type": "application/json"})]  # fmt: skip
    assert all(400 <= answer.status_code < 500 and answer.text == "" for answer in answers)
    assert not await phone.reads() and len(await phone.town.citizens_texts()) == 1


async def test_many_at_once_are_answered_in_each_citizen_s_order(phone: Phone) -> None:
    phone.town.echoes()
    citizens = [phone, *(phone.neighbour() for _ in range(3))]

    async def writes(citizen: Phone) -> None:
        for number in range(4):
            await citizen.sends(f"fråga {number} av {citizen.number}")

    await asyncio.gather(*(writes(citizen) for citizen in citizens))
    for citizen in citizens:
        heard = await citizen.hears()
        places = [heard.find(f"Svar på fråga {number} av {citizen.number}.") for number in range(4)]
        assert -1 not in places and places == sorted(places)
        assert heard.count("Svar på") == 4


async def test_an_outage_of_the_provider_delays_and_loses_nothing(phone: Phone) -> None:
    phone.town.echoes()
    phone.simulator.fault("server_error")
    await phone.sends("första")
    await phone.sends("andra")
    await phone.town.quiet()
    phone.simulator.fault("rate_limited", retry_after=3)
    await _until_all_is_sent(phone)
    heard = await phone.hears()
    assert heard.count("Svar på första.") == heard.count("Svar på andra.") == 1
    assert heard.find("första") < heard.find("andra")


async def test_a_restart_in_the_middle_loses_and_doubles_nothing(whole_town: Town) -> None:
    """On all channels at once: starting the app is what takes long here."""
    whole_town.begins()
    whole_town.echoes()
    phones = [Phone(whole_town, line) for line in LINES.values()]
    before, again, meanwhile = {}, {}, {}
    for phone in phones:
        phone.simulator.fault("server_error")
        before[phone.number] = await phone.sends(f"före omstarten {phone.number}")
        again[phone.number] = whole_town.last[phone.line.provider.name]
    await whole_town.stop()
    for phone in phones:
        tried = len(phone.simulator.attempts)
        if phone.line.keeps:
            meanwhile[phone.number] = asyncio.create_task(phone.sends(f"under omstarten {phone.number}"))
            while not any(attempt.status is None for attempt in phone.simulator.attempts[tried:]):
                await asyncio.sleep(0.01)
    await whole_town.start()
    await asyncio.gather(*meanwhile.values())
    for phone in phones:
        assert (await whole_town.replays(again[phone.number]())).status_code == before[phone.number].status
        await phone.sends(f"efter omstarten {phone.number}")
    await _until_all_is_sent(phones[0])
    for phone in phones:
        heard = await phone.hears()
        asked = ["före", *(["under"] if phone.number in meanwhile else []), "efter"]
        assert [heard.count(f"Svar på {when} omstarten {phone.number}.") for when in asked] == [1] * len(asked), phone.line
        assert heard.find("Svar på före") < heard.find("Svar på efter"), phone.line


async def test_a_send_nobody_answered_is_not_doubled(phone: Phone) -> None:
    """The provider took it and the connection broke: it is looked for, or held; never sent a second time unasked."""
    phone.town.echoes()
    phone.simulator.fault("dropped")
    await phone.sends("en fråga")
    async with asyncio.timeout(30):
        while not phone.inbox:
            await asyncio.sleep(0.01)
    await phone.simulator.settle()
    for _ in range(3):
        await phone.town.later(20)
        await phone.town.quiet()
    assert (await phone.hears()).count("Svar på en fråga.") == 1
    (row,) = await phone.town.rows(schema.outbox)
    assert row.state in ("sent", "ambiguous")


async def test_an_address_that_can_not_be_reached_ends_the_conversation(phone: Phone) -> None:
    phone.town.echoes()
    phone.simulator.fault("invalid_number")
    await phone.sends("en fråga")
    async with asyncio.timeout(30):
        while (await phone.town.conversation()).owner != "closed":
            await asyncio.sleep(0.02)
    assert (await phone.town.conversation()).close_reason == "unreachable"
    assert "Svar på igen." in await phone.asks("igen")  # whoever writes can be reached again


async def test_the_database_being_locked_is_no_reason_to_lose_a_message(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from connectors.gateway.intake import Intake

    phone.town.echoes()
    await phone.sends("den första")
    again = phone.town.last[phone.line.provider.name]
    await phone.reads()

    async def broken(*_: object) -> None:
        raise OperationalError("locked", None, Exception())

    with monkeypatch.context() as patched:
        patched.setattr(Intake, "take", broken)
        answer: httpx.Response = await phone.town.replays(again())
    assert answer.status_code == 503  # and the provider, where it does so, brings it again


async def _until_all_is_sent(phone: Phone) -> None:
    """Lets time pass until nothing waits any more."""
    for _ in range(12):
        await phone.town.quiet()
        if {row.state for row in await phone.town.rows(schema.outbox)} == {"sent"}:
            return
        await phone.town.later(5)
    raise AssertionError([(row.state, row.error) for row in await phone.town.rows(schema.outbox)])
