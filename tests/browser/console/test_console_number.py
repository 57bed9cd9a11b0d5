"""A number asked for, a conversation passed on, times by the city's clock, two of the same name, a break that was forgotten."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from bot.store import schema
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_notices import allowed, bell, titles

pytestmark = pytest.mark.asyncio


async def test_a_call_is_agreed_on_once_the_citizen_has_left_a_number(consoles: Consoles) -> None:
    consoles.office.clock.time = dt.datetime.now(dt.UTC)  # times are chosen by the browser's clock
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()

    await page.keyboard.press("Alt+P")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Hur").select_option("call_back")
    await dialog.get_by_role("button", name="Bestäm").click()
    await expect(page.get_by_text("Medborgaren har inte lämnat något telefonnummer. Be om det först.")).to_be_visible()
    await expect(dialog.get_by_role("heading", name="Be om telefonnummer")).to_be_visible()
    await dialog.get_by_role("button", name="Be om nummer").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("log").get_by_text("Skriv ditt telefonnummer")).to_be_visible()

    await citizen.send("070-174 06 05")
    aside = page.get_by_role("complementary")
    await expect(aside.get_by_role("link", name="+46701740605")).to_have_attribute("href", "tel:+46701740605")
    await expect(page.get_by_role("log").get_by_text("Anna Lindgren ser nu dina kontaktuppgifter")).to_be_visible()
    await expect(page.get_by_role("button", name="Be om nummer")).to_have_count(0)
    await page.keyboard.press("Alt+P")
    await dialog.get_by_label("Hur").select_option("call_back")
    await dialog.get_by_role("button", name="Bestäm").click()
    await expect(page.locator(".card-row").get_by_text("Ring upp")).to_be_visible()


async def test_the_number_is_asked_for_by_keyboard_and_who_would_rather_not_is_not_pressed(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()
    await page.keyboard.press("Alt+B")
    await expect(page.get_by_role("dialog").get_by_text("att du läser det loggas")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    log = page.get_by_role("log")
    await expect(log.get_by_text("Skriv ditt telefonnummer")).to_be_visible()
    await citizen.send("avbryt")
    await expect(log.get_by_text("då sparas inga kontaktuppgifter")).to_be_visible()
    await expect(page.get_by_role("button", name="Be om nummer")).to_be_visible()


async def test_a_conversation_that_a_colleague_passes_on_rings(consoles: Consoles) -> None:
    anna, page = await consoles.open("Anna Lindgren"), await consoles.open("Bo Ek", before_login=allowed)
    await bell(page).click()
    await page.evaluate("look(true)")
    _, handover = await consoles.office.in_queue("Hej")
    await anna.get_by_role("button", name="Ta nästa").click()
    await expect(anna.get_by_label("Meddelande till medborgaren")).to_be_focused()
    await expect(page.locator(".card-row")).to_have_count(0)
    await anna.keyboard.press("Alt+T")
    dialog = anna.get_by_role("dialog")
    await dialog.get_by_label("Till", exact=True).select_option(label="Bo Ek (på plats)")
    await dialog.get_by_role("button", name="Skicka vidare").click()
    await expect(page.get_by_text("En kollega har skickat ett samtal till dig")).to_be_visible()
    assert (await titles(page))[-1] == "Ett samtal har skickats till dig"
    assert await page.evaluate("notices.at(-1).tag") == f"fraga-{handover}"
    await page.evaluate("notices.at(-1).onclick()")
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_visible()


async def abroad(page: Page) -> None:
    """The agent's computer is set to another zone."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})


async def test_a_time_is_the_citys_wherever_the_computer_thinks_it_is(consoles: Consoles) -> None:
    office = consoles.office
    office.clock.time = dt.datetime.now(dt.UTC)
    page = await consoles.open("Anna Lindgren", before_login=abroad)
    citizen, _ = await office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()
    assert "GMT-0" in await page.evaluate("String(new Date())")

    changes = [("2026-07-10T14:05", "2026-07-10T12:05"), ("2026-12-10T14:05", "2026-12-10T13:05"),
               ("2026-03-29T01:59", "2026-03-29T00:59"), ("2026-03-29T03:01", "2026-03-29T01:01"),
               ("2026-10-25T02:30", "2026-10-25T00:30"), ("2026-10-25T03:30", "2026-10-25T02:30")]  # fmt: skip
    both = """(field) => import('/desk/console/city_time.js').then(
        ({ fromField, toField }) => [fromField(field).toISOString(), toField(fromField(field))])"""
    for field, utc in changes:
        assert await page.evaluate(both, field) == [f"{utc}:00.000Z", field]

    await page.keyboard.press("Alt+P")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Hur").select_option("written")
    due = dialog.get_by_label("Senast")
    assert (await due.input_value()).endswith("T10:00")
    await dialog.get_by_role("button", name="Bestäm").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_have_count(0)
    told = next(message["text"] for message in reversed((await citizen.read())["messages"]) if "senast" in message["text"])
    assert "klockan 10:00 (svensk tid)" in told


async def test_of_two_with_one_name_each_sees_who_wrote(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")

    async def same_name(_: Page) -> None:
        async with consoles.office.core.store.write() as tx:
            renamed = schema.agent.update().where(schema.agent.c.email.startswith("bo@")).values(name="Anna Lindgren")
            await tx.conn.execute(renamed)

    await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await page.get_by_label("Meddelande till medborgaren").fill("Jag tar fram det")
    await page.keyboard.press("Enter")
    said = page.get_by_role("log").locator("article.agent", has_text="Jag tar fram det")
    await expect(said.get_by_text("Du", exact=True)).to_be_visible()

    await consoles.office.staff("Bo Ek", role="supervisor")
    await same_name(page)
    other = await consoles.page(email="bo@goteborg.example")
    await other.get_by_text("Kollegornas samtal").click()
    await other.locator(".card-open").click()
    seen = other.get_by_role("log").locator("article.agent", has_text="Jag tar fram det")
    await expect(seen.get_by_text("Anna Lindgren", exact=True)).to_be_visible()
    await expect(seen.get_by_text("Du", exact=True)).to_have_count(0)


async def test_who_logs_in_on_a_break_of_before_is_asked_once_whether_they_are_back(consoles: Consoles) -> None:
    office = consoles.office
    anna = await office.staff("Anna Lindgren")
    assert (await anna.post("/me/duty", duty="break")).status_code == 200
    page = await consoles.page(email="anna@goteborg.example")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="Du har rast sedan tidigare")).to_be_visible()
    await dialog.get_by_role("button", name="Avbryt").click()
    await page.reload()
    await expect(page.get_by_text("Ansluten")).to_be_visible()
    await expect(page.get_by_label("Mitt läge")).to_have_value("break")
    await expect(dialog).to_have_count(0)

    await page.get_by_role("button", name="Logga ut").click()
    await page.get_by_label("E-post").fill("anna@goteborg.example")
    await page.get_by_label("Lösenord").fill("ett-mycket-bra-l0sen")
    await page.get_by_role("button", name="Logga in").click()
    await dialog.get_by_role("button", name="Ja, jag är tillgänglig").click()
    await expect(page.get_by_label("Mitt läge")).to_have_value("available")
    query = sa.select(schema.setting.c.value).where(schema.setting.c.key == f"routing.agent:{anna.id}")
    assert (await office.scalar(query))["on_break"] is False
