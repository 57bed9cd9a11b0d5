"""The conversation goes back to the bot, which then knows what the agent spoke of."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import schema
from tests.bot.scripted import analysis, article, candidate
from tests.handover.conftest import HUMAN, Browser, Office, Staff

PARKING, FELLING = "boendeparkering", "falla-trad"


async def with_agent(office: Office) -> tuple[Browser, Staff, str]:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Hur gör jag?")
    await agent.claim(handover_id)
    return citizen, agent, handover_id


async def write(agent: Staff, handover_id: str, text: str, article_id: str | None = None) -> None:
    body: dict[str, Any] = {"client_message_id": text[:40], "text": text} | ({"article_id": article_id} if article_id else {})
    answer = await agent.post(f"/handovers/{handover_id}/messages", **body)
    assert answer.status_code == 200, answer.text


@pytest.mark.asyncio
async def test_an_article_the_agent_put_in_is_what_the_next_question_is_about(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Boendeparkering söker du hos Parkeringsbolaget.", PARKING)
    said = (await citizen.read())["messages"][-1]
    assert said["article_id"] == PARKING
    assert "feedback" not in said  # it is a human's word: no thumbs
    await agent.post(f"/handovers/{handover_id}/return")
    await citizen.send("Och för min son?")
    assert office.script.asked[-1]["metadata"]["about"] == [PARKING]
    assert office.script.about[-1] == [PARKING]


@pytest.mark.asyncio
async def test_the_articles_are_the_latest_first_and_each_once(office: Office) -> None:
    _, agent, handover_id = await with_agent(office)
    for n, article_id in enumerate(["a", PARKING, "b", "c", PARKING]):
        await write(agent, handover_id, f"Svar {n}", article_id)
    topics = (await agent.get(f"/handovers/{handover_id}/told")).json()["topics"]
    assert [(topic["article_id"], topic["how"]) for topic in topics] == [
        (PARKING, "inserted"),
        ("c", "inserted"),
        ("b", "inserted"),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(("probability", "about"), [(0.83, [FELLING]), (0.31, [])])
async def test_without_one_the_agents_own_words_are_looked_up(office: Office, probability: float, about: list[str]) -> None:
    citizen, agent, handover_id = await with_agent(office)
    office.script.articles[FELLING] = article(FELLING, title="Fälla träd")
    words = "För att fälla trädet behöver du lov om det står i en skyddad miljö."
    office.script.analyses[words] = analysis("sv", 0.99, None, candidate(FELLING, probability))
    await write(agent, handover_id, words)
    topics = (await agent.get(f"/handovers/{handover_id}/told")).json()["topics"]
    assert [topic["article_id"] for topic in topics] == about
    assert [topic["title"] for topic in topics] == ["Fälla träd"] * len(about)
    await agent.post(f"/handovers/{handover_id}/return")
    await citizen.send("Vad kostar det?")
    assert office.script.asked[-1]["metadata"]["about"] == about


@pytest.mark.asyncio
async def test_the_note_to_the_bot_is_looked_up_and_comes_first(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    office.script.analyses["fälla träd på tomten"] = analysis("sv", 0.99, None, candidate(FELLING, 0.9))
    await write(agent, handover_id, "Så här söker du.", PARKING)
    await agent.post(f"/handovers/{handover_id}/return", note="fälla träd på tomten")
    await citizen.send("Vad kostar det?")
    assert office.script.asked[-1]["metadata"]["about"] == [FELLING, PARKING]
    messages = (await citizen.read())["messages"]
    assert not any("fälla träd på tomten" in message["text"] for message in messages)  # the note is not the citizen's to see
    assert all("about" not in message for message in messages)


@pytest.mark.asyncio
async def test_the_agent_decides_what_the_bot_is_told(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Så här söker du.", PARKING)
    await agent.post(f"/handovers/{handover_id}/return", about=[])
    await citizen.send("Vad kostar det?")
    assert office.script.asked[-1]["metadata"]["about"] == []


@pytest.mark.asyncio
async def test_thanks_leave_the_topic_and_an_answer_ends_it(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Så här söker du.", PARKING)
    await agent.post(f"/handovers/{handover_id}/return")
    office.script.rasa = lambda _: [{"type": "text", "key": "thanks", "outcome": "smalltalk"}]
    await citizen.send("Tack!")
    office.script.rasa = lambda _: [{"type": "text", "key": "dont_know", "outcome": "unanswered"}]
    await citizen.send("Och för min son?")
    assert office.script.asked[-1]["metadata"]["about"] == [PARKING]
    await citizen.send("Hur blir man astronaut?")
    assert office.script.asked[-1]["metadata"]["about"] == []
    assert "told" not in office.script.asked[-1]["metadata"]


@pytest.mark.asyncio
async def test_the_bot_knows_the_agents_last_word_to_say_it_again(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Ring mig på måndag.")
    await agent.post(f"/handovers/{handover_id}/return")
    office.script.rasa = lambda asked: [
        {"type": "text", "key": "repeat.agent", "outcome": "smalltalk",
         "params": {"name": asked["metadata"]["told"]["name"], "said": asked["metadata"]["told"]["text"]}}
    ]  # fmt: skip
    replies = (await citizen.send("Kan du säga det igen?")).json()["messages"]
    assert replies[-1]["text"] == office.core.texts.render("repeat.agent", "sv", name="Anna Agent", said="Ring mig på måndag.")


@pytest.mark.asyncio
async def test_only_what_was_said_since_the_bot_last_had_it_counts(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Så här söker du.", PARKING)
    await agent.post(f"/handovers/{handover_id}/return")
    pulled = (await agent.post(f"/handovers/{handover_id}/pull")).json()["id"]
    assert (await agent.get(f"/handovers/{pulled}/told")).json()["topics"] == []
    await agent.post(f"/handovers/{pulled}/return")
    await citizen.send("Vad kostar det?")
    assert office.script.asked[-1]["metadata"]["about"] == []


@pytest.mark.asyncio
async def test_a_knowledge_base_that_is_down_keeps_no_conversation_from_going_back(office: Office) -> None:
    citizen, agent, handover_id = await with_agent(office)
    await write(agent, handover_id, "Det ska jag ta reda på.")
    office.script.down.add("knowledge")
    assert (await agent.post(f"/handovers/{handover_id}/return", note="träd")).json()["state"] == "returned"
    assert (await citizen.read())["owner"] == "bot"


@pytest.mark.asyncio
async def test_asking_for_a_human_again_leaves_the_topic_of_the_queue_what_it_was(office: Office) -> None:
    office.script.articles |= {one: article(one, title=one) for one in (PARKING, "kontakta-staden")}
    office.script.analyses["Boendeparkering?"] = analysis("sv", 0.99, None, candidate(PARKING, 0.9))
    office.script.analyses[HUMAN] = analysis("sv", 0.99, {"ask_human": 0.99}, candidate("kontakta-staden", 0.9))
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Boendeparkering?")
    await agent.claim(handover_id)
    await agent.post(f"/handovers/{handover_id}/return")
    assert (await office.asks_for_human(citizen))["preview"]["topic"] == PARKING


@pytest.mark.asyncio
async def test_a_colleagues_conversation_is_not_asked_about(office: Office) -> None:
    _, _, handover_id = await with_agent(office)
    other = await office.staff("Bo Agent")
    assert (await other.get(f"/handovers/{handover_id}/told")).status_code == 409
    assert (await other.post(f"/handovers/{handover_id}/return", about=[PARKING])).status_code == 409
    assert await office.scalar(sa.select(schema.handover.c.state).where(schema.handover.c.id == handover_id)) == "claimed"


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [{"about": ["../x"]}, {"about": ["a", "b", "c", "d"]}])
async def test_what_is_no_list_of_articles_is_refused(office: Office, body: dict[str, Any]) -> None:
    _, agent, handover_id = await with_agent(office)
    assert (await agent.post(f"/handovers/{handover_id}/return", **body)).status_code == 422
