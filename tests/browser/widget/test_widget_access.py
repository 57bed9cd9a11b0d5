"""Everyone can use it: by keyboard, by ear, enlarged, on a small phone, in any colour scheme (WCAG 2.1 AA)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone-320": {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True},
    "zoom-200-dark": {"viewport": {"width": 640, "height": 400}, "color_scheme": "dark"},
    "forced-colours": {"forced_colors": "active"},
}
TOO_SMALL = """panel => [...panel.querySelectorAll('button, select, input, textarea, .menu a, [role=option]')]
  .filter((one) => one.getClientRects().length).map((one) => [one.textContent || one.id || one.className, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 43.5 || box.height < 43.5).map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_is_free_of_violations_and_fits(visitor: Callable[..., Citizen], chat: FakeChat, screen: str) -> None:
    chat.mail = []
    citizen = visitor(**SCREENS[screen])
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = citizen.violations(whole_page=state in ("closed", "open"), fresh=state not in ("closed", "open"))
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
    citizen.button("Svaret hjälpte").click()
    citizen.button("Skriv en kommentar").click()
    expect(citizen.button("Skicka kommentar")).to_be_visible()
    look("answer with comment")
    citizen.input.press_sequentially("park")
    expect(citizen.suggestions).to_have_count(3)
    citizen.input.press("ArrowDown")
    look("suggestions")
    citizen.ask("parkering")
    expect(citizen.rows("bot")).to_have_count(3)
    look("clarify")
    citizen.ask("det är fara å färde")
    expect(citizen.rows("bot")).to_have_count(4)
    look("emergency")
    chat.ready = False
    citizen.ask("och?")
    expect(citizen.rows("citizen").locator(".state.queued")).to_be_visible()
    expect(citizen.widget.locator(".strip.warn")).to_be_visible()
    look("sending")
    chat.ready = True
    expect(citizen.rows("bot")).to_have_count(5)
    chat.faults.append(422)
    citizen.ask("x" * 300)
    expect(citizen.button("Försök igen")).to_be_visible()
    look("failed")
    citizen.ask("människa")
    expect(citizen.rows("bot")).to_have_count(6)
    look("consent")
    citizen.button("Ja, skicka och koppla mig").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    look("queue")
    chat.own("agent", agent_name="Anna")
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej!"})
    expect(citizen.rows("agent")).to_have_count(1)
    citizen.ask("Hej!").ask("Är du kvar?")
    expect(citizen.rows("citizen").filter(has_text="Är du kvar?").locator(".state.sent")).to_be_visible()
    chat.reach(delivered=len(chat.talk.messages), read=len(chat.talk.messages) - 1)
    chat.frame(type="typing", author="agent")
    expect(citizen.widget.get_by_text("Läst")).to_be_visible()
    look("agent")
    citizen.button("Meny").click()
    look("menu")
    citizen.button("Skicka med e-post").click()
    citizen.button("Skicka samtalet").click()
    look("e-mail")
    citizen.button("Avbryt").click()
    citizen.button("Meny").click()
    citizen.button("Avsluta samtalet").click()
    look("confirm")
    citizen.button("Ja, avsluta").click()
    expect(citizen.button("Börja ett nytt samtal")).to_be_visible()
    look("ended")
    assert {state: list_ for state, list_ in found.items() if list_} == {}


@pytest.mark.parametrize(("language", "screen"), [("ar", "phone-320"), ("fa", "desktop"), ("ckb", "zoom-200-dark")])
def test_languages_from_right_to_left_are_mirrored_and_free_of_violations(
    visitor: Callable[..., Citizen], language: str, screen: str
) -> None:
    citizen = visitor(**SCREENS[screen]).open()
    citizen.widget.locator("select").select_option(language)
    expect(citizen.rows("bot").nth(1)).to_contain_text("112")
    expect(citizen.panel).to_have_css("direction", "rtl")
    field, send = citizen.input.bounding_box(), citizen.send.bounding_box()
    assert field and send and send["x"] < field["x"], "mirrored"
    if language == "ar":  # the others' answers are not in the script
        citizen.ask("avfall")
        expect(citizen.rows("bot")).to_have_count(3)
        citizen.input.press_sequentially("روض")
        expect(citizen.suggestions).to_have_count(2)
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


def test_on_a_phone_focus_stays_in_the_chat_that_covers_the_page(visitor: Callable[..., Citizen]) -> None:
    citizen = visitor(**PHONE).open()
    expect(citizen.panel).to_have_attribute("aria-modal", "true")
    box = citizen.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    for key in ["Tab"] * 15 + ["Shift+Tab"] * 15:
        citizen.page.keyboard.press(key)
        assert citizen.page.evaluate("document.activeElement.localName") == "fraga-goteborg"


def test_every_target_is_large_enough_for_a_finger(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    chat.mail = []
    citizen = visitor(**SCREENS["phone-320"]).open().ask("parkering")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.button("Meny").click()
    citizen.button("Skicka med e-post").click()
    mail = citizen.panel.evaluate(TOO_SMALL)
    citizen.button("Avbryt").click()
    citizen.input.press_sequentially("park")
    expect(citizen.suggestions).to_have_count(3)
    suggestions = citizen.panel.evaluate(TOO_SMALL)
    citizen.button("Meny").click()
    assert mail + suggestions + citizen.panel.evaluate(TOO_SMALL) == []


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
    chat.reach(delivered=3, read=3)  # nor for a mark, a lost connection or a suggestion
    chat.cut_sockets()
    citizen.listening().input.press_sequentially("park")
    citizen.until("document.querySelector('fraga-goteborg').conversation.read === 3")
    assert citizen.log.locator(".state[aria-live='polite']").count() == 0
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


def test_nothing_moves_for_those_who_have_asked_for_less(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    moving = "panel => panel.getAnimations({ subtree: true }).length"
    chat.silent = True
    still = visitor().open().ask("avfall")
    expect(still.widget.locator(".dots")).to_be_visible()
    assert still.panel.evaluate(moving) == 0
    lively = visitor(reduced_motion="no-preference").open().ask("avfall")
    expect(lively.widget.locator(".dots")).to_be_visible()
    assert lively.panel.evaluate(moving) > 0, "or this test would say nothing"


def test_the_accessibility_statement_is_in_the_menu_and_itself_free_of_violations(citizen: Citizen) -> None:
    citizen.open().button("Meny").click()
    link = citizen.widget.get_by_role("link", name="Tillgänglighet")
    with citizen.page.expect_popup() as opened:
        link.click()
    opened.value.wait_for_load_state()
    statement = Citizen(opened.value, citizen.chat)
    expect(opened.value.get_by_role("heading", name="Det här brister")).to_be_visible()
    assert statement.violations(whole_page=True) == []
    opened.value.set_viewport_size({"width": 320, "height": 568})
    assert opened.value.evaluate("document.documentElement.scrollWidth <= innerWidth")
    citizen.widget.locator("select").select_option("fi")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.widget.locator(".menu a[href$='tillganglighet#english']")).to_have_count(1)


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
    citizen = visitor(**PHONE)
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
