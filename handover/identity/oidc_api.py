"""`/desk/v1/oidc…`: leaving for the provider, and coming back. These are addresses that a browser goes to, not calls."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from bot.core import Core
from handover.api import COOKIE, COOKIE_PATH
from handover.auth import Gate
from handover.identity.oidc import STATE_SECONDS, Oidc, OidcRefused, not_set_up
from handover.identity.sessions import client_name

STATE_COOKIE = "fraga_desk_oidc"
_PATH = "/desk/v1/oidc"


def oidc_router(core: Core, gate: Gate, oidc: Oidc | None, session_seconds: int) -> APIRouter:
    """The routes; without a provider they answer 404."""
    router = APIRouter(prefix=_PATH, tags=["identity"])
    secure = core.settings.fraga_env != "development"

    def back(error: str) -> RedirectResponse:
        response = RedirectResponse(f"/desk?{urlencode({'login': error})}", 303)
        response.delete_cookie(STATE_COOKIE, path=_PATH)
        return response

    @router.get("", summary="Whether OpenID Connect is set up")
    async def available() -> dict[str, bool]:
        return {"available": oidc is not None}

    @router.get("/start", summary="To the provider")
    async def start(request: Request) -> RedirectResponse:
        if oidc is None:
            raise not_set_up()
        try:
            url, state = await oidc.leave(request)
        except OidcRefused as refused:
            return back(refused.code)
        response = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
        # Lax: the browser comes back from the provider's site, and must bring it.
        response.set_cookie(STATE_COOKIE, state, max_age=STATE_SECONDS, path=_PATH, httponly=True, samesite="lax", secure=secure)
        return response

    @router.get("/callback", summary="Back from the provider")
    async def callback(request: Request) -> RedirectResponse:
        if oidc is None:
            raise not_set_up()
        try:
            claims = await oidc.arrive(request, request.cookies.get(STATE_COOKIE))
            agent = await oidc.account(claims, core.now())
        except OidcRefused as refused:
            return back(refused.code)
        opened = await gate.open_external(agent, core.now(), client=client_name(request.headers.get("user-agent")))
        response = RedirectResponse("/desk", 303, headers={"Cache-Control": "no-store"})
        response.set_cookie(COOKIE, opened.token, max_age=session_seconds, path=COOKIE_PATH, httponly=True, samesite="strict",
                            secure=secure)  # fmt: skip
        response.delete_cookie(STATE_COOKIE, path=_PATH)
        return response

    @router.get("/logout", summary="To the provider's own logging out, after the desk's")
    async def logout() -> RedirectResponse:
        if oidc is None:
            raise not_set_up()
        desk = core.settings.public_url.rstrip("/") + "/desk"
        return RedirectResponse(await oidc.logout_url(desk) or desk, 303)

    return router
