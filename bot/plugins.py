"""How channels and the desk join the app: they register; `bot` imports none of them."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, FastAPI

from bot.messages import Reply
from bot.store.conversations import Conversation
from bot.store.engine import Transaction

if TYPE_CHECKING:
    from bot.core import Core
    from bot.pipeline.worker import TurnWorker


class Desk(Protocol):
    """What the pipeline asks of the desk. Every call happens inside the turn's own transaction.

    `conversation` is the row as the transaction sees it. The desk changes owners with
    `bot.store.conversations.set_owner(tx, …, expected_version=conversation.version)`.
    """

    async def offer(
        self, tx: Transaction, conversation: Conversation, *, reason: str, department: str | None, topic: str | None
    ) -> list[Reply]:
        """Asks for consent to hand over (state `offered`), with the preview of what will be sent.

        Args:
            reason: asked | not_understood | emergency | bot_off | error | appeal | application | feedback.
            department: the queue it would go to; None = the contact centre.
            topic: title of the article or the citizen's question, shown in the queue.

        Returns:
            The consent question (buttons with actions `/handover_send`, `/handover_without_text`, `/handover_cancel`).
            In an emergency the one button is `/handover_send`: pressing it is the consent.
        """
        ...

    async def press(self, tx: Transaction, conversation: Conversation, action: str) -> list[Reply]:
        """A pressed button (or a typed yes/no): `/handover_send`, `/handover_without_text`, `/handover_cancel`, `/queue_leave`.

        Idempotent: a second press of the same button says where the citizen stands, and does nothing twice.
        """
        ...

    async def citizen_wrote(
        self, tx: Transaction, conversation: Conversation, *, emergency: bool, wants_human: bool
    ) -> list[Reply]:
        """The citizen wrote while the owner is queue or agent: marks unread, raises the priority in an emergency.

        Returns:
            What author `system` should say (for example the position, when the citizen asks for a human again), often nothing.
        """
        ...

    async def citizen_ended(self, tx: Transaction, conversation: Conversation) -> None:
        """The citizen ended the conversation: takes it out of the queue, tells the agent."""
        ...

    async def queue_position(self, tx_or_conn: Any, conversation_id: str) -> int | None:
        """1 = next; None when not queued."""
        ...


class Channel(Protocol):
    """A channel that pushes messages to an address (SMS, Telegram, …). The web does not: its client reads the store."""

    name: str

    async def send(self, address: str, text: str, payload: dict[str, Any], *, idempotency_key: str) -> str | None:
        """Sends one message and returns the provider's id.

        Raises:
            bot.outbox.TemporaryFailure: try again later.
            bot.outbox.PermanentFailure: never will be delivered.
        """
        ...


@dataclass
class Registry:
    """What a plugin's `register(registry)` may add to."""

    core: Core
    app: FastAPI
    worker: TurnWorker
    desk: Desk | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    on_start: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    on_stop: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def add_routes(self, router: APIRouter) -> None:
        """Adds routes to the app."""
        self.app.include_router(router)


def register_all(registry: Registry, names: Sequence[str]) -> None:
    """Imports each plugin by its module name and lets it register.

    Raises:
        RuntimeError: a name in PLUGINS is not a module with `register`.
    """
    for name in names:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name and name.startswith(missing.name):
                raise RuntimeError(f"PLUGINS: there is no module {name!r}; the default is connectors.web,handover") from missing
            raise
        module.register(registry)
