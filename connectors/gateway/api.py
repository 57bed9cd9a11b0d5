"""`/chat/v1/continue`: a code brings a conversation to the web, or takes it from there to a phone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from bot.core import Core
from bot.http import ApiError
from bot.privacy.addresses import AddressBook
from bot.rate import RateLimit
from bot.store import conversations, messages
from connectors.contract import Connector
from connectors.gateway import continuing
from connectors.gateway.accounts import GatewaySettings

_TRIES_PER_MINUTE = 10  # of one network address: 27^8 codes can't be tried through


class Code(BaseModel):
    """A code from another channel; sending it is the consent to show the conversation here."""

    code: str = Field(min_length=8, max_length=12)


def continue_routes(
    core: Core, settings: GatewaySettings, addresses: AddressBook, connectors: Mapping[str, Connector]
) -> APIRouter:
    """The routes.

    Args:
        connectors: those that can open a conversation by a link get one beside the code.
    """
    router = APIRouter(prefix="/chat/v1", tags=["chat"])
    tries = RateLimit(_TRIES_PER_MINUTE)

    @router.post("/continue", summary="Open a conversation from another channel here")
    async def take(request: Request, body: Code) -> JSONResponse:
        if tries.take(request.client.host if request.client else "?", time.monotonic()) > 0:
            raise ApiError(429, "rate_limited", "too many tries; wait a minute", headers={"Retry-After": "60"})
        code, token = continuing.find_code(body.code), secrets.token_urlsafe(32)
        shown: list[dict[str, Any]] = []
        conversation_id = None
        if code is not None:
            async with core.store.write() as tx:
                conversation_id = await continuing.take_to_web(core, tx, code, token, addresses)
                if conversation_id is not None:
                    shown = await messages.read(tx.conn, conversation_id, core.texts.direction)
        if conversation_id is None:
            raise ApiError(404, "no_such_code", "the code does not hold (any more); ask for a new one where you wrote before")
        return JSONResponse({"conversation_id": conversation_id, "token": token, "messages": shown}, 201)

    @router.post("/continue/code", summary="A code to continue this conversation on a phone", status_code=201)
    async def give(authorization: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        token = (authorization or "").removeprefix("Bearer ").strip()
        async with core.store.write() as tx:
            found = await conversations.find_by_token(tx.conn, token) if token else None
            if found is None:
                raise ApiError(401, "unauthorized", "the token is missing or not valid", headers={"WWW-Authenticate": "Bearer"})
            if found.owner == "closed":
                raise ApiError(409, "conversation_closed", "the conversation has ended")
            code = await continuing.issue(core, settings, tx, found.id, addresses)
        links = [
            {"channel": connector.channel, "url": url}
            for connector in connectors.values()
            if (url := connector.continue_link(code))
        ]
        return {"code": f"{code[:4]} {code[4:]}", "minutes": settings.continue_minutes, "links": links}

    return router
