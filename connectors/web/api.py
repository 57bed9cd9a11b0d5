"""`/chat/v1`: the public API of the web chat (docs/architecture.md, "Web channel")."""

import asyncio
import math
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from bot import metrics
from bot.banner import read_banner
from bot.core import Core
from bot.http import ApiError, faults
from bot.messages import Button, Reply
from bot.pipeline import thumb
from bot.pipeline.accept import Accepted, Inbound, Refused, accept, clean
from bot.pipeline.render import render_text
from bot.pipeline.worker import TurnWorker
from bot.plugins import Desk, Mailer
from bot.privacy.masking import mask
from bot.rate import RateLimit
from bot.store import conversations, messages, schema
from bot.store.conversations import Conversation
from bot.store.engine import Connection, Transaction
from bot.switch import read_switch
from connectors.web import suggesting
from connectors.web.models import (
    ConversationOpened,
    MessageAccepted,
    NewConversation,
    NewFeedback,
    NewMessage,
    Suggestions,
    Transcript,
    TranscriptRequest,
    TurnResult,
)
from connectors.web.page import page_of

CHANNEL = "web"
MAX_WAIT_SECONDS = 20
SUGGESTIONS_PER_MINUTE = 240  # at most five a second while somebody types
TRANSCRIPTS_PER_MINUTE = 2  # per conversation, and per network address: an e-mail goes to whomever the citizen names
_STATUS = {
    "conversation_closed": 409,
    "empty": 422,
    "too_long": 422,
    "unknown_payload": 422,
    "bad_message_id": 422,
    "nothing_to_strike": 422,
}


class WebChat:
    """The web channel's routes over the shared core."""

    def __init__(
        self,
        core: Core,
        worker: TurnWorker,
        desk: Callable[[], Desk | None],
        mailer: Callable[[], Mailer | None] = lambda: None,
        continues: Callable[[], bool] = lambda: False,
    ) -> None:
        self.core, self.worker, self._desk, self._mailer, self._continues = core, worker, desk, mailer, continues
        self._per_conversation = RateLimit(core.settings.rate.messages_per_conversation)
        self._per_address = RateLimit(core.settings.rate.conversations_per_address)
        self._suggesting = RateLimit(SUGGESTIONS_PER_MINUTE)
        self._mailing = RateLimit(TRANSCRIPTS_PER_MINUTE)

    @property
    def desk(self) -> Desk | None:
        """The desk, once its plugin has registered."""
        return self._desk()

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/chat/v1", tags=["chat"], responses=faults(401, 409, 413, 422, 429, 503))

        async def current(authorization: Annotated[str | None, Header()] = None) -> Conversation:
            return await self.authenticate((authorization or "").removeprefix("Bearer ").strip())

        Current = Annotated[Conversation, Depends(current)]

        @router.get("/config", summary="Everything the widget shows")
        async def config() -> dict[str, Any]:
            return await self.config()

        @router.post("/conversations", status_code=201, response_model_exclude_none=True)
        async def open_conversation(request: Request, body: NewConversation) -> ConversationOpened:
            if not self.core.started.is_set():
                raise ApiError(503, "starting", "the assistant is starting; try again in a moment", headers={"Retry-After": "1"})
            self._limit(self._per_address, request.client.host if request.client else "?")
            return await self.open(body)

        @router.post("/messages", status_code=202,
                     responses={200: {"model": TurnResult}, 202: {"model": MessageAccepted}})  # fmt: skip
        async def write(
            body: NewMessage,
            conversation: Current,
            wait: Annotated[float | None, Query(ge=0, le=MAX_WAIT_SECONDS)] = None,
        ) -> Response:
            self._limit(self._per_conversation, conversation.id)
            accepted = await self.write(conversation, body)
            if wait is None:
                return JSONResponse({"message_id": accepted.message_id}, 202)
            result = await self.turn_result(accepted, wait)
            return JSONResponse(result, 200)

        @router.get("/messages", responses={200: {"model": Transcript}})
        async def read(conversation: Current, after: Annotated[int, Query(ge=0)] = 0) -> Response:
            return JSONResponse(await self.transcript(conversation, after))

        @router.post("/feedback", status_code=204)
        async def feedback(body: NewFeedback, conversation: Current) -> Response:
            self._limit(self._per_conversation, conversation.id + ":feedback")  # rating must not use up the right to write
            await self.feedback(conversation, body)
            return Response(status_code=204)

        @router.post("/typing", status_code=204)
        async def typing(conversation: Current) -> Response:
            self.core.hub.publish(
                {"topic": "conversation", "conversation_id": conversation.id, "kind": "typing", "author": "citizen"}
            )
            return Response(status_code=204)

        @router.get("/suggestions", summary="Titles for what is being written; nothing of it is kept")
        async def suggestions(
            conversation: Current,
            q: Annotated[str, Query(max_length=200)],
            language: Annotated[str, Query(pattern=r"^[a-z]{2,3}$")] = "sv",
        ) -> Suggestions:
            self._limit(self._suggesting, conversation.id)
            return await suggesting.suggest(self.core, conversation, q, language)

        @router.post("/transcript", status_code=202, summary="Sends what has been said by e-mail")
        async def transcript(request: Request, body: TranscriptRequest, conversation: Current) -> dict[str, str]:
            self._limit(self._mailing, conversation.id)
            self._limit(self._mailing, request.client.host if request.client else "?")
            await self.send_transcript(conversation, body.email)
            return {"status": "accepted"}

        @router.post("/reopen", summary="Goes on with a conversation that an agent closed a short while ago")
        async def reopen(conversation: Current) -> Response:
            self._limit(self._per_conversation, conversation.id)
            return JSONResponse(await self.reopen(conversation))

        @router.post("/end", responses={200: {"model": TurnResult}})
        async def end(conversation: Current) -> Response:
            return JSONResponse(await self.end(conversation))

        return router

    async def authenticate(self, token: str) -> Conversation:
        """The conversation of a bearer token.

        Raises:
            ApiError: 401 for a missing, forged or foreign token; nothing tells which.
        """
        if token and len(token) <= 200:
            async with self.core.store.read() as conn:
                found = await conversations.find_by_token(conn, token)
            if found is not None:
                return found
        raise ApiError(401, "unauthorized", "the token is missing or not valid", headers={"WWW-Authenticate": "Bearer"})

    def _limit(self, limit: RateLimit, key: str) -> None:
        wait = limit.take(key, time.monotonic())
        if wait > 0:
            seconds = math.ceil(wait)
            metrics.REFUSED.labels(channel=CHANNEL, code="rate_limited").inc()
            raise ApiError(
                429,
                "rate_limited",
                f"too many requests; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    async def config(self) -> dict[str, Any]:
        """Languages, the widget's texts, whether the bot is on, e-mail can be sent, and one can continue on a phone."""
        texts = self.core.texts
        async with self.core.store.read() as conn:
            switch, banner = await read_switch(conn), await read_banner(conn)
        return {
            "languages": [{"code": spoken.code, "name": spoken.name, "dir": spoken.dir} for spoken in texts.languages()],
            "bot_enabled": switch.enabled,
            "notice": None if switch.enabled else switch.reason,
            "banner": dict(banner.shown(self.core.now())) or None,
            "email": self._mailer() is not None,
            "continue": self._continues(),
            "texts": {
                spoken.code: {key: texts.raw(key, spoken.code) for key in texts.keys("widget.")} for spoken in texts.languages()
            },
        }

    async def open(self, body: NewConversation) -> ConversationOpened:
        """Opens a conversation; its first message says that this is an AI."""
        served = {spoken.code for spoken in self.core.texts.languages()}
        asked = (body.language or "").lower().replace("_", "-").split("-")[0]
        language = asked if asked in served else "sv"
        token, now = secrets.token_urlsafe(32), self.core.now()
        offered = [spoken for spoken in self.core.texts.languages() if spoken.greeting]
        buttons = tuple(Button(f"/language {spoken.code}", title=spoken.name) for spoken in offered)
        greeting = render_text(self.core, Reply("text", "greeting", buttons=buttons), language)
        async with self.core.store.write() as tx:
            conversation_id = await conversations.create(
                tx, channel=CHANNEL, channel_account=CHANNEL, language=language, token=token,
                page_url=page_of(body.page_url) if body.page_url else None, now=now,
            )  # fmt: skip
            if body.department and self.desk is not None and self.desk.has_queue(body.department):
                await conversations.update(tx, conversation_id, department=body.department)
            await messages.append(tx, conversation_id, greeting, now=now)
            shown = await messages.read(tx.conn, conversation_id, self.core.texts.direction)
        return ConversationOpened.model_validate({"conversation_id": conversation_id, "token": token, "messages": shown})

    async def write(self, conversation: Conversation, body: NewMessage) -> Accepted:
        """Stores the message and sets its turn going."""
        if (body.text is None) == (body.payload is None):
            raise ApiError(422, "invalid", "give either text or payload")
        if conversation.channel != CHANNEL:  # it came back from a phone: answers are read here again, not sent there
            async with self.core.store.write() as tx:
                await conversations.answer_on_web(tx, conversation.id)
        payload = body.payload
        if payload is not None and suggesting.is_suggestion(payload):
            payload = await suggesting.issue(self.core, conversation, payload)
        try:
            accepted = await accept(
                self.core, conversation.id, Inbound(body.client_message_id, body.text, payload, tuple(sorted(set(body.struck))))
            )
        except Refused as refused:
            metrics.REFUSED.labels(channel=CHANNEL, code=refused.code).inc()
            raise ApiError(_STATUS[refused.code], refused.code, str(refused)) from None
        self.worker.kick(conversation.id)
        return accepted

    async def turn_result(self, accepted: Accepted, wait: float) -> dict[str, Any]:
        """The turn's replies, waiting at most `wait` seconds for it to be done (or put off: then nothing comes soon)."""
        deadline = asyncio.get_running_loop().time() + wait
        # A message that has just come cannot have been answered yet: its turn begins when this task first waits.
        look = accepted.duplicate or wait <= 0
        async with self.core.hub.subscribe(f"conversation:{accepted.conversation_id}") as notices:
            while True:
                remaining = deadline - asyncio.get_running_loop().time()
                if look or remaining <= 0:
                    result, settled = await self._read_turn(accepted.conversation_id, accepted.message_id)
                    if settled or remaining <= 0:
                        return result
                look = True
                try:
                    async with asyncio.timeout(min(remaining, 1.0)):  # the hub may lose a notice: look again by itself
                        while (await notices.get()).get("kind") != "turn":
                            pass
                except TimeoutError:
                    pass

    async def _read_turn(self, conversation_id: str, message_id: str) -> tuple[dict[str, Any], bool]:
        t = schema.turn.c
        async with self.core.store.read() as conn:
            row = (await conn.execute(sa.select(t.state, t.owner_after).where(t.message_id == message_id))).one()
            if row.state == "pending":
                c = schema.conversation.c
                owner = (await conn.execute(sa.select(c.owner).where(c.id == conversation_id))).scalar_one()
                return {"message_id": message_id, "messages": [], "owner": owner, "done": False}, False
            shown = await messages.read(conn, conversation_id, self.core.texts.direction, turn_id=message_id)
        done = row.state == "done"
        return {"message_id": message_id, "messages": shown, "owner": row.owner_after, "done": done}, True

    async def transcript(self, conversation: Conversation, after: int) -> dict[str, Any]:
        """All messages after a seq, and where the conversation stands."""
        async with self.core.store.read() as conn:
            shown = await messages.read(conn, conversation.id, self.core.texts.direction, after=after)
            place = await self.queue_place(conn, conversation)
            delivery = await self.delivery(conn, conversation)
            closed = conversation.owner == "closed"
            reopens = closed and self.desk is not None and await self.desk.may_return(conn, conversation.id)
        return {
            "messages": shown,
            "owner": conversation.owner,
            "language": conversation.language,
            "queue": place,
            "delivery": delivery,
            "closed": closed,
            "reopens": reopens,
        }

    async def queue_place(self, conn: Connection, conversation: Conversation) -> dict[str, Any] | None:
        """`{position, wait?: {low, high}}` while the queue owns the conversation; the wait in minutes, when it can be said."""
        if self.desk is None or conversation.owner != "queue":
            return None
        position, wait = await self.desk.queue_wait(conn, conversation.id)
        return None if position is None else {"position": position} | ({"wait": dict(wait)} if wait else {})

    async def delivery(self, conn: Connection, conversation: Conversation) -> dict[str, int] | None:
        """How far the citizen's messages have come while the queue or an agent owns the conversation."""
        if self.desk is None or conversation.owner not in ("queue", "agent"):
            return None
        t = schema.turn.c
        done = sa.select(sa.func.max(t.seq)).where(t.conversation_id == conversation.id, t.state == "done")
        delivered: int = (await conn.execute(done)).scalar_one() or 0
        return {"delivered": delivered, "read": await self.desk.read_through(conn, conversation.id)}

    async def send_transcript(self, conversation: Conversation, address: str) -> None:
        """Hands the conversation to the mailer. The address is not kept here.

        Raises:
            ApiError: 503 when the assistant has no mailer, 409 under protected identity, where no address may be taken.
        """
        mailer = self._mailer()
        if mailer is None:
            raise ApiError(503, "email_unavailable", "the assistant cannot send e-mail")
        if conversation.protected:
            raise ApiError(409, "protected_identity", "nothing of this conversation is sent by e-mail")
        await mailer.send_transcript(conversation.id, address)

    async def feedback(self, conversation: Conversation, body: NewFeedback) -> None:
        """Keeps the last thumb for an answer; the comment is masked, and not kept under protected identity."""
        comment = mask(clean(body.comment)).text if body.comment and not conversation.protected else None
        m, f = schema.message.c, schema.feedback
        async with self.core.store.write() as tx:
            query = sa.select(m.id).where(m.conversation_id == conversation.id, m.seq == body.seq, m.author == "bot")
            message_id = (await tx.conn.execute(query)).scalar_one_or_none()
            if message_id is None:
                raise ApiError(404, "no_such_answer", "there is no answer with this seq")
            before = (await tx.conn.execute(sa.select(f.c.value).where(f.c.message_id == message_id))).scalar_one_or_none()
            values = {"value": body.value, "created_at": self.core.now()} | ({"comment": comment} if comment else {})
            changed = await tx.conn.execute(f.update().where(f.c.message_id == message_id).values(**values))
            if changed.rowcount == 0:
                await tx.conn.execute(f.insert().values(message_id=message_id, conversation_id=conversation.id, **values))
            if body.value == "down" and before != "down" and self.desk is not None:
                await thumb.offer_human(self.core, tx, conversation.id)

    async def reopen(self, conversation: Conversation) -> dict[str, Any]:
        """Opens a closed conversation again, in the queue; open already, it says where that is.

        Raises:
            ApiError: 409, it stays closed.
        """
        async with self.core.store.write() as tx:
            current = await conversations.lock(tx, conversation.id)
            if current.owner == "closed":
                said = await self.desk.citizen_returned(tx, current.id) if self.desk is not None else None
                if said is None:
                    raise ApiError(409, "conversation_closed", "the conversation has ended; open a new one")
                for reply in said:
                    await messages.append(tx, current.id, render_text(self.core, reply, current.language), now=self.core.now())
            now = await conversations.get(tx.conn, current.id)
            shown = await messages.read(tx.conn, current.id, self.core.texts.direction, after=current.last_seq)
        return {"messages": shown, "owner": now.owner, "done": True}

    async def end(self, conversation: Conversation) -> dict[str, Any]:
        """Ends the conversation for good; ending it twice says the same."""
        async with self.core.store.write() as tx:
            current = await conversations.get(tx.conn, conversation.id)
            if current.owner != "closed":
                await self._close(tx, current)
            query = sa.select(schema.message.c.seq).where(
                schema.message.c.conversation_id == conversation.id, schema.message.c.outcome == "ended"
            )
            seq = (
                await tx.conn.execute(query.order_by(schema.message.c.seq.desc()).limit(1))
            ).scalar_one_or_none() or current.last_seq
            shown = await messages.read(tx.conn, conversation.id, self.core.texts.direction, after=seq - 1)
        return {"messages": shown, "owner": "closed", "done": True}

    async def _close(self, tx: Transaction, current: Conversation) -> None:
        if self.desk is not None:
            await self.desk.citizen_ended(tx, current)
            current = await conversations.get(tx.conn, current.id)
        farewell = render_text(self.core, Reply("text", "conversation.ended", author="system", outcome="ended"), current.language)
        await messages.append(tx, current.id, farewell, now=self.core.now())
        if current.owner != "closed":
            await conversations.set_owner(
                tx,
                current.id,
                "closed",
                expected_version=current.version,
                now=self.core.now(),
                close_reason="citizen_ended",
            )
