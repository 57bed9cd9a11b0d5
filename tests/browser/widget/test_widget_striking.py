"""Messages are taken out of what is sent to a human: by keyboard, by ear, from right to left, on a small phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat
from tests.browser.widget.test_widget_access import SCREENS, TOO_SMALL


def test_struck_by_keyboard_it_is_said_and_not_sent(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.open().ask("jag vill prata med en människa")
    lines = citizen.widget.locator(".card li")
    expect(lines).to_have_count(2)
    first = lines.first.get_by_role("button")
    expect(first).to_have_accessible_description("jag vill prata med en människa")
    citizen.tab_to(first, "Shift+Tab")
    keys.press("Enter")
    expect(first).to_have_accessible_name("Ta med igen")
    expect(first).to_be_focused()
    expect(citizen.widget.get_by_role("status").filter(has_text="Skickas inte: 1")).to_be_visible()
    keys.press("Space")
    expect(first).to_have_accessible_name("Ta bort")
    keys.press("Space")
    citizen.button("Ja, skicka och koppla mig").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    assert chat.struck == [[2]]
    expect(lines.first.get_by_role("button", include_hidden=True)).to_be_hidden()  # decided: nothing more to strike


def test_without_text_nothing_is_struck(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("jag vill prata med en människa")
    citizen.widget.locator(".card li").first.get_by_role("button").click()
    citizen.button("Ja, men skicka inget").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    assert chat.struck == []


def test_from_right_to_left_on_a_small_phone_it_fits_and_is_free_of_violations(visitor: Callable[..., Citizen]) -> None:
    citizen = visitor(**SCREENS["phone-320"]).open()
    citizen.widget.locator("select").select_option("ar")
    expect(citizen.rows("bot").nth(1)).to_contain_text("112")
    citizen.ask("människa")
    toggle = citizen.widget.locator(".card li").first.get_by_role("button")
    toggle.click()
    expect(toggle).to_have_text("أعد")
    text = citizen.widget.locator(".card li .text").first.bounding_box()
    beside = toggle.bounding_box()
    assert text and beside and beside["x"] < text["x"], "mirrored"
    assert citizen.violations() == []
    assert citizen.panel.evaluate(TOO_SMALL) == []
    assert citizen.log.evaluate("log => log.scrollWidth - log.clientWidth") == 0
