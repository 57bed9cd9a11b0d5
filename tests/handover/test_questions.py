"""What a question for consent offers on which channel, and the list of messages that can be struck. Pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover import questions
from handover.questions import BACK, CANCEL, LIST, LONGEST, MOST, NO, SEND, STRIKE, WITHOUT, YES


def shown(*authors: str) -> dict[str, Any]:
    messages = [{"seq": number, "author": author, "text": f"{author} {number}"} for number, author in enumerate(authors, 1)]
    return {"messages": messages, "department": "Kontaktcenter"}


def actions(question: Any) -> list[str]:
    return [button.action for button in question.buttons]


@pytest.mark.parametrize(
    ("channel", "authors", "again", "offered"),
    [
        ("web", ("citizen",), False, [SEND, WITHOUT, CANCEL]),
        ("sms", ("citizen", "bot"), False, [SEND, WITHOUT, f"{LIST}:", CANCEL]),
        ("sms", ("bot",), False, [SEND, WITHOUT, CANCEL]),
        ("sms", ("bot",), True, [SEND, WITHOUT, CANCEL]),
        ("sms", (), True, [WITHOUT, CANCEL]),
    ],
)
def test_striking_is_offered_where_it_cannot_be_done_in_place(
    channel: str, authors: tuple[str, ...], again: bool, offered: list[str]
) -> None:
    assert actions(questions.consent("asked", shown(*authors), channel=channel, again=again)) == offered


def test_another_board_s_question_says_which_it_is() -> None:
    asked = questions.passing("Social", shown("citizen"), 2, channel="sms")
    assert actions(asked) == [f"{YES}:2", f"{NO}:2", f"{LIST}:2"]
    assert actions(questions.passing("Social", shown(), 2, channel="sms", again=True)) == [f"{NO}:2"]


def test_the_last_messages_are_listed_and_older_ones_after_them() -> None:
    said = shown(*["citizen", "bot"] * 10)
    listed = questions.which("", said, None, said="Ta bort")
    assert listed is not None
    assert len(listed.buttons) == MOST + 2 == 10  # what a list on WhatsApp holds
    assert actions(listed)[0] == f"{STRIKE}::5" and actions(listed)[-2:] == [f"{LIST}::5", f"{BACK}:"]
    older = questions.which("", said, 5, said="Ta bort")
    assert older is not None and actions(older) == [f"{STRIKE}::1", f"{STRIKE}::3", f"{BACK}:"]
    assert questions.which("", said, 1, said="Ta bort") is None


def test_a_choice_quotes_and_says_nothing_of_it_when_pressed() -> None:
    listed = questions.which("1", shown("citizen"), None, said="Ta bort")
    assert listed is not None
    choice = listed.buttons[0]
    assert (choice.title, choice.quotes, choice.said) == ('"citizen 1"', 1, "Ta bort")


@given(st.text(min_size=1, max_size=200))
def test_a_message_is_one_short_line(text: str) -> None:
    line = questions.shortened(text)
    assert len(line) <= LONGEST and len(line.splitlines()) <= 1
    assert line.endswith("…") or line == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hej\n\ndär", "Hej där"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * 60, "x" * (LONGEST - 1) + "…"),
        ("Min granne spelar trumpet, varje natt hela året", "Min granne spelar trumpet, varje natt…"),
    ],
)
def test_it_is_cut_between_words(text: str, line: str) -> None:
    assert questions.shortened(text) == line
