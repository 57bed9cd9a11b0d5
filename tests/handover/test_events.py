"""News for the consoles over the WebSocket: ids and numbers only, to those whom they concern."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.handover.conftest import Office, Staff


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """One kind of database is enough here."""
    database = tmp_path / "desk.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{database}"


@asynccontextmanager
async def console(office: Office, agent: Staff | None, **headers: str) -> AsyncIterator[ClientConnection]:
    cookies = {"Cookie": f"fraga_desk={agent.http.cookies['fraga_desk']}"} if agent else {}
    url = office.url.replace("http", "ws") + "/desk/v1/events"
    async with websockets.connect(url, additional_headers=cookies | headers) as socket:
        yield socket


async def frame(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    async with asyncio.timeout(20):
        while True:
            found = json.loads(await socket.recv())
            if found["type"] == kind:
                return dict(found)


@pytest.mark.asyncio
async def test_the_console_hears_of_the_queue_and_of_messages_but_never_their_text(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    heard = []
    async with console(office, agent) as socket:
        await frame(socket, "hello")
        citizen, handover_id = await office.in_queue("Något hemligt")
        assert (await frame(socket, "handover"))["state"] == "queued"
        await agent.claim(handover_id)
        await citizen.send("Hemlig fråga")
        news = await frame(socket, "message")
        heard.append(news)
        assert news["handover_id"] == handover_id
        await citizen.http.post("/chat/v1/typing", headers=citizen.auth)
        heard.append(await frame(socket, "typing"))
    assert "emlig" not in json.dumps(heard)


@pytest.mark.asyncio
async def test_another_departments_messages_are_nobody_elses_news(office: Office) -> None:
    anna, social = await office.staff("Anna Agent"), await office.staff("Soci Agent", departments=("social",))
    citizen, handover_id = await office.in_queue()
    async with console(office, social) as socket:
        await frame(socket, "hello")
        await anna.claim(handover_id)
        await citizen.send("Till Anna")
        await socket.send("{}")
        kinds = []
        while not kinds or kinds[-1] != "pong":
            kinds.append(json.loads(await socket.recv())["type"])
    assert not {"message", "typing", "turn", "handover"} & set(kinds)


@pytest.mark.asyncio
async def test_an_unread_message_is_news_to_its_agent_and_to_supervisors_and_to_nobody_else(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    siv = await office.staff("Siv Samordnare", role="supervisor")
    citizen, handover_id = await office.in_queue()
    await anna.claim(handover_id)
    heard: dict[str, list[str]] = {}
    async with console(office, anna) as own, console(office, bo) as other, console(office, siv) as over:
        sockets = {"Anna": own, "Bo": other, "Siv": over}
        for socket in sockets.values():
            await frame(socket, "hello")
        await citizen.send("Till Anna")
        async with office.core.store.write() as tx:
            tx.notify("desk", type="deliveries")  # to everybody: what comes before it has come
        for name, socket in sockets.items():
            kinds = heard.setdefault(name, [])
            while not kinds or kinds[-1] != "deliveries":
                found = json.loads(await asyncio.wait_for(socket.recv(), 20))
                assert "agent_id" not in found
                kinds += [found["type"]] if found["type"] != "queue" or found.get("handover_id") == handover_id else []
    assert {name for name, kinds in heard.items() if "queue" in kinds} == {"Anna", "Siv"}
    assert "message" in heard["Anna"]


async def heard_until_pong(socket: ClientConnection) -> list[dict[str, Any]]:
    """All that has been sent before the answer to a heartbeat."""
    await socket.send("{}")
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != "pong":
        frames.append(json.loads(await asyncio.wait_for(socket.recv(), 20)))
    return frames


@pytest.mark.asyncio
async def test_another_departments_queue_is_told_without_its_ids(office: Office) -> None:
    social = await office.staff("Soci Agent", departments=("social",))
    siv = await office.staff("Siv Samordnare", role="supervisor", departments=("social",))
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    citizen, handover_id = await office.in_queue("Hej")
    async with console(office, social) as theirs, console(office, siv) as over, console(office, anna) as own:
        for socket in (theirs, over, own):
            await frame(socket, "hello")
        await citizen.send("Hallå?")
        await anna.claim(handover_id)
        await citizen.send("Är du där?")
        while (await frame(own, "queue")).get("handover_id") != handover_id:
            pass
        for socket in (theirs, over):
            frames = await heard_until_pong(socket)
            assert handover_id not in json.dumps(frames) and citizen.conversation_id not in json.dumps(frames)


@pytest.mark.asyncio
async def test_moved_to_another_department_an_open_console_hears_that_ones_news(office: Office) -> None:
    admin = await office.staff("Adam Admin", role="admin")
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    async with console(office, anna) as socket:
        await frame(socket, "hello")
        moved = await admin.http.patch(f"/desk/v1/agents/{anna.id}", json={"departments": ["social"]}, headers=admin.headers)
        assert moved.status_code == 200
        await office.in_queue("Hej")
        assert "handover" not in [heard["type"] for heard in await heard_until_pong(socket)]


@pytest.mark.asyncio
async def test_without_a_desk_any_more_an_open_console_is_cut(office: Office) -> None:
    admin, anna = await office.staff("Adam Admin", role="admin"), await office.staff("Anna Agent")
    async with console(office, anna) as socket:
        await frame(socket, "hello")
        await admin.http.patch(f"/desk/v1/agents/{anna.id}", json={"role": "editor"}, headers=admin.headers)
        assert (await frame(socket, "error"))["code"] == "unauthorized"
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()


@pytest.mark.asyncio
async def test_who_a_conversation_is_passed_to_is_told_and_nobody_else(office: Office) -> None:
    anna, bo, cia = [await office.staff(name) for name in ("Anna Agent", "Bo Agent", "Cia Agent")]
    _, handover_id = await office.in_queue("Hej")
    await anna.claim(handover_id)
    async with console(office, bo) as socket, console(office, cia) as other:
        await frame(socket, "hello")
        await frame(other, "hello")
        assert (await anna.post(f"/handovers/{handover_id}/transfer", agent_id=bo.id)).status_code == 200
        assert await frame(socket, "passed") == {"type": "passed", "handover_id": handover_id}
        assert "passed" not in [heard["type"] for heard in await heard_until_pong(other)]


@pytest.mark.asyncio
async def test_an_open_console_is_presence(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")

    async def present() -> list[str]:
        return [agent["name"] for agent in (await bo.get("/directory")).json()["agents"] if agent["present"]]

    assert await present() == []
    async with console(office, bo) as watching:
        await frame(watching, "hello")
        async with console(office, anna) as socket:
            await frame(socket, "hello")
            assert await present() == ["Anna Agent", "Bo Agent"]
            await frame(watching, "presence")
        await frame(watching, "presence")
        assert await present() == ["Bo Agent"]


@pytest.mark.asyncio
async def test_without_a_session_or_from_another_site_nothing_is_heard(office: Office) -> None:
    agent, editor = await office.staff("Anna Agent"), await office.staff("Edda Editor", role="editor")
    for who, headers in ((None, {}), (agent, {"Origin": "https://evil.example"}), (editor, {})):
        async with console(office, who, **headers) as socket:
            assert json.loads(await socket.recv()) == {"type": "error", "code": "unauthorized"}
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4401


@pytest.mark.asyncio
async def test_logging_out_cuts_the_open_console(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    async with console(office, agent) as socket:
        await frame(socket, "hello")
        await agent.post("/logout")
        await frame(socket, "error")
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()


@pytest.mark.asyncio
async def test_the_citizen_sees_that_the_agent_writes(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    async with websockets.connect(office.url.replace("http", "ws") + "/chat/v1/events") as socket:
        await socket.send(json.dumps({"type": "hello", "token": citizen.token, "after": 0}))
        assert (await frame(socket, "owner"))["agent_name"] == "Anna Agent"
        await agent.post(f"/handovers/{handover_id}/typing")
        assert (await frame(socket, "typing"))["author"] == "agent"
