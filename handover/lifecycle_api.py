"""`/desk/v1/handovers…`: snoozed, scheduled, closed by two, taken over, opened again; and the lists to find them in."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends

from bot.core import Core
from bot.http import faults
from handover import queue, repository
from handover.auth import Session
from handover.lifecycle import Lifecycle
from handover.models import Scheduling, Snoozing
from handover.passing import Passing
from handover.pulling import pull_in
from handover.repository import Handover


class LifecycleApi:
    """The routes.

    Args:
        passing: what of a handover an agent may see.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(
        self, core: Core, passing: Passing, lifecycle: Lifecycle,
        requires: Callable[..., Callable[..., Awaitable[Session]]],
    ) -> None:  # fmt: skip
        self._core, self._passing, self._lifecycle, self._requires = core, passing, lifecycle, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1/handovers", tags=["desk"], responses=faults(401, 403, 404, 409, 422))
        Reader = Annotated[Session, Depends(self._requires("desk", writes=False))]
        Writer = Annotated[Session, Depends(self._requires("desk", writes=True))]
        Supervisor = Annotated[Session, Depends(self._requires("supervise", writes=True))]
        life = self._lifecycle

        @router.get("", summary="Conversations of colleagues (supervisors), or those that can be opened again")
        async def listed(session: Reader, show: Literal["colleagues", "closed"]) -> dict[str, Any]:
            async with self._core.store.read() as conn:
                return await queue.others(conn, session.agent, self._passing, self._core.now(), show)

        @router.get("/{handover_id}/told", summary="What the bot would be told that was spoken of")
        async def told(handover_id: str, session: Reader) -> dict[str, Any]:
            topics = await life.actions.spoken_of(session.agent, handover_id)
            return {"topics": await life.actions.told.shown(topics)}

        @router.post("/{handover_id}/snooze", summary="Lay it aside until a time, or until the citizen writes")
        async def snooze(handover_id: str, body: Snoozing, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await life.snooze(session.agent, handover_id, until=body.until, reason=body.reason))

        @router.post("/{handover_id}/schedule", summary="Agree on a time by which the citizen is called or answered")
        async def schedule(handover_id: str, body: Scheduling, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await life.schedule(session.agent, handover_id, due=body.due_at, kind=body.kind))

        @router.post("/{handover_id}/resume", summary="Take up what is snoozed; do not agree that it is closed")
        async def resume(handover_id: str, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await life.resume(session.agent, handover_id))

        @router.post("/{handover_id}/close/confirm", summary="Agree that a sensitive one is closed; never one's own")
        async def confirm(handover_id: str, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await life.confirm(session.agent, handover_id))

        @router.post("/{handover_id}/take-over", summary="A supervisor takes a colleague's")
        async def take_over(handover_id: str, session: Supervisor) -> dict[str, Any]:
            return await self._shown(session, await life.take_over(session.agent, handover_id))

        @router.post("/{handover_id}/reopen", summary="A closed one again into the queue, first in line")
        async def reopen(handover_id: str, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await life.reopen(session.agent, handover_id))

        @router.post("/{handover_id}/pull", summary="Take a conversation back from the bot: a new handover, claimed")
        async def pull(handover_id: str, session: Writer) -> dict[str, Any]:
            return await self._shown(session, await pull_in(life.actions, session.agent, handover_id))

        _ = (listed, told, snooze, schedule, resume, confirm, take_over, reopen, pull)
        return router

    async def _shown(self, session: Session, handover: Handover) -> dict[str, Any]:
        async with self._core.store.read() as conn:
            names = await repository.agent_names(conn, [handover.claimed_by])
        return queue.shown_to(session.agent, handover, names, self._core.now(), self._passing)
