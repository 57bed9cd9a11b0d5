"""Whatever citizens and agents do, in whatever order: one open handover, one owner, and both agree."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import Core
from bot.events import Hub
from bot.http import ApiError
from bot.settings import ROOT, load_settings
from bot.store import conversations, schema
from bot.store.engine import Store
from bot.texts import Catalogue
from handover import accounts
from handover.agent_actions import AgentActions
from handover.auth import Agent
from handover.desk import HandoverDesk
from handover.settings import load_departments
from handover.settings import load_settings as load_desk_settings
from handover.states import OPEN, OWNER, State
from tests.bot.scripted import Script
from tests.conftest import Clock
from tests.handover.conftest import add_agent, new_conversation

CITIZEN = [
    "offer",
    "offer emergency",
    "/handover_send",
    "/handover_without_text",
    "/handover_cancel",
    "/queue_leave",
    "wrote",
    "danger",
    "ended",
]
STAFF = ["claim 0", "claim 1", "write 0", "write 1", "return 0", "close 1", "transfer 0", "transfer 1", "department 0"]


async def citizen_does(desk: HandoverDesk, core: Core, conversation_id: str, step: str) -> None:
    async with core.store.write() as tx:
        conversation = await conversations.get(tx.conn, conversation_id)
        if conversation.owner == "closed":
            return  # the pipeline lets nothing through
        if step.startswith("offer"):
            await desk.offer(
                tx, conversation, reason="emergency" if "emergency" in step else "asked", department=None, topic="Ämne"
            )
        elif step in ("wrote", "danger"):
            await desk.citizen_wrote(tx, conversation, emergency=step == "danger", wants_human=False)
        elif step == "ended":
            await desk.citizen_ended(tx, conversation)
        else:
            await desk.press(tx, conversation, step)


async def agent_does(actions: AgentActions, agents: list[Agent], handover_id: str, step: str) -> None:
    kind, number = step.split()
    agent, other = agents[int(number)], agents[1 - int(number)]
    if kind == "claim":
        await actions.claim(agent, handover_id)
    elif kind == "write":
        await actions.write(agent, handover_id, client_message_id=step, text="Hej")
    elif kind == "return":
        await actions.give_back(agent, handover_id, note=None)
    elif kind == "close":
        await actions.close(agent, handover_id, reason="solved")
    elif kind == "transfer":
        await actions.transfer(agent, handover_id, to_agent=other.id, department=None, note=None)
    else:
        await actions.transfer(agent, handover_id, to_agent=None, department="social", note="Läs detta")


async def check(core: Core, conversation_id: str, before: conversations.Conversation) -> conversations.Conversation:
    """The invariants; returns the conversation as it is now."""
    h = schema.handover.c
    async with core.store.read() as conn:
        now = await conversations.get(conn, conversation_id)
        rows = (await conn.execute(sa.select(schema.handover).where(h.conversation_id == conversation_id))).all()
    opened = [row for row in rows if State(row.state) in OPEN]
    assert len(opened) <= 1
    if now.owner != "closed":
        assert now.owner == (OWNER[State(opened[0].state)] if opened else "bot")
    for row in rows:
        assert row.state != State.CLAIMED or row.claimed_by is not None
        assert (row.consent is None) == (row.state in (State.OFFERED, State.DECLINED))
        assert (row.ended_at is not None) == (State(row.state) not in OPEN)
    # The version counts changes of the owner; the bot's right to speak hangs on it.
    assert (now.version == before.version) == (now.owner == before.owner)
    return now


async def live_through(steps: list[str], directory: Path) -> None:
    url, hub, script = f"sqlite:///{directory / 'fraga.db'}", Hub(), Script()
    store = Store(url, publish=hub.publish)
    core = Core(
        load_settings(_env_file=None, var_dir=directory, database_url=url), store, Catalogue.load(ROOT / "texts"),
        script.knowledge_client(), script.rasa_client(), hub, Clock(),
    )  # fmt: skip
    try:
        desk_settings = load_desk_settings()
        departments = load_departments(desk_settings.queue.default_department)
        desk, actions = HandoverDesk(core, desk_settings, departments), AgentActions(core, desk_settings, departments)
        ids = [await add_agent(core, "Anna Agent"), await add_agent(core, "Bo Agent")]
        async with store.read() as conn:
            agents = [await accounts.get(conn, agent_id) for agent_id in ids]
        conversation = await new_conversation(core, "Hej")
        for step in steps:
            core.now.forward(seconds=1)  # type: ignore[attr-defined]
            if step in CITIZEN:
                await citizen_does(desk, core, conversation.id, step)
            else:
                newest = sa.select(schema.handover.c.id).order_by(schema.handover.c.offered_at.desc()).limit(1)
                async with store.read() as conn:
                    handover_id = (await conn.execute(newest)).scalar_one_or_none()
                try:
                    await agent_does(actions, agents, handover_id or "none", step)
                except ApiError as refused:
                    assert refused.status in (404, 409)
            conversation = await check(core, conversation.id, conversation)
    finally:
        await store.close()
        await core.knowledge.aclose()
        await core.rasa.aclose()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(CITIZEN + STAFF + ["offer", "/handover_send", "claim 0"]), min_size=4, max_size=25))
def test_in_any_order_the_owner_and_the_handover_agree(migrated_sqlite: Path, steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(migrated_sqlite, Path(directory) / "fraga.db")
        asyncio.run(live_through(steps, Path(directory)))
