"""What only Zammad has: contact details, when an answer is due, e-mail, a search that lags behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core import Core
from handover.agent_actions import AgentActions
from handover.lifecycle import Lifecycle
from handover.settings import load_departments, load_settings
from handover.timers import Timers
from handover.zammad.plain import plain
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.handover.conftest import press
from tests.handover.desks.conftest import QUESTION, Place, opened, take_consent_back, texts_of, until


@pytest_asyncio.fixture(params=["zammad"])
async def place(
    request: pytest.FixtureRequest, core: Core, script: Script, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    monkeypatch.setenv("ZAMMAD_DUE_FIELD", "besvaras_senast")
    async with opened(core, script, clock, request.param, monkeypatch) as place:
        yield place


@pytest.mark.asyncio
async def test_a_ticket_says_what_staff_need_and_who_waits_for_an_answer(place: Place) -> None:
    _, handover_id = await place.case()
    ticket = place.zammad.tickets[place.number(handover_id)]
    heading = place.zammad.written(ticket["id"])[0]
    assert "Telefon: +46701740605" in heading
    assert "Medborgarens språk: sv" in heading
    assert "Svar senast: 2026-11-24" in heading
    assert dt.datetime.fromisoformat(ticket["besvaras_senast"]).date() == dt.date(2026, 11, 24)
    assert ticket["group"] == "Kontaktcenter"
    assert QUESTION not in heading  # the transcript is an internal note of its own, so that it can be taken back
    assert any(QUESTION in text for text in place.zammad.written(ticket["id"], internal=True))
    customer = place.zammad.users[ticket["customer_id"]]
    assert customer["phone"] == "+46701740605"
    audited = await place.office.audited("contact.read")
    assert [row.actor for row in audited] == ["zammad"]


@pytest.mark.asyncio
async def test_who_left_an_address_is_the_tickets_customer_so_that_zammad_can_write_to_them(place: Place) -> None:
    place.office.clock.time = dt.datetime(2026, 11, 23, 21, 0, tzinfo=dt.UTC)
    citizen = await place.office.citizen()
    said = await press(citizen, await place.office.asks_for_human(citizen))
    await press(citizen, next(message for message in said if "kontaktuppgifter" in str(message.get("buttons"))))
    await citizen.send("anna.test@example.org")
    handover_id = await place.office.handover_of(citizen)
    number = await until(lambda: place.number(handover_id))
    customer = place.zammad.users[place.zammad.tickets[number]["customer_id"]]
    assert customer["email"] == "anna.test@example.org"
    await place.quiet(handover_id)
    html = '<div>Hej!<br>Läs <a href="https://goteborg.se/eldning">om eldning</a>.</div><blockquote>Citerat</blockquote>'
    place.zammad.write(number, html, kind="email")
    place.zammad.write(number, "Ringde, inget svar", kind="phone")
    place.zammad.write(number, "Bara för oss", internal=True)
    place.zammad.write(number, "Hör av dig igen.", kind="note", content_type="text/plain")
    await until(lambda: two(citizen))
    assert await texts_of(citizen, "agent") == ["Hej!\nLäs om eldning https://goteborg.se/eldning.", "Hör av dig igen."]


async def two(citizen: object) -> bool:
    return len(await texts_of(citizen, "agent")) >= 2  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_in_office_hours_a_handover_stays_with_those_on_duty(place: Place) -> None:
    _, handover_id = await place.office.in_queue(QUESTION)
    await place.office.asks_for_human(await place.office.citizen())
    assert await place.link(handover_id) is None
    assert place.zammad.tickets == {}


@pytest.mark.asyncio
async def test_a_note_that_can_no_longer_be_deleted_is_marked(place: Place) -> None:
    place.zammad.deletable = False
    citizen, handover_id = await place.case()
    await take_consent_back(place, citizen, handover_id)
    number = place.number(handover_id)
    await until(lambda: any("tagit tillbaka sitt ja" in text for text in place.zammad.written(number, internal=True)))


@pytest.mark.asyncio
async def test_a_ticket_may_take_its_time(place: Place) -> None:
    """A chat's silent agent loses it; a ticket's does not."""
    citizen, handover_id = await place.case()
    place.zammad.write(place.number(handover_id), "Vi undersöker saken.")
    await until(lambda: texts_of(citizen, "agent"))
    await citizen.send("Tack, jag väntar.")
    core, settings = place.office.core, load_settings()
    actions = AgentActions(core, settings, load_departments(settings.queue.default_department))
    timers = Timers(core, actions, Lifecycle(core, actions))
    for _ in range(3):
        place.office.clock.forward(hours=3)
        assert await timers.sweep() == 0
    assert (await place.handover(handover_id)).state == "claimed"


def test_plain_text_of_an_article() -> None:
    assert plain("<p>Ett &amp; två</p><ul><li>tre</li><li>fyra</li></ul>") == "Ett & två\n\n- tre\n\n- fyra"
    assert plain("<div>Svar</div><blockquote>Fråga <b>x</b></blockquote><div>Mer</div>") == "Svar\n\nMer"
    assert plain('<a href="https://a.se">https://a.se</a> <a href="javascript:x">y</a>') == "https://a.se y"
