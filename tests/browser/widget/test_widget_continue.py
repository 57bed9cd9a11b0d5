"""Continue elsewhere: a conversation from the phone goes on here with consent, and this one on the phone by a code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat
from tests.browser.widget.test_widget_access import PHONE, SCREENS, TOO_SMALL

CODE, GROUPED = "7K2PBX4T", "7k2p-bx4t"
ON_PHONE = (
    {"text": "AI-svar. Vad gäller det?"},
    {"author": "citizen", "text": "vad kostar tippen"},
    {"text": "Det är gratis sex gånger om året."},
)
LINKS = [
    {"channel": "telegram", "url": "https://t.me/fraga_bot?start=2345BCDF"},
    {"channel": "sms", "url": "sms:+46766860000?body=2345BCDF"},
    {"channel": "odd", "url": "javascript:alert(1)"},
]
QUESTION = "Vill du fortsätta samtalet från din telefon här?"
YES, NO = "Ja, fortsätt här", "Nej"


def question(citizen: Citizen) -> Locator:
    """The question for consent."""
    return citizen.widget.get_by_role("group", name=QUESTION)


def choose(citizen: Citizen, name: str) -> None:
    """Takes an entry of the menu, by the keyboard."""
    citizen.tab_to(citizen.button("Meny"), "Shift+Tab")
    citizen.page.keyboard.press("Enter")
    citizen.tab_to(citizen.button(name))
    citizen.page.keyboard.press("Enter")


def test_a_link_asks_and_yes_shows_the_whole_conversation(citizen: Citizen, chat: FakeChat) -> None:
    talk = chat.on_phone(CODE, *ON_PHONE)
    addresses: list[str] = []
    citizen.page.on("request", lambda request: addresses.extend([request.url, request.headers.get("referer", "")]))
    citizen.visit(f"/?q=a+b&fortsatt={CODE}&r=%20#innehall")
    assert citizen.page.url == f"{chat.url}/?q=a+b&r=%20#innehall"
    expect(question(citizen)).to_be_focused()
    expect(question(citizen)).to_have_accessible_description(
        "Den som har den här enheten kan läsa hela samtalet. Svara ja bara om du själv har bett om länken."
    )
    assert chat.requests["POST /chat/v1/conversations"] == chat.requests["POST /chat/v1/continue"] == 0
    assert [one for one in addresses if CODE in one] == [f"{chat.url}/?q=a+b&fortsatt={CODE}&r=%20"], (
        "the page itself, and no referrer"
    )
    assert not any(
        CODE in str(item) for item in citizen.page.evaluate("[sessionStorage['fraga-goteborg'], JSON.stringify(localStorage)]")
    )
    citizen.tab_to(citizen.button(YES))
    citizen.page.keyboard.press("Enter")
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.widget.get_by_text("Samtalet fortsätter nu här.")).to_be_visible()
    expect(citizen.input).to_be_focused()
    citizen.page.keyboard.type("avfall")
    citizen.page.keyboard.press("Enter")
    expect(citizen.rows("bot")).to_have_count(3)
    assert [one["text"] for one in talk.messages if one["author"] == "citizen"] == ["vad kostar tippen", "avfall"]
    citizen.page.reload()
    expect(citizen.rows()).to_have_count(5)
    expect(question(citizen)).to_have_count(0)
    assert chat.requests["POST /chat/v1/conversations"] == 0
    assert citizen.problems == []


@pytest.mark.parametrize("how", ["no", "escape"])
def test_no_forgets_the_code_and_nothing_happens(citizen: Citizen, chat: FakeChat, how: str) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    citizen.visit(f"/?fortsatt={CODE}")
    expect(question(citizen)).to_be_focused()
    if how == "no":
        citizen.tab_to(citizen.button(NO))
        citizen.page.keyboard.press("Enter")
    else:
        citizen.page.keyboard.press("Escape")
    expect(citizen.panel).to_be_hidden()
    expect(citizen.launcher).to_be_focused()
    assert chat.codes and CODE in chat.codes
    assert chat.talks == {}
    citizen.page.keyboard.press("Enter")  # an ordinary chat
    expect(citizen.rows("bot")).to_have_count(1)
    expect(question(citizen)).to_have_count(0)
    citizen.page.reload()
    expect(citizen.rows("bot")).to_have_count(1)
    expect(question(citizen)).to_have_count(0)
    assert chat.requests["POST /chat/v1/continue"] == 0


def test_an_open_conversation_is_left_only_after_yes(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    old = chat.talk
    chat.on_phone(CODE, *ON_PHONE)
    citizen.visit(f"/?fortsatt={CODE}")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.widget.get_by_text("Du lämnar då samtalet som är öppet här.")).to_be_visible()
    citizen.button(NO).click()
    expect(citizen.input).to_be_focused()
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.visit(f"/?fortsatt={CODE}")
    citizen.button(YES).dblclick()
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.rows("citizen").locator(".text")).to_have_text(["vad kostar tippen"])
    assert chat.requests["POST /chat/v1/continue"] == 1
    citizen.ask("parkering")
    expect(citizen.rows("citizen")).to_have_count(2)
    assert [one["text"] for one in old.messages if one["author"] == "citizen"] == ["avfall"]


def test_a_code_that_no_longer_holds_says_how_to_get_a_new_one(citizen: Citizen, chat: FakeChat) -> None:
    chat.codes = {}
    keys = citizen.page.keyboard
    citizen.visit(f"/?fortsatt={CODE}")
    expect(question(citizen)).to_be_focused()
    citizen.tab_to(citizen.button(YES))
    keys.press("Enter")
    field = citizen.widget.get_by_label("Koden från din telefon")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(
        "Skriv WEBB till oss i telefonen, så får du en kod. Koden fungerar inte längre. Skriv WEBB till oss i telefonen, så får du en ny."
        " Den som har den här enheten kan läsa hela samtalet."
    )
    assert citizen.violations() == []
    chat.on_phone(CODE, *ON_PHONE)  # a new one has come
    keys.type(f"Kod: {GROUPED}")
    keys.press("Enter")
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.input).to_be_focused()
    assert len(chat.talks) == 1


def test_to_write_the_code(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    chat.on_phone(CODE, *ON_PHONE)
    citizen.open()
    choose(citizen, "Jag har en kod")
    field = citizen.widget.get_by_label("Koden från din telefon")
    expect(field).to_be_focused()
    for wrong in ("", "7K2P", "0000 AAAA"):
        field.fill(wrong)
        keys.press("Enter")
        expect(citizen.widget.locator("#cont-fault-2")).to_have_text(
            "Koden har åtta bokstäver och siffror. Skriv den så här: BX4T 7K2P"
        )
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "")
    keys.press("Escape")
    expect(citizen.input).to_be_focused()
    expect(citizen.rows("bot")).to_have_count(1)
    choose(citizen, "Jag har en kod")
    expect(field).to_have_value("")
    field.fill(f"{chat.url}/?fortsatt={CODE.lower()}")  # the whole link, pasted
    citizen.tab_to(citizen.button(YES))
    keys.press("Enter")
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.input).to_be_focused()


def test_offline_and_refusals_keep_the_code(citizen: Citizen, chat: FakeChat) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    citizen.visit(f"/?fortsatt={CODE}")
    expect(question(citizen)).to_be_focused()
    fault = question(citizen).locator(".fault")
    citizen.page.context.set_offline(True)
    citizen.button(YES).click()
    expect(fault).to_have_text("Det gick inte just nu. Försök igen om en liten stund.")
    assert citizen.violations() == []
    citizen.page.context.set_offline(False)
    for status, said in ((429, "Det blev för många försök."), (503, "Det gick inte just nu."), (500, "Det gick inte just nu.")):
        chat.faults.append(status)
        citizen.button(YES).click()
        expect(fault).to_contain_text(said)
    citizen.button(YES).dblclick()
    expect(citizen.rows()).to_have_count(3)
    assert len(chat.talks) == 1


def test_a_slow_answer_is_asked_for_once_and_cannot_be_taken_back(citizen: Citizen, chat: FakeChat) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    held: list[Route] = []
    citizen.page.route("**/chat/v1/continue", lambda route: held.append(route))
    citizen.visit(f"/?fortsatt={CODE}")
    citizen.button(YES).dblclick()
    expect(citizen.button(YES)).to_have_attribute("aria-disabled", "true")
    citizen.button(NO).click()
    citizen.page.keyboard.press("Escape")
    expect(question(citizen)).to_be_visible()
    assert len(held) == 1
    held[0].continue_()
    expect(citizen.rows()).to_have_count(3)


def test_what_was_not_sent_in_the_conversation_left_is_back_in_the_field(citizen: Citizen, chat: FakeChat) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    citizen.open().listening()
    chat.faults.append(422)
    citizen.ask("min fråga")
    expect(citizen.alert).to_have_text("Gick inte att skicka")
    choose(citizen, "Jag har en kod")
    citizen.page.keyboard.type(CODE)
    citizen.page.keyboard.press("Enter")
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.input).to_have_value("min fråga")
    expect(citizen.alert).to_be_empty()


def test_the_question_is_in_the_page_s_language_and_then_the_conversation_s(citizen: Citizen, chat: FakeChat) -> None:
    chat.on_phone(CODE, {"text": "مرحبا", "dir": "rtl"}, {"author": "citizen", "text": "سؤال"}, language="ar")
    chat.pages["finska"] = (
        '<!doctype html><html lang="fi"><title>Sivu</title><script src="/widget/fraga.js" defer></script><h1>Sivu</h1></html>'
    )
    citizen.visit(f"/page/finska?fortsatt={CODE}")
    expect(
        citizen.widget.get_by_role("group", name="Haluatko jatkaa puhelimessa aloittamaasi keskustelua täällä?")
    ).to_be_focused()
    assert citizen.page.url == f"{chat.url}/page/finska"
    citizen.button("Kyllä, jatka täällä").click()
    expect(citizen.rows()).to_have_count(2)
    expect(citizen.panel).to_have_css("direction", "rtl")
    expect(citizen.widget.get_by_text("المحادثة مستمرة الآن هنا.")).to_be_visible()


def test_a_chosen_language_starts_nothing_before_the_answer(citizen: Citizen, chat: FakeChat) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    citizen.visit(f"/?fortsatt={CODE}")
    expect(question(citizen)).to_be_focused()
    citizen.widget.locator("select").select_option("ckb")
    yes = citizen.button("بەڵێ، لێرە بەردەوام بە")
    expect(yes).to_be_visible()
    assert citizen.violations() == []
    citizen.page.wait_for_timeout(900)  # a language is told when one stays with it: LANGUAGE_SETTLE_MS
    yes.click()
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.panel).to_have_css("direction", "rtl")
    assert len(chat.talks) == 1
    assert chat.requests["POST /chat/v1/conversations"] == 0


@pytest.mark.parametrize("query", ["fortsatt=1", "fortsatt=", "fortsatt=ja-tack-gärna", "q=7K2PBX4T"])
def test_a_parameter_of_the_page_s_own_is_left_alone(citizen: Citizen, chat: FakeChat, query: str) -> None:
    citizen.visit(f"/?{query}")
    expect(citizen.launcher).to_be_visible()
    assert query.split("=")[0] in citizen.page.url
    expect(citizen.panel).to_be_hidden()


def test_nothing_is_offered_without_a_phone_channel(citizen: Citizen) -> None:
    citizen.open().button("Meny").click()
    expect(citizen.button("Skriv ut")).to_be_visible()
    expect(citizen.button("Jag har en kod")).to_have_count(0)
    expect(citizen.button("Fortsätt i telefonen")).to_have_count(0)


def test_a_code_for_the_phone(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    chat.codes, chat.links = {}, LINKS
    citizen = visitor(permissions=["clipboard-read", "clipboard-write"]).open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    keys = citizen.page.keyboard
    choose(citizen, "Fortsätt i telefonen")
    shown = citizen.widget.get_by_role("group", name="Din kod")
    expect(shown).to_be_focused()
    expect(shown).to_contain_text("i 15 minuter, till klockan ")
    expect(shown.locator(".code .vh")).to_have_text("2 3 4 5 B C D F")
    expect(shown.get_by_role("link", name="Öppna Telegram")).to_have_attribute("href", LINKS[0]["url"])
    expect(shown.get_by_role("link", name="+46766860000")).to_have_attribute("href", LINKS[1]["url"])
    expect(shown.get_by_role("link")).to_have_count(2)
    code = shown.locator(".code span").first
    assert (
        code.evaluate("one => { getSelection().selectAllChildren(one.parentElement); return getSelection().toString().trim() }")
        == "2345 BCDF"
    )
    chat.frame(type="typing", author="bot")  # what goes on beside it takes neither focus nor selection
    citizen.tab_to(citizen.button("Kopiera"))
    keys.press("Enter")
    status = citizen.widget.locator("[role=status]", has_text="Kopierat")
    expect(status).to_be_visible()
    expect(citizen.button("Kopiera")).to_be_focused()
    assert citizen.page.evaluate("navigator.clipboard.readText()") == "2345 BCDF"
    citizen.tab_to(citizen.button("Tillbaka till chatten"))
    keys.press("Enter")
    expect(citizen.input).to_be_focused()
    expect(citizen.rows("bot")).to_have_count(2)


def test_a_code_that_cannot_be_had_is_explained(citizen: Citizen, chat: FakeChat) -> None:
    chat.codes = {}
    citizen.open()
    chat.faults.append(500)
    choose(citizen, "Fortsätt i telefonen")
    expect(citizen.alert).to_have_text("Det gick inte just nu. Försök igen om en liten stund.")
    choose(citizen, "Fortsätt i telefonen")
    expect(citizen.widget.get_by_role("group", name="Din kod")).to_be_focused()
    expect(citizen.alert).to_be_empty()
    choose(citizen, "Avsluta samtalet")
    expect(citizen.button("Ja, avsluta")).to_be_focused()
    citizen.page.keyboard.press("Enter")
    expect(citizen.button("Börja ett nytt samtal")).to_be_focused()
    choose(citizen, "Jag har en kod")  # also when it has ended
    expect(citizen.widget.get_by_label("Koden från din telefon")).to_be_focused()
    citizen.page.keyboard.press("Escape")
    expect(citizen.button("Börja ett nytt samtal")).to_be_focused()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", ["sv", "ar"])
def test_every_state_is_free_of_violations_and_fits(
    visitor: Callable[..., Citizen], chat: FakeChat, screen: str, language: str
) -> None:
    chat.on_phone(CODE, *ON_PHONE, language=language)
    chat.links = LINKS
    chat.pages["sida"] = (
        f'<!doctype html><html lang="{language}"><title>x</title><script src="/widget/fraga.js" defer></script><main><h1>x</h1></main></html>'
    )
    citizen = visitor(**SCREENS[screen]).visit(f"/page/sida?fortsatt={CODE}")
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = citizen.violations()
        if screen == "phone-320":
            found[state] += citizen.panel.evaluate(TOO_SMALL)
        wide = citizen.widget.locator(".foot").evaluate(
            "one => Math.max(one.scrollWidth - one.clientWidth, document.documentElement.scrollWidth - innerWidth)"
        )
        assert wide <= 0, f"{state}: scrolls sideways by {wide}"

    group = citizen.widget.locator("[aria-labelledby=cont-question]")
    expect(group).to_be_focused()
    expect(citizen.panel).to_have_css("direction", "rtl" if language == "ar" else "ltr")
    look("question")
    group.locator(".primary").click()
    expect(citizen.rows()).to_have_count(3)
    look("here")
    menu = citizen.widget.locator(".head .icon").first
    menu.click()
    look("menu")
    citizen.widget.locator(".menu button:has(.i-key)").click()
    citizen.widget.locator("form:not([hidden]) .primary").click()
    expect(citizen.widget.locator("#cont-fault-2")).not_to_be_empty()
    look("form with fault")
    menu.click()
    citizen.widget.locator(".menu button:has(.i-phone)").click()
    expect(citizen.widget.locator("[aria-labelledby=cont-yours]")).to_be_focused()
    look("code")
    assert {state: list_ for state, list_ in found.items() if list_} == {}


def test_on_a_phone_focus_stays_in_the_question(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    chat.on_phone(CODE, *ON_PHONE)
    citizen = visitor(**PHONE).visit(f"/?fortsatt={CODE}")
    expect(question(citizen)).to_be_focused()
    for key in ["Tab"] * 8 + ["Shift+Tab"] * 8:
        citizen.page.keyboard.press(key)
        assert citizen.page.evaluate("document.activeElement.localName") == "fraga-goteborg"
    citizen.button(YES).tap()
    expect(citizen.rows()).to_have_count(3)
    expect(citizen.panel).to_be_focused()  # not the field: its keyboard would cover what was said
