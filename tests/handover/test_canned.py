"""Canned replies: which text an agent gets, who may edit what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from handover.assist import canned
from handover.assist.canned import CannedReply, filled, offered, unknown_variables, variant
from tests.bot.scripted import analysis
from tests.handover.conftest import HUMAN, Office, Staff, press

BODY: dict[str, Any] = {"shortcut": "/Sopor", "title": "Sopor", "department": None,
                        "texts": {"sv": "Hej {citizen_language}, {agent}!", "fi": "Hei, {agent}!"}}  # fmt: skip


def reply(**changes: Any) -> CannedReply:
    values = {"id": "1", "department": None, "shortcut": "hej", "title": "Hej", "texts": {"sv": "Hej {agent}"}, "version": 1}
    return CannedReply(**(values | changes))


def test_the_citizens_language_is_chosen_and_swedish_where_it_is_missing() -> None:
    one = reply(texts={"sv": "Hej", "fi": "Hei", "ar": ""})
    assert variant(one, "fi") == ("fi", "Hei")
    assert variant(one, "ar") == variant(one, "ti") == ("sv", "Hej")


def test_variables_are_filled_and_one_without_a_value_stays_to_be_seen() -> None:
    assert filled("{agent}: {opening} {huh}", {"agent": "Anna {opening}", "opening": ""}) == "Anna {opening}: {opening} {huh}"
    assert unknown_variables({"sv": "{agent} {x}", "fi": "{y} {{}} {x}"}) == ["x", "y"]


def test_the_departments_own_come_first_and_other_departments_are_left_out() -> None:
    rows = offered(
        [reply(id="all"), reply(id="own", department="a", title="Ö"), reply(id="other", department="b")],
        department="a", language="fi", values={"sv": {"agent": "Anna"}, "fi": {"agent": "Anna"}},
    )  # fmt: skip
    assert [row["id"] for row in rows] == ["own", "all"]
    assert (rows[1]["text"], rows[1]["language"], rows[1]["fallback"]) == ("Hej Anna", "sv", True)


def test_the_starter_replies_are_whole() -> None:
    for row in canned.starter():
        assert len(row["texts"]) == 15, row["shortcut"]
        assert unknown_variables(row["texts"]) == []


async def shortcuts(agent: Staff, handover_id: str) -> dict[str, dict[str, Any]]:
    response = await agent.get(f"/handovers/{handover_id}/replies")
    assert response.status_code == 200, response.text
    return {row["shortcut"]: row for row in response.json()["replies"]}


@pytest.mark.asyncio
async def test_an_agent_gets_texts_in_the_citizens_language_beside_the_swedish(office: Office) -> None:
    office.script.analyses[HUMAN] = analysis("fi", 0.99, {"ask_human": 0.99})
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen(language="fi")
    await press(citizen, await office.asks_for_human(citizen))
    handover_id = await office.handover_of(citizen)
    hello = (await shortcuts(agent, handover_id))["hej"]
    assert hello["text"].startswith("Hei! Nimeni on Anna Agent")
    assert hello["swedish"].startswith("Hej! Jag heter Anna Agent")
    assert (hello["language"], hello["dir"], hello["fallback"]) == ("fi", "ltr", False)
    thanks = (await shortcuts(agent, handover_id))["tack"]
    assert handover_id[:8].upper() in thanks["text"]


@pytest.mark.asyncio
async def test_replies_are_edited_by_who_answers_for_the_department(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    supervisor = await office.staff("Siv Samordnare", role="supervisor", departments=("kontaktcenter",))
    made = await admin.post("/replies", **BODY)
    assert (made.status_code, made.json()["shortcut"]) == (201, "sopor")
    assert (await admin.post("/replies", **BODY)).json()["error"]["code"] == "shortcut_taken"
    path = f"/replies/{made.json()['id']}"
    refused = await supervisor.http.patch(f"/desk/v1{path}", json=BODY | {"version": 1}, headers=supervisor.headers)
    assert refused.json()["error"]["code"] == "other_department"  # everybody's
    own = BODY | {"shortcut": "egen", "department": "kontaktcenter"}
    assert (await supervisor.post("/replies", **own)).status_code == 201
    changed = await admin.http.patch(f"/desk/v1{path}", json=BODY | {"title": "Ny", "version": 1}, headers=admin.headers)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = await admin.http.patch(f"/desk/v1{path}", json=BODY | {"title": "Gammal", "version": 1}, headers=admin.headers)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed")
    assert (await supervisor.post(f"{path}/delete")).status_code == 403
    assert [(await admin.post(f"{path}/delete")).status_code for _ in range(2)] == [204, 404]
    assert len(await office.audited("canned.deleted")) == 1


@pytest.mark.asyncio
async def test_a_reply_that_is_not_in_order_is_refused(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    faults: list[tuple[dict[str, Any], str]] = [
        ({"texts": {"fi": "Hei"}}, "swedish_missing"),
        ({"texts": {"sv": "Hej {namn}"}}, "unknown_variable"),
        ({"texts": {"sv": "Hej", "xx": "?"}}, "invalid"),
        ({"department": "finns-inte"}, "invalid"),
        ({"shortcut": "två ord"}, "invalid"),
        ({"texts": {"sv": "x" * 2001}}, "invalid"),
    ]
    for change, code in faults:
        refused = await admin.post("/replies", **(BODY | change))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, code), change


@pytest.mark.asyncio
async def test_what_a_desk_has_deleted_stays_deleted_after_a_restart(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    listed = (await admin.get("/replies")).json()["replies"]
    assert len(listed) == len(canned.starter())
    await admin.post(f"/replies/{listed[0]['id']}/delete")
    async with office.core.store.write() as tx:
        assert await canned.seed(tx, now=office.core.now(), rows=canned.starter()) == 0
