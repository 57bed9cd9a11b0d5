"""Snoozed, scheduled, closed by two, taken over, opened again, silent: each through the real app, as agent and citizen see it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from handover.agent_actions import AgentActions
from handover.lifecycle import Lifecycle
from handover.settings import LifecycleSettings, load_settings
from handover.timers import Talk, Timers, next_step
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import HUMAN, Office, Staff, minutes, press

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
LIMITS = load_settings().lifecycle


def text(office: Office, key: str, **params: Any) -> str:
    return office.core.texts.render(key, "sv", **params)


def timers(office: Office) -> Timers:
    desk = office.desk
    actions = AgentActions(office.core, desk.settings, desk.departments)
    return Timers(office.core, actions, Lifecycle(office.core, actions))


async def at_work(office: Office, name: str, role: Any = "agent") -> Staff:
    """Somebody whose console is open."""
    member = await office.staff(name, role)
    await seen(office, member)
    return member


async def seen(office: Office, *staff: Staff) -> None:
    async with office.core.store.write() as tx:
        ids = [member.id for member in staff]
        await tx.conn.execute(schema.agent.update().where(schema.agent.c.id.in_(ids)).values(present_at=office.core.now()))


async def claimed(office: Office, *texts: str) -> tuple[Staff, Browser, str]:
    anna = await at_work(office, "Anna Lind")
    citizen, handover = await office.in_queue(*texts)
    assert (await anna.claim(handover)).status_code == 200
    return anna, citizen, handover


async def last(citizen: Browser) -> str:
    return str((await citizen.read())["messages"][-1]["text"])


def later(office: Office, number: float) -> str:
    return (office.core.now() + minutes(number)).isoformat()


@pytest.mark.asyncio
async def test_a_reason_in_own_words_is_kept_nowhere(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    _, handover = await office.in_queue("Hej")
    await anna.claim(handover)
    closed = (await anna.post(f"/handovers/{handover}/close", reason="Lars, 19811218-9876")).json()
    assert closed["state"] == "closed"
    h = schema.handover.c
    assert await office.scalar(sa.select(h.end_reason).where(h.id == handover)) == "other"


@pytest.mark.asyncio
async def test_a_snoozed_conversation_wakes_by_the_clock_or_by_the_citizen(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    for body in ({"until": later(office, -1), "reason": "checking"}, {"until": later(office, 30), "reason": "coffee"}):
        assert (await anna.post(f"/handovers/{handover}/snooze", **body)).status_code == 422
    shown = (await anna.post(f"/handovers/{handover}/snooze", until=later(office, 30), reason="checking")).json()
    assert (shown["state"], shown["due_reason"]) == ("snoozed", "checking")
    assert await last(citizen) == text(office, "agent.paused", name="Anna Lind", date="2026-11-23", time="11:30")
    assert (await anna.write(handover, "Hej")).status_code == 409
    # by the clock, with her there
    office.clock.forward(minutes=31)
    await seen(office, anna)
    assert await timers(office).sweep() == 1
    assert [row["state"] for row in await anna.queue()] == ["claimed"]
    # by the citizen, with her gone: first in line, and the citizen is told
    await anna.post(f"/handovers/{handover}/snooze", until=later(office, 30), reason="checking")
    office.clock.forward(minutes=3)
    await citizen.send("Är du där?")
    (row,) = await anna.queue()
    assert (row["state"], row["unread"], row["priority"]) == ("queued", 1, 50)
    assert await last(citizen) == text(office, "agent.left", name="Anna Lind")
    assert (await anna.context(handover))["messages"][-2]["text"] == "Är du där?"


@pytest.mark.asyncio
async def test_who_left_a_number_is_work_with_a_time_and_answered_in_the_same_conversation(office: Office) -> None:
    citizen = await office.citizen()
    closed = next(
        one for one in await press(citizen, await office.asks_for_human(citizen)) if one["text"] == text(office, "queue.closed")
    )
    await press(citizen, closed)
    await citizen.send("070-174 06 05")
    await citizen.send("När är återvinningscentralen öppen?")  # to the bot
    anna, bo = await at_work(office, "Anna Lind"), await at_work(office, "Bo Ek")
    (row,) = await anna.queue()
    assert (row["state"], row["due_reason"], row["overdue"]) == ("scheduled", "call_back", False)
    assert row["due_at"] == "2026-11-23T14:00:00Z"
    assert "återvinning" not in row["last_text"]
    office.clock.forward(minutes=300)
    await seen(office, anna, bo)
    for member in (anna, bo):
        await member.log_in()
    listing = (await anna.get("/queue")).json()
    assert listing["handovers"][0]["overdue"] and listing["counts"]["overdue"] == 1
    assert (await anna.claim(row["id"])).status_code == 200
    assert (await bo.claim(row["id"])).json()["error"]["winner"] == "Anna Lind"
    context = await anna.context(row["id"])
    assert context["contact"][0]["value"] == "+46701740605"
    assert "återvinning" not in str(context["messages"])  # what is asked of the bot meanwhile is between the two
    # she phones; nobody waits for a word in the chat, so nothing is taken from her
    office.clock.forward(minutes=20)
    await seen(office, anna)
    assert await timers(office).sweep() == 0
    await anna.write(row["id"], "Vi talades vid, här är svaret.")
    assert (await anna.post(f"/handovers/{row['id']}/close", reason="solved")).json()["state"] == "closed"
    assert "Vi talades vid, här är svaret." in str((await citizen.read())["messages"])


@pytest.mark.asyncio
async def test_an_agent_agrees_on_a_time_and_the_citizen_may_ask_for_somebody_sooner(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    shown = (await anna.post(f"/handovers/{handover}/schedule", due_at=later(office, 90), kind="written")).json()
    assert (shown["state"], (await citizen.read())["owner"]) == ("scheduled", "bot")
    assert await last(citizen) == text(office, "contact.due", date="2026-11-23", time="12:30")
    office.clock.forward(minutes=10)  # nobody's console has been heard of
    await citizen.send(HUMAN)
    assert await last(citizen) == text(office, "contact.due", date="2026-11-23", time="12:30")
    await seen(office, anna)
    await citizen.send(HUMAN)
    assert (await citizen.read())["owner"] == "queue"
    assert (await anna.claim(handover)).json()["due_at"] is None


@pytest.mark.asyncio
async def test_a_sensitive_one_is_closed_by_two(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    await citizen.send("det brinner hemma hos mig")  # danger makes it sensitive
    bo = await at_work(office, "Bo Ek")
    close = f"/handovers/{handover}/close"
    assert (await anna.post(close, reason="solved")).json()["state"] == "closing"
    assert await last(citizen) == text(office, "agent.closing", name="Anna Lind")
    refused = await anna.post(f"{close}/confirm")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "four_eyes")
    assert [row["state"] for row in await bo.queue()] == ["closing"]
    await bo.context(handover)  # whoever is to agree may read it
    assert (await bo.post(f"/handovers/{handover}/resume")).json()["claimed_by"]["id"] == anna.id
    await anna.post(close, reason="solved")
    await citizen.send("Vänta, en sak till")  # not blocked: it is the agent's again
    assert [row["state"] for row in await anna.queue()] == ["claimed"]
    assert (await bo.post(f"{close}/confirm")).status_code == 409
    await anna.post(close, reason="solved")
    assert (await bo.post(f"{close}/confirm")).json()["state"] == "closed"
    assert (await citizen.read())["closed"]
    (line,) = await office.audited("handover.closed")
    assert (line.actor, line.detail["proposed_by"]) == (bo.id, anna.id)


@pytest.mark.asyncio
async def test_a_sensitive_one_is_given_back_to_the_bot_by_two(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    give_back, agree = f"/handovers/{handover}/return", f"/handovers/{handover}/close/confirm"
    await citizen.send("det brinner hemma hos mig")
    bo = await at_work(office, "Bo Ek")
    shown = (await anna.post(give_back, note="Räddningstjänsten är där", about=[])).json()
    assert (shown["state"], shown["returning"]) == ("closing", True)
    assert (await citizen.read())["owner"] == "agent"  # nobody but a human has it yet
    assert await last(citizen) == text(office, "agent.closing", name="Anna Lind")
    assert (await anna.post(agree)).json()["error"]["code"] == "four_eyes"
    assert (await anna.post(give_back)).status_code == 409
    assert [(row["state"], row["returning"]) for row in await bo.queue()] == [("closing", True)]
    await citizen.send("Vänta, en sak till")
    assert [(row["state"], row["returning"]) for row in await anna.queue()] == [("claimed", False)]
    await anna.post(f"/handovers/{handover}/close", reason="solved")  # it is what was wanted last that is agreed to
    assert not (await bo.queue())[0]["returning"]
    await bo.post(f"/handovers/{handover}/resume")
    await anna.post(give_back, about=[])
    assert (await bo.post(agree)).json()["state"] == "returned"
    assert ((await citizen.read())["owner"], await last(citizen)) == ("bot", text(office, "agent.returned"))
    (line,) = await office.audited("handover.returned")
    assert (line.actor, line.detail["proposed_by"]) == (bo.id, anna.id)
    assert (await bo.post(agree)).status_code == 409


@pytest.mark.asyncio
async def test_what_is_not_sensitive_one_alone_gives_back(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    shown = (await anna.post(f"/handovers/{handover}/return")).json()
    assert (shown["state"], shown["returning"], (await citizen.read())["owner"]) == ("returned", False, "bot")


@pytest.mark.asyncio
async def test_a_supervisor_sees_colleagues_conversations_and_takes_one_over(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    boss = await at_work(office, "Siv Chef", "supervisor")
    assert (await anna.get("/handovers?show=colleagues")).status_code == 403
    assert (await anna.post(f"/handovers/{handover}/take-over")).status_code == 403
    (row,) = (await boss.get("/handovers?show=colleagues")).json()["handovers"]
    assert (row["id"], row["claimed_by"]["name"]) == (handover, "Anna Lind")
    for _ in range(2):  # twice is once
        assert (await boss.post(f"/handovers/{handover}/take-over")).json()["claimed_by"]["id"] == boss.id
    assert await last(citizen) == text(office, "agent.joined", name="Siv Chef")
    assert (await anna.write(handover, "Hej")).status_code == 409


@pytest.mark.asyncio
async def test_it_stays_closed_when_the_citizen_writes_elsewhere_from_the_same_number(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    await anna.post(f"/handovers/{handover}/close", reason="solved")
    other = await office.citizen()
    async with office.core.store.write() as tx:
        address = schema.new_id()
        await tx.conn.execute(schema.address.insert().values(id=address, channel_account="elks:main", lookup_hmac=address,
                                                             value_encrypted=b"x", created_at=office.core.now()))  # fmt: skip
        linked = [{"conversation_id": one.conversation_id, "address_id": address, "active": True} for one in (citizen, other)]
        await tx.conn.execute(schema.conversation_address.insert(), linked)
    refused = await anna.post(f"/handovers/{handover}/reopen")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "began_anew")
    await other.http.post("/chat/v1/end", json={}, headers=other.auth)
    assert (await anna.post(f"/handovers/{handover}/reopen")).json()["state"] == "queued"


@pytest.mark.asyncio
async def test_a_closed_one_is_opened_again_by_its_agent_or_the_citizen_for_a_while(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    bo = await at_work(office, "Bo Ek")
    close = f"/handovers/{handover}/close"
    await anna.post(close, reason="solved")
    assert (await citizen.read())["reopens"]
    assert (await bo.post(f"/handovers/{handover}/reopen")).status_code == 403
    assert [row["id"] for row in (await anna.get("/handovers?show=closed")).json()["handovers"]] == [handover]
    assert (await anna.post(f"/handovers/{handover}/reopen")).json()["state"] == "queued"
    read = await citizen.read()
    assert (read["owner"], read["closed"], await last(citizen)) == ("queue", False, text(office, "conversation.reopened"))
    assert (await bo.claim(handover)).status_code == 200
    await bo.post(close, reason="solved")
    opened = await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)
    assert (opened.status_code, opened.json()["owner"]) == (200, "queue")
    assert (await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)).json()["messages"] == []
    await anna.claim(handover)
    await anna.post(close, reason="solved")
    office.clock.forward(minutes=31)
    assert (await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)).status_code == 409
    office.clock.forward(hours=24)
    await anna.log_in()
    assert (await anna.post(f"/handovers/{handover}/reopen")).json()["error"]["code"] == "too_late"


@pytest.mark.asyncio
@pytest.mark.parametrize("reason", ["abuse", "ended"])
async def test_it_stays_closed_after_abuse_and_when_the_citizen_ended_it(office: Office, reason: str) -> None:
    anna, citizen, handover = await claimed(office)
    if reason == "abuse":
        await anna.post(f"/handovers/{handover}/close", reason="abuse")
    else:
        await citizen.http.post("/chat/v1/end", headers=citizen.auth)
    assert not (await citizen.read())["reopens"]
    assert (await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)).status_code == 409


@pytest.mark.asyncio
async def test_a_silent_agent_is_warned_once_and_then_loses_the_conversation(office: Office) -> None:
    anna, citizen, handover = await claimed(office)
    look = timers(office)
    await anna.write(handover, "Hej")
    await citizen.send("Hur gör jag?")
    for _ in range(2):
        office.clock.forward(minutes=6)
        await seen(office, anna)
        await look.sweep()
    said = [message["text"] for message in (await citizen.read())["messages"]]
    assert said.count(text(office, "agent.silent", name="Anna Lind")) == 1
    assert (await anna.queue())[0]["silent"]
    await anna.write(handover, "Så här")  # in time
    office.clock.forward(minutes=16)
    await seen(office, anna)
    assert await look.sweep() == 0
    await citizen.send("Och sedan?")
    for _ in range(2):
        office.clock.forward(minutes=16)
        await seen(office, anna)
        await look.sweep()
    (row,) = await anna.queue()
    assert (row["state"], row["priority"]) == ("queued", 50)


@pytest.mark.parametrize(
    ("claimed_for", "wrote", "unanswered_for", "warned_for", "step"),
    [
        (4, False, None, None, None), (6, False, None, None, "warn"), (16, False, None, 2, None), (16, False, None, 11, "put_back"),
        (60, True, None, None, None), (60, True, 4, None, None), (60, True, 6, None, "warn"), (60, True, 15, 10, "put_back"),
        (60, True, 6, 1, None),
    ],
)  # fmt: skip
def test_what_a_silence_leads_to(
    claimed_for: float, wrote: bool, unanswered_for: float | None, warned_for: float | None, step: str | None
) -> None:
    def ago(number: float | None) -> dt.datetime | None:
        return None if number is None else NOW - minutes(number)

    talk = Talk("h", NOW - minutes(claimed_for), False, wrote, ago(unanswered_for), ago(warned_for))
    assert next_step(talk, NOW, LIMITS) == step


def test_the_warning_comes_before_the_loss() -> None:
    with pytest.raises(ValueError, match="warned first"):
        LifecycleSettings.model_validate(LIMITS.model_dump() | {"silent_minutes": 15, "silent_requeue_minutes": 15})
