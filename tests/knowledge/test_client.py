"""The client: one more try on a broken connection, a clear error otherwise, and light enough for every process."""

import asyncio
import socket
import subprocess
import sys

import httpx
import pytest

from knowledge.client import KnowledgeClient, KnowledgeUnavailable
from knowledge.settings import ROOT

BODY = b'{"language":"sv"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.mark.asyncio
async def test_a_broken_connection_is_tried_once_more() -> None:
    calls = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.readuntil(b"\r\n\r\n")
        if calls > 1:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, KnowledgeClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        assert (await client.analyze("hej"))["language"] == "sv"
    assert calls == 2


@pytest.mark.asyncio
async def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        async with KnowledgeClient(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(KnowledgeUnavailable, match="ConnectError"):
                await client.analyze("hej")
            with pytest.raises(KnowledgeUnavailable):
                await client.article("sfi")
            assert not await client.is_ready()


@pytest.mark.asyncio
async def test_a_service_that_hangs_is_unavailable_and_not_asked_twice() -> None:
    calls = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server, KnowledgeClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.2) as client:
        with pytest.raises(KnowledgeUnavailable, match="Timeout"):
            await client.analyze("hej")
    assert calls == 1


@pytest.mark.parametrize("module", ["knowledge.client", "knowledge.validation", "knowledge.stamping", "knowledge.commands"])
def test_light_parts_import_nothing_heavy(module: str) -> None:
    heavy = "{'torch', 'sentence_transformers', 'transformers', 'onnxruntime', 'faiss', 'spacy', 'lingua', 'sklearn', 'scipy'}"
    code = f"import {module}, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.asyncio
async def test_an_article_is_asked_for_once_per_version_of_the_index() -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"article_id": "a", "title": f"asked {len(asked)}"})

    client = KnowledgeClient("http://knowledge.test", transport=httpx.MockTransport(serve))
    first = await client.article("a", "sv", index_version="1")
    assert await client.article("a", "sv", index_version="1") == first
    assert len(asked) == 1
    assert await client.article("a", "sv", index_version="2") != first, "a corrected article is read again"
    await client.article("a", "sv")
    await client.article("a", "sv")
    assert len(asked) == 4, "without a version nothing is kept"
