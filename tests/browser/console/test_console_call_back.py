"""A citizen who wants to be contacted: the link in the department's mail, and the number for whoever takes over."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.console.conftest import Consoles
from tests.handover.conftest import press

pytestmark = pytest.mark.asyncio


async def test_the_mails_link_leads_to_the_conversation_and_the_number_is_shown_once_it_is_claimed(consoles: Consoles) -> None:
    citizen, handover = await consoles.office.in_queue("Hur söker jag förskola?")
    closed = next(
        m for m in (await citizen.read())["messages"] if [b["title"] for b in m.get("buttons", [])] == ["Lämna kontaktuppgifter"]
    )
    await press(citizen, closed)
    await citizen.send("070-174 06 05, anna@example.org")

    async def by_the_link(page: Page) -> None:
        await page.goto(f"{consoles.office.url}/desk#/handover/{handover}")
        await page.reload()

    page = await consoles.open("Anna Lindgren", before_login=by_the_link)
    context = page.get_by_role("complementary")
    await expect(context.get_by_role("heading", name="Vill bli kontaktad")).to_be_visible()
    await expect(context.get_by_text("visas när du har tagit över")).to_have_count(2)
    await expect(context.get_by_text(handover[:8].upper())).to_be_visible()
    assert "701740605" not in await page.content()
    await page.get_by_role("button", name="Ta över", exact=True).first.click()
    await expect(context.get_by_role("link", name="+46701740605")).to_have_attribute("href", "tel:+46701740605")
    await expect(context.get_by_role("link", name="anna@example.org")).to_have_attribute("href", "mailto:anna@example.org")
    await expect(context.get_by_text("Läsningen loggas.")).to_be_visible()
    assert "#" not in page.url
