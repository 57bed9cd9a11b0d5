"""A message at the door: stored once, masked before it is stored, refused with a reason."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from bot.pipeline.accept import MAX_TEXT_LENGTH, PROTECTED_TEXT, Inbound, Refused, accept, clean
from bot.store import conversations, schema
from tests.bot.pipeline.conftest import Citizen
from tests.bot.scripted import Script


@pytest.mark.asyncio
async def test_a_message_delivered_five_times_at_once_is_stored_once(citizen: Citizen) -> None:
    stored = await asyncio.gather(*(citizen.writes("Hej", provider_id="same") for _ in range(5)))
    assert len(set(stored)) == 1
    assert len(await citizen.reads()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "   ", "\u0000\u0007", "\n\n"])
async def test_nothing_is_refused_as_empty(citizen: Citizen, text: str) -> None:
    with pytest.raises(Refused) as refused:
        await citizen.writes(text)
    assert refused.value.code == "empty"


@pytest.mark.asyncio
async def test_a_text_of_the_greatest_length_is_taken_and_one_longer_is_not(citizen: Citizen) -> None:
    await citizen.writes("å" * MAX_TEXT_LENGTH)
    with pytest.raises(Refused) as refused:
        await citizen.writes("å" * (MAX_TEXT_LENGTH + 1))
    assert refused.value.code == "too_long"


@pytest.mark.asyncio
async def test_d5_personal_numbers_reach_neither_store_nor_knowledge_nor_rasa(citizen: Citizen, script: Script) -> None:
    await citizen.says("Mitt personnummer är 19811218-9876, ring 070-174 06 35 eller anna@example.com")
    everything = repr(script.asked) + repr(script.analyzed)
    async with citizen.core.store.read() as conn:
        for table in (schema.message, schema.turn):
            everything += repr((await conn.execute(sa.select(table))).all())
    for secret in ("9876", "811218", "174 06", "anna@"):
        assert secret not in everything


@pytest.mark.asyncio
async def test_the_citizen_is_told_that_something_was_hidden(citizen: Citizen) -> None:
    replies = await citizen.says("Jag heter Anna Andersson och har personnummer 19811218-9876")
    assert replies[0]["author"] == "system"
    assert replies[0]["text"] == citizen.core.texts.render("masked.notice", "sv")


@pytest.mark.asyncio
async def test_d6_protected_identity_stores_no_free_text_from_then_on_and_gives_a_telephone(
    citizen: Citizen, script: Script
) -> None:
    replies = await citizen.says("Jag har skyddad identitet och undrar om förskola")
    assert "031-365 00 00" in replies[0]["text"]
    later = await citizen.says("Jag är gömd i Partille")
    assert "031-365 00 00" in later[0]["text"]
    assert {message["text"] for message in await citizen.reads() if message["author"] == "citizen"} == {PROTECTED_TEXT}
    assert script.analyzed == []
    assert script.asked == []


@pytest.mark.asyncio
async def test_a_payload_from_another_conversation_is_refused(citizen: Citizen) -> None:
    replies = await citizen.says("Jag vill prata med en människa")
    payload = replies[-1]["buttons"][0]["payload"]
    async with citizen.core.store.write() as tx:
        other = await conversations.create(
            tx, channel="web", channel_account="web", language="sv", token="u", now=citizen.core.now()
        )
    with pytest.raises(Refused) as refused:
        await accept(citizen.core, other, Inbound("x", payload=payload))
    assert refused.value.code == "unknown_payload"
    with pytest.raises(Refused):
        await accept(citizen.core, citizen.conversation_id, Inbound("y", payload="/handover_send"))


@pytest.mark.asyncio
async def test_a_closed_conversation_takes_no_message(citizen: Citizen) -> None:
    async with citizen.core.store.write() as tx:
        await conversations.set_owner(tx, citizen.conversation_id, "closed", expected_version=1, now=citizen.core.now())
    with pytest.raises(Refused) as refused:
        await citizen.writes("Hej")
    assert refused.value.code == "conversation_closed"


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a\u0000b", "ab"),
        ("rad\r\nrad", "rad\nrad"),
        ("\ud83d", "�"),  # half of an emoji, which JSON can carry and no database can
        ("a\u030a", "å"),
        ("  hej\t!  ", "hej\t!"),
        ("👩‍👩‍👧 ok", "👩‍👩‍👧 ok"),
    ],
)
def test_text_is_cleaned_of_what_nobody_can_store_or_see(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned
