"""Words for the channel itself (STOPP, START, WEBB), what can't be read, and going on elsewhere."""

from __future__ import annotations

import re

import pytest

from bot.store import schema
from tests.bot.scripted import analysis
from tests.contract.conftest import Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_stopp_is_confirmed_once_and_start_begins_anew(phone: Phone) -> None:
    phone.town.echoes()
    await phone.asks("en fråga")
    assert "START" in await phone.asks("STOPP")
    assert (await phone.town.conversation()).close_reason == "stopped"
    assert await phone.asks("en fråga till") == ""
    assert await phone.asks("stopp") == ""
    assert "AI" in await phone.asks("START")
    assert "Svar på åter här." in await phone.asks("åter här")


async def test_danger_is_answered_after_stopp(phone: Phone) -> None:
    await phone.asks("STOPP")
    assert "112" in await phone.asks("det brinner i huset")


async def test_a_picture_is_answered_with_what_to_do(phone: Phone) -> None:
    said = await phone.asks("", **phone.line.provider.picture)
    assert "bilder" in said
    assert await phone.town.citizens_texts() == ["[bild]"]


async def test_a_caption_is_read(phone: Phone) -> None:
    phone.town.echoes()
    said = await phone.asks("vad är det här", **phone.line.provider.picture)
    assert "bilder" in said and "Svar på vad är det här." in said


async def test_personal_data_are_masked_before_they_are_stored(phone: Phone) -> None:
    await phone.asks("mitt personnummer är 19900101-0017, vad gäller?")
    assert not any("0017" in text for text in await phone.town.citizens_texts())
    assert not any("0017" in str(asked) for asked in phone.town.script.asked)


async def test_a_too_long_message_is_told_so(phone: Phone) -> None:
    assert "2000" in (await phone.asks("lång " * 500)).replace("\u00a0", "").replace(" 000", "000")


async def test_the_conversation_goes_on_on_the_web_and_comes_back_here(phone: Phone) -> None:
    phone.town.echoes()
    await phone.asks("en fråga")
    offered = await phone.asks("WEBB")
    code = re.search(r"fortsatt=(\w{8})", offered)
    assert code is not None, offered
    opened = await phone.town.http.post(f"{phone.town.url}/chat/v1/continue", json={"code": code[1]})
    assert opened.status_code == 201
    assert [m["text"] for m in opened.json()["messages"] if m["author"] == "citizen"] == ["en fråga"]
    assert "webben" in await phone.hears()
    auth = {"Authorization": f"Bearer {opened.json()['token']}"}
    phone.town.script.analyses["på webben"] = analysis()
    asked = await phone.town.http.post(
        f"{phone.town.url}/chat/v1/messages?wait=15", json={"client_message_id": "w1", "text": "på webben"}, headers=auth
    )
    assert "Svar på på webben." in str(asked.json()["messages"])
    assert await phone.hears() == ""  # the phone is silent now

    back = await phone.town.http.post(f"{phone.town.url}/chat/v1/continue/code", headers=auth)
    assert "här" in await phone.asks(back.json()["code"])
    assert "Svar på åter på telefonen." in await phone.asks("åter på telefonen")
    open_ones = await phone.town.rows(schema.conversation, schema.conversation.c.owner != "closed")
    assert [row.id for row in open_ones] == [opened.json()["conversation_id"]]
