"""The citizen takes messages out of what is sent; the agent sees nothing of them anywhere."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from tests.bot.scripted import analysis, article, candidate
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office

SECRET, OPEN = "Min granne spelar trumpet om natten", "När töms soporna?"


async def agrees(citizen: Browser, question: dict[str, Any], *struck: int, button: int = 0, key: str = "m-agree") -> Any:
    body = {"client_message_id": key, "payload": question["buttons"][button]["payload"], "struck": list(struck)}
    return await citizen.http.post("/chat/v1/messages", params={"wait": 15}, json=body, headers=citizen.auth)


def seq_of(question: dict[str, Any], text: str) -> int:
    return next(int(line["seq"]) for line in question["preview"]["messages"] if text in line["text"])


async def two_questions(office: Office) -> tuple[Browser, dict[str, Any]]:
    """A citizen who asked two things, the second answered with an article, and now wants a human."""
    office.script.analyses[SECRET] = analysis("sv", 0.99, {}, candidate("buller", 0.9, "Buller"))
    office.script.analyses[OPEN] = analysis("sv", 0.99, {}, candidate("sopor", 0.9, "Sopor"))
    office.script.articles["sopor"] = article("sopor", title="Sopor")
    office.script.rasa = lambda body: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered"}] if (
        body["message"] == OPEN) else [{"type": "text", "key": "dont_know", "outcome": "unanswered"}]  # fmt: skip
    citizen = await office.citizen()
    await citizen.send(OPEN)
    await citizen.send(SECRET)
    return citizen, await office.asks_for_human(citizen)


@pytest.mark.asyncio
async def test_what_is_struck_reaches_the_agent_nowhere(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, question = await two_questions(office)
    struck = seq_of(question, SECRET)
    assert (await agrees(citizen, question, struck)).status_code == 200
    row = (await agent.queue())[0]
    seen = await agent.context(row["id"])
    assert SECRET not in str(row) + str(seen)
    assert OPEN in str(seen["messages"]) and OPEN in [turn["text"] for turn in seen["turns"]]
    assert seen["preview"]["struck"] == 1
    agreed = [line for line in question["preview"]["messages"] if line["seq"] != struck]
    assert seen["preview"]["messages"] == agreed
    assert [m["seq"] for m in seen["messages"]][: len(agreed)] == [line["seq"] for line in agreed]
    await agent.claim(row["id"])
    after = (await agent.get(f"/handovers/{row['id']}/messages")).json()
    assert SECRET not in str(after)


@pytest.mark.asyncio
async def test_what_is_kept_is_what_was_agreed(office: Office) -> None:
    citizen, question = await two_questions(office)
    await agrees(citizen, question, seq_of(question, SECRET))
    handover_id = await office.handover_of(citizen)
    kept = await office.scalar(sa.select(schema.handover.c.preview).where(schema.handover.c.id == handover_id))
    assert SECRET not in str(kept) and OPEN in str(kept)
    card = next(m for m in (await citizen.read())["messages"] if m.get("preview"))
    assert SECRET not in str(card["preview"]) and card["preview"]["struck"] == 1  # the citizen's own page says the same


@pytest.mark.asyncio
async def test_a_struck_answer_takes_its_article_with_it(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, question = await two_questions(office)
    await agrees(citizen, question, seq_of(question, "Svaret om sopor"))
    seen = await agent.context((await agent.queue())[0]["id"])
    assert seen["turns"][0]["answered_with"] == []
    assert "Svaret om sopor" not in str(seen)


@pytest.mark.asyncio
async def test_the_excerpt_in_the_queue_is_the_last_that_was_not_struck(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, question = await two_questions(office)
    await agrees(citizen, question, seq_of(question, SECRET), seq_of(question, "prata med en människa"))
    assert (await agent.queue())[0]["last_text"] == OPEN


@pytest.mark.asyncio
async def test_with_everything_struck_it_is_without_text(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, question = await two_questions(office)
    await agrees(citizen, question, *(line["seq"] for line in question["preview"]["messages"]))
    row = (await agent.queue())[0]
    assert (row["consent"], row["last_text"]) == ("without_text", "")
    assert (await agent.context(row["id"]))["preview"]["messages"] == []


@pytest.mark.asyncio
async def test_sent_twice_it_is_the_same_and_more_can_be_struck_later(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, question = await two_questions(office)
    first = await agrees(citizen, question, seq_of(question, SECRET))
    again = await agrees(citizen, question, seq_of(question, SECRET))
    assert first.json()["message_id"] == again.json()["message_id"]
    await agrees(citizen, question, seq_of(question, OPEN), key="m-more")
    seen = await agent.context((await agent.queue())[0]["id"])
    assert OPEN not in str(seen) and SECRET not in str(seen)


@pytest.mark.asyncio
async def test_struck_goes_with_a_yes_only(office: Office) -> None:
    citizen, question = await two_questions(office)
    for button in (1, 2):
        refused = await agrees(citizen, question, 2, button=button, key=f"m-{button}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "nothing_to_strike")
    text = {"client_message_id": "m-text", "text": "Hej", "struck": [2]}
    assert (await citizen.http.post("/chat/v1/messages", json=text, headers=citizen.auth)).status_code == 422
    for wrong in ([0], ["två"], list(range(1, 502))):
        assert (await agrees(citizen, question, *wrong, key="m-wrong")).status_code == 422
    assert (await citizen.read())["owner"] == "bot"
