"""Suggestions while writing: helpful, never in the way, never beside a human, and nothing personal leaves the field."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat


def test_a_pressed_suggestion_is_sent_as_the_question_once(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().input.press_sequentially("åter")
    citizen.suggestions.nth(0).click()
    expect(citizen.rows("citizen").locator(".text")).to_have_text([chat.titles["sv"][0]])
    expect(citizen.suggestions).to_have_count(0)
    expect(citizen.input).to_have_value("")
    expect(citizen.input).to_be_focused()
    citizen.input.press_sequentially("park")
    citizen.suggestions.nth(2).dblclick()
    expect(citizen.rows("bot")).to_have_count(3)
    assert len(chat.posts) == 2


def test_the_server_is_asked_when_the_citizen_pauses_and_from_three_characters(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().input.press_sequentially("pa")
    citizen.page.wait_for_timeout(400)
    assert chat.suggested == []
    citizen.input.press_sequentially("rkering", delay=1)
    expect(citizen.suggestions).to_have_count(3)
    assert chat.suggested == [("parkering", "sv")]
    citizen.input.fill("parkering på gat")
    expect(citizen.suggestions).to_have_text(["Betala parkering på gatan"])
    citizen.input.fill("pa")
    expect(citizen.suggestions).to_have_count(0)


def test_what_looks_personal_or_is_a_text_of_its_own_stays_in_the_field(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    for text in ("anna@park", "park 19900101", "park 070-174", "park\n", "parkering " * 7):
        citizen.input.fill("park")
        expect(citizen.suggestions).to_have_count(3)
        citizen.input.fill(text)
        expect(citizen.suggestions).to_have_count(0)
        citizen.page.wait_for_timeout(250)
    assert set(chat.suggested) == {("park", "sv")}


def test_never_beside_a_human_and_not_when_it_comes_too_late(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().listening().input.fill("park")
    expect(citizen.suggestions).to_have_count(3)
    chat.own("queue", position=1)
    expect(citizen.suggestions).to_have_count(0)
    for owner in ("queue", "agent"):
        chat.own(owner)
        citizen.input.fill(f"parkering {owner}")
        citizen.page.wait_for_timeout(300)
    assert chat.suggested == [("park", "sv")]
    chat.own("bot")
    expect(citizen.button("Prata med en människa")).to_be_visible()
    citizen.input.fill("")
    citizen.page.route("**/suggestions*", lambda route: (chat.own("agent"), route.continue_())[1])  # while it is on its way
    with citizen.page.expect_response("**/suggestions*"):
        citizen.input.press_sequentially("park")
    expect(citizen.widget.locator("#what")).to_have_text("Medarbetare")
    expect(citizen.suggestions).to_have_count(0)


def test_an_answer_to_what_has_been_sent_meanwhile_is_not_shown(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.page.route("**/suggestions*", lambda route: (citizen.input.press("Enter"), route.continue_())[1])
    with citizen.page.expect_response("**/suggestions*"):
        citizen.input.press_sequentially("park")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.suggestions).to_have_count(0)
    assert chat.said() == ["park"]


def test_trouble_with_suggestions_is_not_the_citizens(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.page.route("**/suggestions*", lambda route: route.fulfill(status=500))
    with citizen.page.expect_response("**/suggestions*"):
        citizen.input.fill("parkering")
    expect(citizen.alert).to_be_empty()
    citizen.page.unroute("**/suggestions*")
    citizen.page.route("**/suggestions*", lambda route: route.fulfill(status=429, headers={"Retry-After": "60"}))
    with citizen.page.expect_response("**/suggestions*"):
        citizen.input.fill("parkering på")
    citizen.input.fill("parkering p")
    citizen.input.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.page.unroute("**/suggestions*")
    citizen.input.fill("parkering i")
    citizen.page.wait_for_timeout(400)
    assert chat.suggested == [], "it was told to wait"


def test_they_can_be_turned_off(citizen: Citizen, chat: FakeChat) -> None:
    chat.pages["off"] = '<!doctype html><title>x</title><script src="/widget/fraga.js" defer data-suggestions="off"></script>'
    citizen.open("/page/off").input.fill("parkering")
    citizen.page.wait_for_timeout(400)
    assert chat.suggested == []
    expect(citizen.input).not_to_have_attribute("aria-haspopup", "listbox")


def test_a_tap_beside_the_list_closes_it_and_html_in_a_title_is_text(citizen: Citizen, chat: FakeChat) -> None:
    chat.titles["sv"] = ['Park <img src=x onerror="window.hacked=1">']
    citizen.open().input.fill("park")
    expect(citizen.suggestions).to_have_text(chat.titles["sv"])
    assert citizen.page.evaluate("window.hacked") is None
    citizen.log.click(position={"x": 5, "y": 5})
    expect(citizen.suggestions).to_have_count(0)
