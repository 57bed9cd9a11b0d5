"""Many agents press "claim" at the same moment: one wins, everybody else is told who."""

from __future__ import annotations

import asyncio

import pytest

from bot.core import Core
from bot.store import conversations
from handover import repository
from handover.desk import SEND, HandoverDesk
from handover.repository import AlreadyClaimed, Handover
from handover.states import State
from tests.handover.conftest import add_agent, new_conversation


async def queued(core: Core, desk: HandoverDesk, *texts: str) -> Handover:
    conversation = await new_conversation(core, *texts or ("Hej",))
    async with core.store.write() as tx:
        await desk.offer(tx, conversation, reason="asked", department=None, topic="Ämne")
        await desk.press(tx, conversation, SEND)
        found = await repository.latest(tx.conn, conversation.id)
    assert found is not None
    return found


@pytest.mark.asyncio
async def test_of_many_claims_at_once_exactly_one_wins(core: Core, desk: HandoverDesk) -> None:
    handover = await queued(core, desk)
    agents = [await add_agent(core, f"Agent{number} Test") for number in range(16)]

    async def claim(agent_id: str) -> str | None:
        try:
            async with core.store.write() as tx:
                await repository.claim(tx, handover.id, agent_id, now=core.now())
        except AlreadyClaimed as lost:
            return lost.winner
        return None

    losers = [winner for winner in await asyncio.gather(*(claim(agent_id) for agent_id in agents)) if winner is not None]
    async with core.store.read() as conn:
        after = await repository.get(conn, handover.id)
        conversation = await conversations.get(conn, handover.conversation_id)
        winner = await repository.agent_name(conn, after.claimed_by)
    assert len(losers) == len(agents) - 1
    assert set(losers) == {winner}
    assert (after.state, conversation.owner) == (State.CLAIMED, "agent")
    assert after.version == handover.version + 1


@pytest.mark.asyncio
async def test_a_claim_races_with_a_citizen_who_leaves_and_one_of_them_holds(core: Core, desk: HandoverDesk) -> None:
    for number in range(6):
        handover = await queued(core, desk)
        agent_id = await add_agent(core, f"Racer{number} Test")
        conversation = await new_conversation_of(core, handover)

        async def claim(handover: Handover = handover, agent_id: str = agent_id) -> bool:
            try:
                async with core.store.write() as tx:
                    return (await repository.claim(tx, handover.id, agent_id, now=core.now()))[1]
            except AlreadyClaimed:
                return False

        async def leave(conversation: conversations.Conversation = conversation) -> None:
            async with core.store.write() as tx:
                await desk.press(tx, conversation, "/queue_leave")

        won, _ = await asyncio.gather(claim(), leave())
        async with core.store.read() as conn:
            after = await repository.get(conn, handover.id)
            owner = (await conversations.get(conn, handover.conversation_id)).owner
        assert (after.state, owner) == ((State.CLAIMED, "agent") if won else (State.ABANDONED, "bot"))


async def new_conversation_of(core: Core, handover: Handover) -> conversations.Conversation:
    async with core.store.read() as conn:
        return await conversations.get(conn, handover.conversation_id)


@pytest.mark.asyncio
async def test_a_change_that_rests_on_an_old_reading_is_refused(core: Core, desk: HandoverDesk) -> None:
    handover = await queued(core, desk)
    agent_id = await add_agent(core, "Anna Test")
    async with core.store.write() as tx:
        await repository.claim(tx, handover.id, agent_id, now=core.now())
    async with core.store.write() as tx:
        conversation = await repository.lock_conversation(tx, handover.conversation_id)
        with pytest.raises(repository.StaleHandover):
            await repository.transition(tx, conversation, handover, State.ABANDONED, actor="citizen", now=core.now())
        assert (await repository.get(tx.conn, handover.id)).state == State.CLAIMED
