"""What a citizen is told of their messages while people have the conversation: at the desk, and read; and which queue it goes to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import websockets

from tests.bot.scripted import analysis, article, candidate
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, press


async def own_seqs(citizen: Browser) -> list[int]:
    return [one["seq"] for one in (await citizen.read())["messages"] if one["author"] == "citizen"]


@pytest.mark.asyncio
async def test_messages_are_at_the_desk_and_then_read(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen = await office.citizen()
    await citizen.send("Hej")
    assert (await citizen.read())["delivery"] is None, "the bot answers: that is its mark"
    await press(citizen, await office.asks_for_human(citizen), 0)
    handover_id = await office.handover_of(citizen)
    await citizen.send("Är någon där?")
    seqs = await own_seqs(citizen)
    assert (await citizen.read())["delivery"] == {"delivered": seqs[-1], "read": 0}
    await agent.claim(handover_id)
    await agent.context(handover_id)
    assert (await citizen.read())["delivery"]["read"] == 0, "an automatic re-reading is no reading"
    await agent.post(f"/handovers/{handover_id}/read")
    assert (await citizen.read())["delivery"] == {"delivered": seqs[-1], "read": seqs[-1]}
    await citizen.send("Tack!")
    assert (await citizen.read())["delivery"] == {"delivered": (await own_seqs(citizen))[-1], "read": seqs[-1]}
    await agent.post(f"/handovers/{handover_id}/close", reason="answered")
    assert (await citizen.read())["delivery"] is None


@pytest.mark.asyncio
async def test_only_the_agent_who_has_it_reads(office: Office) -> None:
    agent, other = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    citizen, handover_id = await office.in_queue()
    await citizen.send("Hallå")
    await other.post(f"/handovers/{handover_id}/read")
    await agent.claim(handover_id)
    await other.post(f"/handovers/{handover_id}/read")
    assert (await citizen.read())["delivery"]["read"] == 0


@pytest.mark.asyncio
async def test_the_marks_come_as_events_and_again_after_a_reconnect(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    address = office.url.replace("http", "ws") + "/chat/v1/events"

    async def marks(socket: websockets.ClientConnection, *wanted: tuple[str, int]) -> None:
        missing = set(wanted)
        async with asyncio.timeout(10):
            while missing:
                frame: dict[str, Any] = json.loads(await socket.recv())
                if frame["type"] == "delivery":
                    missing.discard((frame["state"], frame["seq"]))

    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"type": "hello", "token": citizen.token, "after": 0}))
        await citizen.send("Hallå")
        seq = (await own_seqs(citizen))[-1]
        await marks(socket, ("delivered", seq))
        await agent.post(f"/handovers/{handover_id}/read")
        await marks(socket, ("read", seq))
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"type": "hello", "token": citizen.token, "after": seq}))
        await marks(socket, ("delivered", seq), ("read", seq))


@pytest.mark.asyncio
async def test_the_pages_department_decides_the_queue_when_nothing_said_does(office: Office) -> None:
    plain = await office.citizen()
    await press(plain, await office.asks_for_human(plain), 0)
    office.clock.forward(seconds=1)
    from_page = await office.citizen(department="forskola")
    await press(from_page, await office.asks_for_human(from_page), 0)
    agent = await office.staff("Anna Agent")
    assert [row["department"] for row in await agent.queue()] == ["kontaktcenter", "forskola"]


@pytest.mark.asyncio
async def test_what_the_citizen_asked_about_goes_before_the_page(office: Office) -> None:
    office.script.articles["avc"] = article("avc")
    office.script.analyses["Vad kostar tippen?"] = analysis("sv", 0.99, None, candidate("avc", 0.95))
    citizen = await office.citizen(department="forskola")
    await citizen.send("Vad kostar tippen?")
    await press(citizen, await office.asks_for_human(citizen), 0)
    agent = await office.staff("Anna Agent")
    assert [row["department"] for row in await agent.queue()] == ["kretslopp-vatten"]
