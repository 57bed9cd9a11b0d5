"""What every HTTP door of the app shares: one form of error, body limits, security headers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger(__name__)
MAX_BODY_BYTES = 65_536
MAX_WEBHOOK_BYTES = 3_000_000  # Meta: "payloads can be up to 3 MB"

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)


_FAULT = {
    "description": "`{error: {code, message}}`, and for some codes what belongs to them",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
}
_FAULT_SCHEMA = {
    "title": "Fault",
    "description": "Every error has this body.",
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
            "additionalProperties": True,
        }
    },
    "required": ["error"],
}


class ApiError(Exception):
    """An error the client can act on: `{error: {code, message, **extra}}` with this status."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.headers, self.extra = status, code, headers, extra

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": {"code": self.code, "message": str(self), **self.extra}}


def error_response(error: ApiError) -> JSONResponse:
    """The response of an error."""
    return JSONResponse(error.body(), error.status, headers=error.headers)


def faults(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route for the published description.

    A reference, not a model: FastAPI would build a validator for each route and status, most of the time the app takes to start.

    Args:
        statuses: those it answers with.
    """
    return {status: {**_FAULT, "description": f"{HTTPStatus(status).phrase}. {_FAULT['description']}"} for status in statuses}


def _describe_faults(app: FastAPI) -> None:
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        document.setdefault("components", {}).setdefault("schemas", {})["Fault"] = _FAULT_SCHEMA
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def install_error_handlers(app: FastAPI) -> None:
    """Gives every error the same body; an unforeseen one says nothing of its inside."""

    _describe_faults(app)

    async def _api(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return error_response(error)

    async def _invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # `input` is left out: it is the citizen's text.
        faults = [{"field": ".".join(map(str, e["loc"][1:])), "message": e["msg"]} for e in error.errors()]
        return error_response(ApiError(422, "invalid", "the request is not of the published form", fields=faults))

    async def _http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StarletteHTTPException)
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return error_response(ApiError(error.status_code, code, str(error.detail), headers=dict(error.headers or {}) or None))

    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        _log.error("unhandled", path=request.url.path, error=type(error).__name__, exc_info=error)
        return error_response(
            ApiError(500, "internal", "something went wrong here; nothing you sent was lost if it was acknowledged")
        )

    app.add_exception_handler(ApiError, _api)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


class BodyLimit:
    """Refuses a body over the limit with 413, also when its length is not announced or announced wrongly."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = MAX_WEBHOOK_BYTES if scope["path"].startswith("/hooks/") else self._limit
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        too_large = announced.isdigit() and int(announced) > limit
        chunks: list[bytes] = []
        size, more = 0, True
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            too_large = size > limit
        if too_large:
            error = ApiError(413, "too_large", f"the request body may have at most {limit} bytes")
            await error_response(error)(scope, receive, send)
            return
        body, given = b"".join(chunks), False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


class SecurityHeaders:
    """Headers against sniffing, framing and foreign scripts. The widget's script may be loaded by any page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        ancestors = "'none'" if path.startswith("/desk") else "*"
        # The published API pages (/docs) are made by a tool that inlines its start script.
        csp = None if path in ("/docs", "/redoc") else _CSP.format(ancestors=ancestors)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                headers += [
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"strict-origin-when-cross-origin"),
                ]
                if csp:
                    headers.append((b"content-security-policy", csp.encode()))
                if path.startswith("/widget/"):
                    headers.append((b"cross-origin-resource-policy", b"cross-origin"))
            await send(message)

        await self._app(scope, receive, with_headers)
