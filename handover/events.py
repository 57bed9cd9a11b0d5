"""`/desk/v1/events`: news for the consoles. Frames carry ids and numbers; the console reads the rest over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from bot import metrics
from bot.core import Core
from bot.store import schema
from handover.api import COOKIE
from handover.auth import Gate, Session
from handover.presence import Presence
from handover.states import CLAIMABLE, HELD, State

UNAUTHORIZED = 4401
_h = schema.handover.c


def events_router(core: Core, gate: Gate, presence: Presence) -> APIRouter:
    """The WebSocket route."""
    router = APIRouter(prefix="/desk/v1")

    @router.websocket("/events")
    async def events(socket: WebSocket) -> None:
        session = await gate.session(socket.cookies.get(COOKIE), core.now()) if same_origin(socket) else None
        await socket.accept()
        if session is None or session.must_enrol or not session.agent.may("desk"):
            await socket.send_json({"type": "error", "code": "unauthorized"})
            await socket.close(UNAUTHORIZED)
            return
        with metrics.OPEN_SOCKETS.labels(kind="desk").track_inprogress():
            await presence.arrive(session.agent.id)
            try:
                await _Console(core, gate, presence, socket, session).serve()
            except (WebSocketDisconnect, RuntimeError):  # RuntimeError: Starlette's word for a send after the close
                pass
            finally:
                # Shielded: the mark must be set also when the server is stopping and cancels this task.
                await asyncio.shield(presence.leave(session.agent.id))

    return router


def same_origin(socket: WebSocket) -> bool:
    """Whether the page that opens the socket is this server's own: browsers send cookies along from any page."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


class _Console:
    """One open console: sends news of the queue and of the conversations its agent may see."""

    def __init__(self, core: Core, gate: Gate, presence: Presence, socket: WebSocket, session: Session) -> None:
        self._core, self._gate, self._presence, self._socket, self._session = core, gate, presence, socket, session
        self._conversations: dict[str, str] = {}  # conversation id → handover id
        self._within_reach: set[str] = set()  # all that are open, by conversation: no other's ids are told

    async def serve(self) -> None:
        """Until the console goes or its session ends."""
        token = self._socket.cookies.get(COOKIE)
        async with self._core.hub.subscribe("desk") as notices:
            await self._look()
            await self._socket.send_json({"type": "hello"})
            reader = asyncio.create_task(self._until_gone(token))
            try:
                while not reader.done():
                    getter = asyncio.ensure_future(notices.get())
                    await asyncio.wait({getter, reader}, return_when=asyncio.FIRST_COMPLETED)
                    if not getter.done():
                        getter.cancel()
                        break
                    await self._pass_on(getter.result(), token)
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _until_gone(self, token: str | None) -> None:
        """Each frame of the console is a heartbeat; the session is looked at again with each."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not await self._still_in(token):
                return
            await self._presence.heartbeat(self._session.agent.id)
            await self._socket.send_json({"type": "pong"})

    async def _still_in(self, token: str | None) -> bool:
        """Whether the session holds, and still allows a desk; what its agent may hear of is what they may now."""
        found = await self._gate.session(token, self._core.now())
        if found is not None and not found.must_enrol and found.agent.may("desk"):
            if found.agent != self._session.agent:
                self._session = found
                await self._look()
            return True
        await self._socket.send_json({"type": "error", "code": "unauthorized"})
        await self._socket.close(UNAUTHORIZED)
        return False

    async def _pass_on(self, notice: dict[str, Any], token: str | None) -> None:
        if notice["topic"] == "conversation":
            await self._conversation_news(notice)
        elif notice["type"] in ("silent", "awake", "passed"):
            if notice["agent_id"] == self._session.agent.id:
                await self._socket.send_json({"type": notice["type"], "handover_id": notice["handover_id"]})
        elif notice["type"] == "session":
            if notice["agent_id"] == self._session.agent.id:
                await self._still_in(token)
        elif notice["type"] in ("presence", "deliveries"):
            await self._socket.send_json({"type": notice["type"]})
        elif notice["type"] == "queue" and not self._concerns(notice.get("agent_id")):
            return
        else:
            # An ended one is news to whoever had it in view, too.
            told = {"handover": {*self._conversations}, "queue": set(self._within_reach)}
            await self._look()
            told["handover"] |= self._conversations.keys()
            told["queue"] |= self._within_reach
            if notice["type"] in told and notice.get("conversation_id") not in told[notice["type"]]:
                notice = {"topic": "desk", "type": "queue"}
            await self._socket.send_json({name: value for name, value in notice.items() if name not in ("topic", "agent_id")})

    def _concerns(self, agent_id: str | None) -> bool:
        """Whether a claimed conversation's news (it has something unread) is this agent's: theirs, or a supervisor's to see."""
        return agent_id in (None, self._session.agent.id) or self._session.agent.may("supervise")

    async def _conversation_news(self, notice: dict[str, Any]) -> None:
        handover_id = self._conversations.get(notice["conversation_id"])
        if handover_id is None:
            return
        frame = {"conversation_id": notice["conversation_id"], "handover_id": handover_id}
        if notice["kind"] == "message":
            await self._socket.send_json({"type": "message", "seq": notice["seq"], **frame})
        elif notice["kind"] == "typing" and notice.get("author") == "citizen":
            await self._socket.send_json({"type": "typing", "author": "citizen", **frame})
        elif notice["kind"] == "delivery":  # how far a message of ours has come, or that the agent has read the citizen's
            await self._socket.send_json({"type": "delivery", "seq": notice["seq"], "state": notice["state"], **frame})
        elif notice["kind"] == "turn":  # what the bot understood of the last message is known now
            await self._socket.send_json({"type": "turn", **frame})

    async def _look(self) -> None:
        """Which conversations this agent may have news of: those queued, those to agree about, and the own."""
        agent = self._session.agent
        overflow = _h.preview["overflow"].as_string().label("overflow")
        # What is scheduled is with the bot: news of it is of the queue only.
        query = sa.select(_h.conversation_id, _h.id, _h.state, _h.department, _h.claimed_by, overflow).where(
            _h.state.in_((*CLAIMABLE, *HELD))
        )
        async with self._core.store.read() as conn:
            rows = (await conn.execute(query)).all()
        rows = [row for row in rows if agent.within_reach(row.department, row.claimed_by, row.overflow)]
        self._within_reach = {row.conversation_id for row in rows}
        self._conversations = {
            row.conversation_id: row.id for row in rows
            if row.state in (State.QUEUED, State.CLOSING) or (row.state in HELD and row.claimed_by == agent.id)
        }  # fmt: skip
