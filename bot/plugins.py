"""How channels and the desk join the app: they register; `bot` imports none of them."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, FastAPI

from bot.delivery.contract import Channel
from bot.messages import Reply
from bot.store.conversations import Conversation
from bot.store.engine import Transaction

if TYPE_CHECKING:
    from bot.core import Core
    from bot.delivery.worker import OutboxWorker
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
            reason: asked | not_understood | emergency | bot_off | error | appeal | application | feedback |
                sensitive.
            department: the queue it would go to; None = the contact centre.
            topic: title of the article or the citizen's question, shown in the queue.

        Returns:
            The consent question (buttons with actions `/handover_send`, `/handover_without_text`, `/handover_cancel`).
            In an emergency the one button is `/handover_send`: pressing it is the consent.
        """
        ...

    async def press(self, tx: Transaction, conversation: Conversation, action: str, struck: Collection[int] = ()) -> list[Reply]:
        """A pressed button (or a typed yes/no): `/handover_send`, `/handover_without_text`, `/handover_cancel`, `/queue_leave`,
        `/contact_leave`, `/contact_cancel`; `/handover_pass:<number>`, `/handover_pass_without:<number>` (typed: without a
        number), `/handover_strike…` (`handover/questions.py`), `/handover_return:<id>` of the conversation to go back to.

        Idempotent: a second press of the same button says where the citizen stands, and does nothing twice.

        Args:
            struck: seqs of messages that the citizen does not want to be sent.
        """
        ...

    async def contact_answered(
        self, tx: Transaction, conversation: Conversation, answer: tuple[str, ...], *, emergency: bool = False
    ) -> list[Reply]:
        """The citizen answered the question for contact details (`conversation.awaiting` = contact).

        Args:
            answer: kinds of what was kept (`bot.store.contacts`): phone, email; or `cancelled`; or `invalid`, something like
                one; or `missing`.
            emergency: the answer spoke of danger, which comes first: nothing is said, and what was left is kept only if
                somebody at the desk will see it.
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

    async def citizen_returned(self, tx: Transaction, conversation_id: str) -> list[Reply] | None:
        """The citizen comes back to a closed conversation: it is opened again, when it was closed a short while ago.

        Returns:
            What author `system` says; None when it stays closed.
        """
        ...

    async def may_return(self, tx_or_conn: Any, conversation_id: str) -> bool:
        """Whether `citizen_returned` would open it."""
        ...

    async def offer_return(self, tx: Transaction, conversation: Conversation, closed_id: str) -> list[Reply]:
        """Offers one who writes anew, on a channel that pushes, to go back to the conversation that was closed before.

        Args:
            conversation: the new one.
            closed_id: the one before, which `may_return`.

        Returns:
            What author `system` says beside the answer; nothing when there is no way back (any more).
        """
        ...

    async def is_promised(self, tx_or_conn: Any, conversation_id: str) -> bool:
        """Whether an agent is to call, or to answer in this conversation, at some later time."""
        ...

    async def queue_position(self, tx_or_conn: Any, conversation_id: str) -> int | None:
        """1 = next; None when not queued."""
        ...

    async def queue_wait(self, tx_or_conn: Any, conversation_id: str) -> tuple[int | None, Mapping[str, int] | None]:
        """The position, and the wait to be told: `{low, high}` in minutes, None when nothing can be said."""
        ...

    async def read_through(self, tx_or_conn: Any, conversation_id: str) -> int:
        """Seq of the citizen's last message that the agent says to have read; 0 = none."""
        ...

    def has_queue(self, department: str) -> bool:
        """Whether a department has a queue of its own at the desk."""
        ...


@dataclass(frozen=True)
class CallBack:
    """That a citizen wants to be contacted, as a department is told; how to reach them is read at the desk alone.

    Args:
        department: key of the queue.
        department_name: in Swedish, for its staff.
        department_shown: the same in the citizen's language.
        language: the citizen's.
        topic: as the queue shows it; may be empty.
    """

    handover_id: str
    department: str
    department_name: str
    department_shown: str
    language: str
    topic: str


class Mailer(Protocol):
    """Sends e-mail. Without one the web chat does not offer it."""

    async def tell_department(self, tx: Transaction, wish: CallBack) -> Reply | None:
        """Makes ready a mail to the department.

        Returns:
            What to tell the citizen; the mail goes out with it. None when the department has given no address.
        """
        ...

    async def send_transcript(self, conversation_id: str, address: str) -> None:
        """Takes on the sending of what has been said to an address that the citizen gave for it.

        Args:
            conversation_id: whose messages.
            address: an e-mail address as the citizen wrote it.

        Raises:
            ApiError: 422 `invalid`, it is none; 429 `rate_limited`, too many to this address or of this conversation; 409
                `protected_identity`.
        """
        ...


@dataclass
class Registry:
    """What a plugin's `register(registry)` may add to.

    Args:
        outbox: delivers what is pushed; None until the app starts.
    """

    core: Core
    app: FastAPI
    worker: TurnWorker
    desk: Desk | None = None
    mailer: Mailer | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    outbox: OutboxWorker | None = None
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
                raise RuntimeError(
                    f"PLUGINS: there is no module {name!r}; the default is connectors.web,connectors.gateway,handover"
                ) from missing
            raise
        module.register(registry)
