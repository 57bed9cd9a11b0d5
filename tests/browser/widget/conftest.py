"""Chromium, the fake server and a citizen's view of the widget."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.widget.fake_server import FakeChat

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
AXE: str = AXE_SCRIPT
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The focused element of the widget, when neither it nor the frame drawn for it has an outline, or when it is out of sight.
FOCUS_NOT_SEEN = """() => {
  const host = document.querySelector('fraga-goteborg'), one = host.shadowRoot.activeElement;
  if (!one || document.activeElement !== host) return '';
  const box = one.getBoundingClientRect();
  const seen = [one, one.parentElement].some((each) => getComputedStyle(each).outlineStyle !== 'none');
  const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return seen && within ? '' : one.outerHTML.slice(0, 200);
}"""
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
        self.suggestions = self.widget.locator(".suggest").get_by_role("option")

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
        """Waits until the widget's socket is open and what it reads at that moment is read."""
        self.until("(({live, syncing}) => live && !syncing)(document.querySelector('fraga-goteborg').conversation)")
        return self

    def tab_to(self, target: Locator, key: str = "Tab") -> Citizen:
        """Goes to an element with the Tab key alone; each stop on the way shows its focus."""
        for _ in range(60):
            if target.evaluate("one => one.getRootNode().activeElement === one"):
                return self
            self.page.keyboard.press(key)
            hidden = self.page.evaluate(FOCUS_NOT_SEEN)
            assert not hidden, f"no visible focus on {hidden}"
        raise AssertionError(f"{target} is not reached with {key}")

    def button(self, name: str) -> Locator:
        """A button in the widget by its accessible name."""
        return self.widget.get_by_role("button", name=name, exact=True)

    def violations(self, *, whole_page: bool = False, fresh: bool = False) -> list[str]:
        """What axe finds in the widget's shadow tree, or on the whole page.

        Args:
            whole_page: the page around it too.
            fresh: messages that have been looked at before, all but the last two, are left out: they have not changed.
        """
        if not self.page.evaluate("() => Boolean(window.axe)"):
            self.page.evaluate(AXE)
        found: list[str] = self.page.evaluate(
            "([within, tags]) => axe.run(within, { resultTypes: ['violations'], runOnly: tags, iframes: false }).then(({ violations }) =>"
            " violations.flatMap(({ id, nodes }) => nodes.map((one) => `${id}: ${JSON.stringify(one.target)} ${one.failureSummary}`)))",
            [
                "html"
                if whole_page
                else {"include": [["fraga-goteborg"]], "exclude": [[["fraga-goteborg", ".seen"]]] if fresh else []},
                TAGS,
            ],
        )
        if fresh:
            self.log.evaluate("log => [...log.querySelectorAll('.row')].slice(0, -2).forEach((one) => one.classList.add('seen'))")
        return found


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
