"""Secrecy between the city's boards: what was said to one is another's to read when the citizen has agreed to that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bot.scripted import analysis
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import Office, Staff, minutes, press

SECRET, TOLD, NOTE = "Jag har förlorat jobbet", "Jag förstår. Socialtjänsten kan hjälpa dig.", "Behöver ekonomiskt bistånd"


async def passed_on(office: Office, note: str | None = None) -> tuple[Browser, str, Staff, Staff]:
    """A citizen whom an agent of the contact centre has passed on to the social services' queue."""
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    social = await office.staff("Soci Agent", departments=("social",))
    citizen, handover_id = await office.in_queue(SECRET)
    await anna.claim(handover_id)
    await anna.write(handover_id, TOLD)
    body = {"department": "social"} | ({"note": note} if note else {})
    assert (await anna.post(f"/handovers/{handover_id}/transfer", **body)).status_code == 200
    return citizen, handover_id, anna, social


async def question_of(citizen: Browser) -> dict[str, Any]:
    return [m for m in (await citizen.read())["messages"] if m.get("preview")][-1]


@pytest.mark.asyncio
async def test_until_the_citizen_agrees_the_other_board_sees_no_text(office: Office) -> None:
    citizen, handover_id, anna, social = await passed_on(office)
    row = (await social.queue())[0]
    assert (row["consent"], row["last_text"], row["language"]) == ("pending", "", "sv")
    seen = await social.context(handover_id)
    assert (seen["messages"], seen["turns"], seen["preview"]["messages"], seen["earlier"]) == ([], [], [], [])
    assert SECRET not in str(seen) + str(row)
    assert (await anna.get(f"/handovers/{handover_id}/context")).status_code == 403  # no longer theirs either

    question = await question_of(citizen)
    assert question["preview"]["department"] == "Socialförvaltningarna"
    assert {SECRET, TOLD} <= {line["text"] for line in question["preview"]["messages"]}
    replies = await press(citizen, question, 0)
    assert replies[0]["text"] == office.core.texts.render("consent.passed", "sv", department="Socialförvaltningarna")
    seen = await social.context(handover_id)
    assert (seen["handover"]["consent"], seen["preview"]) == ("with_text", question["preview"])
    assert {SECRET, TOLD} <= {message["text"] for message in seen["messages"]}


@pytest.mark.asyncio
async def test_a_no_keeps_the_text_back_and_still_gives_a_human(office: Office) -> None:
    citizen, handover_id, _, social = await passed_on(office)
    replies = await press(citizen, await question_of(citizen), 1)
    assert replies[0]["text"] == office.core.texts.render("consent.not_passed", "sv", department="Socialförvaltningarna")
    assert (await citizen.read())["queue"] == {"position": 1}
    await citizen.send("Det här skriver jag till er")
    assert (await social.queue())[0]["last_text"] == "Det här skriver jag till er"
    assert (await social.claim(handover_id)).json()["consent"] == "without_text"
    seen = await social.context(handover_id)
    assert "Det här skriver jag till er" in str(seen["messages"])
    assert SECRET not in str(seen) and TOLD not in str(seen)


@pytest.mark.asyncio
async def test_without_an_answer_somebody_may_come_and_reads_only_what_was_written_to_them(office: Office) -> None:
    citizen, handover_id, _, social = await passed_on(office)
    await citizen.send("Hallå?")
    assert (await social.queue())[0]["last_text"] == ""
    await social.claim(handover_id)
    seen = await social.context(handover_id)
    assert "Hallå?" in str(seen["messages"]) and SECRET not in str(seen)
    await citizen.send("ja")  # to the agent who has come: no answer to the earlier question
    assert (await social.context(handover_id))["handover"]["consent"] == "pending"
    await press(citizen, await question_of(citizen), 0)
    assert SECRET in str(await social.context(handover_id))


@pytest.mark.asyncio
@pytest.mark.parametrize(("signal", "consent"), [("affirm", "with_text"), ("deny", "without_text")])
async def test_in_the_queue_the_answer_can_be_written(office: Office, signal: str, consent: str) -> None:
    citizen, handover_id, _, social = await passed_on(office)
    office.script.analyses["svaret"] = analysis(signals={signal: 0.95})
    await citizen.send("svaret")
    assert (await social.context(handover_id))["handover"]["consent"] == consent


@pytest.mark.asyncio
async def test_messages_can_be_struck_for_the_other_board(office: Office) -> None:
    citizen, handover_id, _, social = await passed_on(office)
    question = await question_of(citizen)
    seq = next(line["seq"] for line in question["preview"]["messages"] if line["text"] == SECRET)
    body = {"client_message_id": "m-1", "payload": question["buttons"][0]["payload"], "struck": [seq]}
    await citizen.http.post("/chat/v1/messages", params={"wait": 15}, json=body, headers=citizen.auth)
    seen = await social.context(handover_id)
    assert SECRET not in str(seen) and TOLD in str(seen)


@pytest.mark.asyncio
async def test_what_was_struck_or_kept_from_the_first_board_is_not_offered_to_the_second(office: Office) -> None:
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    citizen, handover_id = await office.in_queue(SECRET, button=1)
    await anna.claim(handover_id)
    await anna.write(handover_id, TOLD)
    await anna.post(f"/handovers/{handover_id}/transfer", department="social")
    shown = str((await question_of(citizen))["preview"])
    assert TOLD in shown and SECRET not in shown


@pytest.mark.asyncio
async def test_notes_stay_with_their_board_and_the_one_that_goes_along_is_said_openly(office: Office) -> None:
    citizen, handover_id, _, social = await passed_on(office, NOTE)
    assert NOTE in str((await citizen.read())["messages"])  # the citizen sees what would be sent, and may strike it
    assert (await social.context(handover_id))["notes"] == []
    await press(citizen, await question_of(citizen), 0)
    seen = await social.context(handover_id)
    assert seen["notes"] == [] and NOTE in str(seen["messages"])
    await social.post(f"/handovers/{handover_id}/notes", text="Eget")
    assert [note["text"] for note in (await social.context(handover_id))["notes"]] == ["Eget"]


@pytest.mark.asyncio
async def test_within_a_board_nothing_is_asked_and_notes_go_along(office: Office) -> None:
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    other = await office.staff("Bo Agent", departments=("demokrati-medborgarservice",))
    citizen, handover_id = await office.in_queue(SECRET)
    await anna.claim(handover_id)
    await anna.post(f"/handovers/{handover_id}/transfer", department="demokrati-medborgarservice", note=NOTE)
    seen = await other.context(handover_id)
    assert (seen["handover"]["consent"], seen["notes"][0]["text"]) == ("with_text", NOTE)
    assert SECRET in str(seen["messages"])
    assert len([m for m in (await citizen.read())["messages"] if m.get("preview")]) == 1
    assert NOTE not in str(await citizen.read())


@pytest.mark.asyncio
async def test_a_colleague_of_another_board_reads_after_the_yes(office: Office) -> None:
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    social = await office.staff("Soci Agent", departments=("social",))
    citizen, handover_id = await office.in_queue(SECRET)
    await anna.claim(handover_id)
    await office.at_desk(social)
    await anna.post(f"/handovers/{handover_id}/transfer", agent_id=social.id)
    seen = await social.context(handover_id)
    assert seen["handover"]["consent"] == "pending" and SECRET not in str(seen)
    assert (await social.write(handover_id, "Hej från socialtjänsten")).status_code == 200
    await press(citizen, await question_of(citizen), 0)
    assert SECRET in str(await social.context(handover_id))


async def with_a_colleague_of_another_board(office: Office) -> tuple[Browser, str, Staff, Staff, Staff]:
    anna = await office.staff("Anna Agent", departments=("kontaktcenter",))
    boss = await office.staff("Siv Chef", "supervisor", departments=("kontaktcenter",))
    social = await office.staff("Soci Agent", departments=("social",))
    citizen, handover_id = await office.in_queue(SECRET)
    await anna.claim(handover_id)
    await office.at_desk(social)
    assert (await anna.post(f"/handovers/{handover_id}/transfer", agent_id=social.id)).status_code == 200
    await citizen.send(TOLD)
    return citizen, handover_id, anna, boss, social


async def reads_on(office: Office, citizen: Browser, handover_id: str, agent: Staff) -> None:
    """What is written to the first board again it reads; what was said to the other one only with a new consent."""
    await citizen.send("Det här skriver jag till er igen")
    seen = await agent.context(handover_id)
    assert "Det här skriver jag till er igen" in str(seen["messages"]) and TOLD not in str(seen)
    question = await question_of(citizen)
    assert question["preview"]["department"] == "Kontaktcenter"
    await press(citizen, question, 0)
    assert TOLD in str(await agent.context(handover_id))


@pytest.mark.asyncio
async def test_taken_over_by_the_first_board_it_reads_what_is_written_to_it_again(office: Office) -> None:
    citizen, handover_id, _, boss, _ = await with_a_colleague_of_another_board(office)
    assert (await boss.post(f"/handovers/{handover_id}/take-over")).status_code == 200
    await reads_on(office, citizen, handover_id, boss)


@pytest.mark.asyncio
@pytest.mark.parametrize("way", ["wakes", "reopened by the citizen", "reopened by a supervisor"])
async def test_back_in_the_first_boards_queue_it_reads_what_is_written_to_it_again(office: Office, way: str) -> None:
    citizen, handover_id, anna, boss, social = await with_a_colleague_of_another_board(office)
    if way == "wakes":
        until = (office.core.now() + minutes(60)).isoformat()
        await social.post(f"/handovers/{handover_id}/snooze", until=until, reason="checking")
        office.clock.forward(minutes=5)  # gone meanwhile
        await citizen.send("Är någon där?")
    else:
        await social.post(f"/handovers/{handover_id}/close", reason="solved")
        if way == "reopened by the citizen":
            await citizen.http.post("/chat/v1/reopen", headers=citizen.auth)
        else:
            await boss.post(f"/handovers/{handover_id}/reopen")
    (row,) = await anna.queue()
    assert row["state"] == "queued"
    await anna.claim(handover_id)
    await reads_on(office, citizen, handover_id, anna)


@pytest.mark.asyncio
async def test_overflow_asks_too_and_the_own_department_keeps_what_it_has(office: Office) -> None:
    centre = await office.staff("Anna Agent", departments=("kontaktcenter",))
    own = await office.staff("Krets Agent", departments=("kretslopp-vatten",))
    citizen = await office.citizen(department="kretslopp-vatten")
    await citizen.send(SECRET)
    await press(citizen, await office.asks_for_human(citizen), 0)
    assert await centre.queue() == []
    office.clock.forward(minutes=10)
    await office.desk.routing.look()
    (row,) = await centre.queue()
    assert (row["consent"], row["last_text"]) == ("pending", "")
    assert SECRET not in str(await centre.context(row["id"]))
    assert SECRET in str(await own.context(row["id"]))
    await press(citizen, await question_of(citizen), 0)
    assert SECRET in str(await centre.context(row["id"]))


@pytest.mark.asyncio
async def test_a_consent_taken_back_is_taken_back_everywhere(office: Office) -> None:
    citizen, handover_id, _, social = await passed_on(office)
    question = await question_of(citizen)
    await press(citizen, question, 0)
    assert await press(citizen, question, 0) != []  # pressed twice: where they stand
    replies = await press(citizen, question, 1)
    assert replies[0]["text"] == office.core.texts.render("consent.not_passed", "sv", department="Socialförvaltningarna")
    assert SECRET not in str(await social.context(handover_id))


@pytest.mark.asyncio
async def test_passed_back_the_first_board_has_what_it_had_and_asks_for_the_rest(office: Office) -> None:
    citizen, handover_id, anna, social = await passed_on(office)
    await social.claim(handover_id)
    await citizen.send("Det här är mellan oss")
    await social.post(f"/handovers/{handover_id}/notes", text="Socialtjänstens egen")
    await social.post(f"/handovers/{handover_id}/transfer", department="kontaktcenter")
    seen = await anna.context(handover_id)
    assert SECRET in str(seen["messages"]) and "Det här är mellan oss" not in str(seen) and "egen" not in str(seen)
    await citizen.send("ja till kontaktcenter")
    assert "ja till kontaktcenter" not in str(await anna.queue())
    await press(citizen, await question_of(citizen), 0)
    seen = await anna.context(handover_id)
    assert {"Det här är mellan oss", "ja till kontaktcenter"} <= {m["text"] for m in seen["messages"]}
    assert "egen" not in str(seen)
    assert (await social.get(f"/handovers/{handover_id}/context")).status_code == 403
