"""Every task of the widget by the keyboard alone; on the way focus is always seen (Citizen.tab_to) and never lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat


def test_to_open_write_and_ask_a_related_question(citizen: Citizen, chat: FakeChat) -> None:
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
    citizen.tab_to(citizen.button("Hur blir jag av med farligt avfall?"), "Shift+Tab")
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(3)
    expect(citizen.input).to_be_focused()
    keys.press("Escape")
    expect(citizen.panel).to_be_hidden()
    expect(citizen.launcher).to_be_focused()
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(3)


def test_to_rate_and_say_a_word_more(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    citizen.tab_to(citizen.button("Svaret hjälpte"), "Shift+Tab")
    keys.press("Space")
    expect(citizen.button("Svaret hjälpte")).to_have_attribute("aria-pressed", "true")
    citizen.tab_to(citizen.button("Skriv en kommentar"))
    keys.press("Enter")
    expect(citizen.widget.get_by_label("Vad var bra?")).to_be_focused()
    keys.type("Tydligt")
    citizen.tab_to(citizen.button("Skicka kommentar"))
    keys.press("Enter")
    expect(citizen.input).to_be_focused()
    assert chat.feedback == [{"seq": 3, "value": "up"}, {"seq": 3, "value": "up", "comment": "Tydligt"}]
    citizen.tab_to(citizen.button("Svaret hjälpte inte"), "Shift+Tab")
    keys.press("Enter")
    expect(citizen.widget.get_by_label("Vad saknades?")).to_be_visible()
    expect(citizen.button("Skriv en kommentar")).to_have_count(0)


def test_to_reach_a_human_and_to_end(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.open().tab_to(citizen.button("Prata med en människa"))
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.input).to_be_focused()
    citizen.tab_to(citizen.button("Ja, skicka och koppla mig"), "Shift+Tab")
    keys.press("Enter")
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    expect(citizen.input).to_be_focused()
    citizen.tab_to(citizen.button("Meny"), "Shift+Tab")
    keys.press("Enter")
    citizen.tab_to(citizen.button("Avsluta samtalet"))
    keys.press("Enter")
    expect(citizen.button("Ja, avsluta")).to_be_focused()
    keys.press("Escape")
    expect(citizen.input).to_be_focused()
    citizen.tab_to(citizen.button("Meny"), "Shift+Tab")
    keys.press("Enter")
    citizen.tab_to(citizen.button("Avsluta samtalet"))
    keys.press("Enter")
    keys.press("Enter")
    expect(citizen.button("Börja ett nytt samtal")).to_be_focused()
    keys.press("Enter")
    expect(citizen.input).to_be_focused()
    assert len(chat.talks) == 2


def test_to_change_size_and_language(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.open().tab_to(citizen.button("Meny"), "Shift+Tab")
    keys.press("Enter")
    expect(citizen.button("Större text")).to_be_focused()
    keys.press("Enter")
    assert citizen.panel.evaluate("one => one.style.fontSize") == "1.125em"
    keys.press("Escape")
    expect(citizen.button("Meny")).to_be_focused()
    citizen.tab_to(citizen.widget.locator("select"), "Shift+Tab")
    keys.press("ArrowDown")
    keys.press("ArrowDown")  # past English: only the language one stays at is told
    expect(citizen.rows("bot").nth(1)).to_contain_text("Olen Fråga Göteborg")
    expect(citizen.widget.locator("select")).to_be_focused()
    assert chat.said() == ["Suomi"]


def test_to_copy_save_print_and_mail_what_was_said(visitor: Callable[..., Citizen], chat: FakeChat) -> None:
    chat.mail = []
    citizen = visitor(permissions=["clipboard-read", "clipboard-write"])
    # The dialog of the browser itself cannot be shown here: it is noted what it would be given.
    citizen.page.add_init_script(
        "window.print = () => { top.printed = document.body.textContent; dispatchEvent(new Event('afterprint')); };"
    )
    keys = citizen.page.keyboard

    def choose(name: str) -> None:
        citizen.tab_to(citizen.button("Meny"), "Shift+Tab")
        keys.press("Enter")
        citizen.tab_to(citizen.button(name))
        keys.press("Enter")

    citizen.open().ask("avfall")
    expect(citizen.rows("bot")).to_have_count(2)
    choose("Kopiera")
    expect(citizen.widget.get_by_text("Kopierat", exact=True)).to_be_visible()
    expect(citizen.button("Meny")).to_be_focused()
    with citizen.page.expect_download() as download:
        choose("Spara samtalet")
    assert download.value.suggested_filename.endswith(".txt")
    saved = download.value.path().read_text("utf-8")
    assert "https://goteborg.se/avfall/regler" in saved
    assert citizen.page.evaluate("navigator.clipboard.readText()") == saved
    choose("Skriv ut")
    citizen.until("window.printed")
    assert citizen.page.evaluate("window.printed") == f"Fråga Göteborg{saved}"
    assert citizen.widget.locator("iframe").count() == 0

    choose("Skicka med e-post")
    field = citizen.widget.get_by_label("Din e-postadress")
    expect(field).to_be_focused()
    for wrong in ("", "anna", "anna@", "anna@x.invalid"):
        field.fill(wrong)
        keys.press("Enter")
        expect(field).to_have_accessible_description("Adressen ser inte rätt ut. Skriv den så här: namn@exempel.se")
        expect(field).to_be_focused()
    keys.press("Escape")
    expect(citizen.input).to_be_focused()
    choose("Skicka med e-post")
    expect(field).to_have_value("")
    keys.type("åsa@exempel.se")
    citizen.tab_to(citizen.button("Skicka samtalet"))
    keys.press("Enter")
    expect(citizen.widget.get_by_text("Samtalet skickas till din e-post")).to_be_visible()
    expect(citizen.input).to_be_focused()
    assert chat.mail == ["åsa@exempel.se"]
    choose("Skicka med e-post")
    keys.type("åsa@exempel.se")  # too often, says the server
    keys.press("Enter")
    expect(field).to_have_accessible_description(re.compile("skickats flera gånger. Vänta en stund"))
    keys.press("Escape")

    chat.mail = None  # the mailer has gone
    choose("Skicka med e-post")
    keys.type("anna@exempel.se")
    keys.press("Enter")
    expect(field).to_have_accessible_description("Det gick inte att skicka. Du kan spara eller skriva ut samtalet i stället.")


def test_to_choose_among_suggestions(citizen: Citizen, chat: FakeChat) -> None:
    keys = citizen.page.keyboard
    citizen.open()
    keys.type("park")
    expect(citizen.suggestions).to_have_count(3)
    expect(citizen.widget.locator(".foot [role=status]")).to_have_text("Förslag: 3")
    chosen = citizen.widget.locator("[role=option][aria-selected=true]")
    for key, text in (
        ("ArrowDown", "Parkeringstillstånd för rörelsehindrad"), ("ArrowUp", None), ("ArrowUp", "Betala parkering på gatan"),
        ("ArrowDown", None), ("ArrowDown", "Parkeringstillstånd för rörelsehindrad"), ("ArrowDown", "Ladda elbil hos Parkering Göteborg"),
    ):  # fmt: skip
        keys.press(key)
        expect(chosen).to_have_count(1 if text else 0)
        if text:
            expect(chosen).to_have_text(text)
            expect(citizen.input).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
        expect(citizen.input).to_be_focused()
    expect(citizen.input).to_have_value("park")
    keys.press("Escape")
    expect(citizen.suggestions).to_have_count(0)
    expect(citizen.panel).to_be_visible()
    keys.type("e")
    expect(citizen.suggestions).to_have_count(3)
    keys.press("ArrowDown")
    keys.press("ArrowLeft")  # back in the text
    expect(chosen).to_have_count(0)
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(citizen.rows("bot")).to_have_count(2)
    expect(citizen.input).to_have_value("")
    expect(citizen.input).to_be_focused()
    keys.type("park")
    expect(citizen.suggestions).to_have_count(3)
    keys.press("Enter")  # without going to one, the own words are sent
    expect(citizen.rows("bot")).to_have_count(3)
    assert chat.said() == ["Betala parkering på gatan", "park"]
