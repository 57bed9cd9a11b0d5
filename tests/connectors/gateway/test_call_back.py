"""On a phone too: when nobody is on duty, a number can be left to be called back on."""

from __future__ import annotations

import pytest

from bot.store import schema
from tests.bot.scripted import analysis
from tests.connectors.gateway.conftest import Town

pytestmark = pytest.mark.asyncio
HUMAN = "jag vill prata med en människa"


async def test_the_button_the_question_and_the_answer_on_a_channel_that_pushes(town: Town) -> None:
    town.script.analyses[HUMAN] = analysis(signals={"ask_human": 0.99})
    await town.writes(HUMAN)
    assert "1. Skicka och prata med en människa" in (await town.post.gets("anna", 1))[0]
    await town.quiet()
    await town.writes("1")
    said = await town.post.gets("anna", 3)
    closed = next(card for card in town.post.cards if "Ingen är på plats" in card["text"])
    assert [button["title"] for button in closed["buttons"]] == ["Lämna kontaktuppgifter"]
    await town.writes("lämna kontaktuppgifter")  # the button's title, typed
    assert "telefonnummer eller din e-postadress" in (await town.post.gets("anna", len(said) + 1))[-1]
    await town.writes("070-174 06 05")
    assert "hör av sig" in (await town.post.gets("anna", len(said) + 2))[-1]
    (left,) = await town.rows(schema.contact)
    assert left.kind == "phone"
    texts = [row.text for row in await town.rows(schema.message, schema.message.c.author == "citizen")]
    assert texts[-1] == "[telefon]"
