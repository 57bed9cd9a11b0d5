"""Any page can embed it with one tag, and no page can break it: strict policies, hostile styles, frames, other origins."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat

TAG = '<script src="/widget/fraga.js" defer></script>'
LOCAL = {"viewport": {"width": 1280, "height": 800}}


def a_page(body: str = "", head: str = TAG, lang: str = "sv") -> str:
    return f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>En sida</title>{head}</head><body><main><h1>En sida</h1>{body}</main></body></html>'


def test_one_script_tag_is_enough_under_a_strict_policy_with_no_cookie_and_no_other_host(
    citizen: Citizen, chat: FakeChat
) -> None:
    chat.pages["plain"] = a_page()
    citizen.open("/page/plain").ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.button("Meny").click()
    citizen.button("Större text").click()
    assert citizen.problems == [], "the policy must have had nothing to refuse"
    assert citizen.hosts == {urlsplit(chat.url).netloc}
    assert citizen.page.context.cookies() == []
    assert citizen.page.evaluate("[Object.keys(sessionStorage), Object.keys(localStorage)]") == [["fraga-goteborg"], []]
    assert citizen.panel.evaluate("panel => getComputedStyle(panel).position") == "fixed"


def test_an_element_in_the_page_is_used_and_two_scripts_make_one_chat(citizen: Citizen, chat: FakeChat) -> None:
    chat.pages["own"] = a_page(
        "<fraga-goteborg data-position='left' data-language='en' data-greeting='Ask about waste'></fraga-goteborg>", TAG + TAG
    )
    citizen.visit("/page/own")
    expect(citizen.widget).to_have_count(1)
    expect(citizen.launcher).to_contain_text("Ask about waste")
    citizen.launcher.click()
    expect(citizen.rows("bot")).to_contain_text("Hello!")
    box = citizen.panel.bounding_box()
    assert box and box["x"] < 100


def test_settings_on_the_script_tag_reach_the_server_without_the_query_string(citizen: Citizen, chat: FakeChat) -> None:
    chat.pages["tag"] = a_page(
        head='<script src="/widget/fraga.js" defer data-language="fi" data-department="forskola"></script>'
    )
    citizen.open("/page/tag?personnummer=hemligt#x")
    assert (chat.talk.language, chat.talk.department) == ("fi", "forskola")
    assert chat.talk.page_url == f"{chat.url}/page/tag"


def test_the_closed_button_has_a_name_in_the_pages_language(citizen: Citizen, chat: FakeChat) -> None:
    names = {"fi": "Avaa chat", "ar": "افتح المحادثة", "so": "Fur sheekaysiga", "en": "Open the chat", "ti": "ቻት ክፈቱ"}
    for language, name in names.items():
        chat.pages["closed"] = a_page(lang=language)
        citizen.visit("/page/closed")
        expect(citizen.launcher).to_have_accessible_name(f"Fråga Göteborg – {name}")


def test_the_pages_colour_is_used_as_far_as_it_can_be_read(citizen: Citizen, chat: FakeChat) -> None:
    for colour, shown in (("#7a1f3d", "rgb(122, 31, 61)"), ("#ffd500", None), ("url(x)", "rgb(0, 103, 168)")):
        chat.pages["colour"] = a_page(head=f'<script src="/widget/fraga.js" defer data-colour="{colour}"></script>')
        citizen.visit("/page/colour")
        expect(citizen.launcher).to_be_visible()
        background = citizen.launcher.evaluate("one => getComputedStyle(one).backgroundColor")
        assert shown is None or background == shown
        assert citizen.violations() == []


def test_a_page_of_another_origin_talks_to_the_scripts_origin(citizen: Citizen, chat: FakeChat) -> None:
    chat.pages["loose-far"] = a_page(head=f'<script src="{chat.url}/widget/fraga.js" defer></script>')
    citizen.page.goto(f"http://localhost:{chat.port}/page/loose-far")
    citizen.launcher.click()
    citizen.ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    assert chat.talk.page_url == f"http://localhost:{chat.port}/page/loose-far"
    assert citizen.page.context.cookies() == []


def test_the_page_may_open_and_close_it(citizen: Citizen) -> None:
    citizen.visit().page.get_by_role("button", name="Ställ en fråga i chatten").click()
    expect(citizen.input).to_be_focused()
    citizen.page.evaluate("document.querySelector('fraga-goteborg').close()")
    expect(citizen.panel).to_be_hidden()


def test_an_element_taken_out_falls_silent_and_put_back_goes_on(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    citizen.page.evaluate("window.kept = document.querySelector('fraga-goteborg'); kept.remove()")
    citizen.until("!kept.conversation.live")
    chat.say({"text": "under tiden"})
    citizen.page.evaluate("document.body.append(kept)")
    expect(citizen.rows("bot").nth(1)).to_contain_text("under tiden")


def test_a_switched_off_bot_is_announced(citizen: Citizen, chat: FakeChat) -> None:
    chat.notice = "Den automatiska tjänsten är avstängd just nu."
    citizen.open()
    expect(citizen.widget.get_by_text(chat.notice)).to_be_visible()


def test_an_agents_browser_without_constructable_sheets_gets_the_same_look(
    visitor: Callable[..., Citizen], chat: FakeChat
) -> None:
    chat.pages["loose-old"] = a_page()
    citizen = visitor(**LOCAL)
    citizen.page.add_init_script("window.CSSStyleSheet = undefined")
    citizen.open("/page/loose-old")
    expect(citizen.panel).to_have_css("position", "fixed")
