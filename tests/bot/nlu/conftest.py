"""A knowledge service that speaks the contract over real HTTP, small enough to read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

TIPPEN = {"article_id": "avc-regler", "language": "sv", "title": "Återvinningscentral", "probability": 0.9, "matched": "tippen"}


def vector(text: str) -> list[float]:
    """A unit vector that depends on the text alone."""
    drawn = np.random.default_rng(sum(text.encode())).normal(size=384)
    return list((drawn / np.linalg.norm(drawn)).round(6))


class Knowledge:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.turn = 1.0  # −1 is another encoder
        self.entities: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The body of `/analyze`."""
        text = request["text"]
        words, start = [], 0
        for word in text.split():
            start = text.index(word, start)
            words.append({"text": word, "lemma": word.lower(), "start": start, "end": start + len(word)})
            start += len(word)
        return {
            "language": request.get("language_hint") or "sv",
            "language_probability": 0.97,
            "embedding": [self.turn * value for value in vector(text)],
            "tokens": words,
            "entities": self.entities,
            "signals": {"ask_human": 0.01},
            "candidates": [TIPPEN] if "tippen" in text else [],
            "elsewhere": {"id": "skatteverket", "probability": 0.9} if "skatt" in text else None,
            "index_version": "v1",
            "ms": 1.0,
        }


@pytest.fixture
def knowledge() -> Iterator[Knowledge]:
    """A running service."""
    state = Knowledge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(request)
            body = json.dumps(state.answer(request)).encode()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join(5)
