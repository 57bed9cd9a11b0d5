"""The console meets WCAG 2.1 AA as far as axe-core can tell, in light and dark."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.browser.console.conftest import Consoles

pytestmark = pytest.mark.asyncio
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}


# The queue's live marks may go round for ever; only what ends is waited for.
SETTLED = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => {})))"""


async def violations(page: Page) -> list[str]:
    await page.evaluate(SETTLED)  # a button half-way between two colours has neither's contrast
    if not await page.evaluate("() => Boolean(window.axe)"):
        await page.evaluate(AXE_SCRIPT)
    found = (await page.evaluate("rules => axe.run(rules)", RULES))["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_login_has_no_violations(consoles: Consoles, scheme: str) -> None:
    page = await consoles.page(scheme)
    await expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_label("Lösenord").press("Enter")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await expect(page.get_by_role("button", name="Logga in")).to_be_enabled()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_desk_has_no_violations(consoles: Consoles, scheme: str) -> None:
    page = await consoles.open("Anna Lindgren", role="admin", scheme=scheme)
    assert await violations(page) == []  # nobody waits
    citizen, _ = await consoles.office.in_queue("Hur sorterar jag?")
    consoles.office.clock.forward(minutes=1)
    await consoles.office.in_queue("Hur betalar jag?", button=1)
    await expect(page.get_by_role("button", name="Ta över", exact=True)).to_have_count(2)
    assert await violations(page) == []
    await page.get_by_role("button", name="Ta nästa").click()
    field = page.get_by_label("Meddelande till medborgaren")
    await field.fill("Hej!")
    await field.press("Enter")
    await expect(page.locator(".message.agent:not(.pending)")).to_be_visible()
    await citizen.send("Hej Anna")
    await expect(page.get_by_role("log").get_by_text("Hej Anna")).to_be_visible()
    await page.get_by_label("Ny anteckning").fill("Ring i morgon")
    await page.get_by_role("button", name="Spara").click()
    await expect(page.locator(".notes").get_by_text("Ring i morgon")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Skicka vidare").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_administration_has_no_violations(consoles: Consoles, scheme: str) -> None:
    page = await consoles.open("Adam Admin", role="admin", scheme=scheme)
    await page.get_by_role("link", name="Administration").click()
    await expect(page.get_by_role("row", name=re.compile("^Adam Admin"))).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (820, 1180), (640, 400)])
async def test_nothing_is_cut_off_sideways(consoles: Consoles, size: tuple[int, int]) -> None:
    page = await consoles.open("Anna Lindgren", role="admin")
    await consoles.office.in_queue("En fråga med ett mycketlångtordsominteharnågotmellanslagochdärförärsvårtattradbryta" * 3)
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_label("Meddelande till medborgaren")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
