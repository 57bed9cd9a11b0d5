"""The same cases over our own console, Chatwoot and Zammad: what a citizen and an agent can rely on wherever the agent sits."""

from __future__ import annotations

import pytest

from handover import repository
from handover.states import State
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import press
from tests.handover.desks.conftest import QUESTION, Place, texts_of, until

pytestmark = pytest.mark.asyncio


async def test_without_consent_nothing_of_what_was_said_is_passed_on(place: Place) -> None:
    _, handover_id = await place.case(button=1)
    assert not any(QUESTION in text for text in await place.sees(handover_id))


async def test_a_case_from_the_question_to_its_end(place: Place) -> None:
    citizen, handover_id = await place.case()
    assert any(QUESTION in text for text in await place.sees(handover_id))
    assert (await place.handover(handover_id)).state in ("queued", "scheduled")
    await place.claim(handover_id)
    await place.write(handover_id, "Hej! Vi tar det härifrån.")
    await until(lambda: texts_of(citizen, "agent"))
    said = [one for one in (await citizen.read())["messages"] if one["author"] == "agent"]
    assert [(one["text"], one["agent_name"]) for one in said] == [("Hej! Vi tar det härifrån.", place.agent_name)]
    joined = place.office.core.texts.render("agent.joined", "sv", name=place.agent_name)
    assert (await texts_of(citizen, "system")).count(joined) == 1
    assert await place.owner(citizen) == "agent"
    from_bot = await texts_of(citizen, "bot")
    for text in ("Tack.", "Hur söker jag förskola?"):
        assert (await citizen.send(text)).status_code == 200
    assert await until(lambda: answered(place, handover_id, 2)) == ["Tack.", "Hur söker jag förskola?"]
    assert await texts_of(citizen, "bot") == from_bot  # a human has the word
    await place.close(handover_id)
    await until(lambda: owner_is(place, citizen, "closed"))
    assert (await texts_of(citizen, "system"))[-1] == place.office.core.texts.render("conversation.ended", "sv")
    assert (await place.handover(handover_id)).state == "closed"


async def test_reopened_it_is_with_the_same_desk_again(elsewhere: Place) -> None:
    place = elsewhere
    citizen, handover_id = await place.case()
    await place.claim(handover_id)
    await place.write(handover_id, "Det är ordnat.")
    await until(lambda: texts_of(citizen, "agent"))
    await place.close(handover_id)
    await until(lambda: owner_is(place, citizen, "closed"))
    await place.quiet(handover_id)
    core = place.office.core
    async with core.store.write() as tx:
        handover, conversation = await repository.lock(tx, handover_id)
        await repository.transition(tx, conversation, handover, State.QUEUED, actor="citizen", now=core.now(), claimed_by=None,
                                    claimed_at=None)  # fmt: skip
    before = len(await place.from_citizen(handover_id))
    await citizen.send("Det var det inte.")
    written = await until(lambda: answered(place, handover_id, before + 1))
    assert written[-1] == "Det var det inte."
    await place.quiet(handover_id)
    if place.key == "chatwoot":
        assert place.chatwoot.conversations[place.number(handover_id)]["status"] == "open"
    if place.key == "zammad":
        assert place.zammad.tickets[place.number(handover_id)]["state"] == "open"
    await place.claim(handover_id)
    await place.write(handover_id, "Då tittar vi igen.")
    await until(lambda: said_again(place, citizen))


async def said_again(place: Place, citizen: Browser) -> bool:
    return "Då tittar vi igen." in await texts_of(citizen, "agent")


async def answered(place: Place, handover_id: str, number: int) -> list[str]:
    written = await place.from_citizen(handover_id)
    return written if len(written) >= number else []


async def owner_is(place: Place, citizen: Browser, owner: str) -> bool:
    return await place.owner(citizen) == owner


async def test_given_back_the_bot_answers_again(place: Place) -> None:
    if place.key == "zammad":
        pytest.skip("a ticket is closed, it does not go back to a bot")
    citizen, handover_id = await place.case()
    await place.claim(handover_id)
    await place.write(handover_id, "Boten kan ta resten.")
    await until(lambda: texts_of(citizen, "agent"))
    await place.give_back(handover_id)
    await until(lambda: owner_is(place, citizen, "bot"))
    assert (await texts_of(citizen, "system"))[-1] == place.office.core.texts.render("agent.returned", "sv")
    before = len(await texts_of(citizen, "bot"))
    await citizen.send("Hur söker jag förskola?")
    assert len(await texts_of(citizen, "bot")) > before
    assert (await place.handover(handover_id)).state == "returned"
    if place.key == "chatwoot":  # who writes there now is told that it does not arrive
        await place.quiet(handover_id)
        place.chatwoot.write(place.number(handover_id), 1, "Är du kvar?")
        late = await until(
            lambda: [one for one in place.chatwoot.written(place.number(handover_id), private=True) if "nådde" in one]
        )
        assert len(late) == 1
        assert "Är du kvar?" not in await texts_of(citizen, "agent")


async def test_a_sensitive_one_is_ended_by_two_wherever_the_first_sits(elsewhere: Place) -> None:
    place = elsewhere
    citizen, handover_id = await place.case()
    await place.claim(handover_id)
    await place.write(handover_id, "Vi hjälper dig.")
    await until(lambda: texts_of(citizen, "agent"))
    async with place.office.core.store.write() as tx:  # as with children at risk
        handover = await repository.get(tx.conn, handover_id)
        await repository.change(tx, handover, preview=handover.preview | {"children": True})
    await place.close(handover_id)
    await until(lambda: state_is(place, handover_id, "closing"))
    assert await place.owner(citizen) == "agent"
    chief = await place.office.staff("Siv Samordnare", role="supervisor")
    assert [(row["id"], row["state"]) for row in await chief.queue()] == [(handover_id, "closing")]

    # What the citizen writes is news: it is theirs again, who work there, and they end it once more.
    await citizen.send("En sak till.")
    await until(lambda: state_is(place, handover_id, "queued"))
    assert "En sak till." in await until(lambda: answered(place, handover_id, 1))
    await place.quiet(handover_id)
    await place.write(handover_id, "Det ordnar vi.")
    await until(lambda: state_is(place, handover_id, "claimed"))
    await place.close(handover_id)
    await until(lambda: state_is(place, handover_id, "closing"))
    assert (await chief.post(f"/handovers/{handover_id}/close/confirm")).json()["state"] == "closed"
    assert await place.owner(citizen) == "closed"


async def state_is(place: Place, handover_id: str, state: str) -> bool:
    return str((await place.handover(handover_id)).state) == state


async def test_who_leaves_the_queue_is_nobodys_case_any_more(place: Place) -> None:
    if place.key == "zammad":
        pytest.skip("who left a number no longer stands in a queue")
    citizen, handover_id = await place.case()
    title = place.office.core.texts.render("queue.leave", "sv")
    buttons = [(one, number) for one in (await citizen.read())["messages"]
               for number, button in enumerate(one.get("buttons", ())) if button["title"] == title]  # fmt: skip
    await press(citizen, *buttons[0])
    assert (await place.handover(handover_id)).state == "abandoned"
    if place.key == "chatwoot":
        number = place.number(handover_id)
        await until(lambda: place.chatwoot.conversations[number]["status"] == "resolved")
        assert any("väntar inte längre" in one for one in place.chatwoot.written(number, private=True))
