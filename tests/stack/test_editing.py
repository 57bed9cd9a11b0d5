"""An editor corrects an answer; the citizen who asks next gets the new one. Nothing is restarted, nothing trained."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.stack.conftest import EDITORS, Stack

pytestmark = pytest.mark.stack
QUESTION = "vad kostar det att åka till tippen"


class Editor:
    """An editor over the desk's API."""

    def __init__(self, stack: Stack, account: tuple[str, str, str]) -> None:
        self.http = httpx.Client(base_url=f"{stack.url}/desk/v1", timeout=120)
        login = self.http.post("/login", json={"email": account[0], "password": account[2]})
        assert login.status_code == 200, login.text
        self.http.headers["X-CSRF-Token"] = login.json()["csrf_token"]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        response = self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def article(self, article_id: str) -> dict[str, Any]:
        return dict(self.http.get(f"/articles/{article_id}").raise_for_status().json())


def said(stack: Stack) -> str:
    """What a citizen gets for the question."""
    return " ".join(message["text"] for message in stack.open().send(QUESTION)["messages"])


def test_what_two_editors_agree_on_is_what_the_next_citizen_gets(stack: Stack) -> None:
    dan, eva = (Editor(stack, account) for account in EDITORS)
    before = dan.article("avc-regler")
    answer = "Det är alltid gratis på lördagar i det här provet.\n\n" + before["article"]["answer"]["sv"].split("\n\n")[0]
    article = before["article"] | {"answer": before["article"]["answer"] | {"sv": answer}}
    assert "i det här provet" not in said(stack)
    draft = dan.post("/articles/avc-regler/draft", article=article, base_hash=before["hash"], version=None)
    proposal = dan.post(f"/articles/changes/{draft['id']}/propose", version=draft["version"], reason="Prov")
    assert "i det här provet" not in said(stack)
    assert eva.post(f"/articles/changes/{proposal['id']}/publish", version=proposal["version"])["state"] == "published"
    assert "i det här provet" in said(stack)

    after = dan.article("avc-regler")
    back = dan.post(
        "/articles/avc-regler/proposals", action="revert", to=before["hash"], base_hash=after["hash"], reason="Provet är slut"
    )
    eva.post(f"/articles/changes/{back['id']}/publish", version=back["version"])
    assert "i det här provet" not in said(stack)
    assert dan.article("avc-regler")["hash"] == before["hash"]
