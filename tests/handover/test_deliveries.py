"""Deliveries at the desk: a mark on each message, live; and the list of what did not go out, for supervisors and admins."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import receipts
from bot.delivery.contract import DeliveryState
from bot.messages import Rendered
from bot.privacy.addresses import AddressBook
from bot.store import messages, schema
from tests.handover.conftest import Office
from tests.handover.test_events import console, frame

pytestmark = pytest.mark.asyncio
PHONE = "+46701740605"


async def on_the_phone(office: Office, conversation_id: str, address: str = PHONE) -> None:
    """From now on what is said in a conversation goes to a phone (no channel is switched on: it waits)."""
    book = AddressBook(office.core.settings.secret_key.get_secret_value())
    address_id = schema.new_id()
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.address.insert().values(
            id=address_id, channel_account="elks:main", lookup_hmac=book.lookup("elks:main", f"{address}{address_id}"),
            value_encrypted=book.encrypt(address), created_at=office.clock()))  # fmt: skip
        await tx.conn.execute(
            schema.conversation_address.insert().values(conversation_id=conversation_id, address_id=address_id, active=True)
        )


async def becomes(office: Office, message_id: str, **values: Any) -> None:
    """The outbox row changes, and the desk hears of it, as from the worker."""
    o = schema.outbox
    async with office.core.store.write() as tx:
        await tx.conn.execute(o.update().where(o.c.message_id == message_id).values(updated_at=office.clock(), **values))
        row = (await tx.conn.execute(sa.select(o).where(o.c.message_id == message_id))).one()
        tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=row.state)


async def reported(office: Office, message_id: str, state: DeliveryState, error: str | None = None) -> None:
    async with office.core.store.write() as tx:
        await receipts.record(tx, account="elks:main", provider_id=f"p-{message_id}", state=state, error=error, now=office.clock(),
                              part=(message_id, 0), is_sqlite=office.core.store.is_sqlite)  # fmt: skip
        row = (await tx.conn.execute(sa.select(schema.outbox).where(schema.outbox.c.message_id == message_id))).one()
        tx.notify("conversation", conversation_id=row.conversation_id, kind="delivery", seq=row.seq, state=state)


async def letter(office: Office, state: str, text: str = "hemligt", error: str | None = "503") -> str:
    """A message to a phone that has come to a state."""
    citizen = await office.citizen()
    await on_the_phone(office, citizen.conversation_id)
    async with office.core.store.write() as tx:
        message_id, _ = await messages.append(tx, citizen.conversation_id, Rendered("system", text, "sv"), now=office.clock())
    await becomes(office, message_id, state=state, error=error, attempts=8)
    return message_id


async def test_each_message_to_a_phone_tells_how_far_it_has_come(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Hej")
    await on_the_phone(office, citizen.conversation_id)
    await agent.claim(handover_id)
    said = (await agent.write(handover_id, "Hej, jag heter Anna")).json()["message"]

    async def mark(seq: int = said["seq"]) -> Any:
        context = await agent.context(handover_id)
        again = (await agent.get(f"/handovers/{handover_id}/messages?after={seq - 1}")).json()["messages"]
        (own,) = [one for one in context["messages"] if one["seq"] == seq]
        assert again[0]["seq"] == seq and again[0].get("delivery") == own.get("delivery")
        return own.get("delivery")

    assert await mark() == {"state": "pending", "error": None}
    assert await mark(2) is None, "what was said on the web was not pushed"
    await becomes(office, said["message_id"], state="sent")
    assert await mark() == {"state": "sent", "error": None}
    await reported(office, said["message_id"], "read")
    assert await mark() == {"state": "read", "error": None}
    await reported(office, said["message_id"], "failed", "unknown subscriber")
    assert await mark() == {"state": "failed", "error": "unknown subscriber"}
    await becomes(office, said["message_id"], state="ambiguous", error="ReadTimeout")
    assert await mark() == {"state": "ambiguous", "error": "ReadTimeout"}


async def test_the_marks_change_live_for_whoever_has_the_conversation(office: Office) -> None:
    agent, other = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    citizen, handover_id = await office.in_queue("Hej")
    await on_the_phone(office, citizen.conversation_id)
    await agent.claim(handover_id)
    said = (await agent.write(handover_id, "hemligt")).json()["message"]
    async with console(office, agent) as socket, console(office, other) as elsewhere:
        await frame(socket, "hello")
        await frame(elsewhere, "hello")
        await becomes(office, said["message_id"], state="sent")
        await reported(office, said["message_id"], "delivered")
        first, second = await frame(socket, "delivery"), await frame(socket, "delivery")
        await elsewhere.send("{}")
        kinds = []
        while not kinds or kinds[-1] != "pong":
            async with asyncio.timeout(20):
                kinds.append(json.loads(await elsewhere.recv())["type"])
    own = {"type": "delivery", "conversation_id": citizen.conversation_id, "handover_id": handover_id, "seq": said["seq"]}
    assert [first, second] == [own | {"state": "sent"}, own | {"state": "delivered"}]
    assert "delivery" not in kinds


async def test_only_supervisors_and_admins_see_deliveries(office: Office) -> None:
    dead = await letter(office, "dead")
    for role, status in (("agent", 403), ("editor", 403), ("supervisor", 200), ("admin", 200)):
        who = await office.staff(f"{role.title()} Svensson", role=role)  # type: ignore[arg-type]
        assert (await who.get("/deliveries")).status_code == status
        if status == 403:
            assert (await who.post(f"/deliveries/{dead}/resend")).status_code == 403
            assert (await who.post("/deliveries/resend", account="elks:main")).status_code == 403


async def test_the_list_tells_what_an_operator_needs_and_not_what_was_said(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    dead, held = await letter(office, "dead"), await letter(office, "ambiguous", error="ReadTimeout")
    waiting = await letter(office, "pending", error=None)
    office.clock.forward(minutes=3)
    response = await admin.get("/deliveries")
    assert "hemligt" not in response.text and PHONE not in response.text
    (shown,) = response.json()["deliveries"]
    assert (shown["message_id"], shown["author"], shown["account"], shown["attempts"], shown["error"], shown["age_seconds"]) == (
        dead, "system", "elks:main", 8, "503", 180,
    )  # fmt: skip
    assert response.json()["accounts"] == [
        {"account": "elks:main", "waiting": 1, "dead": 1, "held": 1, "oldest_waiting_seconds": 180, "switched_on": False,
         "rests_seconds": 0, "trying": False}
    ]  # fmt: skip
    for state, expected in (("ambiguous", held), ("pending", waiting)):
        found = (await admin.get(f"/deliveries?state={state}&account=elks:main")).json()["deliveries"]
        assert [one["message_id"] for one in found] == [expected]
    assert (await admin.get("/deliveries?account=telegram:main")).json()["deliveries"] == []
    assert (await admin.get("/deliveries?state=sent")).status_code == 422


async def test_long_lists_come_in_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.letters.MOST", 2)
    admin, made = await office.staff("Adam Admin", role="admin"), []
    for _ in range(3):
        office.clock.forward(seconds=1)
        made.append(await letter(office, "dead"))
    first = (await admin.get("/deliveries")).json()
    second = (await admin.get("/deliveries?offset=2")).json()
    assert (first["more"], second["more"]) == (True, False)
    assert [one["message_id"] for one in first["deliveries"] + second["deliveries"]] == made[::-1]


async def test_sent_again_or_discarded_once_with_the_name_of_who_did_it(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    dead, held = await letter(office, "dead"), await letter(office, "ambiguous")
    for _ in range(2):
        again = await admin.post(f"/deliveries/{dead}/resend")
        assert (again.status_code, again.json()) == (200, {"message_id": dead, "state": "pending"})
        gone = await admin.post(f"/deliveries/{held}/discard")
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    (resent,), (discarded,) = await office.audited("delivery.resend"), await office.audited("delivery.discard")
    assert (resent.actor, resent.object, resent.detail["from"]) == (admin.id, dead, "dead")
    assert (discarded.actor, discarded.object, discarded.detail["from"]) == (admin.id, held, "ambiguous")
    wrong = await admin.post(f"/deliveries/{held}/resend")
    assert (wrong.status_code, wrong.json()["error"]["code"], wrong.json()["error"]["state"]) == (409, "wrong_state", "cancelled")
    assert (await admin.post("/deliveries/nobody/resend")).status_code == 404


async def test_a_supervisor_decides_on_the_own_departments_letters(office: Office) -> None:
    ours, theirs, nobodys = await letter(office, "dead"), await letter(office, "dead"), await letter(office, "dead")
    async with office.core.store.write() as tx:
        for message_id, department in ((ours, "kontaktcenter"), (theirs, "social")):
            where = schema.conversation.c.id == sa.select(schema.message.c.conversation_id).where(
                schema.message.c.id == message_id).scalar_subquery()  # fmt: skip
            await tx.conn.execute(schema.conversation.update().where(where).values(department=department))
    boss = await office.staff("Siv Chef", "supervisor", departments=("kontaktcenter",))
    listed = {one["message_id"] for one in (await boss.get("/deliveries")).json()["deliveries"]}
    assert listed == {ours, nobodys}  # what only the bot had is everybody's
    for decision in ("resend", "discard"):
        assert (await boss.post(f"/deliveries/{theirs}/{decision}")).status_code == 404
    assert (await boss.post("/deliveries/resend", account="elks:main")).json() == {"resent": 2, "kept_back": 0}
    admin = await office.staff("Adam Admin", role="admin")
    assert [one["message_id"] for one in (await admin.get("/deliveries")).json()["deliveries"]] == [theirs]


async def test_all_of_an_account_at_once(office: Office) -> None:
    old = await letter(office, "dead")
    office.clock.forward(hours=5)
    new = await letter(office, "dead")
    admin = await office.staff("Adam Admin", role="admin")
    assert (await admin.post("/deliveries/resend", account="elks:main", hours=1)).json() == {"resent": 1, "kept_back": 0}
    assert [one["message_id"] for one in (await admin.get("/deliveries")).json()["deliveries"]] == [old]
    assert (await admin.post("/deliveries/resend", account="elks:main")).json() == {"resent": 1, "kept_back": 0}
    assert (await admin.post("/deliveries/resend", account="elks:main")).json() == {"resent": 0, "kept_back": 0}
    for wrong in ({}, {"account": ""}, {"account": "a:b", "hours": 0}, {"account": "a:b", "other": 1}):
        assert (await admin.post("/deliveries/resend", **wrong)).status_code == 422
    assert {one["message_id"] for one in (await admin.get("/deliveries?state=pending")).json()["deliveries"]} == {old, new}


async def test_what_would_be_kept_back_again_is_told(office: Office) -> None:
    admin, dead = await office.staff("Adam Admin", role="admin"), await letter(office, "dead")
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.address.update().values(stopped_at=office.clock(), stop_reason="asked"))
    refused = await admin.post(f"/deliveries/{dead}/resend")
    assert (refused.status_code, refused.json()["error"]["code"], refused.json()["error"]["reason"]) == (
        409,
        "kept_back",
        "stopped",
    )
    (shown,) = (await admin.get("/deliveries")).json()["deliveries"]
    assert shown["kept_back"] == "stopped"


async def test_whoever_looks_at_the_list_hears_of_changes(office: Office) -> None:
    admin, dead = await office.staff("Adam Admin", role="admin"), await letter(office, "dead")
    async with console(office, admin) as socket:
        await frame(socket, "hello")
        await admin.post(f"/deliveries/{dead}/discard")
        assert await frame(socket, "deliveries") == {"type": "deliveries"}
