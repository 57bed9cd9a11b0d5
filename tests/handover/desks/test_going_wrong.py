"""What goes wrong between two desks: webhooks that are forged, late, doubled or lost, a desk that is away, a kill between two steps."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from handover import hours
from handover.desks.applying import Applying
from handover.desks.cases import Cases
from handover.desks.contract import OtherDesk
from handover.desks.courier import Courier
from handover.desks.settings import build
from handover.settings import load_departments, load_settings
from tests.conftest import Clock
from tests.handover.desks.conftest import PHONE, QUESTION, Place, post, take_consent_back, texts_of, until

pytestmark = pytest.mark.asyncio


async def agents_texts(citizen: Any, number: int) -> list[str]:
    texts = await texts_of(citizen, "agent")
    return texts if len(texts) >= number else []


async def test_webhooks_doubled_mixed_up_or_lost_change_nothing(elsewhere: Place) -> None:
    citizen, handover_id = await elsewhere.case()
    sim = elsewhere.simulated
    sim.held = []
    await elsewhere.claim(handover_id)
    for text in ("Ett.", "Två.", "Tre."):
        await elsewhere.write(handover_id, text)
    for delivery in [*reversed(sim.held), *sim.held]:
        assert await sim.deliver(delivery) == 200
    assert await until(lambda: agents_texts(citizen, 3)) == ["Ett.", "Två.", "Tre."]
    await elsewhere.quiet(handover_id)
    await elsewhere.write(handover_id, "Fyra.")  # its webhook is never delivered: the next look finds it
    elsewhere.office.clock.forward(minutes=3)
    assert await until(lambda: agents_texts(citizen, 4)) == ["Ett.", "Två.", "Tre.", "Fyra."]
    joined = elsewhere.office.core.texts.render("agent.joined", "sv", name=elsewhere.agent_name)
    assert (await texts_of(citizen, "system")).count(joined) == 1


async def test_webhooks_are_answered_at_once_and_refused_when_forged_old_huge_or_malformed(elsewhere: Place) -> None:
    sim, url = elsewhere.simulated, elsewhere.simulated.webhook_url
    genuine = sim.signed({"event": "conversation_opened", "id": 5, "inbox_id": 7, "ticket": {"id": 5, "title": ""}})
    headers = dict(genuine.headers)
    async with elsewhere.office.core.store.write():  # also while nobody can write to the store
        assert await post(url, genuine.body, headers) == 200
    assert await post(url, genuine.body + b" ", headers) == 401
    assert await post(url, genuine.body, {}) == 401
    name = next(name for name in headers if name.endswith("signature"))
    assert await post(url, genuine.body, headers | {name: "sha256=" + "0" * 64}) == 401
    assert await post(url, b"x" * 3_000_001, headers) == 413
    malformed = sim.signed({"event": "message_created", "message_type": "outgoing", "sender": {"type": "user"}})
    assert await post(url, malformed.body, dict(malformed.headers)) == 400
    assert await post(url.rsplit("/", 1)[0] + "/nobody", genuine.body, headers) == 404
    if elsewhere.key == "chatwoot":
        elsewhere.office.clock.forward(minutes=6)
        assert await post(url, genuine.body, headers) == 401


async def test_a_desk_that_is_away_gets_everything_once_it_is_back(elsewhere: Place) -> None:
    sim = elsewhere.simulated
    sim.faults.down = True
    citizen, handover_id = await elsewhere.waits(QUESTION)
    assert (await citizen.read())["queue"] is not None or elsewhere.key == "zammad"  # they wait as they would have
    await until(lambda: failed(elsewhere, handover_id))
    sim.faults.down = False
    elsewhere.office.clock.forward(minutes=2)
    await until(lambda: elsewhere.number(handover_id))
    await elsewhere.quiet(handover_id)
    assert sum(QUESTION in text for text in await elsewhere.sees(handover_id)) == 1
    assert (await elsewhere.link(handover_id)).attempts == 0


async def failed(place: Place, handover_id: str) -> bool:
    link = await place.link(handover_id)
    return link is not None and link.attempts > 0 and link.error == "503"


async def test_answers_that_break_off_never_make_anything_twice(elsewhere: Place) -> None:
    sim = elsewhere.simulated
    sim.faults.broken_off = 20  # every step is carried out, and none of them is answered
    citizen, handover_id = await elsewhere.waits(QUESTION)
    for _ in range(30):
        if sim.faults.broken_off < 20 - 2:
            break
        elsewhere.office.clock.forward(minutes=2)
        await asyncio.sleep(0.1)
    sim.faults.broken_off = 0
    await until(lambda: carried(elsewhere, handover_id))
    await once(elsewhere, handover_id)
    await elsewhere.write(handover_id, "Hej!")
    await until(lambda: agents_texts(citizen, 1))
    await elsewhere.quiet(handover_id)
    sim.faults.broken_off = 1
    await citizen.send("Tack för det.")
    await until(lambda: sim.faults.broken_off == 0)
    await until(lambda: carried(elsewhere, handover_id))  # which lets time pass until the failure has been made good
    await elsewhere.quiet(handover_id)
    assert (await elsewhere.from_citizen(handover_id))[-1:] == ["Tack för det."]
    assert (await elsewhere.from_citizen(handover_id)).count("Tack för det.") == 1


async def carried(place: Place, handover_id: str) -> bool:
    link = await place.link(handover_id)
    done = link is not None and link.attempts == 0 and link.in_flight is None and bool(link.known.get("version"))
    if not done:
        place.office.clock.forward(minutes=2)
    return done


async def once(place: Place, handover_id: str) -> None:
    """One case came of it, with everything in it once."""
    if place.key == "chatwoot":
        assert len(place.chatwoot.contacts) == len(place.chatwoot.conversations) == 1
    else:
        assert len(place.zammad.tickets) == 1
    texts = await place.sees(handover_id)
    assert len(texts) == len(set(texts)), texts
    assert sum(QUESTION in text for text in texts) == 1


async def test_a_kill_after_each_step_makes_nothing_twice(elsewhere: Place, clock: Clock) -> None:
    """The first process dies each time right after a call was carried out, before it knew; the next one goes on."""
    sim, core = elsewhere.simulated, elsewhere.office.core
    running = elsewhere.office.registry.on_stop  # the app's own courier stands aside
    await next(stop for stop in running if getattr(stop, "__self__", None).__class__ is Courier)()
    _, handover_id = await elsewhere.waits(QUESTION)
    kills = -1
    for _ in range(15):
        kills += 1
        sim.faults.stuck, sim.faults.carried_out = asyncio.Event(), asyncio.Event()
        courier = made(elsewhere)
        work = asyncio.create_task(_until_idle(courier, core.now))
        struck = asyncio.create_task(sim.faults.carried_out.wait())
        await asyncio.wait({work, struck}, return_when=asyncio.FIRST_COMPLETED)
        killed = struck.done()
        for task in (work, struck, *courier._running.values()):
            task.cancel()
        await asyncio.gather(work, struck, *courier._running.values(), return_exceptions=True)
        sim.faults.stuck.set()
        sim.faults.stuck = None
        clock.forward(minutes=3)  # the dead process's lease runs out
        if not killed:
            break
    assert not killed
    assert kills >= 3
    await once(elsewhere, handover_id)
    if elsewhere.key == "chatwoot":
        assert elsewhere.chatwoot.conversations[elsewhere.number(handover_id)]["status"] == "open"


async def _until_idle(courier: Courier, now: Any) -> None:
    """Works until nothing is due."""
    for _ in range(5):
        await courier.begin()
        while courier._running:
            await asyncio.gather(*courier._running.values(), return_exceptions=True)
            await asyncio.sleep(0)


def made(place: Place) -> Courier:
    """Another process's courier."""
    core, settings = place.office.core, load_settings()
    departments = load_departments(settings.queue.default_department)
    desks: dict[str, OtherDesk] = build(departments.queues(), production=False)
    cases = Cases(core, settings, departments, hours.swedish_holidays())
    return Courier(core, desks, cases, Applying(core, settings), departments)


async def test_a_colleague_at_our_own_console_is_quicker(elsewhere: Place) -> None:
    citizen, handover_id = await elsewhere.case()
    own = await elsewhere.office.staff("Olle Ek")
    assert (await own.claim(handover_id)).status_code == 200
    await until(lambda: ended(elsewhere, handover_id))
    assert any("En kollega har tagit samtalet" in text for text in await elsewhere.sees(handover_id))
    await elsewhere.write(handover_id, "Hej hej")
    await until(lambda: told_late(elsewhere, handover_id))
    assert await texts_of(citizen, "agent") == []
    assert (await own.write(handover_id, "Hej, Olle här.")).status_code == 200


async def ended(place: Place, handover_id: str) -> bool:
    return str((await place.link(handover_id)).state) == "ended"


async def told_late(place: Place, handover_id: str) -> bool:
    return any("nådde inte medborgaren: samtalet" in text for text in await place.sees(handover_id))


async def test_consent_taken_back_takes_the_transcript_back(elsewhere: Place) -> None:
    citizen, handover_id = await elsewhere.case()
    assert any(QUESTION in text for text in await elsewhere.sees(handover_id))
    await take_consent_back(elsewhere, citizen, handover_id)
    await until(lambda: forgotten(elsewhere, handover_id))
    assert not any(QUESTION in text for text in await elsewhere.sees(handover_id))


async def forgotten(place: Place, handover_id: str) -> bool:
    return any("ville inte lämna vidare" in text for text in await place.sees(handover_id))


async def test_nothing_personal_is_logged(elsewhere: Place, capsys: pytest.CaptureFixture[str]) -> None:
    citizen, handover_id = await elsewhere.case()
    await elsewhere.claim(handover_id)
    await elsewhere.write(handover_id, "Ring mig på 031-701 00 00.")
    await until(lambda: agents_texts(citizen, 1))
    elsewhere.simulated.faults.down = True
    await citizen.send("Min granne heter Gunnel")
    await until(lambda: failed(elsewhere, handover_id))
    written = capsys.readouterr()
    for secret in (QUESTION, PHONE, "1740605", "Gunnel", "031-701", "Anna"):
        assert secret not in written.out + written.err
    assert re.search(r"desk_unreachable", written.out)
    assert json.dumps((await elsewhere.link(handover_id)).known).find("Gunnel") == -1
