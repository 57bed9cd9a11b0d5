import pytest
from tests.handover.conftest import Office, press

@pytest.mark.asyncio
async def test_all(office: Office) -> None:
    a = await office.staff("Anna Agent")
    c, h = await office.in_queue("Hur sorterar jag?")
    q = await a.queue()
    print(q)
    print((await a.claim(h)).json())
    print(await a.context(h))
    print((await a.write(h, "Hej <b>!")).json())
    await c.send("tack", wait=10)
    print(await a.queue())
    print((await c.read())["messages"][-5:])
    print((await a.post(f"/handovers/{h}/return", note="x")).json())
    print((await c.read()))
