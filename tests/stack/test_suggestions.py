"""Suggestions while a citizen types, with everything running: each leads to its own article."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack.conftest import Chat, Stack

pytestmark = pytest.mark.stack


def suggested(chat: Chat, text: str, language: str) -> list[dict[str, Any]]:
    """What the widget would be given."""
    answer = chat.http.get("/chat/v1/suggestions", params={"q": text, "language": language}, headers=chat.auth)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["suggestions"])


@pytest.mark.parametrize(
    ("language", "text"),
    [("sv", "ansöka om bygg"), ("sv", "tippen"), ("sv", "ekonomiskt bist"), ("en", "applying for presch"), ("fi", "esikoulum"), ("ar", "روضة"),
     ("so", "dugsi"), ("fa", "بودجه"), ("uk", "бюджет")],
)  # fmt: skip
def test_a_suggestion_that_is_sent_is_answered_with_its_article(stack: Stack, language: str, text: str) -> None:
    chat = stack.open(language=language)
    stack.wait_until(lambda: bool(suggested(chat, text, language)))  # knowledge is ready before its suggestions are
    first = suggested(chat, text, language)[0]
    assert first["language"] == language
    assert first["dir"] == ("rtl" if language in ("ar", "fa") else "ltr")
    said = chat.send(payload=first["payload"])["messages"]
    assert first["article_id"] in [message.get("article_id") for message in said], (first, said)
