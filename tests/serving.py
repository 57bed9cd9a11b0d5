"""Serves an ASGI app on a free port of this machine, inside the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:  # the test runner keeps its own
        """Leaves signals alone."""


def free_port() -> tuple[socket.socket, str]:
    """A socket bound to a free port, for `serving`, and its address: for an app that must know its own before it is made."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(app: FastAPI, on: socket.socket | None = None) -> AsyncIterator[str]:
    """The app's address while the block runs; start-up and shutdown are the real ones.

    Args:
        on: a socket of `free_port`; closed at the end.
    """
    with on or free_port()[0] as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, log_config=None, access_log=False, ws_max_size=65_536, timeout_graceful_shutdown=2)
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the app did not start")
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task
