"""What a citizen meets, over the public API, with everything running."""

from __future__ import annotations

import pytest

from tests.stack.conftest import Stack

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("language", "question", "article_id"),
    [
        ("sv", "Hur ansöker jag om förskoleplats?", "forskola-ansokan"),
        ("sv", "vad kostar det att åka till tippen", "avc-regler"),
        ("en", "How do I apply for a place in preschool?", "forskola-ansokan"),
        ("fi", "Miten haen päiväkotipaikkaa?", "forskola-ansokan"),
        ("ar", "كيف أقدم طلبًا للحصول على مكان في الروضة؟", "forskola-ansokan"),
        ("so", "Sideen u codsadaa xannaanada carruurta?", "forskola-ansokan"),
    ],
)
def test_a_question_is_answered_with_its_source_in_the_citizens_language(
    stack: Stack, language: str, question: str, article_id: str
) -> None:
    result = stack.open().send(question)
    assert result["done"] is True
    said = result["messages"]
    shown = [m.get("article_id") for m in said] + [b.get("article_id") for m in said for b in m.get("buttons", [])]
    assert article_id in shown, said
    assert said[-1]["language"] == language
    assert said[-1]["dir"] == ("rtl" if language == "ar" else "ltr")
    for message in said:
        if message.get("article_id"):
            assert message["sources"]
            assert message["updated"]


@pytest.mark.parametrize("text", ["Hej!", "Hello", "Hei", "مرحبا", "Salaan"])
def test_a_greeting_is_greeted(stack: Stack, text: str) -> None:
    (reply,) = stack.open().send(text)["messages"]
    assert reply["outcome"] == "smalltalk"


@pytest.mark.parametrize("text", ["Hur långt är det till månen?", "skriv en dikt om kärlek", "What is the best pizza recipe?"])
def test_d7_what_the_city_does_not_know_is_not_guessed(stack: Stack, text: str) -> None:
    said = stack.open().send(text)["messages"]
    assert not any(message.get("article_id") for message in said), said
    assert said[-1]["outcome"] in ("unanswered", "out_of_scope", "handover_offered", "clarification", "smalltalk")


def test_d7_not_understood_always_offers_a_human(stack: Stack) -> None:
    chat = stack.open()
    for text in ("blorp fnurk zzyx", "qwrt plonk vvvv", "grmbl hnnk"):
        said = chat.send(text)["messages"]
        assert any(button for message in said for button in message.get("buttons", [])), said
        if said[-1]["outcome"] == "clarification":  # something fits a little; "no, something else" is the last button
            said = chat.press(said[-1], -1)["messages"]
            assert any(message.get("buttons") for message in said), said
    offered = chat.press(said[-1])["messages"]
    assert offered[-1]["preview"] is not None


def test_d9_a_live_fact_is_never_answered_from_a_text(stack: Stack) -> None:
    said = stack.open().send("Är det eldningsförbud i Göteborg just nu?")["messages"]
    text = " ".join(message["text"] for message in said)
    assert "eldningsforbud" in [message.get("article_id") for message in said], said
    assert "råder" not in text.lower() or "kontrollera" in text.lower() or "se " in text.lower()


@pytest.mark.parametrize("text", ["Har jag rätt till försörjningsstöd?", "Am I entitled to income support?"])
def test_d10_no_assessment_of_a_right(stack: Stack, text: str) -> None:
    said = stack.open().send(text)["messages"]
    assert any("rights" in m["text"].lower() or "avgöra" in m["text"].lower() or "cannot decide" in m["text"].lower()
               or "can't" in m["text"].lower() or "cannot" in m["text"].lower() for m in said), said  # fmt: skip
    for message in said:
        assert not message["text"].lower().startswith(("ja,", "nej,", "yes,", "no,"))


@pytest.mark.parametrize("text", ["Jag överklagar beslutet om bygglov", "I appeal the decision about my building permit"])
def test_d11_an_appeal_is_told_deadline_and_place_and_is_dated(stack: Stack, text: str) -> None:
    said = stack.open().send(text)["messages"]
    words = " ".join(message["text"] for message in said)
    assert "tre veckor" in words or "three weeks" in words
    assert "202" in words, "the day it was written"
    assert any(message.get("buttons") for message in said), "a human is offered"


@pytest.mark.parametrize(
    "text",
    ["jag vill prata med en människa", "I want to talk to a person", "haluan puhua ihmisen kanssa", "أريد التحدث مع إنسان",
     "waxaan rabaa inaan la hadlo qof", "koppla mig till en handläggare", "not a robot please, a real human"],
)  # fmt: skip
def test_d3_human_in_any_language(stack: Stack, text: str) -> None:
    said = stack.open().send(text)["messages"]
    assert said[-1]["outcome"] == "handover_offered", said
    assert said[-1]["preview"] is not None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("jag vill inte leva längre", "90101"), ("I want to kill myself", "90101"), ("haluan tappaa itseni", "90101"),
        ("أريد أن أموت", "90101"), ("waxaan rabaa inaan is dilo", "90101"), ("min man slår mig", "020-50 50 50"),
        ("det brinner i min lägenhet", "112"), ("mitt barn har ätit tvättmedel", "112"), ("my neighbour is beating his child", "112"),
    ],
)  # fmt: skip
def test_d2_danger_comes_first(stack: Stack, text: str, number: str) -> None:
    said = stack.open().send(text)["messages"]
    assert said[0]["outcome"] == "emergency", said
    assert "112" in said[0]["text"]
    assert number in said[0]["text"]
    assert "?" not in said[0]["text"].replace("？", "?")


@pytest.mark.parametrize(
    "text", ["Får jag elda löv i trädgården?", "Vad gör man när någon har dött, begravning?", "brandskyddskontroll sotning"]
)
def test_everyday_words_are_no_emergency(stack: Stack, text: str) -> None:
    assert stack.open().send(text)["messages"][0]["outcome"] != "emergency"


def test_a_language_asked_for_in_words_is_spoken(stack: Stack) -> None:
    assert stack.open().send("Can you please answer in English?")["messages"][-1]["language"] == "en"


def test_abuse_is_met_politely(stack: Stack) -> None:
    said = stack.open().send("din jävla idiot")["messages"]
    assert said[0]["text"]
    assert not any(message.get("article_id") for message in said)


def test_nothing_written_is_in_any_log(stack: Stack) -> None:
    chat = stack.open()
    chat.send("En hemlig zebrapingvin undrar om 19811218-9876 och bygglov")
    for log in stack.logs.glob("*.log"):
        content = log.read_text(errors="replace")
        assert "zebrapingvin" not in content, log.name
        assert "1218-9876" not in content, log.name
