"""An agent's day in the console: claim, write, return, close, race a colleague, lose the connection."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from handover import repository
from tests.browser.console.conftest import Consoles

pytestmark = pytest.mark.asyncio
NASTY = '<img src=x onerror="document.title=1"> "><script>alert(1)</script> åäö 🙂'


async def test_an_agent_claims_writes_and_gives_the_conversation_back(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue("Hur ansöker jag om hemtjänst?")
    await expect(page).to_have_title("(1) Fråga Göteborg – handläggare")
    await page.get_by_role("button", name="Ta över", exact=True).click()
    log = page.get_by_role("log")
    await expect(log.get_by_text("Hur ansöker jag om hemtjänst?")).to_be_visible()
    field = page.get_by_label("Meddelande till medborgaren")
    await expect(field).to_be_focused()
    await field.fill("Hej, jag heter Anna.")
    await field.press("Shift+Enter")
    await field.press_sequentially("Vad undrar du?")
    await field.press("Enter")
    await expect(log.locator(".message.agent:not(.pending)")).to_contain_text("Vad undrar du?")
    said = (await citizen.read())["messages"][-1]
    assert said["text"] == "Hej, jag heter Anna.\nVad undrar du?"

    await citizen.send("Hur lång tid tar det?")
    await expect(log.get_by_text("Hur lång tid tar det?")).to_be_visible()
    await page.get_by_role("button", name="Lämna till boten").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Anteckning").fill("Klart")
    await dialog.get_by_role("button", name="Lämna till boten").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    assert (await citizen.read())["owner"] == "bot"


async def test_what_a_citizen_writes_is_shown_as_text(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue(NASTY)
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_role("log").get_by_text(NASTY).first).to_be_visible()
    await citizen.send(NASTY)
    await expect(page.get_by_role("log").get_by_text(NASTY)).to_have_count(2)
    assert await page.locator("#app img, #app script").count() == 0
    await expect(page).to_have_title("Fråga Göteborg – handläggare")


async def test_closing_with_a_reason(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue()
    await page.get_by_role("button", name="Ta nästa").click()
    await page.get_by_role("button", name="Avsluta").click()
    await page.get_by_role("dialog").get_by_label("Orsak").select_option("referred")
    await page.get_by_role("dialog").get_by_role("button", name="Avsluta samtalet").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    assert (await citizen.read())["closed"] is True
    assert (await consoles.office.audited("handover.closed"))[0].detail["reason"] == "referred"


async def test_of_two_agents_who_press_at_once_one_is_told_that_the_other_won(consoles: Consoles) -> None:
    anna, bo = await consoles.open("Anna Lindgren"), await consoles.open("Bo Ek")
    await consoles.office.in_queue("Vem tar mig?")
    buttons = [page.get_by_role("button", name="Ta över", exact=True) for page in (anna, bo)]
    for button in buttons:
        await expect(button).to_be_visible()
    # Pressed in the page itself, without the driver's own waiting: as close together as two people get. The elements are taken
    # before, for a press that comes first redraws the other's queue.
    elements = [await button.element_handle() for button in buttons]
    await asyncio.gather(*(element.evaluate("button => button.click()") for element in elements))
    for page in (anna, bo):
        await expect(page.get_by_text("Ingen väntar just nu.")).to_be_visible()
    (claimed,) = await consoles.office.audited("handover.claimed")
    async with consoles.office.core.store.read() as conn:
        first = await repository.agent_name(conn, claimed.actor)
    winner, loser = (anna, bo) if first == "Anna Lindgren" else (bo, anna)
    await expect(winner.get_by_label("Meddelande till medborgaren")).to_be_visible()
    await expect(loser.get_by_text("Du har inga samtal.")).to_be_visible()
    await expect(loser.get_by_label("Meddelande till medborgaren")).to_have_count(0)


async def test_the_loser_of_a_race_reads_who_was_first(consoles: Consoles) -> None:
    bo = await consoles.office.staff("Bo Ek")
    page = await consoles.open("Anna Lindgren")
    _, handover_id = await consoles.office.in_queue()
    button = page.get_by_role("button", name="Ta över", exact=True)
    await expect(button).to_be_visible()

    async def after_bo(route: Route) -> None:
        await bo.claim(handover_id)
        await route.continue_()

    await page.route("**/claim", after_bo)
    await button.click()
    await expect(page.get_by_text("Bo Ek hann före.")).to_be_visible()
    await expect(page.get_by_text("Ingen väntar just nu.")).to_be_visible()


async def test_after_a_lost_connection_nothing_is_missing(consoles: Consoles) -> None:
    lines: list[WebSocketRoute] = []
    broken = asyncio.Event()

    async def line(route: WebSocketRoute) -> None:
        if broken.is_set():
            await route.close(code=1011)
            return
        lines.append(route)
        route.connect_to_server()

    async def before_login(page: Page) -> None:
        await page.route_web_socket("**/desk/v1/events", line)

    page = await consoles.open("Anna Lindgren", before_login=before_login)
    citizen, _ = await consoles.office.in_queue()
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_visible()
    broken.set()
    await lines[0].close(code=1011)
    await expect(page.get_by_text("Anslutningen är bruten")).to_be_visible()
    await citizen.send("Skrivet medan linjen var bruten")
    broken.clear()
    await expect(page.get_by_text("Ansluten")).to_be_visible()
    await expect(page.get_by_role("log").get_by_text("Skrivet medan linjen var bruten")).to_be_visible()


async def test_a_message_that_did_not_get_through_is_sent_again_once(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue()
    await page.get_by_role("button", name="Ta nästa").click()

    async def answer_lost(route: Route) -> None:
        await route.fetch()  # the server gets it, the console never hears back
        await route.abort()

    await page.route("**/messages", answer_lost, times=1)
    field = page.get_by_label("Meddelande till medborgaren")
    await field.fill("Kommer detta fram?")
    await field.press("Enter")
    await page.get_by_role("button", name="Försök igen").click()
    await expect(page.locator(".message.agent")).to_have_count(1)
    await expect(page.locator(".message.agent.failed")).to_have_count(0)
    assert [m["text"] for m in (await citizen.read())["messages"]].count("Kommer detta fram?") == 1


async def test_several_conversations_with_unread_marks_and_drafts(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    first, _ = await consoles.office.in_queue("Första frågan")
    await page.get_by_role("button", name="Ta nästa").click()
    field = page.get_by_label("Meddelande till medborgaren")
    await field.fill("Ett utkast")
    second, _ = await consoles.office.in_queue("Andra frågan")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_role("log").get_by_text("Andra frågan")).to_be_visible()
    await expect(field).to_have_value("")
    await first.send("Är du kvar?")
    badge = page.locator(".card-row .badge")
    await expect(badge).to_have_text("1 olästa")
    await expect(page).to_have_title("(1) Fråga Göteborg – handläggare")
    await page.locator(".card-open", has_text="Är du kvar?").click()
    await expect(page.get_by_role("log").get_by_text("Är du kvar?")).to_be_visible()
    await expect(field).to_have_value("Ett utkast")
    await expect(badge).to_have_count(0)
    assert (await second.read())["owner"] == "agent"


async def test_without_consent_the_console_shows_that_the_text_was_not_sent(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    await consoles.office.in_queue("Något jag inte vill visa", button=1)
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_text("Medborgaren valde att inte skicka")).to_be_visible()
    await expect(page.get_by_text("Något jag inte vill visa")).to_have_count(0)


async def test_everything_can_be_done_from_the_keyboard(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue()
    await expect(page.get_by_role("button", name="Ta över", exact=True)).to_be_visible()
    await page.keyboard.press("Alt+n")
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()
    await page.keyboard.type("Hej!")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.agent:not(.pending)")).to_contain_text("Hej!")
    await page.keyboard.press("Alt+h")
    await expect(page.get_by_role("dialog")).to_contain_text("Kortkommandon")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+x")
    await expect(page.get_by_role("dialog").get_by_label("Orsak")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    assert (await citizen.read())["closed"] is True


async def test_an_admin_switches_the_bot_off_and_makes_an_account(consoles: Consoles) -> None:
    page = await consoles.open("Adam Admin", role="admin")
    await page.get_by_role("link", name="Administration").click()
    await page.get_by_label("Orsak").fill("Planerat underhåll.")
    await page.get_by_role("button", name="Stäng av boten").click()
    await expect(page.get_by_role("button", name="Slå på boten")).to_be_visible()
    await expect(page.locator("header").get_by_text("Boten är avstängd")).to_be_visible()
    citizen = await consoles.office.citizen()
    assert "Planerat underhåll." in (await citizen.send("Hej")).json()["messages"][0]["text"]
    await page.get_by_label("Namn").fill("Nils Ny")
    await page.get_by_label("E-post").fill("nils@goteborg.example")
    await page.get_by_label("Lösenord").fill("sommar123")
    await page.get_by_role("button", name="Skapa konto").click()
    await expect(page.get_by_text("Lösenordet är för svagt.")).to_be_visible()
    await page.get_by_label("Lösenord").fill("tre gröna trumpeter")
    await page.get_by_role("button", name="Skapa konto").click()
    await expect(page.get_by_role("row", name=re.compile("^Nils Ny"))).to_be_visible()


async def test_the_console_speaks_english_too(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    await page.get_by_label("Språk").select_option("en")
    await expect(page.get_by_role("heading", name="My conversations")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"


async def test_a_wrong_password_is_said_plainly(consoles: Consoles) -> None:
    page = await consoles.page()
    await page.get_by_label("E-post").fill("ingen@goteborg.example")
    await page.get_by_label("Lösenord").fill("fel lösenord")
    await page.get_by_label("Lösenord").press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Fel e-post eller lösenord.")
    await expect(page.get_by_label("Lösenord")).to_be_focused()
