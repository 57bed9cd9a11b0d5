"""An agent's phone is gone: an admin resets the second factor in the dialog, and the agent sets up a new one at the next login."""

from __future__ import annotations

import pyotp
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from bot.store import schema
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.conftest import PASSWORD

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _agents_must_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the app is made."""
    monkeypatch.setenv("DESK_TOTP_REQUIRED", "agent")


def code_now(consoles: Consoles, secret: str) -> str:
    """A code that has not been used: each holds half a minute, and once."""
    consoles.office.clock.forward(seconds=30)
    return pyotp.TOTP(secret).at(consoles.office.core.now())


async def set_up(consoles: Consoles, page: Page) -> str:
    """Sets a second factor up where nothing else can be done; returns its secret."""
    await expect(page.get_by_text("Din roll måste ha tvåstegsinloggning.")).to_be_visible()
    await expect(page.get_by_role("link", name="Samtal")).to_have_count(0)
    await page.get_by_role("button", name="Sätt upp").click()
    secret = (await page.locator("dd code").inner_text()).replace(" ", "")
    await page.get_by_label("Kod ur appen").fill(code_now(consoles, secret))
    await page.get_by_role("button", name="Slå på").click()
    await page.get_by_role("button", name="Jag har sparat dem").click()
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()
    return secret


async def id_of(consoles: Consoles, name: str) -> str:
    a = schema.agent.c
    return str(await consoles.office.scalar(sa.select(a.id).where(a.email == f"{name}@goteborg.example")))


async def log_in(page: Page) -> None:
    await page.get_by_label("E-post").fill("anna@goteborg.example")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()


async def test_reset_by_an_admin_and_set_up_anew_at_the_next_login(consoles: Consoles) -> None:
    anna = await consoles.enter("Anna Lindgren", "agent")
    lost = await set_up(consoles, anna)
    admin = await consoles.open("Adam Admin", role="admin")
    await admin.get_by_role("link", name="Administration").click()
    for above in ("Stäng av boten", "Visa meddelandet", "Spara tiderna"):  # when these have come, nothing moves any more
        await expect(admin.get_by_role("button", name=above)).to_be_visible()

    await admin.get_by_role("button", name="Ändra konto: Adam Admin").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_text("Inloggningar", exact=True).click()
    await expect(dialog.get_by_text("Ingen tvåstegsinloggning är satt.")).to_be_visible()
    await dialog.get_by_role("button", name="Avbryt").click()

    await admin.get_by_role("button", name="Ändra konto: Anna Lindgren").click()
    await dialog.get_by_text("Inloggningar", exact=True).click()
    await expect(dialog.get_by_role("button", name="Avsluta:")).to_have_count(1)
    reset = dialog.get_by_role("button", name="Nollställ tvåstegsinloggning")
    await reset.focus()
    await admin.keyboard.press("Enter")
    await expect(admin.get_by_text("Tvåstegsinloggningen är borttagen.")).to_be_visible()
    await expect(reset).to_have_count(0)
    await expect(dialog.get_by_text("Ingen tvåstegsinloggning är satt.")).to_be_focused()
    await expect(dialog.get_by_text("Kontot är inte inloggat någonstans.")).to_be_visible()
    assert await violations(admin) == []
    await dialog.get_by_role("button", name="Avbryt").click()
    (audited,) = await consoles.office.audited("second_factor.removed")
    assert (audited.actor, audited.object) == (await id_of(consoles, "adam"), await id_of(consoles, "anna"))

    # Whoever has the phone now is out at once, and the password alone opens nothing but the setting up.
    await expect(anna.get_by_role("alert")).to_have_text("Du har loggats ut. Logga in igen.")
    await log_in(anna)
    secret = await set_up(consoles, anna)
    assert secret != lost
    await anna.get_by_role("button", name="Logga ut").click()
    await log_in(anna)
    await anna.get_by_label("Kod", exact=True).fill(code_now(consoles, lost))
    await anna.get_by_label("Kod", exact=True).press("Enter")
    await expect(anna.get_by_role("alert")).to_have_text("Koden är fel eller redan använd.")
    await anna.get_by_label("Kod", exact=True).fill(code_now(consoles, secret))
    await anna.get_by_label("Kod", exact=True).press("Enter")
    await expect(anna.get_by_role("heading", name="Mina samtal")).to_be_visible()
