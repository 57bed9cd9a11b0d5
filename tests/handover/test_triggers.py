"""What leads to a human besides asking for one: an appeal, a thumb down, an agent who takes the conversation back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from tests.bot.scripted import analysis, article
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, press


def offers(*before: dict[str, Any]) -> Any:
    return lambda _: [*before, {"type": "offer_human", "key": "offer_human.question", "outcome": "handover_offered"}]


async def reason_of(office: Office, citizen: Browser) -> str:
    h = schema.handover.c
    return str(await office.scalar(sa.select(h.reason).where(h.conversation_id == citizen.conversation_id)))


@pytest.mark.asyncio
@pytest.mark.parametrize(("key", "reason"), [("appeal.notice", "appeal"), ("application.notice", "application")])
async def test_the_desk_is_told_that_it_is_an_appeal_or_an_application(office: Office, key: str, reason: str) -> None:
    office.script.rasa = offers({"type": "text", "key": key, "params": {"date": "2026-11-23"}, "outcome": "answered"})
    citizen = await office.citizen()
    said = (await citizen.send("jag överklagar beslutet")).json()["messages"]
    assert "2026-11-23" in said[0]["text"]  # nothing is filed here, and where it goes
    asked = await press(citizen, said[-1], 0)
    assert asked[0]["preview"]["messages"]
    assert await reason_of(office, citizen) == reason


@pytest.mark.asyncio
async def test_who_goes_on_and_asks_later_has_another_reason(office: Office) -> None:
    office.script.rasa = offers({"type": "text", "key": "appeal.notice", "params": {"date": "2026-11-23"}, "outcome": "answered"})
    citizen = await office.citizen()
    await citizen.send("jag överklagar beslutet")
    office.script.rasa = offers()
    said = (await citizen.send("något helt annat")).json()["messages"]
    office.script.analyses["ja"] = analysis(signals={"affirm": 0.95})
    await citizen.send("ja")
    assert said[-1]["buttons"]
    assert await reason_of(office, citizen) == "not_understood"


async def answered(office: Office) -> tuple[Browser, dict[str, Any]]:
    office.script.articles["sopor"] = article("sopor", title="Sopor")
    office.script.rasa = lambda _: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered"}]
    citizen = await office.citizen()
    return citizen, (await citizen.send("När töms soporna?")).json()["messages"][-1]


async def rates(citizen: Browser, answer: dict[str, Any], value: str) -> None:
    body = {"seq": answer["seq"], "value": value}
    assert (await citizen.http.post("/chat/v1/feedback", json=body, headers=citizen.auth)).status_code == 204


@pytest.mark.asyncio
async def test_a_thumb_down_offers_a_human_once(office: Office) -> None:
    citizen, answer = await answered(office)
    await rates(citizen, answer, "up")
    assert (await citizen.read())["messages"][-1]["seq"] == answer["seq"]
    for _ in range(2):  # pressed twice, and a comment sent after it
        await rates(citizen, answer, "down")
    offered = (await citizen.read())["messages"][answer["seq"] :]
    assert [m["text"] for m in offered] == [office.core.texts.render("feedback.thanks_down", "sv")]
    await press(citizen, offered[0], 0)
    assert await reason_of(office, citizen) == "feedback"


@pytest.mark.asyncio
async def test_a_thumb_down_interrupts_nobody(office: Office) -> None:
    citizen, answer = await answered(office)
    question = await office.asks_for_human(citizen)
    await rates(citizen, answer, "down")  # another question is on the table
    assert (await citizen.read())["messages"][-1]["seq"] == question["seq"]
    await press(citizen, question, 0)
    before = (await citizen.read())["messages"][-1]["seq"]
    await rates(citizen, answer, "up")
    await rates(citizen, answer, "down")  # a human is on the way already
    assert (await citizen.read())["messages"][-1]["seq"] == before


@pytest.mark.asyncio
async def test_what_was_given_back_to_the_bot_can_be_taken_back(office: Office) -> None:
    agent, other = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    boss = await office.staff("Sam Supervisor", "supervisor")
    citizen, first = await office.in_queue("Före")
    assert (await agent.post(f"/handovers/{first}/pull")).status_code == 403  # nobody has had it yet
    await agent.claim(first)
    await agent.write(first, "Hej från Anna")
    await agent.post(f"/handovers/{first}/return")
    office.script.rasa = lambda _: [{"type": "text", "key": "dont_know", "outcome": "unanswered"}]
    await citizen.send("Till boten alena")
    assert [row["id"] for row in (await agent.get("/handovers?show=closed")).json()["handovers"]] == [first]
    assert (await other.post(f"/handovers/{first}/pull")).json()["error"]["code"] == "not_yours"
    pulled = (await agent.post(f"/handovers/{first}/pull")).json()
    assert (pulled["state"], pulled["reason"], pulled["consent"]) == ("claimed", "pulled_in", "with_text")
    assert (await agent.post(f"/handovers/{first}/pull")).json()["id"] == pulled["id"]
    read = await citizen.read()
    assert (read["owner"], read["messages"][-1]["text"]) == (
        "agent",
        office.core.texts.render("agent.joined", "sv", name="Anna Agent"),
    )
    await citizen.send("Till Anna igen")
    texts = {message["text"] for message in (await agent.context(pulled["id"]))["messages"]}
    assert {"Före", "Hej från Anna", "Till Anna igen"} <= texts and "Till boten alena" not in texts
    assert (await boss.post(f"/handovers/{first}/pull")).status_code == 409  # an agent has it


@pytest.mark.asyncio
async def test_nobody_pulls_in_who_has_not_agreed_or_has_left(office: Office) -> None:
    agent = await office.staff("Sam Supervisor", "supervisor")
    citizen = await office.citizen()
    await office.asks_for_human(citizen)
    offered = await office.handover_of(citizen)
    assert (await agent.post(f"/handovers/{offered}/pull")).status_code == 404
    waiting, left = await office.in_queue()
    leave = office.core.texts.render("queue.leave", "sv")
    buttons = [one for message in (await waiting.read())["messages"] for one in message.get("buttons", ())]
    await waiting.send(payload=next(one["payload"] for one in buttons if one["title"] == leave))
    state = await office.scalar(sa.select(schema.handover.c.state).where(schema.handover.c.id == left))
    assert (await agent.post(f"/handovers/{left}/pull")).status_code == 409, state
