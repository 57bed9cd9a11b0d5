"""What a conversation adds to a single question: follow-ups, several questions, one word, somebody else's business."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack.conftest import Stack

pytestmark = pytest.mark.stack


def shown(messages: list[dict[str, Any]]) -> list[str]:
    """Articles answered with or asked about."""
    return [
        *(message["article_id"] for message in messages if message.get("article_id")),
        *(button["article_id"] for message in messages for button in message.get("buttons", []) if button.get("article_id")),
    ]


@pytest.mark.parametrize(
    ("language", "question", "follow_up", "articles"),
    [
        ("sv", "Hur ansöker jag om bygglov?", "och hur lång tid tar det?", {"bygglov-avgift", "bygglov-ansok"}),
        ("en", "How do I get a library card?", "what if I lose it?", {"bibliotek-kort", "bibliotek-lan"}),
    ],
)
def test_a_follow_up_is_about_the_answer_before_it(
    stack: Stack, language: str, question: str, follow_up: str, articles: set[str]
) -> None:
    chat = stack.open(language=language)
    chat.send(question)
    said = chat.send(follow_up)["messages"]
    assert articles & set(shown(said)), said


def test_a_new_question_after_an_answer_is_a_new_question(stack: Stack) -> None:
    chat = stack.open()
    chat.send("Hur ansöker jag om bygglov?")
    assert "skadedjur" in shown(chat.send("Det finns råttor på gården, vem ringer jag?")["messages"])
    (thanks,) = chat.send("Tack så mycket!")["messages"]
    assert thanks["outcome"] == "smalltalk"


@pytest.mark.parametrize(
    "text",
    [
        "Hur ansöker jag om bygglov? Hur skaffar jag bibliotekskort?",
        "Hur ansöker jag om bygglov och hur skaffar jag bibliotekskort",
    ],
)
def test_two_questions_get_two_answers(stack: Stack, text: str) -> None:
    said = stack.open().send(text)["messages"]
    assert [message["article_id"] for message in said if message.get("article_id")] == ["bygglov-ansok", "bibliotek-kort"]


def test_one_wide_word_is_asked_about(stack: Stack) -> None:
    (reply,) = stack.open().send("avgift")["messages"]
    assert reply["outcome"] == "clarification"
    assert len(shown([reply])) == 3


@pytest.mark.parametrize(
    ("text", "host"),
    [("När ska deklarationen vara inlämnad?", "skatteverket.se"), ("Hur söker jag vapenlicens för jakt?", "polisen.se")],
)
def test_somebody_elses_question_is_pointed_there_and_a_human_is_offered(stack: Stack, text: str, host: str) -> None:
    said = stack.open().send(text)["messages"]
    assert said[-1]["outcome"] == "out_of_scope", said
    assert host in said[-1]["text"] and host in said[-1]["links"][0]["url"]
    assert said[-1]["buttons"]


def test_another_citys_question_is_not_answered_with_ours(stack: Stack) -> None:
    said = stack.open().send("Vad kostar förskolan i Malmö?")["messages"]
    assert not any(message.get("article_id") for message in said), said
