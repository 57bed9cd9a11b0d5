"""Chromium with the console, over the real app and a real store; Rasa is scripted, and knowledge too where nobody edits."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.handover.conftest import PASSWORD, Office, accounts, add_agent, core, office, script
from tests.handover.editing.conftest import Newsroom, edit, editing, encoder, index_folder, newsroom, service, settings

__all__ = ["core", "edit", "editing", "encoder", "index_folder", "newsroom", "office", "script", "service", "settings"]

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
expect.set_options(timeout=20_000)  # two busy cores; a passing test does not wait


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium, and runs in the loop of the browser."""
    for item in items:
        if "browser/console" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest.fixture
def _function_scoped_runner(_package_scoped_runner: asyncio.Runner) -> asyncio.Runner:
    """The loop of the folder also for fixtures that elsewhere have one for each test: one browser serves the whole folder, and
    Playwright's objects live in the loop that made them."""
    return _package_scoped_runner


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough for what happens in a browser."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the folder; each page has a context of its own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.fail("no Chromium found: install it or name it in CHROMIUM, e.g. CHROMIUM=/usr/bin/chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Consoles:
    """Agents in front of their browsers."""

    chromium: Browser
    office: Office
    faults: list[str] = field(default_factory=list)

    async def page(self, scheme: str = "light", email: str | None = None) -> Page:
        """A browser of its own at the desk.

        Args:
            email: whose session it has; None = nobody's, so that it shows the login page.
        """
        context = await self.chromium.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="dark" if scheme == "dark" else "light", locale="sv-SE"
        )
        if email is not None:
            opened = await context.request.post(f"{self.office.url}/desk/v1/login", data={"email": email, "password": PASSWORD})
            assert opened.ok, await opened.text()
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text) if "Content Security" in line.text else None)
        await page.goto(self.office.url + "/desk")
        return page

    async def open(
        self,
        name: str,
        role: accounts.Role = "agent",
        scheme: str = "light",
        before_login: Callable[[Page], Awaitable[None]] | None = None,
    ) -> Page:
        """A new member of staff at the desk, as `enter` brings them there."""
        page = await self.enter(name, role, scheme, before_login)
        await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()
        await expect(page.get_by_text("Ansluten")).to_be_visible()
        return page

    async def enter(
        self,
        name: str,
        role: accounts.Role,
        scheme: str = "light",
        before_login: Callable[[Page], Awaitable[None]] | None = None,
    ) -> Page:
        """A new member of staff, logged in, wherever their role takes them.

        Args:
            before_login: what is done at the login page, which is then used; without it the session is opened beforehand.
        """
        await add_agent(self.office.core, name, role)
        email = f"{name.split()[0].lower()}@goteborg.example"
        if before_login is None:
            page = await self.page(scheme, email)
        else:
            page = await self.page(scheme)
            await before_login(page)
            await page.get_by_label("E-post").fill(email)
            await page.get_by_label("Lösenord").fill(PASSWORD)
            await page.get_by_role("button", name="Logga in").click()
        await expect(page.get_by_role("banner")).to_contain_text(name)
        return page

    async def editor(self, name: str, scheme: str = "light") -> Page:
        """A new editor at the list of articles."""
        page = await self.enter(name, "editor", scheme)
        await expect(page.get_by_role("table")).to_be_visible()
        return page


@asynccontextmanager
async def in_front_of(chromium: Browser, office: Office) -> AsyncIterator[Consoles]:
    made = Consoles(chromium, office)
    yield made
    for context in chromium.contexts:  # before the app stops: a page that looks for it would keep it waiting
        await context.close()
    assert made.faults == []


@pytest_asyncio.fixture
async def editors(chromium: Browser, newsroom: Newsroom) -> AsyncIterator[Consoles]:
    """Editors in their browsers, over the real knowledge service with a small knowledge base."""
    async with in_front_of(chromium, newsroom) as made:
        yield made


@pytest_asyncio.fixture
async def consoles(chromium: Browser, office: Office) -> AsyncIterator[Consoles]:
    """Agents in their browsers; an error in the page's own script fails the test."""
    async with in_front_of(chromium, office) as made:
        yield made
