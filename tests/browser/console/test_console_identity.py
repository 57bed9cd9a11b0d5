"""The own account in a browser: second factor, sessions; accessible in light and dark."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import expect

from handover.auth import Gate
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.conftest import PASSWORD

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_second_factor_is_set_up_and_used(consoles: Consoles, scheme: str) -> None:
    page = await consoles.open("Adam Admin", role="admin", scheme=scheme)
    await page.get_by_role("link", name="Adam Admin").click()
    await expect(page.get_by_role("row", name="Den här")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Sätt upp").click()
    await expect(page.get_by_role("img", name="QR-kod")).to_be_visible()
    assert await page.get_by_role("img", name="QR-kod").evaluate("image => image.complete && image.naturalWidth > 0")
    assert await violations(page) == []
    secret = (await page.locator("dd code").inner_text()).replace(" ", "")
    await page.get_by_label("Kod ur appen").fill("000000")
    await page.get_by_label("Kod ur appen").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("fel")
    await page.get_by_label("Kod ur appen").fill(pyotp.TOTP(secret).at(consoles.office.core.now()))
    await page.get_by_role("button", name="Slå på").click()
    await expect(page.get_by_role("heading", name="Dina reservkoder")).to_be_focused()
    recovery = await page.locator("li code").first.inner_text()
    assert await violations(page) == []
    await page.get_by_role("button", name="Jag har sparat dem").click()
    await expect(page.get_by_text("Inloggningen frågar efter en kod")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Logga ut").click()
    await page.get_by_label("E-post").fill("adam@goteborg.example")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await expect(page.get_by_label("Kod", exact=True)).to_be_focused()
    assert await violations(page) == []
    await page.get_by_label("Kod", exact=True).fill(recovery)
    await page.get_by_label("Kod", exact=True).press("Enter")
    await expect(page.get_by_role("cell", name="Lösenord och reservkod")).to_be_visible()


async def test_who_must_have_it_meets_nothing_else(consoles: Consoles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gate, "must_have_second_factor", lambda _self, agent: agent.role == "admin")
    page = await consoles.enter("Adam Admin", "admin")
    await expect(page.get_by_text("Din roll måste ha tvåstegsinloggning")).to_be_visible()
    await expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    assert await violations(page) == []
    await page.get_by_role("button", name="Sätt upp").click()
    secret = (await page.locator("dd code").inner_text()).replace(" ", "")
    await page.get_by_label("Kod ur appen").fill(pyotp.TOTP(secret).at(consoles.office.core.now()))
    await page.get_by_role("button", name="Slå på").click()
    await page.get_by_role("button", name="Jag har sparat dem").click()
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()
