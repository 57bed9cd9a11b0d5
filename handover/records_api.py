"""`/desk/v1/records`: for the registrar: a conversation found, copied, held back from deletion. All of it audited."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.core import Core
from bot.http import ApiError, faults
from bot.retention import rules
from handover import records
from handover.auth import Session
from handover.queue import stamp
from handover.repository import write_audit

ConversationId = Annotated[str, Path(max_length=32)]


class HoldBody(BaseModel):
    """Keeps a conversation from deletion, for a case; without a reference the hold ends."""

    model_config = ConfigDict(extra="forbid")

    reference: str | None = Field(max_length=64)


class RecordsApi:
    """The routes.

    Args:
        core: the app's shared parts.
        requires: makes the dependency that lets a role in: `DeskApi.requires`.
    """

    def __init__(self, core: Core, requires: Callable[..., Callable[..., Awaitable[Session]]]) -> None:
        self._core, self._requires = core, requires

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1/records", tags=["desk"], responses=faults(401, 403, 404, 422))
        Reader = Annotated[Session, Depends(self._requires("admin", writes=False))]
        Writer = Annotated[Session, Depends(self._requires("admin", writes=True))]

        @router.get("", summary="Conversations by id, or by the day on which they began")
        async def found(
            session: Reader, named: Annotated[str | None, Query(max_length=32)] = None, day: dt.date | None = None
        ) -> dict[str, Any]:
            if not named and day is None:
                raise ApiError(422, "invalid", "give an id or a day")
            async with self._core.store.write() as tx:
                rows = await records.find(tx.conn, named=named or None, day=day)
                await write_audit(tx, actor=session.agent.id, action="records.search", target=named or str(day),
                                  now=self._core.now(), detail={"found": len(rows)})  # fmt: skip
            return {"conversations": rows}

        @router.get("/{conversation_id}", summary="A copy of one conversation, to be read or handed on")
        async def copied(conversation_id: ConversationId, session: Reader, form: Literal["json", "html"] = "json") -> Response:
            now = self._core.now()
            async with self._core.store.write() as tx:
                copy = await self._copy(tx.conn, conversation_id)
                await write_audit(tx, actor=session.agent.id, action="records.copied", target=conversation_id, now=now,
                                  detail={"form": form})  # fmt: skip
            headers = {"Content-Disposition": f'attachment; filename="samtal-{copy["id"]}.{form}"', "Cache-Control": "no-store"}
            if form == "html":
                return HTMLResponse(records.as_html(copy, now), headers=headers)
            return JSONResponse(copy | {"copied_at": stamp(now)}, headers=headers)

        @router.post("/{conversation_id}/hold", summary="Keep it from deletion for a case, or end that")
        async def hold(conversation_id: ConversationId, body: HoldBody, session: Writer) -> dict[str, Any]:
            now, actor = self._core.now(), session.agent.id
            async with self._core.store.write() as tx:
                if body.reference is None:
                    await rules.release(tx, conversation_id, actor=actor, now=now)
                    return {"held": None}
                try:
                    await rules.hold(tx, conversation_id, reference=body.reference, actor=actor, now=now)
                except LookupError:
                    raise ApiError(404, "not_found", "there is no such conversation") from None
                except rules.BadRule as bad:
                    raise ApiError(422, "invalid", str(bad)) from None
                return {"held": await rules.held(tx.conn, conversation_id)}

        _ = (found, copied, hold)
        return router

    async def _copy(self, conn: Any, conversation_id: str) -> dict[str, Any]:
        try:
            return await records.copy_of(conn, conversation_id)
        except LookupError:
            raise ApiError(404, "not_found", "there is no such conversation") from None
