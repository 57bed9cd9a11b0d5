"""A server that keeps the contract "Web channel" of docs/architecture.md and misbehaves on demand.

It exists for what the real server can't be made to show: an acknowledgement lost on the way, a WebSocket that never
opens, a gap in the events, a service that is still starting. What it says is in `replies.py`; the widget's texts are the
project's own catalogue.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from connectors.web.bundle import read_bundle, script_routes
from tests.browser.widget.replies import ARABIC_TITLES, TITLES, replies_to
from tests.serving import Server

PROJECT = Path(__file__).resolve().parents[3]
STATIC = PROJECT / "connectors" / "web" / "static"
STRICT_CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'"
CREATED_AT = "2026-03-02T13:05:00+00:00"


@cache
def _catalogue() -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """The languages and the widget's texts; read once, they take a second."""

    def read(name: str) -> Any:
        return yaml.load((PROJECT / "texts" / f"{name}.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)

    languages = read("languages")
    texts = {one["code"]: {k: v for k, v in read(one["code"]).items() if k.startswith("widget.")} for one in languages}
    return languages, texts


@dataclass
class Talk:
    """One conversation."""

    token: str
    language: str
    page_url: str | None
    department: str | None = None
    owner: str = "bot"
    position: int | None = None
    delivery: dict[str, int] | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    sockets: list[WebSocket] = field(default_factory=list)


class FakeChat:
    """The scriptable server; every method may be called from the test's thread.

    Attributes:
        faults: what happens to the next POSTs of a message, in order: an HTTP status (int), "lose_ack" (taken, answer cut
            off), or "ok".
        ready: False = 503 to everything but the static files.
        sockets_open: False = the WebSocket is refused.
        silent: True = messages are stored and published, but the assistant says nothing.
        posts: client_message_id of every POST of a message that arrived, repeats included.
        titles: what is suggested when what is written begins a word of it.
        suggested: what suggestions were asked for, with the language.
        mail: None = no e-mail; else the addresses that transcripts went to.
        codes: None = no phone channel; else the conversation that each code holds for, once.
        links: where a code for the phone can be sent.
    """

    def __init__(self) -> None:
        self.talks: dict[str, Talk] = {}
        self.pages: dict[str, str] = {}
        self.faults: deque[int | str] = deque()
        self.ready = self.sockets_open = True
        self.silent = False
        self.notice: str | None = None
        self.posts: list[str] = []
        self.struck: list[list[int]] = []
        self.titles: dict[str, list[str]] = {"sv": TITLES, "ar": ARABIC_TITLES}
        self.suggested: list[tuple[str, str]] = []
        self.mail: list[str] | None = None
        self.codes: dict[str, Talk] | None = None
        self.links: list[dict[str, str]] = []
        self.requests: Counter[str] = Counter()
        self.feedback: list[dict[str, Any]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        # Listens from here on: who connects before the server runs waits in the backlog, nobody is refused.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = Server(uvicorn.Config(self._app(), "127.0.0.1", self.port, log_level="critical"))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    # ------------------------------------------------------------------ from the test's thread

    def start(self) -> None:
        """Starts the server and returns when it listens."""
        self._up = threading.Event()
        self._thread.start()
        assert self._up.wait(20), "the fake server did not start"

    def stop(self) -> None:
        """Stops the server."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._server.leaving.set)
        self._thread.join(10)

    @property
    def talk(self) -> Talk:
        """The conversation begun last."""
        return list(self.talks.values())[-1]

    def say(self, *messages: dict[str, Any], publish: bool = True) -> None:
        """Writes messages into the conversation; unpublished ones are stored, but no event tells of them."""
        self._run(self._append(self.talk, list(messages), publish=publish))

    def on_phone(self, code: str, *messages: dict[str, Any], language: str = "sv") -> Talk:
        """A conversation on a phone, and the code that brings it to the web."""
        talk = Talk(secrets.token_urlsafe(16), language, None)
        self._run(self._append(talk, [{"language": language, **one} for one in messages]))
        self.codes = {**(self.codes or {}), code: talk}
        return talk

    def own(self, owner: str, *, position: int | None = None, agent_name: str | None = None) -> None:
        """Gives the conversation a new owner, or the queue a new position."""
        self._run(self._own(self.talk, owner, position, agent_name))

    def reach(self, **delivery: int) -> None:
        """The citizen's messages have come so far: delivered=seq, read=seq; said by frame and by reading."""
        self.talk.delivery = {"delivered": 0, "read": 0} | (self.talk.delivery or {}) | delivery
        for state, seq in delivery.items():
            self.frame(type="delivery", state=state, seq=seq)

    def frame(self, **frame: Any) -> None:
        """Sends any frame to the conversation's sockets."""
        self._run(self._publish(self.talk, {"seq": len(self.talk.messages), **frame}))

    def cut_sockets(self) -> None:
        """Drops every open WebSocket."""

        async def cut() -> None:
            for one in list(self.talk.sockets):
                await one.close(1012)

        self._run(cut())

    def said(self, author: str = "citizen") -> list[str]:
        """Texts of one author, as stored."""
        return [one["text"] for one in self.talk.messages if one["author"] == author]

    def _run(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # ------------------------------------------------------------------------- in the server's loop

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._up.set()
        await self._server.serve(sockets=[self._socket])

    async def _append(self, talk: Talk, messages: list[dict[str, Any]], *, publish: bool = True) -> None:
        for message in messages:
            seq = len(talk.messages) + 1
            stored = {"seq": seq, "message_id": f"m{seq}", "author": "bot", "language": "sv", "dir": "ltr",
                      "created_at": CREATED_AT, **message}  # fmt: skip
            talk.messages.append(stored)
            if publish:
                await self._publish(talk, {"type": "message", "seq": seq, "message": stored})

    async def _own(self, talk: Talk, owner: str, position: int | None, agent_name: str | None) -> None:
        talk.owner, talk.position = owner, position
        seq = len(talk.messages)
        frame = {"type": "owner", "seq": seq, "owner": owner} | ({"agent_name": agent_name} if agent_name else {})
        await self._publish(talk, frame)
        if position is not None:
            await self._publish(talk, {"type": "queue", "seq": seq, "position": position})

    async def _publish(self, talk: Talk, frame: dict[str, Any]) -> None:
        for one in list(talk.sockets):
            try:
                await one.send_json(frame)
            except (WebSocketDisconnect, RuntimeError):
                talk.sockets.remove(one)

    async def _turn(self, talk: Talk, body: dict[str, Any]) -> None:
        payload = body.get("payload")
        titles = {b["payload"]: b["title"] for m in talk.messages for b in m.get("buttons", [])}
        for language, several in self.titles.items():
            titles |= {f"article:{language}:{at}": title for at, title in enumerate(several)}
        text = body["text"] if payload is None else titles.get(payload, str(payload).removeprefix("language:"))
        stored = {"author": "citizen", "text": text, "language": talk.language, "client_message_id": body["client_message_id"]}
        await self._append(talk, [stored])
        if payload and payload.startswith("language:"):
            talk.language = payload.removeprefix("language:")
        if self.silent or talk.owner != "bot":
            return
        messages, owner = replies_to(text, payload, talk.language)
        await self._append(talk, messages)
        if owner:
            await self._own(talk, owner, 3 if owner == "queue" else None, None)

    def _talk_of(self, request: Request) -> Talk | None:
        return self.talks.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        app.include_router(script_routes(read_bundle()))
        app.mount("/widget", StaticFiles(directory=STATIC))
        problem = {code: JSONResponse({"error": {"code": name, "message": "for developers"}}, code)
                   for code, name in ((401, "unauthorized"), (404, "not_found"), (409, "conversation_closed"), (422, "invalid"),
                                      (429, "rate_limited"), (500, "internal"), (503, "not_ready"))}  # fmt: skip

        @app.middleware("http")
        async def headers(request: Request, call_next: Any) -> Response:
            self.requests[f"{request.method} {request.url.path}"] += 1
            if not self.ready and request.url.path.startswith("/chat/"):
                return problem[503]
            response: Response = await call_next(request)
            response.headers.setdefault("Content-Security-Policy", STRICT_CSP)
            return response

        @app.get("/")
        async def demo() -> FileResponse:
            return FileResponse(STATIC / "demo.html")

        @app.get("/page/{name}")
        async def page(name: str) -> HTMLResponse:
            # Pages with hostile style of their own need inline style; their policy is theirs, not ours.
            loose = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; connect-src *; script-src * 'unsafe-inline'"}
            return HTMLResponse(self.pages[name], headers=loose if name.startswith("loose") else None)

        @app.get("/chat/v1/config")
        async def config() -> dict[str, Any]:
            languages, texts = _catalogue()
            return {"languages": languages, "bot_enabled": self.notice is None, "notice": self.notice,
                    "email": self.mail is not None, "continue": self.codes is not None, "texts": texts}  # fmt: skip

        @app.post("/chat/v1/conversations", status_code=201)
        async def begin(request: Request) -> dict[str, Any]:
            body = await request.json()
            talk = Talk(secrets.token_urlsafe(16), body.get("language") or "sv", body.get("page_url"), body.get("department"))
            self.talks[talk.token] = talk
            await self._append(talk, replies_to("", "greeting", talk.language)[0])
            return {"conversation_id": f"c{len(self.talks)}", "token": talk.token, "messages": talk.messages}

        @app.post("/chat/v1/messages")
        async def write(request: Request) -> Response:
            body = await request.json()
            self.posts.append(body["client_message_id"])
            self.struck += [body["struck"]] if "struck" in body else []
            fault = self.faults.popleft() if self.faults else "ok"
            if isinstance(fault, int):
                return problem[fault]
            talk = self._talk_of(request)
            if talk is None:
                return problem[401]
            if talk.owner == "closed":
                return problem[409]
            fresh = body["client_message_id"] not in talk.accepted
            talk.accepted.setdefault(body["client_message_id"], f"m{len(talk.messages) + 1}")
            if fresh:
                await self._turn(talk, body)
            if fault == "lose_ack":
                return StreamingResponse(_cut_off(), 202, media_type="application/json")
            return JSONResponse({"message_id": talk.accepted[body["client_message_id"]]}, 202)

        @app.get("/chat/v1/messages")
        async def read(request: Request, after: int = 0) -> Response:
            talk = self._talk_of(request)
            if talk is None:
                return problem[401]
            queue = {"position": talk.position} if talk.position else None
            shown = [one for one in talk.messages if one["seq"] > after]
            return JSONResponse({"messages": shown, "owner": talk.owner, "language": talk.language, "queue": queue,
                                 "delivery": talk.delivery, "closed": talk.owner == "closed"})  # fmt: skip

        @app.post("/chat/v1/feedback")
        async def rate(request: Request) -> Response:
            body = await request.json()
            self.feedback.append(body)
            if (talk := self._talk_of(request)) is None:
                return problem[401]
            talk.messages[body["seq"] - 1]["feedback"] = body["value"]
            return Response(status_code=204)

        @app.post("/chat/v1/typing")
        async def typing() -> Response:
            return Response(status_code=204)

        @app.get("/chat/v1/suggestions")
        async def suggestions(request: Request, q: str, language: str) -> Response:
            self.suggested.append((q, language))
            if self._talk_of(request) is None:
                return problem[401]
            found = [one for one in self.titles.get(language, []) if f" {q}".lower() in f" {one}".lower()][:4]
            direction = "rtl" if language == "ar" else "ltr"
            return JSONResponse({"suggestions": [
                {"article_id": f"a{at}", "payload": f"article:{language}:{self.titles[language].index(one)}", "title": one,
                 "language": language, "dir": direction} for at, one in enumerate(found)
            ]})  # fmt: skip

        @app.post("/chat/v1/transcript")
        async def transcript(request: Request) -> Response:
            body = await request.json()
            if self._talk_of(request) is None:
                return problem[401]
            if self.mail is None:
                return problem[503]
            if body["email"].endswith(".invalid"):
                return problem[422]
            if body["email"] in self.mail:
                return problem[429]
            self.mail.append(body["email"])
            return JSONResponse({"status": "accepted"}, 202)

        @app.post("/chat/v1/continue")
        async def take(request: Request) -> Response:
            fault = self.faults.popleft() if self.faults else "ok"
            if isinstance(fault, int):
                return problem[fault]
            talk = (self.codes or {}).pop((await request.json())["code"], None)
            if talk is None:
                return problem[404]
            self.talks.pop(talk.token, None)  # the token it had opens it no more
            talk.token = secrets.token_urlsafe(16)
            self.talks[talk.token] = talk
            return JSONResponse({"conversation_id": "phone", "token": talk.token, "messages": talk.messages}, 201)

        @app.post("/chat/v1/continue/code")
        async def give(request: Request) -> Response:
            fault = self.faults.popleft() if self.faults else "ok"
            if isinstance(fault, int):
                return problem[fault]
            if (talk := self._talk_of(request)) is None:
                return problem[401]
            self.codes = {"2345BCDF": talk}
            return JSONResponse({"code": "2345 BCDF", "minutes": 15.0, "links": self.links}, 201)

        @app.get("/tillganglighet")
        async def accessibility() -> FileResponse:
            return FileResponse(STATIC / "tillganglighet.html")

        @app.post("/chat/v1/end")
        async def end(request: Request) -> Response:
            if (talk := self._talk_of(request)) is None:
                return problem[401]
            talk.owner = "closed"
            await self._append(talk, [{"author": "system", "text": "Samtalet är avslutat. Tack för att du hörde av dig!"}])
            return JSONResponse({"messages": talk.messages[-1:], "owner": "closed", "done": True})

        @app.websocket("/chat/v1/events")
        async def events(link: WebSocket) -> None:
            self.requests["WS"] += 1
            if not self.sockets_open:
                await link.close(1013)
                return
            await link.accept()
            try:
                hello = await link.receive_json()
                talk = self.talks.get(hello["token"])
                if talk is None:
                    await link.send_json({"type": "error", "code": "unauthorized"})
                    await link.close(4401)
                    return
                for message in [one for one in talk.messages if one["seq"] > hello["after"]]:
                    await link.send_json({"type": "message", "seq": message["seq"], "message": message})
                talk.sockets.append(link)
                # As of now, like the real one: what happened between the client's last reading and this moment.
                await link.send_json({"type": "owner", "seq": len(talk.messages), "owner": talk.owner})
                while True:
                    await link.receive_text()
            except (WebSocketDisconnect, RuntimeError):
                if talk is not None and link in talk.sockets:
                    talk.sockets.remove(link)

        return app


async def _cut_off() -> AsyncIterator[bytes]:
    yield b'{"message_'
    raise ConnectionError("the connection breaks here")
