"""From draft to answer: one writes, another decides, and nothing is lost, doubled or published unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from knowledge.editing.client import EditingClient, EditingUnavailable
from tests.handover.editing.conftest import Newsroom
from tests.knowledge.conftest import AVC, article_data

pytestmark = pytest.mark.asyncio


async def test_one_proposes_another_publishes_and_the_answer_changes(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    proposal = await anna.proposed(sv="Det är alltid gratis.")
    assert await newsroom.answer() != "Det är alltid gratis."
    assert [row["id"] for row in (await bo.listed())["to_decide"]] == [proposal["id"]]
    assert (await bo.get("/articles/changes/counts")).json() == {"to_decide": 1, "mine": 0}
    seen = await bo.change(proposal)
    assert [item["field"] for item in seen["changes"]][:2] == ["updated", "answer.sv"]
    assert (seen["change"]["reason"], seen["change"]["author"]["name"], seen["valid"]) == ("Bättre svar", "Anna Ek", True)
    assert seen["stale"] == ["en"]
    published = await bo.step(proposal, "publish")
    assert (published.status_code, published.json()["state"]) == (200, "published"), published.text
    assert await newsroom.answer() == "Det är alltid gratis."
    assert (await anna.listed())["decided"][0]["decided_by"] == "Bo Al"
    assert (await anna.article())["history"][0]["reason"] == "Bättre svar"
    steps = [row.action for action in ("article.proposed", "article.published") for row in await newsroom.audited(action)]
    assert steps == ["article.proposed", "article.published"]
    (row,) = await newsroom.audited("article.published")
    assert (row.actor, row.detail) == (bo.id, {"article_id": "avc-regler", "kind": "edit"})


@pytest.mark.parametrize("role", ["editor", "admin"])
async def test_nobody_decides_on_their_own_change(newsroom: Newsroom, role: str) -> None:
    anna = await newsroom.editor("Anna Ek")
    if role == "admin":
        async with newsroom.core.store.write() as tx:
            await tx.conn.execute(schema.agent.update().where(schema.agent.c.id == anna.id).values(role="admin"))
    proposal = await anna.proposed(sv="Nytt svar.")
    for step, body in (("publish", {}), ("reject", {"note": "Nej tack"})):
        refused = await anna.step(proposal, step, **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "four_eyes")
    assert await newsroom.answer() != "Nytt svar."


async def test_a_rejected_proposal_comes_back_with_a_note(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    proposal = await anna.proposed(sv="Nytt svar.")
    assert (await bo.step(proposal, "reject", note=" ")).status_code == 422
    assert (await bo.step(proposal, "reject", note="Källan saknas")).status_code == 200
    assert (await bo.step(proposal, "reject", note="Källan saknas")).status_code == 200  # pressed twice
    (row,) = (await anna.listed())["decided"]
    assert (row["state"], row["decision_note"], row["decided_by"]) == ("rejected", "Källan saknas", "Bo Al")
    assert (await bo.step(proposal, "publish")).json()["error"]["code"] == "moved"
    assert len(await newsroom.audited("article.rejected")) == 1


async def test_pressed_twice_is_published_once(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    proposal = await anna.proposed(sv="Nytt svar.")
    presses = await asyncio.gather(*(bo.step(proposal, "publish") for _ in range(4)))
    assert [press.json()["state"] for press in presses] == ["published"] * 4
    assert len(await newsroom.audited("article.published")) == 1
    assert len((await bo.article())["history"]) == 1


async def test_proposed_twice_is_one_proposal(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    draft = await anna.drafted(sv="Nytt svar.")
    presses = [await anna.step(draft, "propose", reason="Bättre svar") for _ in range(2)]
    assert [press.json()["id"] for press in presses] == [draft["id"]] * 2
    assert len(await newsroom.audited("article.proposed")) == 1


async def test_of_two_who_decide_at_once_one_decides(newsroom: Newsroom) -> None:
    anna, bo, cim = [await newsroom.editor(name) for name in ("Anna Ek", "Bo Al", "Cim Ask")]
    proposal = await anna.proposed(sv="Nytt svar.")
    published, rejected = await asyncio.gather(bo.step(proposal, "publish"), cim.step(proposal, "reject", note="Nej tack"))
    assert sorted((published.status_code, rejected.status_code)) == [200, 409]
    assert (await newsroom.answer() == "Nytt svar.") is (published.status_code == 200)


async def test_what_was_looked_at_is_what_is_published(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    seen = await anna.proposed(sv="Det Bo läste.")
    draft = (await anna.step(seen, "withdraw")).json()
    article = (await anna.change(draft))["change"]["content"]["article"]
    changed = article | {"answer": article["answer"] | {"sv": "Något annat."}}
    saved = (await anna.save(changed, draft["base_hash"], draft["version"])).json()
    assert (await anna.step(saved, "propose", reason="Ändrat igen")).status_code == 200
    assert (await bo.step(seen, "publish")).json()["error"]["code"] == "moved"
    assert await newsroom.answer() not in ("Det Bo läste.", "Något annat.")


async def test_a_proposal_with_a_fault_is_refused_with_the_field(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    draft = await anna.drafted(sv="ord " * 90)
    refused = await anna.step(draft, "propose", reason="Längre svar")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "faults")
    assert "answer.sv" in [item["field"] for item in refused.json()["error"]["findings"]]
    assert (await anna.article())["draft"]["state"] == "draft"


async def test_a_draft_that_changes_nothing_is_no_proposal(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    draft = await anna.drafted()
    assert (await anna.step(draft, "propose", reason="Inget")).json()["error"]["code"] == "nothing_changed"


async def test_a_draft_is_kept_while_writing_and_found_again(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    seen = await anna.article()
    version = None
    for text in ("D", "De", "Det"):
        saved = await anna.save(seen["article"] | {"answer": {"sv": text}}, seen["hash"], version, reason="Påbörjat")
        version = saved.json()["version"]
    draft = (await anna.article())["draft"]  # another browser, another day
    assert (draft["content"]["article"]["answer"], draft["reason"], draft["version"]) == ({"sv": "Det"}, "Påbörjat", version)
    assert await newsroom.scalar(sa.select(sa.func.count()).select_from(schema.article_change)) == 1


async def test_two_windows_on_one_draft_do_not_overwrite_each_other(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    draft = await anna.drafted(sv="Första fönstret.")
    article = (await anna.article())["article"]
    second = await anna.save(article | {"answer": {"sv": "Andra fönstret."}}, draft["base_hash"], None)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "draft_moved")
    windows = [article | {"answer": {"sv": f"Fönster {n}."}} for n in range(2)]
    ok, late = await asyncio.gather(*(anna.save(window, draft["base_hash"], draft["version"]) for window in windows))
    assert sorted((ok.status_code, late.status_code)) == [200, 409]


async def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    seen = await anna.article()
    article = seen["article"] | {"answer": {"sv": "En gång."}}
    first, again = [(await anna.save(article, seen["hash"], None)).json() for _ in range(2)]
    assert (first["id"], first["version"]) == (again["id"], again["version"])
    other = await anna.save(article | {"answer": {"sv": "Mer."}}, seen["hash"], None)
    assert other.json()["error"]["draft"]["content"]["article"]["answer"] == {"sv": "En gång."}


async def test_a_discarded_draft_is_gone(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    draft = await anna.drafted(sv="Nytt.")
    assert (await anna.step(draft | {"version": 7}, "discard")).status_code == 409
    assert (await anna.step(draft, "discard")).status_code == 204
    assert (await anna.article())["draft"] is None


async def test_two_editors_see_each_others_open_proposals_and_the_second_meets_a_conflict(newsroom: Newsroom) -> None:
    anna, bo, cim = [await newsroom.editor(name) for name in ("Anna Ek", "Bo Al", "Cim Ask")]
    first, second = await anna.proposed(sv="Annas svar."), await bo.proposed(sv="Bos svar.", en="Bo's answer.")
    assert {row["author"]["name"] for row in (await cim.article())["proposals"]} == {"Anna Ek", "Bo Al"}
    assert (await cim.step(first, "publish")).status_code == 200
    refused = await cim.step(second, "publish")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    conflict = (await cim.change(second))["conflict"]
    (field,) = conflict["fields"]
    assert (field["field"], field["current"], field["proposed"]) == ("answer.sv", "Annas svar.", "Bos svar.")
    assert field["base"].startswith("Det är gratis")
    # Only its author makes it anew; it is a draft until proposed again.
    assert (await cim.step(second, "rebase")).json()["error"]["code"] == "not_yours"
    chosen = conflict["merged"] | {"answer": conflict["merged"]["answer"] | {"sv": "Båda svaren."}}
    rebased = (await bo.step(second, "rebase", article=chosen)).json()
    assert rebased["state"] == "draft"
    proposed = (await bo.step(rebased, "propose", reason="Sammanfört")).json()
    assert (await bo.change(proposed))["conflict"] is None
    assert (await cim.step(proposed, "publish")).status_code == 200
    assert await newsroom.answer() == "Båda svaren."


async def test_a_file_changed_by_hand_is_a_conflict_too(newsroom: Newsroom, edit: Callable[..., Path]) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    proposal = await anna.proposed(sv="Annas svar.")
    edit(AVC, title={"sv": "Ändrad för hand", "en": "Changed by hand"})
    assert (await bo.step(proposal, "publish")).json()["error"]["code"] == "conflict"
    rebased = (await anna.step(proposal, "rebase")).json()  # nothing clashes: the merge will do
    again = (await anna.step(rebased, "propose", reason="Bättre svar")).json()
    assert (await bo.step(again, "publish")).status_code == 200
    article = (await anna.article())["article"]
    assert (article["title"]["sv"], article["answer"]["sv"]) == ("Ändrad för hand", "Annas svar.")


async def test_a_newer_proposal_takes_the_place_of_the_authors_older_one(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    first, second = await anna.proposed(sv="Första."), await anna.proposed(sv="Andra.")
    assert (await anna.change(first))["change"]["state"] == "superseded"
    assert [row["id"] for row in (await anna.listed())["mine"]] == [second["id"]]


async def test_a_new_article_from_nothing(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    new = article_data("ny-artikel")
    draft = (await anna.save(new, None)).json()
    assert (draft["kind"], [row["article_id"] for row in (await anna.get("/articles")).json()["new"]]) == ("new", ["ny-artikel"])
    proposal = (await anna.step(draft, "propose", reason="Ny fråga")).json()
    assert (await bo.step(proposal, "publish")).status_code == 200
    assert await newsroom.answer("ny-artikel") == "Det är gratis."
    taken = await bo.save(new, None)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "exists")


async def test_one_press_proposes_a_review_date_an_expiry_or_an_earlier_version(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    first = await anna.article()
    await bo.step(await anna.proposed(sv="Fel svar."), "publish")
    seen = await anna.article()

    def quick(action: str, **more: Any) -> dict[str, Any]:
        return {"action": action, "base_hash": seen["hash"], "reason": "Rätt igen"} | more

    back = quick("revert", to=first["hash"])
    presses = [(await anna.post("/articles/avc-regler/proposals", **back)).json() for _ in range(2)]
    assert presses[0]["id"] == presses[1]["id"]
    assert (await bo.step(presses[0], "publish")).status_code == 200
    assert await newsroom.answer() == first["preview"]["sv"]["answer"]
    seen = await anna.article()
    for body, field in ((quick("review", review_by="2027-10-01", confirmed=True), "review_by"), (quick("expire"), "status")):
        made = await anna.post("/articles/avc-regler/proposals", **body)
        assert made.status_code == 200, made.text
        assert field in [item["field"] for item in (await bo.change(made.json()))["changes"]]
    stale = quick("expire") | {"base_hash": "0" * 16}
    assert (await anna.post("/articles/avc-regler/proposals", **stale)).json()["error"]["code"] == "changed"
    for lacking in ("review", "revert", "reviewed"):
        assert (await anna.post("/articles/avc-regler/proposals", **quick(lacking))).status_code == 422


async def test_a_reviewed_translation_needs_a_second_pair_of_eyes_too(newsroom: Newsroom) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    body = {"action": "reviewed", "language": "en", "base_hash": (await anna.article())["hash"], "reason": "Läst mot svenskan"}
    made = (await anna.post("/articles/avc-regler/proposals", **body)).json()
    assert (await anna.article())["translations"]["en"]["state"] == "drafted"
    await bo.step(made, "publish")
    assert (await anna.article())["translations"]["en"]["state"] == "reviewed"


async def test_one_editor_alone_takes_a_wrong_answer_out_of_use_at_once(newsroom: Newsroom) -> None:
    anna = await newsroom.editor("Anna Ek")
    assert (await anna.post("/articles/avc-regler/expire", reason="")).status_code == 422
    presses = await asyncio.gather(*(anna.post("/articles/avc-regler/expire", reason="Avgiften är fel") for _ in range(2)))
    assert [press.status_code for press in presses] == [200, 200]
    assert await newsroom.answer() is None
    audits = await newsroom.audited("article.expired")
    assert {row.actor for row in audits} == {anna.id}
    history = (await anna.article())["history"]
    assert [(item["author"], item["approver"], item["reason"]) for item in history] == [("Anna Ek", None, "Avgiften är fel")]
    # Into use again it comes by four eyes only.
    seen = await anna.article()
    draft = (await anna.save(seen["article"] | {"status": "published"}, seen["hash"])).json()
    proposal = (await anna.step(draft, "propose", reason="Rättad")).json()
    assert (await anna.step(proposal, "publish")).status_code == 403


async def test_a_publication_whose_answer_was_lost_is_settled_by_publishing_again(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bo, cim = [await newsroom.editor(name) for name in ("Anna Ek", "Bo Al", "Cim Ask")]
    proposal = await anna.proposed(sv="Nytt svar.")
    write = EditingClient.write

    async def answer_lost(*arguments: Any, **named: Any) -> Any:
        await write(*arguments, **named)
        raise EditingUnavailable("PUT: ReadTimeout")

    monkeypatch.setattr(EditingClient, "write", answer_lost)
    assert (await bo.step(proposal, "publish")).status_code == 503
    monkeypatch.setattr(EditingClient, "write", write)
    # Meanwhile nobody can say no to what citizens get already.
    assert (await cim.step(proposal, "reject", note="Nej tack")).json()["error"]["code"] == "already_written"
    assert (await anna.step(proposal, "withdraw")).json()["error"]["code"] == "moved"
    newsroom.clock.forward(minutes=3)
    assert (await cim.step(proposal, "publish")).json()["state"] == "published"
    assert await newsroom.answer() == "Nytt svar."
    assert len((await anna.article())["history"]) == 1


async def test_with_the_knowledge_service_down_writing_goes_on_and_it_is_said(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bo = await newsroom.editor("Anna Ek"), await newsroom.editor("Bo Al")
    proposal, draft = await anna.proposed("sfi", sv="Nytt svar."), await anna.drafted(sv="Nytt svar.")

    async def silent(*_: Any, **__: Any) -> Any:
        raise EditingUnavailable("GET: ConnectError")

    monkeypatch.setattr(EditingClient, "_send", silent)
    for refused in (
        await anna.get("/articles"),
        await anna.step(draft, "propose", reason="Bättre"),
        await bo.step(proposal, "publish"),
    ):
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "knowledge_unavailable")
    article = draft_article = {"id": "avc-regler", "answer": {"sv": "Fortsätter skriva."}}
    assert (await anna.save(article, draft["base_hash"], draft["version"])).status_code == 200
    monkeypatch.undo()
    assert (await anna.article())["draft"]["content"]["article"] == draft_article
    assert (await bo.step(proposal, "publish")).status_code == 200


async def test_a_token_that_the_knowledge_service_does_not_know_is_named(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await newsroom.editor("Anna Ek")
    send = EditingClient._send

    async def other_token(self: EditingClient, method: str, path: str, **more: Any) -> Any:
        return await send(self, method, path, **more, headers={"Authorization": "Bearer other"})

    monkeypatch.setattr(EditingClient, "_send", other_token)
    refused = (await anna.get("/articles")).json()["error"]
    assert refused["code"] == "editing_off"
    assert "KNOWLEDGE_TOKEN" in refused["message"]
