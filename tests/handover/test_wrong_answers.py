"""The knowledge base beside the conversation, and reports of wrong answers that reach the editors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bot.scripted import analysis, article, candidate
from tests.handover.conftest import Office


def answers(office: Office) -> None:
    """The bot answers everything with one article; there is a second one."""
    office.script.rasa = lambda _: [{"type": "answer", "article_ids": ["fel"], "outcome": "answered", "probability": 0.9}]
    office.script.articles |= {
        "fel": article("fel"), "ratt": article("ratt"),
        "ratt:fi": article("ratt", language="fi", title="Oikein", answer="Vastaus.", titles={"sv": "Om ratt", "fi": "Oikein"}),
    }  # fmt: skip


async def reported(office: Office) -> tuple[Any, str, int]:
    agent = await office.staff("Anna Agent")
    _, handover_id = await office.in_queue("Hur gör jag?")
    shown = (await agent.context(handover_id))["messages"]
    return agent, handover_id, next(m["seq"] for m in shown if m.get("article_id") == "fel")


@pytest.mark.asyncio
async def test_search_gives_the_candidates_and_an_article_stands_beside_the_swedish(office: Office) -> None:
    answers(office)
    agent = await office.staff("Anna Agent")
    office.script.analyses["sopor"] = analysis("sv", 0.99, None, candidate("ratt", 0.8), candidate("borta", 0.1))
    found = (await agent.get("/knowledge?q=sopor&language=fi")).json()["articles"]
    assert [(one["article_id"], one["title"], one["translated"]) for one in found] == [("ratt", "Om ratt", False)]
    finnish = (await agent.get("/knowledge/ratt?language=fi")).json()
    assert (finnish["title"], finnish["swedish"]["title"], finnish["fallback"]) == ("Oikein", "Om ratt", False)
    missing = (await agent.get("/knowledge/ratt?language=ti")).json()
    assert (missing["language"], missing["fallback"], "swedish" in missing) == ("sv", True, False)
    assert (await agent.get("/knowledge/finns-inte")).status_code == 404
    office.script.down.add("knowledge")
    assert (await agent.get("/knowledge?q=sopor")).json()["error"]["code"] == "knowledge_unavailable"


@pytest.mark.asyncio
async def test_personal_data_in_a_search_reaches_no_service(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    await agent.get("/knowledge?q=ring+0701234567+om+sopor")
    assert "0701234567" not in office.script.analyzed[-1]


@pytest.mark.asyncio
async def test_a_wrong_answer_reaches_the_editors_once_and_masked(office: Office) -> None:
    answers(office)
    agent, handover_id, seq = await reported(office)
    body = {"seq": seq, "proposed_article_id": "ratt", "question": "Vem hämtar? Ring 070-123 45 67", "note": "Fel hus"}
    first = await agent.post(f"/handovers/{handover_id}/reports", **body)
    again = await agent.post(f"/handovers/{handover_id}/reports", **(body | {"note": "Fel hus helt"}))
    assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
    editor = await office.staff("Eva Editor", role="editor")
    (listed,) = (await editor.get("/articles/reports")).json()["reports"]
    assert listed["question"] == "Vem hämtar? Ring [telefon]"
    assert (listed["article_id"], listed["proposed_article_id"], listed["note"]) == ("fel", "ratt", "Fel hus helt")
    assert listed["agent_name"] == "Anna Agent"
    path = f"/articles/reports/{listed['id']}"
    assert [(await editor.post(path, state="done")).status_code for _ in range(2)] == [200, 200]
    assert len(await office.audited("answer.report_done")) == 1
    after = (await editor.get("/articles/reports")).json()
    assert (after["reports"], after["open"]) == ([], 0)
    assert (await agent.get("/articles/reports")).status_code == 403


@pytest.mark.asyncio
async def test_only_an_answer_that_the_agent_may_see_can_be_reported(office: Office) -> None:
    answers(office)
    agent, handover_id, seq = await reported(office)
    for wrong, code in (({"seq": seq - 1}, "not_an_answer"), ({"seq": 999}, "not_an_answer"),
                        ({"seq": seq, "proposed_article_id": "finns-inte"}, "no_such_article"), ({"seq": seq, "question": " "}, "invalid")):  # fmt: skip
        refused = await agent.post(f"/handovers/{handover_id}/reports", **({"question": "Hur?"} | wrong))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
    bo = await office.staff("Bo Agent")
    await agent.claim(handover_id)
    assert (await bo.post(f"/handovers/{handover_id}/reports", seq=seq, question="Hur?")).status_code == 403
