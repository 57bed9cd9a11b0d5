"""`/desk/v1/me…` and what an admin does with others' sessions (docs/architecture.md, "Desk")."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from bot.core import Core
from bot.http import ApiError, faults
from handover.auth import Gate, Session
from handover.identity import sessions

Requires = Callable[..., Callable[..., Awaitable[Session]]]


class SessionsApi:
    """Open logins: the own ones, and for an admin everybody's.

    Args:
        core: store and clock.
        gate: knows how long a session lives.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, gate: Gate, requires: Requires) -> None:
        self._core, self._gate, self._requires = core, gate, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1", tags=["identity"], responses=faults(401, 403, 404))
        Reader = Annotated[Session, Depends(self._requires("session", writes=False))]
        Writer = Annotated[Session, Depends(self._requires("session", writes=True))]
        AdminReader = Annotated[Session, Depends(self._requires("admin", writes=False))]
        AdminWriter = Annotated[Session, Depends(self._requires("admin", writes=True))]

        @router.get("/me/sessions", summary="Where I am logged in")
        async def own(session: Reader) -> dict[str, Any]:
            return await self._listed(session.agent.id, session.token_hash)

        @router.post("/me/sessions/{session_id}/end", status_code=204, summary="End one of my sessions")
        async def end_own(session_id: str, session: Writer) -> Response:
            return await self._end(session.agent.id, session_id, session)

        @router.get("/agents/{agent_id}/sessions", summary="Where somebody is logged in")
        async def others(agent_id: str, session: AdminReader) -> dict[str, Any]:
            return await self._listed(agent_id, session.token_hash)

        @router.post("/agents/{agent_id}/sessions/{session_id}/end", status_code=204, summary="End somebody's session")
        async def end_others(agent_id: str, session_id: str, session: AdminWriter) -> Response:
            return await self._end(agent_id, session_id, session)

        _ = (own, end_own, others, end_others)
        return router

    async def _listed(self, agent_id: str, own: str) -> dict[str, Any]:
        async with self._core.store.read() as conn:
            return {"sessions": await sessions.listed(conn, agent_id, now=self._core.now(), idle=self._gate.idle, own=own)}

    async def _end(self, agent_id: str, session_id: str, by: Session) -> Response:
        try:
            async with self._core.store.write() as tx:
                await sessions.end(tx, agent_id, session_id, actor=by.agent.id, now=self._core.now())
        except LookupError:
            raise ApiError(404, "not_found", "there is no such session (any more)") from None
        return Response(status_code=204)
