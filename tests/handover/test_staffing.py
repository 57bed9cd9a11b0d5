"""Breaks, opening hours set in the console, the notice to citizens, the overview and the own figures."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.banner import Banner
from bot.store import schema
from handover.staffing.figures import midnight
from tests.conftest import Clock
from tests.handover.conftest import Office, Staff

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS: dict[str, Any] = {"weekly": {day: ["00:00", "23:59"] for day in WEEK}, "closed_on_holidays": False}
NEVER: dict[str, Any] = {"weekly": {}}


async def beat(agent: Staff, office: Office) -> None:
    """As an open console does."""
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.agent.update().where(schema.agent.c.id == agent.id).values(present_at=office.core.now()))


@pytest.mark.asyncio
async def test_on_a_break_claims_are_kept_and_no_new_one_is_taken(office: Office) -> None:
    agent, other = await office.staff("Anna Agent"), await office.staff("Siv Samordnare", role="supervisor")
    _, first = await office.in_queue("Ett")
    _, second = await office.in_queue("Två")
    assert (await agent.claim(first)).status_code == 200
    assert (await agent.post("/me/duty", duty="break")).json() == {"duty": "break"}
    refused = await agent.claim(second)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "on_break")
    assert (await agent.write(first, "Jag är kvar")).status_code == 200
    directory = (await other.get("/directory")).json()["agents"]
    assert {one["name"]: one["duty"] for one in directory} == {"Anna Agent": "break", "Siv Samordnare": "available"}
    await agent.post("/me/duty", duty="available")
    assert (await agent.claim(second)).status_code == 200
    assert (await agent.post("/me/duty", duty="lunch")).status_code == 422


@pytest.mark.asyncio
async def test_capacity_and_skills_are_set_by_an_admin_and_hold(office: Office) -> None:
    admin, agent = await office.staff("Adam Admin", role="admin"), await office.staff("Anna Agent")
    set_to = await admin.post(f"/agents/{agent.id}/routing", capacity=1, skills=["Crisis "])
    assert set_to.json() == {"capacity": 1, "skills": ["crisis"]}
    shown = next(one for one in (await admin.get("/agents")).json()["agents"] if one["id"] == agent.id)
    assert (shown["capacity"], shown["skills"]) == (1, ["crisis"])
    _, first = await office.in_queue("Ett")
    _, second = await office.in_queue("Två")
    await agent.claim(first)
    assert (await agent.claim(second)).json()["error"]["code"] == "at_capacity"
    await admin.post(f"/agents/{agent.id}/routing", capacity=None, skills=[])
    assert (await agent.claim(second)).status_code == 200
    assert (await admin.post("/agents/nobody/routing", capacity=1)).status_code == 404


@pytest.mark.asyncio
async def test_hours_set_in_the_console_decide_what_a_citizen_is_told(office: Office) -> None:
    admin, agent = await office.staff("Adam Admin", role="admin"), await office.staff("Anna Agent")
    before = (await admin.get("/hours")).json()
    assert (before["edited"], before["departments"]) == ([], {})
    assert before["common"]["weekly"]["monday"] == ["08:00", "17:00"]
    assert before["holidays"][0]["name"]["sv"] and before["holidays"][0]["date"] >= str(office.core.now().date())
    await beat(agent, office)
    closed = office.core.texts.render("queue.closed", "sv")
    for hours, told in ((ALWAYS, False), (NEVER, True)):
        assert (await admin.post("/hours", department="kontaktcenter", hours=hours)).json()["edited"] == ["kontaktcenter"]
        citizen, _ = await office.in_queue("Hej")
        assert any(message["text"] == closed for message in (await citizen.read())["messages"]) is told
    assert (await admin.post("/hours", department="kontaktcenter", hours=None)).json()["edited"] == []
    assert (await admin.post("/hours", department=None, hours=ALWAYS)).json()["edited"] == [""]
    assert (await admin.get("/settings")).json()["staffed_now"] is True
    assert len(await office.audited("desk.hours")) == 4


@pytest.mark.asyncio
async def test_hours_that_are_not_in_order_are_refused(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    wrong: list[dict[str, Any]] = [{"weekly": {"monday": ["17:00", "08:00"]}}, {"weekly": {"someday": ["08:00", "17:00"]}}, {}]
    for hours in wrong:
        assert (await admin.post("/hours", department=None, hours=hours)).status_code == 422
    assert (await admin.post("/hours", department="finns-inte", hours=ALWAYS)).status_code == 422


def test_a_banner_is_shown_until_its_time_is_over(clock: Clock) -> None:
    now, texts = clock(), {"sv": "Lång kö", "en": "Long queue"}
    banner = Banner(texts, now + dt.timedelta(hours=1))
    assert banner.shown(now) == texts
    assert banner.shown(now + dt.timedelta(hours=1)) == {}
    assert Banner(texts).shown(now + dt.timedelta(days=900)) == texts
    assert Banner().shown(now) == {}


@pytest.mark.asyncio
async def test_the_notice_reaches_the_chat_and_goes_again(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    assert (await admin.http.get("/chat/v1/config")).json()["banner"] is None
    until = (office.core.now() + dt.timedelta(hours=1)).isoformat()
    shown = await admin.post("/banner", texts={"sv": "Lång kö i dag", "fi": " "}, until=until)
    assert (shown.json()["texts"], shown.json()["shown_now"]) == ({"sv": "Lång kö i dag"}, True)
    assert (await admin.http.get("/chat/v1/config")).json()["banner"] == {"sv": "Lång kö i dag"}
    office.clock.forward(minutes=61)
    assert (await admin.http.get("/chat/v1/config")).json()["banner"] is None
    assert (await admin.post("/banner", texts={})).json()["texts"] == {}
    assert (await admin.post("/banner", texts={"en": "x"})).json()["error"]["code"] == "swedish_missing"
    assert (await admin.post("/banner", texts={"sv": "x"}, until=until)).json()["error"]["code"] == "past"


@pytest.mark.asyncio
async def test_the_overview_shows_who_waits_who_works_and_who_has_what(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    supervisor = await office.staff("Siv Samordnare", role="supervisor", departments=("kontaktcenter",))
    _, first = await office.in_queue("Ett")
    office.clock.forward(minutes=3)
    await office.in_queue("Två")
    await beat(agent, office)
    await agent.claim(first)
    await agent.post("/me/duty", duty="away")
    office.clock.forward(minutes=1)
    seen = (await supervisor.get("/overview")).json()
    (own,) = seen["departments"]
    assert (own["key"], own["queued"], own["claimed"], own["longest_wait_seconds"]) == ("kontaktcenter", 1, 1, 60)
    assert (own["at_work"], own["on_break"]) == (0, 1)
    anna = next(one for one in seen["agents"] if one["name"] == "Anna Agent")
    assert (anna["duty"], anna["claimed"], anna["present"]) == ("away", 1, True)
    assert [(one["handover_id"], one["agent"]["name"]) for one in seen["conversations"]] == [(first, "Anna Agent")]
    assert (await agent.get("/overview")).status_code == 403


@pytest.mark.asyncio
async def test_the_own_day_counts_what_happened_since_midnight(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, first = await office.in_queue("Ett")
    _, second = await office.in_queue("Två")
    answer = next(m for m in (await citizen.read())["messages"] if m["author"] == "bot")
    await citizen.http.post("/chat/v1/feedback", json={"seq": answer["seq"], "value": "up"}, headers=citizen.auth)
    office.clock.forward(minutes=2)
    await agent.claim(first)
    await agent.claim(second)
    office.clock.forward(minutes=1)
    await agent.write(first, "Hej")
    office.clock.forward(minutes=2)
    await agent.write(second, "Hej")
    await agent.post(f"/handovers/{first}/close", reason="solved")
    day = (await agent.get("/me/day")).json()
    assert (day["claimed"], day["closed"], day["returned"]) == (2, 1, 0)
    assert (day["waiting_seconds"], day["first_answer_seconds"]) == (120, 120)
    assert day["feedback"] == {"up": 1, "down": 0}
    office.clock.forward(minutes=24 * 60)
    assert (await agent.log_in()).status_code == 200
    assert (await agent.get("/me/day")).json()["claimed"] == 0


def test_the_desks_day_begins_at_its_own_midnight() -> None:
    late = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)  # half past midnight in Sweden
    assert midnight(late, "Europe/Stockholm").isoformat() == "2026-07-02T00:00:00+02:00"
