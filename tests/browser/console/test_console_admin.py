"""The admin's cards for departments and for the registrar, with keyboard, in both languages, light and dark."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations

pytestmark = pytest.mark.asyncio


async def admin_of(consoles: Consoles, scheme: str) -> Page:
    page = await consoles.open("Adam Admin", role="admin", scheme=scheme)  # type: ignore[arg-type]
    await page.get_by_role("link", name="Administration").click()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_queue_is_closed_and_opened_by_the_keyboard(consoles: Consoles, scheme: str) -> None:
    page = await admin_of(consoles, scheme)
    switch = page.get_by_role("switch", name="Egen kö: Miljöförvaltningen")
    await expect(switch).to_have_attribute("aria-checked", "true")
    assert await violations(page) == []
    await switch.focus()
    await page.keyboard.press("Enter")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(switch).to_be_focused()
    await page.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "true")
    social = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Socialförvaltningarna"))
    await expect(social).to_contain_text("Aldrig: sekretess")
    assert len(await consoles.office.audited("desk.department")) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_conversation_is_found_copied_and_kept(consoles: Consoles, scheme: str) -> None:
    citizen, handover_id = await consoles.office.in_queue("Grannen bygger högt")
    page = await admin_of(consoles, scheme)
    await page.get_by_role("textbox", name="Id", exact=True).fill(handover_id)
    await page.keyboard.press("Enter")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Att läsa").click()
    download = await started.value
    assert download.suggested_filename == f"samtal-{citizen.conversation_id}.html"
    assert "Grannen bygger högt" in (await download.path()).read_text(encoding="utf-8")
    reference = page.get_by_role("textbox", name="Diarienummer")
    await reference.fill("dnr 0815/26")
    await reference.press("Enter")
    release = page.get_by_role("button", name="Släpp")
    await expect(release).to_be_focused()
    assert await violations(page) == []
    await release.press("Enter")
    await expect(page.get_by_role("button", name="Bevara")).to_be_focused()
    assert len(await consoles.office.audited("records.copied")) == 1
