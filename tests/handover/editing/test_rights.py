"""Who may do what with articles: editors edit, agents read what is in use, nobody else comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handover.conftest import Staff
from tests.handover.editing.conftest import Newsroom
from tests.knowledge.conftest import PRESCHOOL, write_article

pytestmark = pytest.mark.asyncio

READING = ("/articles/changes", "/articles/changes/counts", "/articles/changes/x", "/articles/avc-regler/versions/x")
WRITING = (
    ("/articles/check", {"article": {}}),
    ("/articles/avc-regler/competition", {"language": "sv", "phrasings": []}),
    ("/articles/avc-regler/draft", {"article": {}}),
    ("/articles/avc-regler/proposals", {"action": "expire", "base_hash": "x", "reason": "Fel svar"}),
    ("/articles/avc-regler/expire", {"reason": "Fel svar"}),
    *((f"/articles/changes/x/{step}", {"version": 1, "reason": "abc"} if step == "propose" else {"version": 1})
      for step in ("propose", "withdraw", "discard", "rebase", "publish")),
    ("/articles/changes/x/reject", {"version": 1, "note": "Nej tack"}),
)  # fmt: skip


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


async def test_without_a_session_every_door_is_shut(newsroom: Newsroom) -> None:
    stranger = Staff(newsroom._client(), "", "Nobody")
    for path in ("/articles", "/articles/avc-regler", *READING):
        assert (await stranger.get(path)).status_code == 401, path
    for path, body in WRITING:
        assert (await stranger.post(path, **body)).status_code == 401, path


async def test_an_agent_reads_what_is_in_use_and_edits_nothing(newsroom: Newsroom) -> None:
    assert newsroom.files
    write_article(newsroom.files.articles_dir, PRESCHOOL | {"status": "expired"})
    agent = await newsroom.staff("Asta Agent")
    listed = (await agent.get("/articles")).json()
    assert [row["id"] for row in listed["articles"]] == ["avc-regler", "sfi"]
    seen = (await agent.get("/articles/avc-regler")).json()
    assert seen.keys() == {"article", "hash", "answerable", "preview"}
    assert (await agent.get("/articles/forskola-ansokan")).status_code == 404
    for path in READING:
        assert (await agent.get(path)).json()["error"]["code"] == "forbidden", path
    for path, body in WRITING:
        assert (await agent.post(path, **body)).json()["error"]["code"] == "forbidden", path


async def test_an_editor_does_not_see_the_queue(newsroom: Newsroom) -> None:
    editor = await newsroom.editor("Edit Ek")
    assert (await editor.get("/articles")).status_code == 200
    for path in ("/queue", "/directory", "/settings", "/agents"):
        assert (await editor.get(path)).json()["error"]["code"] == "forbidden", path


async def test_an_admin_edits_too(newsroom: Newsroom) -> None:
    admin = await newsroom.staff("Adam Admin", "admin")
    assert (await admin.get("/articles/changes")).status_code == 200


async def test_a_write_without_the_csrf_token_changes_nothing(newsroom: Newsroom) -> None:
    editor = await newsroom.editor("Edit Ek")
    editor.csrf = "forged"
    for path, body in WRITING:
        assert (await editor.post(path, **body)).json()["error"]["code"] == "csrf", path


async def test_a_draft_is_seen_by_its_author_alone(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    draft = await anna.drafted(sv="Hemligt utkast.")
    assert (await bo.get(f"/articles/changes/{draft['id']}")).status_code == 404
    assert (await bo.step(draft, "publish")).status_code == 404
    assert "Hemligt" not in (await bo.get("/articles/avc-regler")).text
    assert (await bo.article())["drafters"] == ["Anna Ek"]
    assert (await bo.get("/articles")).json()["open"]["avc-regler"] == {"proposals": 0, "draft": False, "drafters": ["Anna Ek"]}


async def test_history_names_people_but_not_their_addresses(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    await bo.step(await anna.proposed(sv="Nytt svar."), "publish")
    seen = await bo.get("/articles/avc-regler")
    assert (seen.json()["history"][0]["author"], seen.json()["history"][0]["approver"]) == ("Anna Ek", "Bo Al")
    assert "@" not in seen.text.replace("@context", "")


@pytest.mark.parametrize("article_id", ["..", "a%2Fb", "A", "x" * 65, "%00", "å"])
async def test_an_id_that_is_none_is_refused(newsroom: Newsroom, article_id: str) -> None:
    editor = await newsroom.editor("Edit Ek")
    assert (await editor.get(f"/articles/{article_id}/versions/abc")).status_code in (404, 422)


@pytest.mark.parametrize("article_id", ["changes", "check", "new"])
async def test_an_article_cannot_be_called_as_an_address_of_the_api(newsroom: Newsroom, article_id: str) -> None:
    editor = await newsroom.editor("Edit Ek")
    refused = await editor.post(f"/articles/{article_id}/draft", article={"id": article_id}, base_hash=None)
    assert refused.status_code in (405, 404, 422)
