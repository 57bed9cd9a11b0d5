"""The rules over the real store, API and pipeline: the order an agent sees, capacity, what the citizen is told, overflow."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.settings import ConfigurationError
from bot.store import schema
from handover.hours import closing, swedish_holidays
from handover.routing.service import Routing
from handover.routing.table import PAGE, page
from handover.settings import Hours, load_departments, load_settings
from tests.bot.scripted import analysis
from tests.handover.conftest import HUMAN, Office, Staff, minutes, press

GENERAL = "kontaktcenter"


async def at_work(office: Office, member: Staff) -> None:
    async with office.core.store.write() as tx:
        marked = schema.agent.update().where(schema.agent.c.id == member.id).values(present_at=office.core.now())
        await tx.conn.execute(marked)


async def set_handover(office: Office, handover_id: str, **values: Any) -> None:
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.handover.update().where(schema.handover.c.id == handover_id).values(**values))


def test_the_table_in_the_docs_is_what_the_rules_say() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "python -m handover.routing"


def test_a_department_has_its_own_hours_and_otherwise_the_common_ones(tmp_path: Any) -> None:
    settings = load_settings()
    own = {"weekly": {"monday": ["10:00", "12:00"]}}
    given = settings.model_dump(mode="json", exclude={"hours", "department_hours"})
    common = {"timezone": "Europe/Stockholm", "weekly": {"monday": ["08:00", "17:00"]}, "closed_dates": ["2026-12-21"]}
    path = tmp_path / "settings.yml"
    path.write_text(json.dumps(given | {"hours": common, "department_hours": {"social": own}}))
    read = load_settings(path)

    monday = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)  # 10:30 in Gothenburg
    holidays = swedish_holidays()
    assert closing(monday, read.hours_of("social"), holidays) == dt.datetime(2026, 11, 23, 11, tzinfo=dt.UTC)
    assert closing(monday, read.hours_of("kultur"), holidays) == dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
    assert closing(monday + dt.timedelta(weeks=4), read.hours_of("social"), holidays) is None  # closed for all
    assert closing(monday + dt.timedelta(hours=2), read.hours_of("social"), holidays) is None


@pytest.mark.asyncio
async def test_hours_of_a_department_without_a_queue_are_refused(office: Office) -> None:
    settings = load_settings()
    hours = Hours.model_validate({"timezone": "Europe/Stockholm", "weekly": {}})
    wrong = settings.model_copy(update={"department_hours": {"boplats": hours}})
    with pytest.raises(ConfigurationError, match="boplats"):
        Routing(office.core, wrong, load_departments(GENERAL), swedish_holidays())


@pytest.mark.asyncio
async def test_an_agent_sees_the_own_earlier_citizen_first_and_why(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    citizen, first = await office.in_queue()
    await anna.claim(first)
    await anna.post(f"/handovers/{first}/return")
    office.clock.forward(minutes=1)
    _, stranger = await office.in_queue()
    office.clock.forward(seconds=30)
    await press(citizen, await office.asks_for_human(citizen))
    back = await office.handover_of(citizen)
    await set_handover(office, stranger, language="so")

    shown = await anna.queue()
    assert [row["id"] for row in shown] == [back, stranger]
    assert shown[0]["suits"] == {"language": True, "sticky": True, "overflow": False, "kept_for": None}
    assert shown[1]["suits"] == {"language": False, "sticky": False, "overflow": False, "kept_for": None}
    assert shown[0]["priority"] == office.desk.settings.queue.priority_repeated


@pytest.mark.asyncio
async def test_an_agent_at_capacity_is_told_and_an_admin_may_go_beyond(office: Office) -> None:
    limit = office.desk.settings.routing.capacity
    anna, boss = await office.staff("Anna Agent"), await office.staff("Bo Chef", "admin")
    ids = [(await office.in_queue())[1] for _ in range(limit + 2)]
    for handover_id in ids[:limit]:
        assert (await anna.claim(handover_id)).status_code == 200
    refused = await anna.claim(ids[limit])
    assert refused.status_code == 409
    assert {k: refused.json()["error"][k] for k in ("code", "capacity", "claimed")} == {
        "code": "at_capacity", "capacity": limit, "claimed": limit,
    }  # fmt: skip
    assert (await anna.claim(ids[0])).status_code == 200  # what one has already, one has
    assert (await anna.post(f"/handovers/{ids[limit]}/claim", override=True)).status_code == 403
    for handover_id in ids[limit:]:
        assert (await boss.claim(handover_id)).status_code == 200
    async with office.core.store.write() as tx:
        await office.desk.routing.set_profile(tx, boss.id, actor=boss.id, capacity=2)
    _, more = await office.in_queue()
    assert (await boss.claim(more)).status_code == 409
    assert (await boss.post(f"/handovers/{more}/claim", override=True)).status_code == 200


@pytest.mark.asyncio
async def test_the_wait_is_told_only_when_it_can_be(office: Office) -> None:
    silent, _ = await office.in_queue()
    assert (await silent.read())["queue"] == {"position": 1}  # nobody is at work

    anna = await office.staff("Anna Agent")
    await at_work(office, anna)
    office.clock.forward(seconds=10)
    citizen = await office.citizen()
    replies = await press(citizen, await office.asks_for_human(citizen))
    queue = (await citizen.read())["queue"]
    assert queue["position"] == 2
    assert queue["wait"]["low"] < queue["wait"]["high"]
    texts = office.core.texts
    key = "queue.wait" if queue["wait"]["low"] else "queue.wait_short"
    assert [m["text"] for m in replies] == [
        texts.render("queue.joined", "sv", position=2) + " " + texts.render(key, "sv", **queue["wait"])
    ]

    async with office.core.store.write() as tx:
        await office.desk.routing.set_profile(tx, anna.id, actor=anna.id, on_break=True)
    assert (await citizen.read())["queue"] == {"position": 2}
    async with office.core.store.write() as tx:
        await office.desk.routing.set_profile(tx, anna.id, actor=anna.id, on_break=None)
    await at_work(office, anna)
    office.clock.forward(hours=12)
    await at_work(office, anna)
    assert (await citizen.read())["queue"] == {"position": 2}  # the desk is closed


@pytest.mark.asyncio
async def test_who_nobody_can_write_to_is_offered_an_interpreter(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    await at_work(office, anna)
    office.script.analyses[HUMAN] = analysis(language="ti", signals={"ask_human": 0.99})
    citizen = await office.citizen()
    replies = await press(citizen, await office.asks_for_human(citizen))
    assert [m["text"] for m in replies[1:]] == [office.core.texts.render("queue.interpreter", "ti")]
    assert len(replies[1]["buttons"]) == 1  # to leave contact details


@pytest.mark.asyncio
async def test_looks_observe_the_pace_and_open_what_overflows_once(office: Office) -> None:
    routing = office.desk.routing
    anna = await office.staff("Anna Agent", departments=("kultur",))
    await at_work(office, anna)
    _, secret = await office.in_queue()
    _, other = await office.in_queue()
    _, taken = await office.in_queue()
    await set_handover(office, secret, department="social")
    await set_handover(office, other, department="kultur")
    await set_handover(office, taken, department="kultur")
    await routing.look()
    office.clock.forward(minutes=2)
    await at_work(office, anna)
    await anna.claim(taken)
    async with office.core.store.read() as conn:
        before = await routing.rates(conn)
    await routing.look()
    async with office.core.store.read() as conn:
        after = await routing.rates(conn)
    assert after.free.claims > before.free.claims
    await routing.look()  # another process, the same moment: counted once
    async with office.core.store.read() as conn:
        assert await routing.rates(conn) == after

    office.clock.forward(minutes=routing.settings.routing.overflow_minutes)
    await routing.look()
    office.clock.forward(minutes=1)
    await routing.look()
    opened = await office.audited("handover.overflow")
    assert [row.object for row in opened] == [other]
    async with office.core.store.read() as conn:
        query = sa.select(schema.handover.c.id, schema.handover.c.preview["overflow"].as_string())
        marks = {row[0]: row[1] for row in await conn.execute(query)}
    assert marks == {secret: None, other: GENERAL, taken: None}

    bo = await office.staff("Bo Allmän", departments=(GENERAL,))
    shown = {row["id"]: row["suits"] for row in await bo.queue()}
    assert list(shown) == [other]
    assert shown[other]["overflow"]
    assert (await bo.claim(secret)).status_code == 403
    assert (await bo.claim(other)).status_code == 200


@pytest.mark.asyncio
async def test_children_at_risk_and_who_comes_back_go_before_others(office: Office) -> None:
    routing, now = office.desk.routing, office.core.now()
    citizen, _ = await office.in_queue()
    async with office.core.store.write() as tx:
        assert not await routing.about_children(tx.conn, citizen.conversation_id)
        assert not await routing.earlier_lately(tx.conn, citizen.conversation_id, now)
        article = min(routing.settings.routing.children_articles)
        analysis = {"candidates": [{"article_id": article, "probability": 0.9}]}
        await tx.conn.execute(schema.turn.update().values(analysis=analysis))
        assert await routing.about_children(tx.conn, citizen.conversation_id)


@pytest.mark.asyncio
async def test_two_claims_of_one_agent_at_once_do_not_pass_the_limit(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    async with office.core.store.write() as tx:
        await office.desk.routing.set_profile(tx, anna.id, actor=anna.id, capacity=1)
    ids = [(await office.in_queue())[1] for _ in range(4)]
    answers = await asyncio.gather(*(anna.claim(handover_id) for handover_id in ids))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def on_one_phone(office: Office, *conversation_ids: str) -> None:
    phone = {"id": schema.new_id(), "channel_account": "elks:main", "lookup_hmac": "x" * 64, "value_encrypted": b"x"}
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.address.insert().values(created_at=office.core.now(), **phone))
        for one in conversation_ids:
            link = schema.conversation_address.insert().values(conversation_id=one, address_id=phone["id"], active=False)
            await tx.conn.execute(link)


@pytest.mark.asyncio
async def test_opened_again_it_is_kept_a_while_for_the_agent_who_had_it(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    await at_work(office, anna)
    await at_work(office, bo)
    citizen, handover_id = await office.in_queue("Hej")
    await anna.claim(handover_id)
    await anna.post(f"/handovers/{handover_id}/close", reason="solved")
    assert (await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)).json()["owner"] == "queue"
    suits = {member.name: (await member.queue())[0]["suits"] for member in (anna, bo)}
    assert (suits["Anna Agent"]["sticky"], suits["Anna Agent"]["kept_for"]) == (True, None)
    assert (suits["Bo Agent"]["sticky"], suits["Bo Agent"]["kept_for"]) == (False, "sticky")
    office.clock.forward(minutes=office.desk.settings.routing.sticky_minutes)
    assert (await bo.queue())[0]["suits"]["kept_for"] is None


@pytest.mark.asyncio
async def test_who_comes_back_on_the_same_phone_goes_first_and_to_the_last_agent(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    before = []
    for agent in (bo, anna):  # in two conversations, Anna the last
        citizen, handover_id = await office.in_queue("Hej")
        await agent.claim(handover_id)
        await agent.post(f"/handovers/{handover_id}/close", reason="solved")
        before.append(citizen.conversation_id)
        office.clock.forward(minutes=40)
    again, stranger = await office.citizen(), await office.citizen()
    await on_one_phone(office, again.conversation_id, *before)
    for citizen in (stranger, again):
        await press(citizen, await office.asks_for_human(citizen))
    queue = office.desk.settings.queue
    shown = [(row["conversation_id"], row["priority"], row["suits"]["sticky"]) for row in await anna.queue()]
    assert shown == [(again.conversation_id, queue.priority_repeated, True),
                     (stranger.conversation_id, queue.priority_ordinary, False)]  # fmt: skip
    assert not any(row["suits"]["sticky"] for row in await bo.queue())


@pytest.mark.asyncio
async def test_the_place_counts_those_whom_the_same_agents_may_take(office: Office) -> None:
    for _ in range(2):
        await office.in_queue("Hej")
        office.clock.forward(seconds=5)
    seen: dict[str, Any] = {}
    for department in ("social", "kultur", "social"):
        citizen = await office.citizen(department=department)
        said = await press(citizen, await office.asks_for_human(citizen))
        place = (await citizen.read())["queue"]["position"]
        assert said[0]["text"] == office.core.texts.render("queue.joined", "sv", position=place)
        seen.setdefault(department, []).append(place)
        office.clock.forward(seconds=5)
        if department == "kultur":
            await office.desk.routing.look()  # nobody of the department is there: the general queue takes it too
            seen["open"] = (await citizen.read())["queue"]["position"]
    assert seen == {"social": [1, 2], "kultur": [1], "open": 3}


@pytest.mark.asyncio
async def test_the_queue_knows_the_language_in_which_the_citizen_writes_now(office: Office) -> None:
    anna = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Hej")
    somali = "waan ku baahanahay caawimaad"
    office.script.analyses[somali] = analysis("so")
    await citizen.send(somali)
    (row,) = await anna.queue()
    assert (row["language"], row["suits"]["language"]) == ("so", False)
    await anna.claim(handover_id)
    office.script.analyses["Hello again"] = analysis("en")
    await citizen.send("Hello again")
    assert (await anna.context(handover_id))["handover"]["language"] == "en"
    await anna.post(f"/handovers/{handover_id}/close", reason="solved")
    other, _ = await office.in_queue("Hej")
    await other.send(somali)
    kept = sa.select(schema.handover.c.language).where(schema.handover.c.id == handover_id)
    assert await office.scalar(kept) == "en"  # what is over, and anybody else's, stays


@pytest.mark.asyncio
async def test_long_lists_begin_with_the_newest_end_and_the_first_due(office: Office) -> None:
    boss = await office.staff("Siv Chef", "supervisor")
    _, handover_id = await office.in_queue("Hej")
    await boss.claim(handover_id)
    await boss.post(f"/handovers/{handover_id}/close", reason="solved")
    now, h, c = office.core.now(), schema.handover, schema.conversation
    handovers, talks = [], []
    async with office.core.store.write() as tx:
        one = dict((await tx.conn.execute(sa.select(h))).one()._mapping)
        talk = dict((await tx.conn.execute(sa.select(c))).one()._mapping)
        for number in range(640):  # half of them over, half to be called, the latest to join the first due
            ended, times = number < 320, {"queued_at": now - minutes(700 - number), "claimed_at": None}
            times |= (
                {"ended_at": now - minutes(640 - number)} if ended else {"due_at": now + minutes(700 - number), "ended_at": None}
            )
            state, owner = ("closed", "closed") if ended else ("scheduled", "bot")
            talks.append(talk | {"id": schema.new_id(), "token_hash": f"t{number}", "owner": owner})
            handovers.append({**one, "due_at": None, "due_reason": None, **times, "id": schema.new_id(), "state": state,
                              "conversation_id": talks[-1]["id"], "topic": str(number),
                              "claimed_by": boss.id if ended else None})  # fmt: skip
        await tx.conn.execute(c.insert(), talks)
        await tx.conn.execute(h.insert(), handovers)
    closed = (await boss.get("/handovers?show=closed")).json()["handovers"]
    assert [row["topic"] for row in closed[1:]] == [str(number) for number in range(319, 20, -1)]
    due = [row["topic"] for row in await boss.queue()]
    assert due == [str(number) for number in range(639, 339, -1)]
