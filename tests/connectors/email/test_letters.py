"""What a letter looks like to a reader's program: nothing of a citizen's is markup or a header, directions are right."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.settings import ROOT
from bot.texts import Catalogue
from connectors.email import call_back, transcript
from connectors.email.compose import Letter, envelope
from tests.connectors.email.conftest import settings

TEXTS = Catalogue.load(ROOT / "texts")
AT = dt.datetime(2026, 11, 23, 10, 5, tzinfo=dt.UTC)
NASTY = '<script>alert(1)</script> <img src="https://evil.example/x.png" onerror=alert(1)> & "quoted" \'single\' </div><a href=javascript:x>'


def said(seq: int, author: str, text: str, language: str = "sv", **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "author": author, "text": text, "language": language, "dir": TEXTS.direction(language),
            "created_at": "2026-11-23T10:00:00Z"} | fields  # fmt: skip


def written(*messages: dict[str, Any], language: str = "sv") -> Letter:
    return transcript.letter(TEXTS, messages, key="k.0", language=language, began=AT, written=AT)


def read(letter: Letter, address: str = "anna@example.org", **values: Any) -> EmailMessage:
    return email.message_from_bytes(envelope(settings(**values), letter, address).content, policy=email.policy.default)  # type: ignore[return-value,arg-type]


class Page(HTMLParser):
    """Tags, attributes and text of the HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


ANSWER = said(3, "bot", "Det är gratis.\n\n- bil\n- släp", title="Om tippen", article_id="tippen", updated="2026-11-22",
              sources=[{"url": "https://goteborg.se/tippen", "title": "Sidan om tippen", "year": 2026}],
              links=[{"url": "https://goteborg.se/boka", "title": "Boka"}])  # fmt: skip


def test_the_headers_say_who_what_and_that_nobody_answers() -> None:
    mail = read(written(said(1, "citizen", "hej")), from_name="Fråga Göteborg")
    assert mail["From"] == "Fråga Göteborg <fraga@example.org>" and mail["To"] == "anna@example.org"
    assert mail["Subject"] == "Ditt samtal med Fråga Göteborg"
    assert mail["Message-ID"] == "<k.0@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AT
    assert mail["Content-Language"] == "sv"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_letter_is_the_same_bytes_every_time() -> None:
    first, again = (envelope(settings(), written(said(1, "citizen", "hej å ä ö"), ANSWER), "anna@example.org") for _ in range(2))
    assert first == again
    assert first.content.isascii()  # every server can pass it on
    assert all(len(line) <= 998 for line in first.content.split(b"\r\n"))


def test_both_forms_say_who_wrote_what_and_where_it_comes_from() -> None:
    letter = written(
        said(1, "citizen", "vad kostar tippen?"),
        ANSWER,
        said(4, "agent", "Hej!", agent_name="Anna Lind"),
        said(5, "system", "Klart."),
    )
    page = Page(letter.html or "")
    for text in (letter.plain, page.text):
        for expected in ("Du", "Automatisk assistent", "Anna Lind (Medarbetare)", "Om tippen", "Det är gratis.", "vad kostar tippen?",
                         "Källa: Sidan om tippen", "Uppdaterad 2026-11-22", "2026-11-23 11:00"):  # fmt: skip
            assert expected in text, expected
    assert "https://goteborg.se/tippen" in letter.plain
    assert [value for tag, name, value in page.attributes if name == "href"] == [
        "https://goteborg.se/boka",
        "https://goteborg.se/tippen",
    ]


def test_lists_are_lists_to_a_screen_reader() -> None:
    html = written(said(1, "bot", "Ta med:\n- bil\n- släp & kärra\n\nSedan:\n1. kör\n2. lasta\n\n3. åk hem")).html or ""
    assert "<p>Ta med:</p><ul><li>bil</li><li>släp &amp; kärra</li></ul><p>Sedan:</p>" in html
    assert '<ol><li value="1">kör</li><li value="2">lasta</li></ol><ol><li value="3">åk hem</li></ol>' in html


@pytest.mark.parametrize("author", ["citizen", "agent", "bot"])
def test_nothing_anybody_wrote_becomes_markup(author: str) -> None:
    bad = said(1, author, NASTY, agent_name=NASTY, title=NASTY,
               sources=[{"url": "javascript:alert(1)", "title": NASTY}, {"url": 'https://x.example/"><script>', "title": "x"}])  # fmt: skip
    page = Page(written(bad).html or "")
    assert not {"script", "img", "iframe", "style", "link", "object"} & set(page.tags)
    assert NASTY in page.text
    assert not any((value or "").startswith("javascript") or name.startswith("on") for _, name, value in page.attributes)


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = Page(written(said(1, "citizen", "hej"), ANSWER).html or "")
    assert not [a for a in page.attributes if a[1] in ("src", "srcset", "background", "data", "poster")]
    assert not any("url(" in (value or "") or "@import" in (value or "") for _, _, value in page.attributes)


@pytest.mark.parametrize(
    "address", ["anna@example.org\r\nBcc: all@example.org", "anna@example.org\nX: y", "anna@example.org, bo@example.org"]
)
def test_no_address_adds_a_header_or_a_recipient(address: str) -> None:
    with pytest.raises(ValueError):
        envelope(settings(), written(said(1, "citizen", "hej")), address)


def test_what_is_said_adds_no_header_whatever_it_holds() -> None:
    lines = "x\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<a@example.org>\r\n"
    mail = read(written(said(1, "citizen", lines)))
    assert mail["Bcc"] is None and mail.get_all("To") == ["anna@example.org"]
    topic = call_back.letter({"handover_id": "f" * 32, "department": "Kontaktcenter", "topic": lines}, key="k", language_name="Suomi",
                             public_url="https://x.example", written=AT)  # fmt: skip
    assert read(topic)["Bcc"] is None and read(topic)["Subject"] == "Medborgare vill bli kontaktad: FFFFFFFF"


@pytest.mark.parametrize("language", ["ar", "fa", "ckb"])
def test_right_to_left(language: str) -> None:
    text = {"ar": "كم تكلفة المكب؟", "fa": "هزینه چقدر است؟", "ckb": "نرخەکەی چەندە؟"}[language]
    letter = written(
        said(1, "citizen", text, language),
        said(2, "bot", "AVC تقبل السيارات.", language),
        said(3, "agent", "Svar på svenska"),
        language=language,
    )
    page = Page(letter.html or "")
    assert ("html", "dir", "rtl") in page.attributes and ("html", "lang", language) in page.attributes
    assert [value for tag, name, value in page.attributes if tag == "div" and name == "dir"] == ["rtl", "rtl", "ltr"]
    assert [value for tag, name, value in page.attributes if tag == "div" and name == "lang"] == [language, language, "sv"]
    assert "\u200fAVC تقبل" in letter.plain  # plain text: a line that begins with a Latin word is still set from the right
    mail = read(letter)
    assert text in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == TEXTS.render("transcript.subject", language)


def test_an_unknown_language_gets_a_frame_that_exists() -> None:
    assert written(said(1, "citizen", "nuqneH", "en"), language="tlh").subject == TEXTS.render("transcript.subject", "en")


@pytest.mark.parametrize("language", [spoken.code for spoken in TEXTS.languages()])
def test_every_language_has_its_letter(language: str) -> None:
    mail = read(written(said(1, "citizen", "x", language), language=language))
    assert mail["Subject"] == TEXTS.render("transcript.subject", language) and mail["Content-Language"] == language


def test_an_address_in_other_letters() -> None:
    made = envelope(settings(), written(said(1, "citizen", "hej")), "åsa@göteborg.se")
    assert made.utf8 and made.recipient == "åsa@göteborg.se"
    plain_local = envelope(settings(), written(said(1, "citizen", "hej")), "asa@göteborg.se")
    assert not plain_local.utf8 and plain_local.recipient == "asa@xn--gteborg-90a.se"
    assert "åsa@göteborg.se".encode() in made.content


def test_a_department_learns_what_waits_and_not_how_to_reach_the_citizen() -> None:
    letter = call_back.letter({"handover_id": "0123456789abcdef" * 2, "department": "Förskoleförvaltningen", "topic": "Söka plats"}, key="k",
                              language_name="Suomi", public_url="https://fraga.example.org/", written=AT)  # fmt: skip
    body = read(letter).get_content()
    for expected in (
        "01234567",
        "Förskoleförvaltningen",
        "Suomi",
        "Söka plats",
        "https://fraga.example.org/desk#/handover/" + "0123456789abcdef" * 2,
    ):
        assert expected in body
