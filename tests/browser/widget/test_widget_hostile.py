"""A page that fights the widget loses: with its styles, its layers, its scripts, and by putting it in a frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat
from tests.browser.widget.test_widget_embedding import TAG, a_page

STYLES = {
    "everything important": """html { font-size: 4px } body * { display: none !important; visibility: hidden !important; opacity: 0 !important;
        color: red !important; font: 40px serif !important; position: static !important; transform: rotate(9deg) !important;
        pointer-events: none !important; z-index: -1 !important; animation: none !important; filter: blur(9px) !important }
        fraga-goteborg { width: 1px !important; inset: auto !important; text-transform: uppercase !important; direction: rtl !important }
        button, textarea, h2, p { all: unset !important; background: lime !important }""",
    "all unset": "* { all: unset !important } *::before, *::after { content: 'x' !important } [popover], :popover-open { display: none !important }",
    "layers": """header, main, #over { position: fixed !important; inset: 0; z-index: 2147483647 !important; background: #fff }
        body { transform: scale(.5); filter: grayscale(1); overflow: hidden; isolation: isolate; z-index: 0; position: relative }""",
}  # fmt: skip
OVER = '<div id="over">Reklam</div><script>setInterval(() => document.body.append(document.getElementById("over")), 50)</script>'
MEASURE = """panel => [...panel.querySelectorAll('h2, .bubble, .sendb, #input, .linkish, .strip')].map((one) => {
    const style = getComputedStyle(one);
    return [one.className || one.id, style.color, style.fontFamily, style.fontSize, style.textTransform, style.backgroundColor,
            style.opacity, JSON.stringify(one.getBoundingClientRect())]; })"""


@pytest.mark.parametrize("style", STYLES)
def test_the_pages_styles_and_layers_do_not_reach_it(visitor: Callable[..., Citizen], chat: FakeChat, style: str) -> None:
    chat.pages["plain"] = a_page()
    chat.pages["loose-hostile"] = a_page(OVER, head=f"{TAG}<style>{STYLES[style]}</style>")
    measured = []
    for path in ("/page/plain", "/page/loose-hostile"):
        citizen = visitor().open(path).ask("avfall")  # the click on the button counts only if nothing lies over it
        expect(citizen.rows("bot")).to_have_count(2)
        citizen.send.click()
        measured.append(citizen.panel.evaluate(MEASURE))
    assert len(measured[0]) > 5
    assert measured[0] == measured[1]


# Seen in the wild: libraries of the 2000s that teach lists and JSON their own ways, and scripts that measure every request.
SCRIPTS = """
    for (const name of ['each', 'remove', 'include', 'clone']) Array.prototype[name] = Object.prototype[name] = function () { throw new Error(name); };
    Array.prototype.toJSON = function () { return '[' + this.map((one) => JSON.stringify(one)).join(',') + ']'; };
    Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
    Array.from = function (list) { return [].slice.call(list); };
    Array.prototype.last = function () { return this[this.length - 1]; };
    const native = window.fetch;
    window.fetch = function (url, options) { if (url.startsWith('javascript:')) throw new Error('no'); return native.call(this, url.trim(), Object.assign({}, options)); };
    window.addEventListener('load', () => { window.fetch = () => Promise.reject(new Error('blocked')); window.h = window.call = window.icon = 1; });
    document.addEventListener('keydown', (event) => { if (event.key !== 'Tab') { event.preventDefault(); event.stopImmediatePropagation(); } });
"""


def test_the_pages_scripts_do_not_break_it(citizen: Citizen, chat: FakeChat) -> None:
    chat.pages["loose-scripts"] = a_page(head=f"<script>{SCRIPTS}</script>{TAG}")
    citizen.open("/page/loose-scripts").input.fill("🙂" * 1990)
    expect(citizen.widget.locator("#count")).to_have_text("10 tecken kvar")
    chat.ready = False
    citizen.ask("avfall").ask("parkering")
    expect(citizen.rows("citizen").locator(".state.queued")).to_have_count(2)
    chat.ready = True
    citizen.page.reload()  # what waits to be sent is kept as a list, whatever the page makes of lists
    expect(citizen.rows("bot")).to_have_count(3)
    assert chat.said() == ["avfall", "parkering"]
    citizen.input.press_sequentially("park")
    expect(citizen.suggestions).to_have_count(3)
    citizen.suggestions.first.click()
    expect(citizen.rows("bot")).to_have_count(4)
    assert citizen.problems == []


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'], ids=["frame", "sandboxed"])
def test_it_works_in_a_frame(citizen: Citizen, chat: FakeChat, sandbox: str) -> None:
    chat.pages["loose-inner"] = a_page()
    chat.pages["outer"] = a_page(
        f'<iframe {sandbox} src="/page/loose-inner" title="Chatt" width="320" height="480"></iframe>', head=""
    )
    citizen.visit("/page/outer")
    frame = citizen.page.frame_locator("iframe").locator("fraga-goteborg")
    frame.locator(".launcher").click()
    frame.locator("#input").fill("avfall")
    frame.locator("#input").press("Enter")
    expect(frame.locator(".row.bot")).to_have_count(2)
    box, panel = citizen.page.locator("iframe").bounding_box(), frame.locator(".panel").bounding_box()
    assert box and panel
    assert (panel["width"], panel["height"]) == (320, 480), "it fills a small frame"
    frame.locator("#input").press_sequentially("park")
    expect(frame.locator(".suggest [role=option]")).to_have_count(3)
    frame.locator("#input").press("Escape")
    frame.locator("#input").press("Escape")
    expect(frame.locator(".launcher")).to_be_focused()
