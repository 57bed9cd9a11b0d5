"""A stored reply on channels of different abilities."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

import pytest

from bot.settings import ROOT
from bot.texts import Catalogue
from connectors.contract import Capabilities, Choice, Reply
from connectors.rendering.render import Rendering
from knowledge.sms import sms_size

TEXTS = Catalogue.load(ROOT / "texts")
RENDERING = Rendering(TEXTS, "https://fraga.example.se/")
SMS = Capabilities(max_length=918, sms=True, related=False)
CHAT = Capabilities(max_length=4096, buttons=8, button_title=64, markup="html")
PLAIN = Capabilities(max_length=300, buttons=3, button_title=20)
CHOICES = (Choice("Sortera avfall", "p1", "avfall-sortering"), Choice("Boka sophämtning", "p2", "avfall-boka"))


def reply(text: str = "Svaret.", **changes: Any) -> Reply:
    fields: dict[str, Any] = {
        "message_id": "m1", "conversation_id": "c1", "seq": 2, "author": "bot", "text": text, "language": "sv",
        "created_at": dt.datetime(2026, 11, 22, tzinfo=dt.UTC), "address": "+46700000001",
    }  # fmt: skip
    return Reply(**(fields | changes))


def article(**changes: Any) -> Reply:
    payload = {
        "title": "Sopor & grovsopor", "short": "Lämna på återvinningscentralen.", "updated": "2026-11-01",
        "sources": [{"url": "https://goteborg.se/a?b=1&c=2", "title": "Avfall <här>", "year": 2026}],
        "links": [{"url": "https://goteborg.se/boka", "title": "Boka"}],
    }  # fmt: skip
    return reply("Hela svaret.", article_id="avfall-grovsopor", outcome="answered", payload=payload, **changes)


def test_an_answer_by_sms_is_its_short_text_and_a_link() -> None:
    (part,) = RENDERING.render(article(), SMS)
    assert part.text == "Lämna på återvinningscentralen.\nMer: https://fraga.example.se/a/avfall-grovsopor"
    assert part.key == "m1.0" and part.address == "+46700000001" and part.choices == ()


def test_the_first_sms_says_that_it_is_an_ai_and_whose() -> None:
    (part,) = RENDERING.render(article(first=True), SMS)
    assert part.text.startswith(TEXTS.render("channel.disclosure_sms", "sv") + "\n")
    assert "Göteborgs Stad" in part.text.splitlines()[0]


def test_a_greeting_that_says_so_itself_is_not_told_twice() -> None:
    (part,) = RENDERING.render(reply("Hej, jag är en AI.", first=True, payload={"disclosed": True}), SMS)
    assert part.text == "Hej, jag är en AI."


@pytest.mark.parametrize("capabilities", [SMS, CHAT, PLAIN], ids=["sms", "chat", "plain"])
def test_in_an_emergency_the_number_comes_first_and_the_disclosure_last(capabilities: Capabilities) -> None:
    parts = RENDERING.render(reply("Ring 112 nu.", first=True, outcome="emergency"), capabilities)
    whole = "\n".join(part.text for part in parts)
    assert whole.startswith("Ring 112") and "AI" in whole.split("Ring 112 nu.")[1]


def test_in_an_answer_that_is_full_the_link_goes_then_the_long_disclosure() -> None:
    def first_line(length: int) -> tuple[str, bool]:
        answer = article(first=True)
        answer.payload["short"] = "x" * length
        (part,) = RENDERING.render(answer, SMS)
        assert sms_size(part.text).parts == 2
        return part.text.splitlines()[0], "/a/" in part.text

    long, brief = TEXTS.render("channel.disclosure_sms", "sv"), TEXTS.render("channel.disclosure_sms_brief", "sv")
    assert first_line(200) == (long, True)
    assert first_line(306 - len(long) - 1) == (long, False)
    assert first_line(306 - len(long)) == (brief, False)
    assert first_line(306 - len(brief) - 1) == (brief, False)


def test_choices_without_buttons_are_numbered() -> None:
    (part,) = RENDERING.render(reply("Vad menar du?", choices=CHOICES), SMS)
    assert part.text == "Vad menar du?\n1. Sortera avfall\n2. Boka sophämtning\nSvara med en siffra."
    assert part.choices == () and part.extra["choices"] == CHOICES


def test_related_articles_are_not_offered_by_sms() -> None:
    (part,) = RENDERING.render(article(choices=CHOICES), SMS)
    assert "1." not in part.text


def test_choices_with_buttons_stand_on_them() -> None:
    (part,) = RENDERING.render(reply("Vad menar du?", choices=CHOICES), CHAT)
    assert part.text == "Vad menar du?" and part.choices == CHOICES


def test_titles_too_long_for_buttons_are_numbered_and_the_buttons_show_the_numbers() -> None:
    (part,) = RENDERING.render(reply("Vad?", choices=(Choice("x" * 21, "p1"), Choice("kort", "p2"))), PLAIN)
    assert part.text.endswith("1. " + "x" * 21 + "\n2. kort")
    assert [(c.title, c.payload) for c in part.choices] == [("1", "p1"), ("2", "p2")]


def test_more_choices_than_buttons_are_numbered_in_the_text() -> None:
    many = tuple(Choice(f"Val {n}", f"p{n}") for n in range(1, 5))
    (part,) = RENDERING.render(reply("Vad?", choices=many), PLAIN)
    assert part.choices == () and "4. Val 4" in part.text and part.text.endswith("Svara med en siffra.")


def test_markup_escapes_what_editors_and_citizens_write() -> None:
    (part,) = RENDERING.render(article(), CHAT)
    assert "<b>Sopor &amp; grovsopor</b>" in part.text
    assert '<a href="https://goteborg.se/a?b=1&amp;c=2">Källa: Avfall &lt;här&gt;</a>' in part.text
    assert RENDERING.render(reply("<script> & co"), CHAT)[0].text == "&lt;script&gt; &amp; co"


def test_a_long_text_in_markup_is_cut_before_it_is_escaped() -> None:
    capabilities = Capabilities(max_length=50, markup="html")
    parts = RENDERING.render(reply(" ".join(["&<>"] * 40)), capabilities)
    assert all(len(part.text) <= 50 for part in parts)
    assert " ".join(html.unescape(part.text) for part in parts) == " ".join(["&<>"] * 40)


def test_parts_are_the_same_every_time_and_only_the_last_has_buttons() -> None:
    long = reply("Mening ett. " * 60, choices=CHOICES)
    parts = RENDERING.render(long, PLAIN)
    assert len(parts) > 1 and parts == RENDERING.render(long, PLAIN)
    assert [part.key for part in parts] == [f"m1.{n}" for n in range(len(parts))]
    assert [bool(part.choices) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_what_a_consent_passes_on_is_counted() -> None:
    preview = {"messages": [{}, {}]}
    (part,) = RENDERING.render(reply("Får vi skicka?", payload={"preview": preview}), SMS)
    assert "2 meddelanden" in part.text


@pytest.mark.parametrize(
    ("messages", "said"), [([{}], "1 meddelanden. Borttagna: 2."), ([], "Inget av det du har skrivit skickas.")]
)
def test_what_was_struck_from_it_is_counted_too(messages: list[dict[str, str]], said: str) -> None:
    for capabilities in (SMS, PLAIN):
        parts = RENDERING.render(reply("Vill du?", payload={"preview": {"messages": messages, "struck": 2}}), capabilities)
        assert said in parts[0].text


def test_an_agents_long_message_goes_out_in_several_and_whole() -> None:
    text = "Det här är en mening. " * 180
    parts = RENDERING.render(reply(text, author="agent"), SMS)
    assert len(parts) == 5 and " ".join(part.text for part in parts) == text.strip()
    assert all(sms_size(part.text).parts <= 6 for part in parts)


def test_a_message_of_a_picture_alone_is_not_lost() -> None:
    assert [part.text for part in RENDERING.render(reply("👍", author="agent"), SMS)] == ["👍"]
