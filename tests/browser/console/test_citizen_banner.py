"""A notice that an admin sets in the console, as citizens read it in the widget: in their language, until its end, until removed."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from tests.browser.console.citizen import Citizen, citizen_of
from tests.browser.console.conftest import Consoles

pytestmark = pytest.mark.asyncio
SWEDISH, ENGLISH, ARABIC = "Lång kö i dag: räkna med 20 minuter!", "Long queue today!", "الانتظار طويل اليوم!"


async def standing(page: Page) -> None:
    """The cards above and around the notice's have come: nothing moves any more."""
    await expect(page.get_by_role("button", name="Stäng av boten")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("^Adam Admin"))).to_be_visible()


async def set_banner(page: Page, until: dt.datetime | None = None) -> None:
    """Sets the notice in three languages.

    Args:
        until: on the city's clock.
    """
    await page.get_by_role("link", name="Administration").click()
    await standing(page)
    card = page.locator("section.card", has=page.get_by_role("heading", name="Meddelande i chatten"))
    await card.get_by_label("Text på svenska").fill(SWEDISH)
    await card.get_by_label("Text på engelska").fill(ENGLISH)
    await card.get_by_text("Andra språk").click()
    await card.get_by_label("Text på arabiska").fill(ARABIC)
    if until is not None:
        await card.get_by_label("Visas till").fill(until.strftime("%Y-%m-%dT%H:%M"))
    await card.get_by_role("button", name="Visa meddelandet").click()
    await expect(page.get_by_text("Meddelandet visas i chatten.")).to_be_visible()


def notice(citizen: Citizen, text: str) -> Locator:
    """The words themselves, with the language they are marked as."""
    return citizen.widget.locator(".strip.warn span[lang]", has_text=text)


async def choose(citizen: Citizen, language: str) -> None:
    await citizen.widget.locator("select").select_option(language)


async def faults(citizen: Citizen) -> list[str]:
    found = await Axe().run(citizen.page, context="fraga-goteborg")
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


async def test_each_citizen_reads_it_in_their_language_or_in_one_that_is_marked(consoles: Consoles) -> None:
    admin = await consoles.open("Adam Admin", role="admin")
    await set_banner(admin)
    citizen = await (await citizen_of(consoles)).open()
    await expect(notice(citizen, SWEDISH)).to_be_visible()
    await expect(notice(citizen, SWEDISH)).to_have_attribute("lang", "sv")
    await choose(citizen, "ar")
    await expect(citizen.panel).to_have_css("direction", "rtl")
    await expect(notice(citizen, ARABIC)).to_be_visible()
    await expect(notice(citizen, ARABIC)).to_have_css("direction", "rtl")
    assert await faults(citizen) == []
    await choose(citizen, "fa")  # none in Persian: the English, read out as English, its mark of exclamation at its end
    await expect(citizen.panel).to_have_css("direction", "rtl")
    await expect(notice(citizen, ENGLISH)).to_have_attribute("lang", "en")
    await expect(notice(citizen, ENGLISH)).to_have_css("direction", "ltr")
    assert await faults(citizen) == []
    await expect(citizen.widget.locator(".strip.warn")).to_have_attribute("role", "status")


async def test_its_end_and_its_removal_are_seen_when_the_chat_is_opened_again(consoles: Consoles) -> None:
    clock = consoles.office.clock
    admin = await consoles.open("Adam Admin", role="admin")
    await set_banner(admin, (clock() + dt.timedelta(hours=1)).astimezone(ZoneInfo("Europe/Stockholm")))
    await expect(admin.get_by_text("Visas nu.")).to_be_visible()
    citizen = await (await citizen_of(consoles)).open()
    await expect(notice(citizen, SWEDISH)).to_be_visible()
    clock.forward(minutes=61)
    await citizen.reopen_panel()
    await expect(notice(citizen, SWEDISH)).to_have_count(0)
    await admin.reload()
    await standing(admin)
    await expect(admin.get_by_text("Tiden har gått ut. Det visas inte.")).to_be_visible()
    late = await (await citizen_of(consoles)).open()
    await late.say("Hej")
    await expect(notice(late, SWEDISH)).to_have_count(0)

    await admin.get_by_label("Visas till").fill("")
    await admin.get_by_role("button", name="Visa meddelandet").click()
    await expect(admin.get_by_text("Visas nu.")).to_be_visible()
    await citizen.reopen_panel()
    await expect(notice(citizen, SWEDISH)).to_be_visible()
    await admin.get_by_role("button", name="Ta bort", exact=True).click()
    await expect(admin.get_by_text("Inget meddelande visas.")).to_be_visible()
    await citizen.reopen_panel()
    await expect(notice(citizen, SWEDISH)).to_have_count(0)


async def test_a_lost_connection_comes_before_it_and_it_comes_back(consoles: Consoles) -> None:
    admin = await consoles.open("Adam Admin", role="admin")
    await set_banner(admin)
    citizen = await (await citizen_of(consoles)).open()
    await expect(notice(citizen, SWEDISH)).to_be_visible()
    await citizen.page.context.set_offline(True)
    await expect(notice(citizen, SWEDISH)).to_have_count(0)
    await expect(citizen.widget.locator(".strip.warn")).to_be_visible()
    await citizen.page.context.set_offline(False)
    await expect(notice(citizen, SWEDISH)).to_be_visible()
