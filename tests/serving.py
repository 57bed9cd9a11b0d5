"""Serves an ASGI app on a free port of this machine, inside the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from fastapi import FastAPI
from websockets.exceptions import InvalidState

GRACE_SECONDS = 2


class Server(uvicorn.Server):
    """uvicorn's server that notices at once that it should end: its own looks ten times a second, and waits as long at shutdown
    even when nobody is connected; a fifth of a second for each of a thousand tests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = asyncio.Event()  # set in the server's own loop, it ends

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone: the test runner keeps its own."""
        yield

    async def main_loop(self) -> None:
        """Serves until it is told to leave."""
        await self.on_tick(0)  # makes the headers of every answer
        await self.leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's: no new connections, the open ones end, answers under way are finished or cancelled, the app stops."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            with suppress(InvalidState):  # a WebSocket that its page is closing at this moment: uvicorn closes it once more
                connection.shutdown()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                while self.server_state.connections or self.server_state.tasks:  # uvicorn has no event for it
                    await asyncio.sleep(0.005)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel(msg="the test has ended")
        await self.lifespan.shutdown()


def free_port() -> tuple[socket.socket, str]:
    """A socket bound to a free port, for `serving`, and its address: for an app that must know its own before it is made."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(app: FastAPI, on: socket.socket | None = None) -> AsyncIterator[str]:
    """The app's address while the block runs; its start-up and shutdown are the real ones.

    Args:
        on: a socket of `free_port`; closed at the end.
    """
    with on or free_port()[0] as listening:
        port = listening.getsockname()[1]
        server = Server(uvicorn.Config(app, log_config=None, access_log=False, ws_max_size=65_536))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the app did not start")
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.leaving.set()
            await task
