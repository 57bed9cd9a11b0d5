"""Chromium, the fake server and a citizen's view of the widget."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.widget.fake_server import FakeChat

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
expect.set_options(timeout=15_000)  # two busy cores; a passing test does not wait


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if "browser/widget" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the folder; stopped after it, so that the next folder's event loops are free."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.fail("no Chromium found: install it or name it in CHROMIUM, e.g. CHROMIUM=/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def chat() -> Iterator[FakeChat]:
    """A fresh fake server."""
    server = FakeChat()
    server.start()
    yield server
    server.stop()


class Citizen:
    """A citizen in front of a page with the widget: says what a person does and sees."""

    def __init__(self, page: Page, chat: FakeChat) -> None:
        self.page, self.chat = page, chat
        self.hosts: set[str] = set()
        self.problems: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if "Content Security" in line.text else None)
        self.widget = page.locator("fraga-goteborg")
        self.launcher = self.widget.locator(".launcher")
        self.panel = self.widget.get_by_role("dialog")
        self.log = self.widget.get_by_role("log")
        self.input = self.widget.locator("#input")
        self.send = self.widget.locator(".sendb")
        self.alert = self.widget.locator(".alert")

    def visit(self, path: str = "/") -> Citizen:
        """Goes to a page of the fake server."""
        self.page.goto(self.chat.url + path)
        return self

    def open(self, path: str = "/") -> Citizen:
        """Goes to a page, opens the chat and waits for the greeting."""
        self.visit(path).launcher.click()
        expect(self.rows("bot").first).to_be_visible()
        return self

    def rows(self, author: str = "") -> Locator:
        """The messages shown, of one author or all."""
        return self.log.locator(f".row{'.' + author if author else ''}")

    def ask(self, text: str) -> Citizen:
        """Writes and sends with Enter."""
        self.input.fill(text)
        self.input.press("Enter")
        return self

    def until(self, condition: str) -> None:
        """Waits until a JavaScript condition holds; unlike wait_for_function it needs no eval in the page."""
        self.page.evaluate(
            f"() => new Promise(done => {{ const look = () => ({condition}) ? done() : setTimeout(look, 20); look(); }})"
        )

    def listening(self) -> Citizen:
        """Waits until the widget's socket is open."""
        self.until("document.querySelector('fraga-goteborg').conversation.live")
        return self

    def button(self, name: str) -> Locator:
        """A button in the widget by its accessible name."""
        return self.widget.get_by_role("button", name=name, exact=True)

    def violations(self) -> list[str]:
        """What axe finds on the whole page, the widget's shadow tree included."""
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found: dict[str, Any] = Axe().run(self.page, options={"resultTypes": ["violations"], "runOnly": tags}).response
        return [
            f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@pytest.fixture
def visitor(chromium: Browser, chat: FakeChat) -> Iterator[Callable[..., Citizen]]:
    """Makes citizens; keyword arguments are those of Playwright's new_context."""
    contexts: list[BrowserContext] = []

    def make(**settings: Any) -> Citizen:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **settings})
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Citizen(context.new_page(), chat)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def citizen(visitor: Callable[..., Citizen]) -> Citizen:
    """A citizen at a desktop."""
    return visitor()
