"""What a follow-up is about: the last answer, unless the citizen has gone on to something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bot.pipeline.conftest import Citizen
from tests.bot.scripted import Script, article
from tests.conftest import Clock


def saying(**reply: Any) -> Any:
    return lambda _: [reply]


@pytest.fixture
def answered(script: Script) -> None:
    """Every question is answered with two articles."""
    script.articles |= {"a": article("a"), "b": article("b")}
    script.rasa = saying(type="answer", article_ids=["a", "b"], outcome="answered", key="two_answers.intro")


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
async def test_the_next_message_is_about_the_articles_of_the_answer_and_is_analysed_once(
    citizen: Citizen, script: Script
) -> None:
    await citizen.says("Vad kostar tippen och hur söker jag förskola?")
    await citizen.says("och för barn?")
    assert script.about == [[], ["a", "b"]]
    assert [asked["metadata"]["about"] for asked in script.asked] == [[], ["a", "b"]]


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize(
    ("between", "about"),
    [
        ({"type": "text", "key": "thanks", "outcome": "smalltalk"}, ["a", "b"]),
        ({"type": "clarify", "key": "clarify.intro", "outcome": "clarification"}, []),
        ({"type": "text", "key": "dont_know", "outcome": "unanswered"}, []),
        ({"type": "text", "key": "elsewhere.csn", "outcome": "out_of_scope"}, []),
        ({"type": "offer_human", "key": "offer_human.question", "outcome": "handover_offered"}, []),
    ],
    ids=["thanks", "a question back", "a don't-know", "a pointer", "a human"],
)
async def test_what_is_said_in_between_decides_whether_the_topic_stays(
    citizen: Citizen, script: Script, between: dict[str, Any], about: list[str]
) -> None:
    await citizen.says("Vad kostar tippen?")
    script.rasa = saying(**between)
    await citizen.says("jaha")
    await citizen.says("och för barn?")
    assert script.about[-1] == about


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
async def test_a_pressed_title_is_an_answer_too(citizen: Citizen, script: Script) -> None:
    button = {"title": "Om a", "payload": '/answer_article{"article_id": "a"}', "article_id": "a"}
    script.rasa = saying(type="clarify", key="clarify.intro", outcome="clarification", buttons=[button])
    (question,) = await citizen.says("tippen")
    script.rasa = saying(type="answer", article_ids=["a"], outcome="answered")
    await citizen.presses(question["buttons"][0]["payload"])
    await citizen.says("vad kostar det?")
    assert script.about[-1] == ["a"]


@pytest.mark.asyncio
async def test_an_answer_between_a_notice_and_the_offer_of_a_human_counts(citizen: Citizen, script: Script) -> None:
    script.articles["a"] = article("a")
    script.rasa = lambda _: [
        {"type": "text", "key": "application.notice", "params": {"date": "2026-11-23"}, "outcome": "answered"},
        {"type": "answer", "article_ids": ["a"], "outcome": "answered"},
        {"type": "offer_human", "key": "offer_human.question", "outcome": "handover_offered"},
    ]
    await citizen.says("jag ansöker om bygglov")
    await citizen.says("hur lång tid tar det?")
    assert script.about[-1] == ["a"]


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
async def test_an_old_answer_is_forgotten(citizen: Citizen, script: Script, clock: Clock) -> None:
    await citizen.says("Vad kostar tippen?")
    clock.forward(minutes=citizen.core.settings.about_minutes + 1)
    await citizen.says("och för barn?")
    assert script.about[-1] == []


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
async def test_it_can_be_switched_off(citizen: Citizen, script: Script) -> None:
    citizen.core.settings.about_minutes = 0
    await citizen.says("Vad kostar tippen?")
    await citizen.says("och för barn?")
    assert script.about == [[], []]


@pytest.mark.asyncio
@pytest.mark.usefixtures("answered")
async def test_what_an_agent_said_last_ends_the_bots_topic(citizen: Citizen, script: Script) -> None:
    from bot.messages import Rendered
    from bot.store import messages

    await citizen.says("Vad kostar tippen?")
    async with citizen.core.store.write() as tx:
        said = Rendered(author="agent", text="Hej, Anna här.", language="sv")
        await messages.append(tx, citizen.conversation_id, said, now=citizen.core.now())
    await citizen.says("och för barn?")
    assert script.about[-1] == []


@pytest.mark.asyncio
async def test_a_pointer_leads_on_with_a_link_and_offers_a_human(citizen: Citizen, script: Script) -> None:
    link = {"url": "https://www.csn.se", "title": "CSN"}
    script.rasa = saying(type="text", key="elsewhere.csn", outcome="out_of_scope", probability=0.9, links=[link])
    (reply,) = await citizen.says("csn")
    assert "csn.se" in reply["text"] and reply["outcome"] == "out_of_scope"
    assert reply["links"] == [link]
    assert [button["title"] for button in reply["buttons"]] == [citizen.core.texts.render("offer_human.yes", "sv")]
