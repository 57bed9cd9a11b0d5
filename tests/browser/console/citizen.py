"""A citizen in a browser of their own, with the widget on the real app's page: for what goes on between them and an agent."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.bot.scripted import analysis
from tests.browser.console.conftest import Consoles
from tests.handover.conftest import HUMAN

AGREE = "Skicka och prata med en människa"


class Citizen:
    """What a person does and sees in the widget."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.widget = page.locator("fraga-goteborg")
        self.launcher = self.widget.locator(".launcher")
        self.panel = self.widget.get_by_role("dialog")
        self.log = self.widget.get_by_role("log")
        self.input = self.widget.locator("#input")
        self.alert = self.widget.locator(".alert")

    async def open(self) -> Citizen:
        """Opens the chat and waits for the greeting."""
        await self.launcher.click()
        await expect(self.log.locator(".row.bot").first).to_be_visible()
        return self

    async def reopen_panel(self) -> None:
        """Puts the chat away and takes it out again, on the same page."""
        await self.page.keyboard.press("Escape")
        await expect(self.panel).to_be_hidden()
        await self.launcher.click()
        await expect(self.panel).to_be_visible()

    async def say(self, text: str) -> None:
        """Writes and sends with Enter."""
        await self.input.fill(text)
        await self.input.press("Enter")
        await expect(self.log.locator(".row.citizen", has_text=text).last).to_be_visible()

    def button(self, name: str) -> Locator:
        """A button in the widget by its accessible name."""
        return self.widget.get_by_role("button", name=name, exact=True)

    async def asks_for_a_human(self, *texts: str) -> None:
        """Writes `texts`, asks for a human, agrees, and stands in the queue."""
        for text in texts:
            await self.say(text)
        await self.say(HUMAN)
        await self.button(AGREE).click()
        await expect(self.widget.get_by_text("Nu står du i kö till en människa.")).to_be_visible()


async def citizen_of(consoles: Consoles, **settings: Any) -> Citizen:
    """A citizen at the page, in a browser context that has nothing in common with any agent's.

    Args:
        settings: of Playwright's `new_context`.
    """
    consoles.office.script.analyses.setdefault(HUMAN, analysis(signals={"ask_human": 0.99}))
    context = await consoles.chromium.new_context(
        **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "locale": "sv-SE", **settings}
    )
    page = await context.new_page()
    page.on("pageerror", lambda error: consoles.faults.append(str(error)))
    page.on("console", lambda line: consoles.faults.append(line.text) if "Content Security" in line.text else None)
    await page.goto(consoles.office.url + "/")
    return Citizen(page)
