"""When nobody is on duty: a citizen leaves a number or an address, and only the agent who takes over sees it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import close_idle
from bot.messages import Mail, Reply
from bot.plugins import CallBack
from bot.privacy.addresses import AddressBook
from bot.store import contacts, conversations, schema
from bot.store.engine import Transaction
from tests.bot.scripted import analysis
from tests.connectors.web.conftest import Browser
from tests.handover.conftest import HUMAN, Office, press

pytestmark = pytest.mark.asyncio
NUMBER, STORED = "070-174 06 05", "+46701740605"


def texts(office: Office, key: str, **params: Any) -> str:
    return office.core.texts.render(key, "sv", **params)


def thanks(office: Office) -> str:
    """What is said once a number is kept: four staffed hours from now, Monday at eleven in Gothenburg."""
    return texts(office, "contact.scheduled", date="2026-11-23", time="15:00")


async def at_night(office: Office) -> tuple[Browser, dict[str, Any]]:
    """A citizen in the queue with nobody there, and the message that offers to be called back."""
    citizen = await office.citizen()
    question = await office.asks_for_human(citizen)
    said = await press(citizen, question)
    return citizen, next(message for message in said if message["text"] == texts(office, "queue.closed"))


async def asked(office: Office) -> Browser:
    """A citizen who has been asked for a number."""
    citizen, closed = await at_night(office)
    assert [button["title"] for button in closed["buttons"]] == ["Lämna kontaktuppgifter"]
    (question,) = await press(citizen, closed)
    assert question["text"] == texts(office, "contact.question", days="30")
    return citizen


async def said_to(citizen: Browser, text: str) -> list[str]:
    response = await citizen.send(text)
    assert response.status_code == 200, response.text
    return [message["text"] for message in response.json()["messages"]]


async def kept(office: Office) -> list[Any]:
    async with office.core.store.read() as conn:
        return list((await conn.execute(sa.select(schema.contact))).all())


def value(office: Office, row: Any) -> str:
    return AddressBook(office.core.settings.secret_key.get_secret_value()).decrypt(row.value_encrypted)


async def test_a_number_is_kept_apart_encrypted_and_for_thirty_days(office: Office) -> None:
    citizen = await asked(office)
    assert await said_to(citizen, f"Ring {NUMBER} efter fem") == [thanks(office)]
    (row,) = await kept(office)
    assert (value(office, row), row.kind, row.purpose) == (STORED, "phone", "call_back")
    assert row.expires_at - row.created_at == dt.timedelta(days=30)
    assert b"701740605" not in row.value_encrypted
    async with office.core.store.read() as conn:
        for table in (schema.message, schema.turn, schema.audit, schema.conversation, schema.handover):
            assert "1740605" not in re.sub(r"[\s-]", "", str((await conn.execute(sa.select(table))).all()))
    assert any(message["text"] == "Ring [telefon] efter fem" for message in (await citizen.read())["messages"])
    assert (await citizen.read())["owner"] == "bot"  # it answers until somebody calls


async def test_an_address_is_kept_and_another_number_takes_the_place_of_the_first(office: Office) -> None:
    citizen, closed = await at_night(office)
    for answer in ("anna@example.org", NUMBER, "070-174 06 06"):
        await press(citizen, closed)
        assert await said_to(citizen, answer) == [thanks(office)]
    assert sorted(value(office, row) for row in await kept(office)) == ["+46701740606", "anna@example.org"]


async def test_what_is_no_number_is_asked_for_again_and_kept_for_the_agent(office: Office) -> None:
    citizen = await asked(office)
    for attempt in ("070-12", "anna@exempel", "070-12"):
        assert await said_to(citizen, attempt) == [texts(office, "contact.invalid")]
    assert not await kept(office)
    assert await said_to(citizen, NUMBER) == [thanks(office)]
    anna = await office.staff("Anna Lind")
    (handover,) = await anna.queue()
    assert (handover["state"], handover["unread"]) == ("scheduled", 3)


async def test_who_writes_about_something_else_is_reminded_once_and_can_still_answer(office: Office) -> None:
    citizen = await asked(office)
    assert await said_to(citizen, "jag undrar också över vattnet") == [texts(office, "contact.invalid")]
    assert await said_to(citizen, "och soporna") == []
    assert await said_to(citizen, NUMBER) == [thanks(office)]


async def test_without_being_asked_a_number_is_masked_and_lost_as_always(office: Office) -> None:
    citizen, _ = await at_night(office)
    assert texts(office, "masked.notice") in await said_to(citizen, f"ring {NUMBER}")
    assert not await kept(office)


@pytest.mark.parametrize("word", ["avbryt", "Avbryt.", "”avbryt”", "CANCEL", "iptal", "إلغاء"])
async def test_cancel_in_any_language_goes_back_to_the_queue(office: Office, word: str) -> None:
    citizen = await asked(office)
    assert (await said_to(citizen, word))[0] == texts(office, "contact.cancelled")
    assert texts(office, "masked.notice") in await said_to(citizen, f"ring {NUMBER}")
    assert not await kept(office)


async def test_a_promised_call_outlives_a_weekend_and_consent_can_be_taken_back_meanwhile(office: Office) -> None:
    citizen = await asked(office)
    await citizen.send(NUMBER)
    office.clock.forward(days=3)
    assert await close_idle(office.core) == 0
    consent = next(message for message in (await citizen.read())["messages"] if message.get("preview"))
    assert (await press(citizen, consent, 1))[0]["text"] == texts(office, "consent.withdrawn")
    agent = await office.staff("Anna Agent")
    (row,) = await agent.queue()
    assert (row["state"], row["consent"]) == ("scheduled", "without_text")
    assert (await agent.claim(row["id"])).status_code == 200


async def test_what_nobody_is_to_come_back_to_ends_after_a_day(office: Office) -> None:
    citizen = await office.citizen()
    office.clock.forward(days=1, minutes=1)
    assert await close_idle(office.core) == 1
    assert (await citizen.read())["closed"]


async def test_the_button_takes_back_what_was_left(office: Office) -> None:
    citizen, closed = await at_night(office)
    (question,) = await press(citizen, closed)
    await said_to(citizen, NUMBER)
    said = await press(citizen, question)
    assert said[0]["text"] == texts(office, "contact.cancelled") and said[1]["buttons"]
    assert not await kept(office)
    assert len(await office.audited("contact.withdrawn")) == 1


async def test_danger_comes_first_and_the_number_is_not_lost(office: Office) -> None:
    citizen = await asked(office)
    (said,) = await said_to(citizen, f"det brinner hemma hos mig, ring {NUMBER}")
    assert "112" in said
    assert [value(office, row) for row in await kept(office)] == [STORED]


async def test_asking_for_a_human_meanwhile_is_answered(office: Office) -> None:
    citizen = await asked(office)
    office.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    (said,) = await said_to(citizen, HUMAN)
    assert said == texts(office, "queue.position", position=1)
    assert await said_to(citizen, NUMBER) == [thanks(office)]


@pytest.mark.parametrize("way", ["leave", "end"])
async def test_who_leaves_the_queue_or_ends_takes_the_number_along(office: Office, way: str) -> None:
    citizen = await office.citizen()
    joined, closed, *_ = await press(citizen, await office.asks_for_human(citizen))
    await press(citizen, closed)
    await said_to(citizen, NUMBER)
    if way == "leave":
        await press(citizen, joined)
    else:
        await citizen.http.post("/chat/v1/end", headers=citizen.auth)
    assert not await kept(office)


async def test_an_old_button_asks_nothing_once_an_agent_is_there(office: Office) -> None:
    citizen, closed = await at_night(office)
    anna = await office.staff("Anna Lind")
    await anna.claim(await office.handover_of(citizen))
    (said,) = await press(citizen, closed)
    assert said["text"] == texts(office, "agent.joined", name="Anna Lind")
    assert await said_to(citizen, f"ring {NUMBER}") == [texts(office, "masked.notice")]
    assert not await kept(office)


async def test_who_was_asked_and_answers_when_the_agent_has_come_is_not_lost(office: Office) -> None:
    citizen = await asked(office)
    anna = await office.staff("Anna Lind")
    handover = await office.handover_of(citizen)
    await anna.claim(handover)
    assert await said_to(citizen, "hej Anna") == []  # an agent asks for themselves
    assert await said_to(citizen, NUMBER) == [texts(office, "contact.received", name="Anna Lind")]
    assert (await anna.context(handover))["contact"][0]["value"] == STORED


async def test_under_protected_identity_nothing_is_offered_or_kept(office: Office) -> None:
    citizen = await asked(office)
    await citizen.send("jag har skyddad identitet")
    await citizen.send(NUMBER)
    assert not await kept(office)
    other, closed = await at_night(office)
    await other.send("jag har skyddad identitet")
    (said,) = await press(other, closed)
    assert said["text"] == texts(office, "protected_identity")
    await other.send(NUMBER)
    assert not await kept(office)


async def test_only_the_agent_who_takes_over_sees_it_and_every_reading_is_audited(office: Office) -> None:
    citizen = await asked(office)
    await said_to(citizen, NUMBER)
    handover = await office.handover_of(citizen)
    anna, boss = await office.staff("Anna Lind"), await office.staff("Bo Ek", "admin")
    for reader in (anna, boss):
        (left,) = (await reader.context(handover))["contact"]
        assert (left["kind"], left["value"]) == ("phone", None)
    assert not await office.audited("contact.read")
    await anna.claim(handover)
    (left,) = (await anna.context(handover))["contact"]
    assert (left["kind"], left["value"]) == ("phone", STORED)
    assert (await boss.context(handover))["contact"][0]["value"] is None
    (line,) = await office.audited("contact.read")
    assert (line.actor, line.object, line.detail) == (anna.id, handover, {"kinds": ["phone"]})
    await anna.post(f"/handovers/{handover}/close", reason="solved")
    assert (await anna.context(handover))["contact"][0]["value"] == STORED  # whoever called may have to call again
    office.clock.forward(days=31)
    async with office.core.store.read() as conn:
        (conversation,) = {row.conversation_id for row in await kept(office)}
        assert await contacts.of_conversation(conn, conversation, now=office.core.now()) == []


async def test_what_has_expired_is_deleted_with_a_line_in_the_audit(office: Office) -> None:
    citizen = await asked(office)
    await said_to(citizen, f"{NUMBER} anna@example.org")
    now = office.core.now()
    for days, deleted in ((29, 0), (31, 2)):
        async with office.core.store.write() as tx:
            assert await contacts.delete_expired(tx, now=now + dt.timedelta(days=days)) == deleted
    assert not await kept(office)
    lines = await office.audited("contact.expired")
    assert [(line.actor, line.detail) for line in lines] == [("system", {}), ("system", {})]


class Mailbox:
    """Takes note of whom it was to tell."""

    def __init__(self, address_id: str | None) -> None:
        self.address_id, self.wishes = address_id, list[CallBack]()

    async def send_transcript(self, conversation_id: str, address: str) -> None:
        raise NotImplementedError

    async def tell_department(self, tx: Transaction, wish: CallBack) -> Reply | None:
        self.wishes.append(wish)
        if self.address_id is None:
            return None
        return Reply("text", "contact.forwarded", {"department": wish.department_shown}, author="system", outcome="handed_over",
                     mail=Mail((self.address_id, "email:main"), {"kind": "call_back", "handover_id": wish.handover_id}))  # fmt: skip


@pytest.mark.parametrize("has_address", [True, False])
async def test_the_department_is_told_if_it_wishes(office: Office, has_address: bool) -> None:
    citizen = await asked(office)
    address_id = schema.new_id() if has_address else None
    async with office.core.store.write() as tx:
        if address_id:
            await tx.conn.execute(schema.address.insert().values(
                id=address_id, channel_account="email:main", lookup_hmac="x" * 64, value_encrypted=b"x", created_at=office.core.now()))  # fmt: skip
    mailbox = Mailbox(address_id)
    office.registry.mailer = mailbox
    said = await said_to(citizen, NUMBER)
    expected = [thanks(office)]
    if has_address:
        expected.append(texts(office, "contact.forwarded", department="Kontaktcenter"))
    assert said == expected
    (wish,) = mailbox.wishes
    assert (wish.handover_id, wish.department, wish.language) == (await office.handover_of(citizen), "kontaktcenter", "sv")
    async with office.core.store.read() as conn:
        rows = (await conn.execute(sa.select(schema.outbox))).all()
    assert [(row.address_id, row.account) for row in rows] == ([(address_id, "email:main")] if has_address else [])
    assert all("mail" not in message for message in (await citizen.read())["messages"])


async def test_a_number_in_danger_is_seen_by_whoever_takes_it_and_nothing_else_is_said_of_it(office: Office) -> None:
    citizen = await asked(office)
    said = await said_to(citizen, f"det brinner i huset, ring {NUMBER}")
    assert "112" in said[0] and not any("hör av sig" in text for text in said)
    assert [value(office, row) for row in await kept(office)] == [STORED]
    anna = await office.staff("anna Lindgren")
    (waiting,) = await anna.queue()
    assert (await anna.claim(waiting["id"])).status_code == 200
    assert [one["value"] for one in (await anna.context(waiting["id"]))["contact"]] == [STORED]
    async with office.core.store.read() as conn:
        actions = (await conn.execute(sa.select(schema.audit.c.action))).scalars().all()
    assert "contact.left" in actions


async def test_a_number_in_danger_that_nobody_at_the_desk_would_see_is_not_kept(office: Office) -> None:
    citizen = await asked(office)
    async with office.core.store.write() as tx:  # left the queue by another way, while the question stood open
        row = (await tx.conn.execute(sa.select(schema.conversation))).one()
        await tx.conn.execute(schema.handover.update().values(state="abandoned"))
        await conversations.set_owner(tx, row.id, "bot", expected_version=row.version, now=office.clock(), awaiting="contact")
    said = await said_to(citizen, f"det brinner i huset, ring {NUMBER}")
    assert "112" in said[0]
    assert await kept(office) == []
