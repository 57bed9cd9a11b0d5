"""A registrar finds one conversation and gets a copy of it; every look is audited."""

from __future__ import annotations

import pytest

from tests.handover.conftest import Office

pytestmark = pytest.mark.asyncio


async def test_one_conversation_is_found_and_copied_with_all_that_was_said_and_noted(office: Office) -> None:
    admin, anna = await office.staff("Rut Registrator", role="admin"), await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Grannen bygger <b>högt</b>, ring 070-174 06 05")
    await anna.claim(handover_id)
    await anna.write(handover_id, "Jag tittar på det")
    await anna.post(f"/handovers/{handover_id}/notes", text="Ärende hos byggnadsnämnden")
    one = citizen.conversation_id

    for query in (f"named={one}", f"named={handover_id}", "day=2026-11-23"):
        (found,) = (await admin.get(f"/records?{query}")).json()["conversations"]
        assert (found["id"], found["channel"], found["held"]) == (one, "web", None)
    assert (await admin.get("/records?named=nobody")).json() == {"conversations": []}
    assert (await admin.get("/records?day=2026-11-22")).json() == {"conversations": []}
    assert (await admin.get("/records")).status_code == 422

    answer = await admin.get(f"/records/{one}")
    assert answer.headers["content-disposition"] == f'attachment; filename="samtal-{one}.json"'
    copy = answer.json()
    assert [message["seq"] for message in copy["messages"]] == list(range(1, len(copy["messages"]) + 1)), "whole, in order"
    said = {message["author"]: message for message in copy["messages"]}
    assert (said["agent"]["text"], said["agent"]["agent_name"]) == ("Jag tittar på det", "Anna Agent")
    ((handover, note),) = [(one, one["notes"][0]) for one in copy["handovers"]]
    assert (handover["state"], handover["consent"], handover["agent_name"]) == ("claimed", "with_text", "Anna Agent")
    assert (note["text"], note["author"]) == ("Ärende hos byggnadsnämnden", "Anna Agent")
    assert "070-174" not in answer.text and "payload" not in answer.text and "token" not in answer.text

    page = await admin.get(f"/records/{one}?form=html")
    assert page.headers["content-type"].startswith("text/html") and "attachment" in page.headers["content-disposition"]
    assert "Grannen bygger &lt;b&gt;högt&lt;/b&gt;, ring [telefon]" in page.text, "shown as it was written, never as markup"
    assert "Anna Agent, 2026-11-23 11:00" in page.text, "times in Gothenburg"
    assert "Ärende hos byggnadsnämnden" in page.text and "<script" not in page.text

    rows = await office.audited("records.copied")
    assert [(row.actor, row.object, row.detail) for row in rows] == [
        (admin.id, one, {"form": "json"}), (admin.id, one, {"form": "html"})
    ]  # fmt: skip
    assert [row.detail for row in await office.audited("records.search")] == [{"found": n} for n in (1, 1, 1, 0, 0)]
    assert (await admin.get("/records/nobody")).status_code == 404


async def test_it_is_held_for_a_case_and_let_go(office: Office) -> None:
    admin, citizen = await office.staff("Rut Registrator", role="admin"), await office.citizen()
    path = f"/records/{citizen.conversation_id}"
    assert (await admin.post(f"{path}/hold", reference="dnr 0815/26")).json() == {"held": "dnr 0815/26"}
    assert (await admin.get(path)).json()["held"] == "dnr 0815/26"
    assert (await admin.post(f"{path}/hold", reference="  ")).status_code == 422
    assert (await admin.post("/records/nobody/hold", reference="dnr 1")).status_code == 404
    assert (await admin.post(f"{path}/hold", reference=None)).json() == {"held": None}
    assert (await admin.get(path)).json()["held"] is None
    (held,) = await office.audited("retention.hold")
    assert (held.actor, held.detail) == (admin.id, {"reference": "dnr 0815/26"})


async def test_nobody_but_an_admin(office: Office) -> None:
    citizen = await office.citizen()
    for role in ("agent", "supervisor", "editor"):
        member = await office.staff(f"{role.title()} Person", role=role)  # type: ignore[arg-type]
        assert (await member.get(f"/records/{citizen.conversation_id}")).status_code == 403
    assert await office.audited("records.copied") == []
