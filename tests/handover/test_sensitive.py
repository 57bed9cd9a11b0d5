"""An answer on a sensitive topic is followed by the offer of a human: kindly, once, and the desk is told why."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.settings import ROOT
from bot.store import schema
from handover.settings import load_settings
from knowledge.article import load_knowledge_base
from tests.bot.scripted import analysis, article
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, press


def answers(*article_ids: str, then: list[dict[str, Any]] | None = None) -> Any:
    return lambda _: [{"type": "answer", "article_ids": list(article_ids), "outcome": "answered"}, *(then or [])]


async def asking(
    office: Office, text: str = "hur får man hjälp med sina skulder", language: str = "sv"
) -> tuple[Browser, list[dict[str, Any]]]:
    office.script.articles |= {"skulder": article("skulder", sensitive=True), "sopor": article("sopor")}
    office.script.rasa = answers("skulder")
    citizen = await office.citizen(language=language)
    return citizen, await said_to(citizen, text)


async def said_to(citizen: Browser, text: str) -> list[dict[str, Any]]:
    response = await citizen.send(text)
    assert response.status_code == 200, response.text
    return list(response.json()["messages"])


async def handover(office: Office, citizen: Browser) -> sa.Row[Any]:
    query = sa.select(schema.handover).where(schema.handover.c.conversation_id == citizen.conversation_id)
    async with office.core.store.read() as conn:
        return (await conn.execute(query)).one()


@pytest.mark.asyncio
async def test_the_answer_first_then_the_offer_and_the_desk_is_told_why(office: Office) -> None:
    citizen, (answer, offer) = await asking(office)
    assert answer["article_id"] == "skulder" and answer["wants_feedback"]
    assert offer["text"] == office.core.texts.render("offer_human.sensitive", "sv")
    outcome = sa.select(schema.turn.c.outcome).where(schema.turn.c.conversation_id == citizen.conversation_id)
    assert await office.scalar(outcome) == "answered", "the question was answered, whatever is offered besides"
    await press(citizen, offer, 0)
    made = await handover(office, citizen)
    assert (made.reason, made.priority) == ("sensitive", load_settings().queue.priority_ordinary)


@pytest.mark.asyncio
async def test_a_typed_yes_is_as_good(office: Office) -> None:
    citizen, _ = await asking(office)
    office.script.analyses["ja tack"] = analysis(signals={"affirm": 0.95})
    await said_to(citizen, "ja tack")
    assert (await handover(office, citizen)).reason == "sensitive"


@pytest.mark.asyncio
async def test_pressed_after_something_else_the_button_still_says_why(office: Office) -> None:
    citizen, (_, offer) = await asking(office)
    office.script.rasa = answers("sopor")
    assert len(await said_to(citizen, "och soporna?")) == 1, "an ordinary answer has no offer"
    await press(citizen, offer, 0)
    assert (await handover(office, citizen)).reason == "sensitive"


@pytest.mark.asyncio
async def test_once_per_conversation_also_after_a_no(office: Office) -> None:
    citizen, (_, offer) = await asking(office)
    await press(citizen, offer, 1)
    assert len(await said_to(citizen, "hur anmäler jag det?")) == 1
    assert len((await asking(office))[1]) == 2, "another citizen is offered one"


@pytest.mark.asyncio
async def test_one_question_at_a_time(office: Office) -> None:
    citizen, _ = await asking(office, "hej")
    other = await office.citizen()
    question = {"type": "offer_human", "key": "offer_human.question", "outcome": "handover_offered"}
    office.script.rasa = answers("skulder", then=[question])
    said = await said_to(other, "jag överklagar beslutet")
    assert [one["text"] for one in said[1:]] == [office.core.texts.render("offer_human.question", "sv")]
    assert citizen.conversation_id != other.conversation_id


@pytest.mark.asyncio
async def test_in_the_citizens_language(office: Office) -> None:
    office.script.analyses["miten saan apua velkoihin"] = analysis("fi")
    _, said = await asking(office, "miten saan apua velkoihin", language="fi")
    assert said[-1]["text"] == office.core.texts.render("offer_human.sensitive", "fi")
    assert [button["title"] for button in said[-1]["buttons"]] == [
        office.core.texts.render(key, "fi") for key in ("offer_human.yes", "offer_human.no")
    ]


@pytest.mark.asyncio
async def test_about_a_child_it_is_urgent_too(office: Office) -> None:
    child = min(load_settings().routing.children_articles)
    found = {"article_id": child, "language": "sv", "title": "Barn", "probability": 0.9, "matched": ""}
    office.script.analyses["barnet skriker"] = analysis("sv", 0.99, None, found)
    office.script.articles[child] = article(child, sensitive=True)
    office.script.rasa = answers(child)
    citizen = await office.citizen()
    await press(citizen, (await said_to(citizen, "barnet skriker"))[-1], 0)
    made = await handover(office, citizen)
    assert (made.reason, made.priority) == ("sensitive", load_settings().queue.priority_children)


def test_the_articles_about_children_at_risk_violence_eviction_debts_and_grief_are_sensitive() -> None:
    articles = load_knowledge_base(ROOT / "knowledge" / "articles").articles
    marked = {key for key, one in articles.items() if one.sensitive}
    assert marked >= load_settings().routing.children_articles
    assert marked >= {"vald-i-nara-relation", "nod-kvinnofrid", "nod-sjalvmord", "hemloshet", "budget-skuld", "begravning"}
    assert "skyddade-uppgifter" not in marked, "under protected identity nothing more is to be written here"
