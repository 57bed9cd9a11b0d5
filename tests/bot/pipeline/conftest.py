"""A citizen who writes, and a worker that answers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from bot.core import Core
from bot.messages import Button, Reply
from bot.pipeline.accept import Inbound, accept
from bot.pipeline.turn import run_turn
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Transaction


class RecordingDesk:
    """Keeps what it was asked; offers and queues for real, so that owners and versions change as they would."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def offer(
        self, tx: Transaction, conversation: Conversation, *, reason: str, department: str | None, topic: str | None
    ) -> list[Reply]:
        self.calls.append(("offer", {"reason": reason, "department": department, "topic": topic}))
        await conversations.update(tx, conversation.id, awaiting="consent")
        return [Reply("offer_human", "consent.question", buttons=(Button("/handover_send", "consent.send"),),
                      outcome="handover_offered", preview={"messages": []})]  # fmt: skip

    async def press(self, tx: Transaction, conversation: Conversation, action: str, struck: Collection[int] = ()) -> list[Reply]:
        self.calls.append(("press", {"action": action} | ({"struck": list(struck)} if struck else {})))
        if action == "/handover_send" and conversation.owner == "bot":
            await conversations.set_owner(
                tx, conversation.id, "queue", expected_version=conversation.version, now=self._core.now(), awaiting=None
            )
            return [Reply("text", "queue.joined", {"position": 1}, outcome="handed_over", author="system")]
        return [Reply("text", "consent.cancelled", outcome="smalltalk")]

    async def citizen_wrote(
        self, tx: Transaction, conversation: Conversation, *, emergency: bool, wants_human: bool
    ) -> list[Reply]:
        self.calls.append(("citizen_wrote", {"emergency": emergency, "wants_human": wants_human}))
        return []

    async def citizen_ended(self, tx: Transaction, conversation: Conversation) -> None:
        self.calls.append(("citizen_ended", {}))

    async def queue_position(self, tx_or_conn: Any, conversation_id: str) -> int | None:
        return 1


@dataclass
class Citizen:
    """Writes to the bot and reads what is said."""

    core: Core
    desk: RecordingDesk
    conversation_id: str = ""
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    async def writes(self, text: str, *, provider_id: str | None = None) -> str:
        """Only stores the message; nothing has answered yet."""
        return (
            await accept(self.core, self.conversation_id, Inbound(provider_id or f"m{next(self._ids)}", text=text))
        ).message_id

    async def presses(self, payload: str) -> list[dict[str, Any]]:
        accepted = await accept(self.core, self.conversation_id, Inbound(f"m{next(self._ids)}", payload=payload))
        return await self.answered(accepted.message_id)

    async def says(self, text: str) -> list[dict[str, Any]]:
        """Writes and gets the replies."""
        return await self.answered(await self.writes(text))

    async def answered(self, message_id: str) -> list[dict[str, Any]]:
        await run_turn(self.core, self.desk, message_id)
        return await self.replies(message_id)

    async def replies(self, message_id: str) -> list[dict[str, Any]]:
        async with self.core.store.read() as conn:
            return await messages.read(conn, self.conversation_id, self.core.texts.direction, turn_id=message_id)

    async def reads(self) -> list[dict[str, Any]]:
        async with self.core.store.read() as conn:
            return await messages.read(conn, self.conversation_id, self.core.texts.direction)

    async def conversation(self) -> Conversation:
        async with self.core.store.read() as conn:
            return await conversations.get(conn, self.conversation_id)

    async def turn(self, message_id: str) -> Any:
        async with self.core.store.read() as conn:
            return (await conn.execute(sa.select(schema.turn).where(schema.turn.c.message_id == message_id))).one()

    async def taken_over(self) -> None:
        """An agent takes the conversation."""
        async with self.core.store.write() as tx:
            current = await conversations.get(tx.conn, self.conversation_id)
            await conversations.set_owner(tx, current.id, "agent", expected_version=current.version, now=self.core.now())


@pytest_asyncio.fixture
async def citizen(core: Core) -> AsyncIterator[Citizen]:
    async with core.store.write() as tx:
        conversation_id = await conversations.create(
            tx, channel="web", channel_account="web", language="sv", token="t", now=core.now()
        )
    yield Citizen(core, RecordingDesk(core), conversation_id)
