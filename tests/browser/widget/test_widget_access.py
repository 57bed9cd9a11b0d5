"""Everyone can use it: by keyboard, by ear, enlarged, on a small phone, in any colour scheme (WCAG 2.1 AA)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone-390": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "phone-320": {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True},
    "zoom-200": {"viewport": {"width": 640, "height": 400}},
    "dark": {"color_scheme": "dark"},
    "forced-colours": {"forced_colors": "active"},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_is_free_of_violations_and_fits(visitor: Callable[..., Citizen], chat: FakeChat, screen: str) -> None:
    citizen = visitor(**SCREENS[screen])
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = citizen.violations()
        wide = citizen.page.evaluate(
            "() => { const log = document.querySelector('fraga-goteborg').shadowRoot.querySelector('[role=log]');"
            " return [document.documentElement.scrollWidth - innerWidth, log.scrollWidth - log.clientWidth]; }"
        )
        assert max(wide) <= 0, f"{state}: scrolls sideways by {wide}"

    citizen.visit()
    look("closed")
    citizen.launcher.click()
    expect(citizen.rows("bot")).to_have_count(1)
    look("open")
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.button("Svaret hjälpte inte").click()
    expect(citizen.button("Skicka kommentar")).to_be_visible()
    look("answer with comment")
    citizen.ask("parkering")
    expect(citizen.rows("bot")).to_have_count(3)
    look("clarify")
    citizen.ask("det är fara å färde")
    expect(citizen.rows("bot")).to_have_count(4)
    look("emergency")
    chat.faults.append(422)
    citizen.ask("x" * 300)
    expect(citizen.button("Försök igen")).to_be_visible()
    look("failed")
    citizen.ask("människa")
    expect(citizen.rows("bot")).to_have_count(5)
    look("consent")
    citizen.button("Ja, skicka och koppla mig").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    look("queue")
    chat.own("agent", agent_name="Anna")
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej!"})
    expect(citizen.rows("agent")).to_have_count(1)
    look("agent")
    citizen.button("Meny").click()
    look("menu")
    citizen.button("Avsluta samtalet").click()
    look("confirm")
    citizen.button("Ja, avsluta").click()
    expect(citizen.button("Börja ett nytt samtal")).to_be_visible()
    look("ended")
    assert {state: list_ for state, list_ in found.items() if list_} == {}


@pytest.mark.parametrize("screen", ["desktop", "phone-320", "dark"])
def test_arabic_is_free_of_violations(visitor: Callable[..., Citizen], screen: str) -> None:
    citizen = visitor(**SCREENS[screen]).open()
    citizen.widget.locator("select").select_option("ar")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(3)
    assert citizen.violations() == []
    assert citizen.log.evaluate("log => log.scrollWidth - log.clientWidth") == 0


def test_offline_and_starting_are_free_of_violations(citizen: Citizen, chat: FakeChat) -> None:
    chat.ready = False
    citizen.visit().launcher.click()
    expect(citizen.widget.locator(".strip.warn")).to_be_visible()
    assert citizen.violations() == []
    chat.ready = True
    expect(citizen.rows("bot")).to_have_count(1)
    citizen.page.context.set_offline(True)
    expect(citizen.widget.get_by_text("inte uppkopplad")).to_be_visible()
    assert citizen.violations() == []


def test_the_whole_way_by_keyboard(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.visit().launcher.focus()
    keys.press("Enter")
    expect(citizen.input).to_be_focused()
    keys.type("avfall")
    keys.press("Shift+Enter")
    keys.type("andra raden")
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)
    assert chat.said() == ["avfall\nandra raden"]
    expect(citizen.input).to_be_focused()
    keys.press("Shift+Tab")  # the last thumb, one step back from the field
    expect(citizen.button("Svaret hjälpte inte")).to_be_focused()
    keys.press("Shift+Tab")
    keys.press("Space")
    expect(citizen.button("Svaret hjälpte")).to_have_attribute("aria-pressed", "true")
    citizen.button("Meny").focus()
    keys.press("Enter")
    expect(citizen.button("Större text")).to_be_focused()
    keys.press("Escape")
    expect(citizen.button("Meny")).to_be_focused()
    keys.press("Escape")
    expect(citizen.panel).to_be_hidden()
    expect(citizen.launcher).to_be_focused()
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)


def test_on_a_phone_focus_stays_in_the_chat_that_covers_the_page(visitor: Callable[..., Citizen]) -> None:
    citizen = visitor(**SCREENS["phone-390"]).open()
    expect(citizen.panel).to_have_attribute("aria-modal", "true")
    box = citizen.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    for key in ["Tab"] * 15 + ["Shift+Tab"] * 15:
        citizen.page.keyboard.press(key)
        assert citizen.page.evaluate("document.activeElement.localName") == "fraga-goteborg"


def test_every_target_is_large_enough_for_a_finger(visitor: Callable[..., Citizen]) -> None:
    citizen = visitor(**SCREENS["phone-320"]).open().ask("parkering")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.button("Meny").click()
    small = citizen.panel.evaluate(
        "panel => [...panel.querySelectorAll('button, select, textarea, .menu a')].filter(one => one.getClientRects().length)"
        ".map(one => [one.textContent || one.id || one.className, one.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 43.5 || box.height < 43.5).map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"
    )
    assert small == []


def test_each_message_is_read_once_and_with_its_author(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    expect(citizen.log).to_have_attribute("aria-live", "polite")
    citizen.log.evaluate(
        "log => { window.read = []; new MutationObserver(changes => { for (const change of changes) for (const node of change.addedNodes)"
        " if (node.classList && node.classList.contains('row')) window.read.push([log.getAttribute('aria-live'), node.querySelector('.by').innerText]); })"
        ".observe(log, { childList: true }); }"
    )
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej!"})
    expect(citizen.rows("agent")).to_have_count(1)
    citizen.widget.locator("select").select_option("en")  # relabels everything: nothing may be read again
    expect(citizen.rows("bot").last).to_contain_text("I am Fråga Göteborg")
    read = [(live, by.split("\n")[0].split(":")[0].strip()) for live, by in citizen.page.evaluate("window.read")]
    assert [live for live, _ in read] == ["polite"] * 5
    assert [by for _, by in read] == ["Du", "Automatisk assistent", "Anna", "You", "Automatic assistant"]


def test_history_is_not_read_out_after_a_reload(citizen: Citizen) -> None:
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.page.add_init_script(
        "window.read = []; const attach = Element.prototype.attachShadow; Element.prototype.attachShadow = function (how) {"
        " const root = attach.call(this, how); new MutationObserver(changes => { for (const change of changes) for (const node of change.addedNodes)"
        " if (node.classList && node.classList.contains('row')) window.read.push(node.parentNode.getAttribute('aria-live')); })"
        ".observe(root, { childList: true, subtree: true }); return root; };"
    )
    citizen.page.reload()
    expect(citizen.rows("bot")).to_have_count(2)
    assert citizen.page.evaluate("window.read") == ["off"] * 3
    expect(citizen.log).to_have_attribute("aria-live", "polite")


def test_enter_that_ends_a_composition_does_not_send(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().input.fill("にほんご")
    citizen.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    citizen.input.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
    expect(citizen.input).to_have_value("にほんご")
    citizen.input.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)
    assert chat.said() == ["にほんご"]


def test_text_grows_in_steps_and_stays_so(citizen: Citizen) -> None:
    citizen.open()
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    before = citizen.rows("bot").first.evaluate(size)
    citizen.button("Meny").click()
    for _ in range(5):
        citizen.button("Större text").press("Enter")
    citizen.page.reload()
    expect(citizen.rows("bot")).to_have_count(1)
    assert citizen.rows("bot").first.evaluate(size) == before * 1.5
    assert citizen.violations() == []


def test_the_field_stays_in_sight_above_the_keyboard(visitor: Callable[..., Citizen]) -> None:
    citizen = visitor(**SCREENS["phone-390"])
    citizen.page.add_init_script(
        "const view = new EventTarget(); Object.assign(view, { height: innerHeight, offsetTop: 0, scale: 1 });"
        "Object.defineProperty(window, 'visualViewport', { value: view });"
    )
    citizen.open().input.focus()
    citizen.page.evaluate(
        "Object.assign(visualViewport, { height: 420, offsetTop: 60 }); visualViewport.dispatchEvent(new Event('resize'))"
    )
    panel, field = citizen.panel.bounding_box(), citizen.input.bounding_box()
    assert panel and field
    assert (panel["y"], panel["height"]) == (60, 420)
    assert field["y"] + field["height"] < 480
