"""Claim, write, give back, close, pass on, note: what the agent does, and what the citizen then sees."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.bot.scripted import analysis, article, candidate
from tests.handover.conftest import HUMAN, Office, press


@pytest.mark.asyncio
async def test_a_whole_conversation_from_the_question_to_the_bot_again(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue("Hur gör jag?")
    claimed = await agent.claim(handover_id)
    assert claimed.status_code == 200
    assert claimed.json()["claimed_by"] == {"id": agent.id, "name": "Anna Agent"}
    assert (await citizen.read())["messages"][-1]["text"] == office.core.texts.render("agent.joined", "sv", name="Anna Agent")

    await agent.write(handover_id, "Hej! <script>alert(1)</script> 031-365 00 00")
    said = (await citizen.read())["messages"][-1]
    assert (said["author"], said["agent_name"]) == ("agent", "Anna Agent")
    assert said["text"] == "Hej! <script>alert(1)</script> 031-365 00 00"  # as written: neither masked nor markup

    assert (await citizen.send("Tack!")).json()["messages"] == []  # the bot is silent
    assert office.script.asked[-1]["message"] == "Hur gör jag?"
    assert (await agent.queue())[0]["unread"] == 1

    assert (await agent.post(f"/handovers/{handover_id}/return", note="Undrar om sopor")).json()["state"] == "returned"
    assert (await citizen.read())["owner"] == "bot"
    assert (await citizen.send("Och en sak till")).json()["messages"][0]["author"] == "bot"


@pytest.mark.asyncio
async def test_two_agents_race_and_the_loser_learns_who_won(office: Office) -> None:
    agents = [await office.staff(f"{name} Agent") for name in ("Anna", "Bo", "Cia", "Dan")]
    citizen, handover_id = await office.in_queue()
    answers = await asyncio.gather(*(agent.claim(handover_id) for agent in agents))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    winner = next(answer.json()["claimed_by"]["name"] for answer in answers if answer.status_code == 200)
    for lost in (answer.json()["error"] for answer in answers if answer.status_code == 409):
        assert (lost["code"], lost["winner"]) == ("already_claimed", winner)
    joined = [m for m in (await citizen.read())["messages"] if "Nu skriver du med" in m["text"]]
    assert len(joined) == 1


@pytest.mark.asyncio
async def test_claiming_again_changes_nothing(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    first, second = await agent.claim(handover_id), await agent.claim(handover_id)
    assert first.json()["version"] == second.json()["version"]
    assert sum("Nu skriver du med" in m["text"] for m in (await citizen.read())["messages"]) == 1


@pytest.mark.asyncio
async def test_a_message_sent_twice_is_kept_once(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    answers = await asyncio.gather(*(agent.write(handover_id, "Hej!", "same-id") for _ in range(4)))
    assert {answer.json()["message"]["message_id"] for answer in answers}.__len__() == 1
    assert [m["text"] for m in (await citizen.read())["messages"]].count("Hej!") == 1
    await agent.post(f"/handovers/{handover_id}/close", reason="solved")
    assert (await agent.write(handover_id, "Hej!", "same-id")).status_code == 200  # a late repetition still gets its answer
    assert (await agent.write(handover_id, "Hej!", "other-id")).status_code == 409


@pytest.mark.asyncio
async def test_only_the_agent_who_has_it_may_act(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    citizen, handover_id = await office.in_queue()
    assert (await anna.write(handover_id, "För tidigt")).status_code == 409
    await anna.claim(handover_id)
    for path, body in (
        ("messages", {"client_message_id": "x", "text": "Hej"}), ("return", {}), ("close", {"reason": "solved"}),
        ("transfer", {"department": "social"}), ("typing", {}),
    ):  # fmt: skip
        refused = await bo.post(f"/handovers/{handover_id}/{path}", **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_yours"), path
    assert (await bo.get(f"/handovers/{handover_id}/context")).status_code == 403
    assert (await bo.post(f"/handovers/{handover_id}/notes", text="Hej")).status_code == 403
    assert (await citizen.read())["owner"] == "agent"


@pytest.mark.asyncio
async def test_closing_ends_the_conversation_for_the_citizen(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    closed = await agent.post(f"/handovers/{handover_id}/close", reason="solved")
    assert (closed.json()["state"], closed.json()["end_reason"]) == ("closed", "solved")
    read = await citizen.read()
    assert (read["owner"], read["closed"]) == ("closed", True)
    assert read["messages"][-1]["text"] == office.core.texts.render("conversation.ended", "sv")
    assert (await citizen.send("Hallå?")).status_code == 409


@pytest.mark.asyncio
async def test_passed_to_another_department_it_keeps_its_time_and_goes_first(office: Office) -> None:
    anna, social = await office.staff("Anna Agent"), await office.staff("Soci Agent", departments=("social",))
    first, handover_id = await office.in_queue()
    office.clock.forward(minutes=3)
    await anna.claim(handover_id)
    office.clock.forward(minutes=30)
    await office.in_queue()
    assert await social.queue() == []
    passed = await anna.post(f"/handovers/{handover_id}/transfer", department="social", note="Gäller försörjningsstöd")
    assert (passed.json()["state"], passed.json()["waiting_seconds"]) == ("queued", 33 * 60)
    row = (await social.queue())[0]
    assert (row["id"], row["department_name"]) == (handover_id, "Socialförvaltningarna")
    assert (await first.read())["queue"] == {"position": 1}
    texts = [message["text"] for message in (await first.read())["messages"]]
    assert office.core.texts.render("agent.left", "sv", name="Anna Agent") in texts
    assert (await anna.write(handover_id, "Hej")).status_code == 409


@pytest.mark.asyncio
async def test_passed_to_a_colleague_it_is_theirs_at_once(office: Office) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    citizen, handover_id = await office.in_queue()
    await anna.claim(handover_id)
    await office.at_desk(bo)
    passed = await anna.post(f"/handovers/{handover_id}/transfer", agent_id=bo.id)
    assert passed.json()["claimed_by"]["name"] == "Bo Agent"
    assert (await bo.write(handover_id, "Hej från Bo")).status_code == 200
    assert (await anna.write(handover_id, "Hej från Anna")).status_code == 409
    assert (await citizen.read())["messages"][-1]["agent_name"] == "Bo Agent"


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["absent", "break"])
async def test_it_is_not_passed_to_a_colleague_who_is_not_there(office: Office, why: str) -> None:
    anna, bo = await office.staff("Anna Agent"), await office.staff("Bo Agent")
    citizen, handover_id = await office.in_queue()
    await anna.claim(handover_id)
    if why == "break":
        await office.at_desk(bo)
        await bo.post("/me/duty", duty="break")
    before = (await citizen.read())["messages"]
    refused = await anna.post(f"/handovers/{handover_id}/transfer", agent_id=bo.id, note="Kan du ta den?")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_there")
    assert (await citizen.read())["messages"] == before  # told of nobody who does not come
    assert (await anna.context(handover_id))["notes"] == []
    assert (await anna.write(handover_id, "Jag är kvar")).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body", [{}, {"department": "framtiden"}, {"agent_id": "0" * 32}, {"department": "social", "agent_id": "0" * 32}]
)
async def test_it_is_not_passed_to_nobody(office: Office, body: dict[str, Any]) -> None:
    agent = await office.staff("Anna Agent")
    _, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    assert (await agent.post(f"/handovers/{handover_id}/transfer", **body)).status_code == 422
    assert (await agent.queue())[0]["state"] == "claimed"


@pytest.mark.asyncio
async def test_the_context_tells_what_the_bot_understood_and_answered(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    question = "När töms soporna?"
    office.script.analyses[question] = analysis(
        "sv", 0.98, {"greet": 0.02}, candidate("sopor", 0.83, "Sopor"), candidate("kompost", 0.1, "Kompost")
    )
    office.script.articles["sopor"] = article("sopor", title="Sopor")
    office.script.rasa = lambda _: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered", "probability": 0.83}]
    _, handover_id = await office.in_queue(question)
    context = await agent.context(handover_id)
    turn = context["turns"][0]
    assert (turn["text"], turn["language"], turn["intent"], turn["answered_with"]) == (question, "sv", "faq", ["sopor"])
    assert turn["candidates"] == [
        {"article_id": "sopor", "title": "Sopor", "probability": 0.83},
        {"article_id": "kompost", "title": "Kompost", "probability": 0.1},
    ]  # fmt: skip
    assert context["turns"][1]["intent"] == "ask_human"
    assert context["conversation"]["channel"] == "web"
    assert context["handover"]["department"] == "kretslopp-vatten"


@pytest.mark.asyncio
async def test_the_second_time_the_agent_sees_that_there_was_a_first(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, first = await office.in_queue()
    await agent.claim(first)
    await agent.post(f"/handovers/{first}/return")
    office.clock.forward(minutes=1)
    await press(citizen, await office.asks_for_human(citizen), 0)
    second = (await agent.queue())[0]["id"]
    earlier = (await agent.context(second))["earlier"]
    assert [(row["id"], row["state"], row["agent_name"]) for row in earlier] == [(first, "returned", "Anna Agent")]


@pytest.mark.asyncio
async def test_the_queue_is_in_order_of_waiting_then_the_own(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    ids = []
    for _ in range(3):
        ids.append((await office.in_queue())[1])
        office.clock.forward(minutes=2)
    await agent.claim(ids[0])
    assert [row["id"] for row in await agent.queue()] == [ids[1], ids[2], ids[0]]
    answer = (await agent.get("/queue")).json()
    assert answer["counts"] == {
        "queued": 2, "mine": 1, "unread": 0, "claimed": 1, "scheduled": 0, "overdue": 0, "to_agree": 0,
    }  # fmt: skip
    assert answer["handovers"][0]["waiting_seconds"] == 240


@pytest.mark.asyncio
async def test_departments_see_their_own_queue_only(office: Office) -> None:
    social = await office.staff("Soci Agent", departments=("social",))
    admin = await office.staff("Adam Admin", role="admin")
    _, handover_id = await office.in_queue()
    assert await social.queue() == []
    assert (await social.claim(handover_id)).status_code == 403
    assert (await social.get(f"/handovers/{handover_id}/context")).status_code == 403
    assert len(await admin.queue()) == 1


@pytest.mark.asyncio
async def test_everything_said_to_the_citizen_is_in_their_language(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    office.script.analyses[HUMAN] = analysis("ar", 0.6, {"ask_human": 0.99})
    citizen = await office.citizen(language="ar")
    await press(citizen, await office.asks_for_human(citizen), 0)
    handover_id = await office.handover_of(citizen)
    await agent.claim(handover_id)
    await agent.post(f"/handovers/{handover_id}/return")
    said = [m for m in (await citizen.read())["messages"] if m["author"] == "system"]
    assert {(m["language"], m["dir"]) for m in said} == {("ar", "rtl")}
    assert said[-1]["text"] == office.core.texts.render("agent.returned", "ar")


@pytest.mark.asyncio
async def test_reading_clears_the_unread_mark(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    citizen, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    await citizen.send("Hallå")
    await agent.context(handover_id)
    assert (await agent.queue())[0]["unread"] == 1  # an automatic re-reading is no reading
    assert (await agent.post(f"/handovers/{handover_id}/read")).status_code == 204
    assert (await agent.queue())[0]["unread"] == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(("text", "code"), [("   ", "empty"), ("\x00\x07", "empty"), ("x" * 4001, "too_long")])
async def test_messages_have_limits(office: Office, text: str, code: str) -> None:
    agent = await office.staff("Anna Agent")
    _, handover_id = await office.in_queue()
    await agent.claim(handover_id)
    refused = await agent.write(handover_id, text)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)


@pytest.mark.asyncio
async def test_every_step_leaves_an_audit_row_without_personal_data(office: Office) -> None:
    agent = await office.staff("Anna Agent")
    _, handover_id = await office.in_queue("Min hemliga fråga")
    await agent.claim(handover_id)
    await agent.context(handover_id)
    await agent.write(handover_id, "Hej")
    await agent.post(f"/handovers/{handover_id}/close", reason="Medborgaren heter Kalle")
    for action, actor in (
        ("handover.offered", "citizen"), ("handover.queued", "citizen"), ("handover.claimed", agent.id),
        ("conversation.read", agent.id), ("handover.closed", agent.id),
    ):  # fmt: skip
        (row,) = await office.audited(action)
        assert (row.actor, row.object) == (actor, handover_id), action
        assert "hemliga" not in str(row.detail) + str(row.detail)
        assert "Kalle" not in str(row.detail)
