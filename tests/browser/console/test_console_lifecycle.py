"""The rarer ways of a conversation in the console: by keyboard and by buttons, in one agent's and a colleague's window."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.async_api import expect

from tests.browser.console.conftest import Consoles

pytestmark = pytest.mark.asyncio


async def test_snoozed_by_keyboard_closed_by_two_and_opened_again(consoles: Consoles) -> None:
    consoles.office.clock.time = dt.datetime.now(dt.UTC)  # times are chosen by the browser's clock
    page, other = await consoles.open("Anna Lindgren"), await consoles.open("Bo Ek")
    citizen, _ = await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()

    await page.keyboard.press("Alt+Z")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Till", exact=True).select_option("own")
    await expect(dialog.get_by_label("Egen tid")).to_be_visible()
    await dialog.get_by_label("Till", exact=True).select_option("180")
    await dialog.get_by_label("Orsak").select_option("waiting_colleague")
    await dialog.get_by_role("button", name="Låt vila").click()
    await expect(page.locator(".card-row").get_by_text("Vilar till")).to_be_visible()
    await citizen.send("det brinner hemma hos mig")  # it wakes, and is sensitive from now on
    await expect(page.locator(".card-row").get_by_text("Vilar till")).to_have_count(0)

    await page.locator(".card-open").click()
    await page.locator(".actions").get_by_role("button", name="Avsluta", exact=True).click()
    await dialog.get_by_role("button", name="Avsluta samtalet").click()
    await expect(page.get_by_text("En kollega behöver godkänna")).to_be_visible()
    await expect(page.locator(".card-row").get_by_text("Väntar på godkännande")).to_be_visible()

    await expect(other.get_by_role("heading", name="Att godkänna")).to_be_visible()
    await other.locator(".card-open").click()
    await expect(other.get_by_text("vill avsluta det här samtalet")).to_be_visible()
    await other.keyboard.press("Alt+G")
    await other.get_by_role("dialog").get_by_role("button", name="Godkänn och avsluta").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    assert (await citizen.read())["closed"]

    await page.locator("summary", has_text="Nyligen avslutade").click()
    await page.locator(".others .card-open").click()
    await page.keyboard.press("Alt+O")
    await page.get_by_role("dialog").get_by_role("button", name="Öppna igen").click()
    await expect(page.get_by_role("button", name="Ta över", exact=True).first).to_be_visible()
    assert (await citizen.read())["owner"] == "queue"


async def test_a_sensitive_one_is_the_bots_again_when_a_colleague_agrees(consoles: Consoles) -> None:
    page, other = await consoles.open("Anna Lindgren"), await consoles.open("Bo Ek")
    citizen, _ = await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_focused()
    await citizen.send("det brinner hemma hos mig")
    await page.keyboard.press("Alt+R")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("svarar boten igen när en kollega har godkänt")).to_be_visible()
    await dialog.get_by_role("button", name="Lämna till boten").click()
    await expect(page.get_by_text("En kollega behöver godkänna innan boten svarar igen.")).to_be_visible()
    await page.locator(".card-open").click()
    await expect(page.get_by_text("Boten svarar igen när en kollega har godkänt.")).to_be_visible()

    await other.locator(".card-open").click()
    await expect(other.get_by_text("vill lämna tillbaka det här samtalet till boten")).to_be_visible()
    await other.keyboard.press("Alt+G")
    asked = other.get_by_role("dialog")
    await expect(asked.get_by_role("heading", name="Godkänn att boten svarar igen")).to_be_visible()
    await asked.get_by_role("button", name="Godkänn och lämna till boten").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    assert (await citizen.read())["owner"] == "bot"
