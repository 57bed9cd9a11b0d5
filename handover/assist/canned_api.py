"""Canned replies over HTTP: for the agent in a conversation, and for who edits them."""

# No `from __future__ import annotations` here: FastAPI reads the dependencies, which are local, from live annotations.

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy.exc import IntegrityError

from bot.http import ApiError, faults
from bot.store import conversations
from bot.store.engine import Connection
from handover import hours, repository
from handover.agent_actions import may_read, not_found
from handover.api import DeskApi
from handover.assist import canned
from handover.assist.canned import CannedReply
from handover.assist.models import ReplyBody, ReplyChange
from handover.auth import Agent, Session
from handover.repository import Handover
from handover.staffing import opening


class CannedApi:
    """The routes of canned replies.

    Args:
        desk: the desk's own routes: settings, departments, rights.
    """

    def __init__(self, desk: DeskApi) -> None:
        self._core, self._desk = desk.core, desk

    async def start(self) -> None:
        """Gives a new desk its starter replies."""
        try:
            async with self._core.store.write() as tx:
                await canned.seed(tx, now=self._core.now(), rows=canned.starter())
        except IntegrityError:  # another process was first
            pass

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/desk/v1", tags=["replies"], responses=faults(401, 403, 404, 409, 422))
        Agents = Annotated[Session, Depends(self._desk.requires("desk", writes=False))]
        Reader = Annotated[Session, Depends(self._desk.requires("supervise", writes=False))]
        Writer = Annotated[Session, Depends(self._desk.requires("supervise", writes=True))]

        @router.get("/handovers/{handover_id}/replies", summary="Canned replies for this conversation, in the citizen's language")
        async def fitting(handover_id: str, session: Agents) -> dict[str, Any]:
            return {"replies": await self.fitting(session.agent, handover_id)}

        @router.get("/replies", summary="All canned replies, with every language")
        async def listed(session: Reader) -> dict[str, Any]:
            async with self._core.store.read() as conn:
                rows = await canned.read_all(conn)
            return {
                "replies": [_shown(row) | {"editable": _may_edit(session.agent, row.department)} for row in rows],
                "variables": list(canned.VARIABLES), "may_edit_common": _may_edit(session.agent, None),
                "languages": [{"code": one.code, "name": one.name, "dir": one.dir} for one in self._core.texts.languages()],
                "departments": [key for key in self._desk.departments.queues() if _may_edit(session.agent, key)],
            }  # fmt: skip

        @router.post("/replies", status_code=201, summary="A new canned reply")
        async def create(body: ReplyBody, session: Writer) -> dict[str, Any]:
            values = self._checked(session.agent, body)
            try:
                async with self._core.store.write() as tx:
                    return _shown(await canned.create(tx, actor=session.agent.id, now=self._core.now(), **values))
            except (canned.ShortcutTaken, IntegrityError):
                raise _taken() from None

        @router.patch("/replies/{reply_id}", summary="Save a canned reply")
        async def change(reply_id: str, body: ReplyChange, session: Writer) -> dict[str, Any]:
            values = self._checked(session.agent, body)
            try:
                async with self._core.store.write() as tx:
                    await self._editable(tx.conn, session.agent, reply_id)
                    return _shown(await canned.change(tx, reply_id, body.version, actor=session.agent.id, now=self._core.now(),
                                                      **values))  # fmt: skip
            except LookupError:
                raise _unknown() from None
            except canned.ReplyChanged:
                raise ApiError(409, "changed", "somebody else saved this reply meanwhile") from None
            except (canned.ShortcutTaken, IntegrityError):
                raise _taken() from None

        @router.post("/replies/{reply_id}/delete", status_code=204, summary="Take a canned reply away")
        async def delete(reply_id: str, session: Writer) -> Response:
            try:
                async with self._core.store.write() as tx:
                    await self._editable(tx.conn, session.agent, reply_id)
                    await canned.delete(tx, reply_id, actor=session.agent.id, now=self._core.now())
            except LookupError:
                raise _unknown() from None
            return Response(status_code=204)

        _ = (fitting, listed, create, change, delete)
        return router

    async def fitting(self, agent: Agent, handover_id: str) -> list[dict[str, Any]]:
        """The replies for a conversation, variables filled in.

        Raises:
            ApiError: 404, 403 another agent's.
        """
        async with self._core.store.read() as conn:
            try:
                handover = await repository.get(conn, handover_id)
            except LookupError:
                raise not_found() from None
            may_read(agent, handover)
            language = (await conversations.get(conn, handover.conversation_id)).language
            replies = await canned.read_all(conn)
            values = {code: await self._values(conn, agent, handover, language, code) for code in {language, canned.ORIGINAL}}
        rows = canned.offered(replies, department=handover.department, language=language, values=values)
        return [row | {"dir": self._core.texts.direction(row["language"])} for row in rows]

    async def _values(
        self, conn: Connection, agent: Agent, handover: Handover, citizens: str, language: str
    ) -> Mapping[str, str]:  # fmt: skip
        """The variables' values, as a text in `language` says them."""
        hours_now = (await opening.read(conn, self._desk.settings)).of(handover.department)
        opens = hours.next_opening(self._core.now(), hours_now, self._desk.desk.is_holiday)
        names = {one.code: one.name for one in self._core.texts.languages()}
        return {
            "agent": agent.name,
            "department": self._desk.departments.name(handover.department, language),
            "opening": opens.strftime("%Y-%m-%d %H:%M") if opens else "",
            "citizen_language": names.get(citizens, citizens),
            "number": handover.id[:8].upper(),
        }

    def _checked(self, agent: Agent, body: ReplyBody) -> dict[str, Any]:
        known = {one.code for one in self._core.texts.languages()}
        texts = {code: text for code, text in body.texts.items() if text}
        if body.department is not None and body.department not in self._desk.departments.queues():
            raise ApiError(422, "invalid", f"no such queue: {body.department}")
        if not _may_edit(agent, body.department):
            raise ApiError(403, "other_department", "replies of that department are not yours to edit")
        if set(texts) - known:
            raise ApiError(422, "invalid", f"no such language: {', '.join(sorted(set(texts) - known))}")
        if canned.ORIGINAL not in texts:
            raise ApiError(422, "swedish_missing", "the Swedish text is needed: it is shown where a language has none")
        if unknown := canned.unknown_variables(texts):
            raise ApiError(422, "unknown_variable", f"no such variable: {', '.join(unknown)}", variables=unknown)
        return {"shortcut": body.shortcut.removeprefix("/"), "title": body.title, "department": body.department, "texts": texts}

    @staticmethod
    async def _editable(conn: Connection, agent: Agent, reply_id: str) -> None:
        if not _may_edit(agent, (await canned.get(conn, reply_id)).department):
            raise ApiError(403, "other_department", "replies of that department are not yours to edit")


def _may_edit(agent: Agent, department: str | None) -> bool:
    """A supervisor edits the replies of the own departments; those of every department, who serves all."""
    return agent.role == "admin" or not agent.departments or (department is not None and agent.serves(department))


def _shown(reply: CannedReply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in ("id", "department", "shortcut", "title", "texts", "version")}


def _unknown() -> ApiError:
    return ApiError(404, "not_found", "there is no such reply (any more)")


def _taken() -> ApiError:
    return ApiError(409, "shortcut_taken", "another reply has this shortcut")
