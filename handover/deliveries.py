"""`/desk/v1/deliveries`: what did not reach its phone: seen, sent again, discarded. Nobody reads here what was said."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from bot.core import Core
from bot.delivery import letters
from bot.delivery.letters import Letter, Shown
from bot.delivery.worker import OutboxWorker
from bot.http import ApiError, faults
from bot.plugins import Registry
from handover.auth import Agent, Session
from handover.models import ResendAll
from handover.queue import stamp

MessageId = Annotated[str, Path(max_length=32)]


class DeliveriesApi:
    """The routes.

    Args:
        registry: whose channels and whose outbox worker are shown.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, registry: Registry, requires: Callable[..., Callable[..., Awaitable[Session]]]) -> None:
        self._core: Core = registry.core
        self._registry, self._requires = registry, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1/deliveries", tags=["desk"], responses=faults(401, 403, 404, 409, 422))
        Reader = Annotated[Session, Depends(self._requires("supervise", writes=False))]
        Writer = Annotated[Session, Depends(self._requires("supervise", writes=True))]

        @router.get("", summary="Messages that failed, are held or wait; and how each account stands")
        async def listed(
            session: Reader,
            state: Shown = "dead",
            account: Annotated[str | None, Query(max_length=64)] = None,
            offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
        ) -> dict[str, Any]:
            return await self.listed(session.agent, state, account, offset)

        @router.post("/resend", summary="All failed ones of an account again, for after an outage")
        async def resend_all(body: ResendAll, session: Writer) -> dict[str, Any]:
            now = self._core.now()
            since = now - dt.timedelta(hours=body.hours) if body.hours is not None else None
            async with self._core.store.write() as tx:
                done = await letters.resend_account(tx, body.account, since=since, actor=session.agent.id, now=now,
                                                    departments=scope(session.agent))  # fmt: skip
            return {"resent": done.resent, "kept_back": done.kept_back}

        @router.post("/{message_id}/resend", summary="One that failed or is held again")
        async def resend(message_id: MessageId, session: Writer) -> dict[str, Any]:
            return await self._decide(letters.resend, message_id, session.agent)

        @router.post("/{message_id}/discard", summary="One that is not to be sent any more")
        async def discard(message_id: MessageId, session: Writer) -> dict[str, Any]:
            return await self._decide(letters.discard, message_id, session.agent)

        _ = (listed, resend_all, resend, discard)
        return router

    async def listed(self, agent: Agent, state: Shown, account: str | None, offset: int) -> dict[str, Any]:
        """What the page of deliveries shows."""
        now = self._core.now()
        async with self._core.store.read() as conn:
            found = await letters.listed(conn, state, account=account, offset=offset, limit=letters.MOST + 1,
                                         departments=scope(agent))  # fmt: skip
            counted = await letters.accounts(conn)
        return {
            "deliveries": [_shown(letter, now) for letter in found[: letters.MOST]],
            "more": len(found) > letters.MOST,
            "accounts": self._accounts(counted, now),
        }

    def _accounts(self, counted: dict[str, letters.Account], now: dt.datetime) -> list[dict[str, Any]]:
        outbox: OutboxWorker | None = self._registry.outbox
        standing = outbox.standing() if outbox else {}
        shown = []
        for key in sorted({*counted, *self._registry.channels}):
            account, pace = counted.get(key, letters.Account()), standing.get(key)
            shown.append({
                "account": key, "waiting": account.waiting, "dead": account.dead, "held": account.held,
                "oldest_waiting_seconds": _seconds(account.oldest_waiting, now) if account.oldest_waiting else None,
                "switched_on": key in self._registry.channels, "rests_seconds": round(pace.rests_seconds) if pace else 0,
                "trying": pace.trying if pace else False,
            })  # fmt: skip
        return shown

    async def _decide(self, decision: Callable[..., Awaitable[str]], message_id: str, agent: Agent) -> dict[str, Any]:
        try:
            async with self._core.store.write() as tx:
                state = await decision(tx, message_id, actor=agent.id, now=self._core.now(), departments=scope(agent))
        except letters.NoSuchDelivery:
            raise ApiError(404, "not_found", "there is no such message") from None
        except letters.WrongState as wrong:
            raise ApiError(409, "wrong_state", f"the message is {wrong.state}", state=wrong.state) from None
        except letters.KeptBack as kept:
            raise ApiError(409, "kept_back", "sent again, it would be kept back again", reason=kept.reason) from None
        return {"message_id": message_id, "state": state}


def scope(agent: Agent) -> tuple[str, ...] | None:
    """The departments whose deliveries are an agent's to see; None = all."""
    return None if agent.role == "admin" or not agent.departments else agent.departments


def _shown(letter: Letter, now: dt.datetime) -> dict[str, Any]:
    return {
        "message_id": letter.message_id, "conversation_id": letter.conversation_id, "seq": letter.seq, "author": letter.author,
        "account": letter.account, "state": letter.state, "attempts": letter.attempts, "parts_sent": letter.parts_sent,
        "error": letter.error, "created_at": stamp(letter.written_at), "changed_at": stamp(letter.changed_at),
        "next_attempt_at": stamp(letter.next_attempt_at), "age_seconds": _seconds(letter.written_at, now),
        "kept_back": letter.kept_back,
    }  # fmt: skip


def _seconds(since: dt.datetime, now: dt.datetime) -> int:
    return max(0, int((now - since).total_seconds()))
