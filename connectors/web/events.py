"""`/chat/v1/events`: what happens in the conversation, as it happens. The store is the truth; a frame is only news of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from bot import metrics
from bot.http import ApiError
from bot.store import conversations, messages
from connectors.web.api import WebChat

HELLO_SECONDS = 10
PING_SECONDS = 25  # shorter than the 30–60 s after which proxies cut an idle connection
UNAUTHORIZED = 4401


def events_router(chat: WebChat) -> APIRouter:
    """The WebSocket route."""
    router = APIRouter(prefix="/chat/v1")

    @router.websocket("/events")
    async def events(socket: WebSocket) -> None:
        await socket.accept()
        counted = metrics.OPEN_SOCKETS.labels(kind="chat").track_inprogress()
        with counted, contextlib.suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: a send after the close
            await _serve(chat, socket)

    return router


async def _serve(chat: WebChat, socket: WebSocket) -> None:
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = await socket.receive_json()
        conversation = await chat.authenticate(str(hello["token"]))
        after = int(hello.get("after") or 0)
    except (TimeoutError, ApiError, KeyError, ValueError, TypeError, AttributeError):
        await socket.send_json({"type": "error", "code": "unauthorized"})
        await socket.close(UNAUTHORIZED)
        return
    feed = _Feed(chat, socket, conversation.id, after)
    async with chat.core.hub.subscribe(f"conversation:{conversation.id}") as notices:
        reader = asyncio.create_task(_until_gone(socket))
        try:
            await feed.send_news()
            while not reader.done():
                notice = await _next(notices, reader)
                if reader.done():
                    return
                if notice is None:
                    await socket.send_json({"type": "ping"})
                    await feed.send_news()  # a lost notice costs at most one ping's time
                elif notice["kind"] == "typing":
                    if notice.get("author") != "citizen":
                        await socket.send_json({"type": "typing", "seq": feed.after, "author": notice["author"]})
                else:
                    await feed.send_news()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def _next(notices: asyncio.Queue[dict[str, Any]], reader: asyncio.Task[None]) -> dict[str, Any] | None:
    getter = asyncio.ensure_future(notices.get())
    done, _ = await asyncio.wait({getter, reader}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if getter in done:
        return getter.result()
    getter.cancel()
    return None


async def _until_gone(socket: WebSocket) -> None:
    """Reads and ignores what the client sends, to notice when it goes."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


class _Feed:
    """Sends what the client does not have yet: messages by seq; owner, queue position and delivery when they change."""

    def __init__(self, chat: WebChat, socket: WebSocket, conversation_id: str, after: int) -> None:
        self._chat, self._socket, self._id, self.after = chat, socket, conversation_id, after
        self._owner: tuple[str, str | None] | None = None
        self._place: dict[str, Any] | None = None
        self._delivery: dict[str, int] = {"delivered": 0, "read": 0}

    async def send_news(self) -> None:
        core = self._chat.core
        async with core.store.read() as conn:
            conversation = await conversations.get(conn, self._id)
            shown = await messages.read(conn, self._id, core.texts.direction, after=self.after)
            place = await self._chat.queue_place(conn, conversation)
            delivery = await self._chat.delivery(conn, conversation) or {}
        for message in shown:
            await self._socket.send_json({"type": "message", "seq": message["seq"], "message": message})
            self.after = message["seq"]
        names = [m["agent_name"] for m in shown if "agent_name" in m]
        owner = (conversation.owner, names[-1] if names and conversation.owner == "agent" else None)
        if self._owner is None or owner[0] != self._owner[0] or (owner[1] and owner[1] != self._owner[1]):
            frame = {"type": "owner", "seq": self.after, "owner": owner[0]}
            await self._socket.send_json(frame | ({"agent_name": owner[1]} if owner[1] else {}))
            self._owner = owner
        if place != self._place:
            self._place = place
            if place is not None:
                await self._socket.send_json({"type": "queue", "seq": self.after, **place})
        for state, seq in delivery.items():
            if seq > self._delivery[state]:
                self._delivery[state] = seq
                await self._socket.send_json({"type": "delivery", "seq": seq, "state": state})
