"""An agent who is gone too long loses the conversation to the queue, and it goes first."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from bot.core import Core
from bot.store import messages, schema
from handover import repository
from handover.agent_actions import AgentActions
from handover.desk import SEND, HandoverDesk
from handover.presence import Claim, Presence, lost
from handover.settings import PresenceSettings, load_departments, load_settings
from handover.states import State
from tests.conftest import Clock
from tests.handover.conftest import add_agent, new_conversation

LIMITS = PresenceSettings(present_seconds=75, heartbeat_seconds=25, requeue_minutes=10, sweep_seconds=30)
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def ago(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("present", "wrote", "away_since", "is_lost"),
    [
        (ago(1), None, None, False),  # the console is open
        (ago(9), None, None, False),  # gone, not for long
        (ago(11), None, None, True),  # the process died: the mark stands still
        (None, None, ago(11), True),  # the console was closed
        (None, None, ago(5), False),
        (None, ago(5), ago(30), False),  # works without a console, through the API
        (None, ago(11), ago(11), True),
    ],
)
def test_who_counts_as_gone(
    present: dt.datetime | None, wrote: dt.datetime | None, away_since: dt.datetime | None, is_lost: bool
) -> None:
    claim = Claim("h", "a", claimed_at=ago(60), present_at=present, wrote_at=wrote, away_since=away_since)
    assert lost([claim], NOW, LIMITS) == (["h"] if is_lost else [])


def test_a_fresh_claim_is_not_lost_to_an_old_absence() -> None:
    claim = Claim("h", "a", claimed_at=ago(1), present_at=None, wrote_at=None, away_since=ago(60))
    assert lost([claim], NOW, LIMITS) == []


@pytest.mark.asyncio
async def test_the_conversation_of_a_lost_agent_goes_back_first_in_line(core: Core, desk: HandoverDesk, clock: Clock) -> None:
    settings = load_settings()
    actions = AgentActions(core, settings, load_departments(settings.queue.default_department))
    presence = Presence(core, settings.presence, actions)
    agent_id = await add_agent(core, "Anna Agent")
    first, second = await new_conversation(core, "Jag var först"), await new_conversation(core, "Jag väntar")
    for conversation in (second, first):  # `first` has waited the shorter time
        async with core.store.write() as tx:
            await desk.offer(tx, conversation, reason="asked", department=None, topic=None)
            await desk.press(tx, conversation, SEND)
        clock.forward(minutes=1)
    async with core.store.write() as tx:
        handover = await repository.latest(tx.conn, first.id)
        assert handover is not None
        await repository.claim(tx, handover.id, agent_id, now=core.now())
    await presence.arrive(agent_id)
    clock.forward(minutes=30)
    await presence.heartbeat(agent_id)
    assert await presence.sweep() == 0
    await presence.leave(agent_id)
    clock.forward(minutes=9)
    assert await presence.sweep() == 0
    clock.forward(minutes=2)
    assert await presence.sweep() == 1

    async with core.store.read() as conn:
        after = await repository.get(conn, handover.id)
        said = await messages.read(conn, first.id, core.texts.direction)
        assert await desk.routing.position(conn, first.id) == 1
        assert await desk.routing.position(conn, second.id) == 2
        row = (await conn.execute(sa.select(schema.audit).where(schema.audit.c.actor == "system"))).one()
    assert (after.state, after.claimed_by) == (State.QUEUED, None)
    assert said[-1]["text"] == core.texts.render("agent.left", "sv", name="Anna Agent")
    assert (row.action, row.detail["reason"]) == ("handover.queued", "agent_lost")
