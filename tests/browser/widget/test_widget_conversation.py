"""A citizen asks, is answered, rates the answer, reaches a human and ends the conversation."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.widget.conftest import Citizen
from tests.browser.widget.fake_server import FakeChat


def test_nothing_is_asked_of_the_server_before_the_citizen_opens_the_chat(citizen: Citizen, chat: FakeChat) -> None:
    citizen.visit()
    expect(citizen.launcher).to_be_visible()
    assert not [path for path in chat.requests if "/chat/" in path]


def test_says_it_is_an_ai_before_the_first_answer_and_in_the_header(citizen: Citizen) -> None:
    citizen.open()
    expect(citizen.widget.locator("#ai")).to_contain_text("AI")
    expect(citizen.rows("bot").first).to_contain_text("AI-tjänst")
    expect(citizen.widget.locator("#what")).to_have_text("AI-assistent")


def test_an_answer_shows_its_source_date_links_and_related_questions(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("Vad kostar det att lämna avfall?")
    answer = citizen.rows("bot").nth(1)
    expect(answer.get_by_role("link", name="Regler för ÅVC-kort, Göteborgs Stad (2023)")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    expect(answer).to_contain_text("Uppdaterad 11 februari 2026")
    expect(answer.locator("ol > li")).to_have_count(3)
    expect(answer.get_by_role("link", name="031-365 00 00")).to_have_attribute("href", "tel:0313650000")
    expect(answer.get_by_role("link", name="https://goteborg.se/avfall", exact=True)).to_have_attribute(
        "href", "https://goteborg.se/avfall"
    )
    answer.get_by_role("button", name="Hur blir jag av med farligt avfall?").click()
    expect(citizen.rows("citizen").nth(1)).to_contain_text("Hur blir jag av med farligt avfall?")
    expect(citizen.rows("bot")).to_have_count(3)
    assert chat.said() == ["Vad kostar det att lämna avfall?", "Hur blir jag av med farligt avfall?"]


def test_a_thumb_and_a_comment_reach_the_server_and_survive_a_reload(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().ask("avfall")
    citizen.button("Svaret hjälpte inte").click()
    citizen.widget.get_by_label("Vad saknades?").fill("Öppettiderna")
    citizen.button("Skicka kommentar").click()
    expect(citizen.button("Skicka kommentar")).to_have_count(0)
    citizen.page.reload()
    expect(citizen.button("Svaret hjälpte inte")).to_have_attribute("aria-pressed", "true")
    assert chat.feedback == [{"seq": 3, "value": "down"}, {"seq": 3, "value": "down", "comment": "Öppettiderna"}]


def test_thumbs_only_where_the_server_wants_them(citizen: Citizen) -> None:
    citizen.open().ask("parkering")
    expect(citizen.button("Nej, något annat")).to_be_visible()
    expect(citizen.widget.locator(".rate")).to_have_count(0)


def test_consent_queue_agent_and_the_end(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().button("Prata med en människa").click()
    card = citizen.widget.get_by_role("group", name="Det här skickas till medarbetaren")
    expect(card).to_contain_text("Kretslopp och vatten")
    expect(card).to_contain_text("Prata med en människa")
    citizen.button("Ja, skicka och koppla mig").click()
    expect(citizen.widget.get_by_text("Din plats i kön: 3")).to_be_visible()
    expect(citizen.button("Ja, skicka och koppla mig")).to_have_attribute("aria-disabled", "true")
    chat.own("queue", position=1)
    expect(citizen.widget.get_by_text("Din plats i kön: 1")).to_be_visible()

    chat.own("agent", agent_name="Anna")
    citizen.input.press_sequentially("He")  # two keys in a row are one notice to the agent
    citizen.until("document.querySelector('fraga-goteborg').conversation.wroteAt")
    chat.frame(type="typing", author="agent")
    expect(citizen.widget.get_by_text("Medarbetaren skriver")).to_be_visible()
    expect(citizen.widget.locator("#what")).to_have_text("Medarbetare")
    chat.say({"author": "agent", "agent_name": "Anna", "text": "Hej, Anna här!"})
    expect(citizen.rows("agent")).to_contain_text("Anna")
    expect(citizen.widget.get_by_text("Medarbetaren skriver")).to_have_count(0)
    assert chat.requests["POST /chat/v1/typing"] == 1

    citizen.button("Meny").click()
    citizen.button("Avsluta samtalet").click()
    citizen.button("Nej, fortsätt").click()
    assert chat.talk.owner == "agent"
    citizen.button("Meny").click()
    citizen.button("Avsluta samtalet").click()
    citizen.button("Ja, avsluta").click()
    expect(citizen.input).to_be_hidden()
    assert chat.talk.owner == "closed"
    citizen.button("Börja ett nytt samtal").click()
    expect(citizen.rows()).to_have_count(1)
    expect(citizen.input).to_be_focused()
    assert len(chat.talks) == 2


def test_an_agent_who_closes_ends_it_for_the_citizen_too(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    chat.own("closed")
    expect(citizen.button("Börja ett nytt samtal")).to_be_visible()


def test_language_menu_changes_the_texts_and_tells_the_assistant(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open().widget.locator("select").select_option("fi")
    expect(citizen.rows("bot").nth(1)).to_contain_text("Olen Fråga Göteborg")
    expect(citizen.input).to_have_attribute("placeholder", "Kirjoita kysymyksesi")
    expect(citizen.rows("bot").nth(1).locator(".text")).to_have_attribute("lang", "fi")
    assert chat.talk.language == "fi"


def test_a_citizen_who_writes_arabic_gets_an_arabic_widget_right_to_left(citizen: Citizen) -> None:
    citizen.open()
    before = citizen.panel.bounding_box()
    citizen.ask("كم يكلف تسليم النفايات؟")
    answer = citizen.rows("bot").nth(1).locator(".text")
    expect(answer).to_have_attribute("dir", "rtl")
    expect(citizen.panel).to_have_css("direction", "rtl")
    assert citizen.panel.bounding_box() == before, "the panel must stay in its corner"
    mine, theirs = citizen.rows("citizen").locator(".bubble").bounding_box(), answer.bounding_box()
    assert mine and theirs and mine["x"] < theirs["x"], "mirrored: the citizen on the left"


def test_html_and_script_are_shown_as_text_in_every_field(citizen: Citizen, chat: FakeChat) -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    citizen.open().ask(evil)
    chat.say(
        {"text": evil, "title": evil, "sources": [{"url": "javascript:window.hacked=1", "title": evil, "year": evil}],
         "links": [{"url": "data:text/html,x", "title": evil}], "updated": evil, "article_id": "x", "language": '"><b>', "dir": "sideways",
         "buttons": [{"title": evil, "payload": "p-9"}], "preview": {"language": evil, "topic": evil, "department": evil, "messages": [{"author": evil, "text": evil}]}},
        {"author": "agent", "agent_name": evil, "text": evil},
    )  # fmt: skip
    expect(citizen.rows("agent")).to_contain_text(evil)
    expect(citizen.rows("citizen")).to_contain_text(evil)
    assert citizen.log.locator("img, script, b b, .facts a").count() == 0
    assert citizen.page.evaluate("window.hacked") is None


def test_numbers_that_are_no_telephone_numbers_are_not_linked(citizen: Citizen, chat: FakeChat) -> None:
    citizen.open()
    chat.say({"text": "Det kostar 112 kr, 404 kr eller 12 500 kr. Öppet 08-16 och 2024-2025, den 2026-01-31. Se 1177.se, 31 1121, §112a.\n"
                      "Ring 112, 1177, 116 111 eller +46 31 365 00 00 (hemligt: javascript:alert(1), se (https://goteborg.se/a_(b)))."})  # fmt: skip
    row = citizen.rows("bot").nth(1)
    expect(row).to_be_visible()
    hrefs = [link.get_attribute("href") for link in row.locator("a").all()]
    assert hrefs == ["tel:112", "tel:1177", "tel:116111", "tel:+46313650000", "https://goteborg.se/a_(b)"]
