"""Whole turns over real HTTP: the app, and the simulated Telegram, by webhook and by fetching."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
import structlog

from bot.store import schema
from connectors.simulator.telegram import TelegramSimulator
from tests.connectors.telegram.conftest import TOKEN, delivery, recorded, until

pytestmark = pytest.mark.asyncio
ANNA, GROUP = "7012345678", "-1002123456789"


async def test_a_question_by_webhook(opened) -> None:
    async with opened(MODE="webhook") as town:
        telegram = town.telegram
        assert telegram.webhook_url == f"{town.url}/hooks/telegram/main" and len(telegram.secret) == 43
        assert set(telegram.allowed) == {"message", "edited_message", "callback_query", "my_chat_member"}
        town.answers("vad kostar tippen", title="Lämna på tippen", next=[])
        telegram.duplicates(1.0)
        attempt = await telegram.citizen_sends(ANNA, "vad kostar tippen")
        assert attempt and attempt.ok
        (shown,) = await town.gets(ANNA, 1)
        assert "AI" in shown.text.splitlines()[0] and "Lämna på tippen" in shown.text and "Svaret om tippen." in shown.text
        await until(lambda: town.called("sendChatAction"))
        assert telegram.waiting == {} and len(await town.rows(schema.received)) == 1
        stored = await town.rows(schema.address)
        assert ANNA.encode() not in stored[0].value_encrypted and ANNA not in str(await town.rows(schema.received))


async def test_start_a_button_an_edit_and_stop(opened) -> None:
    async with opened(MODE="webhook") as town:
        telegram = town.telegram
        await telegram.citizen_starts(ANNA, language="so")
        (greeting,) = await town.gets(ANNA, 1)
        assert greeting.buttons[:2] == ["Svenska", "English"]
        (conversation,) = await town.rows(schema.conversation)
        assert conversation.language == "so"  # of the app: a weak hint
        await telegram.citizen_presses(ANNA, 1)
        await until(lambda: "✓ English" in telegram.inbox(ANNA)[0].buttons)
        await until(lambda: all(telegram.presses.values()))
        await town.gets(ANNA, 2)
        (conversation,) = await town.rows(schema.conversation)
        assert conversation.language == "en"
        town.answers("tiPPen", language="en")
        await telegram.citizen_sends(ANNA, "tipen")
        town.answers("tippen", language="en")
        before = len(await town.gets(ANNA, 3))
        written = [n for n, m in telegram.chats[int(ANNA)].messages.items() if m.get("text") == "tipen"]
        await telegram.citizen_sends(ANNA, "tippen", edit=written[0])
        await town.gets(ANNA, before + 1)
        await telegram.citizen_sends(ANNA, "/stop")
        after = len(await town.gets(ANNA, before + 2))
        await telegram.citizen_sends(ANNA, "tippen")
        await telegram.citizen_presses(ANNA, 0)
        await telegram.citizen_starts(ANNA)  # comes back by the same button as at first
        assert len(await town.gets(ANNA, after + 1)) == after + 1
        assert "AI" in telegram.inbox(ANNA)[-1].text


async def test_what_cannot_be_read_is_said_and_a_caption_is_answered(opened) -> None:
    async with opened(MODE="webhook") as town:
        for number, media in enumerate(("photo", "voice", "document", "location", "contact", "sticker"), 1):
            await town.telegram.citizen_sends(ANNA, "", media=media)
            await town.gets(ANNA, number)
        texts = [message.text for message in town.telegram.inbox(ANNA)]
        assert "bilder" in texts[0] and "röstmeddelanden" in texts[1] and "karta" in texts[3]
        town.answers("är det här grovsopor")
        await town.telegram.citizen_sends(ANNA, "är det här grovsopor", media="photo")
        assert "Svaret om tippen." in (await town.gets(ANNA, 8))[-1].text


async def test_a_citizen_who_blocks_us_is_left_in_peace_and_can_come_back(opened) -> None:
    async with opened(MODE="webhook") as town:
        await town.telegram.citizen_starts(ANNA)
        await town.gets(ANNA, 1)
        await town.telegram.citizen_blocks(ANNA)
        (conversation,) = await town.rows(schema.conversation)
        assert (conversation.owner, conversation.close_reason) == ("closed", "unreachable")
        await town.telegram.citizen_unblocks(ANNA)
        await town.telegram.citizen_starts(ANNA)
        await town.gets(ANNA, 2)
        town.telegram.chats[int(ANNA)].refuses = "user is deactivated"  # found out at sending
        await town.telegram.citizen_starts(ANNA)
        for _ in range(500):
            conversations = await town.rows(schema.conversation)
            if all(row.owner == "closed" for row in conversations):
                break
            await asyncio.sleep(0.02)
        assert [row.close_reason for row in conversations] == ["unreachable", "unreachable"]


async def test_a_group_is_answered_once_and_left_each_time(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.telegram.connector.LEAVE_SECONDS", 0.3)
    async with opened(MODE="webhook") as town:
        telegram = town.telegram
        await telegram.group_adds(GROUP)
        await telegram.citizen_sends(GROUP, "hej alla")
        (told,) = await town.gets(GROUP, 1)
        assert "privata samtal" in told.text
        group = telegram.chats[int(GROUP)]
        await until(lambda: group.refuses)
        await telegram.group_adds(GROUP)
        await until(lambda: group.refuses)  # without a word
        assert len(telegram.inbox(GROUP)) == 1
        assert not [row for row in await town.rows(schema.message) if row.author == "citizen"]


async def test_forged_malformed_and_empty_deliveries(opened) -> None:
    async with opened(MODE="webhook") as town:
        good = delivery(recorded("text"), town.telegram.secret)
        for secret, body, status in (("", good.body, 401), ("x" * 43, good.body, 401), (town.telegram.secret, b"", 400),
                                     (town.telegram.secret, b"{", 400), (town.telegram.secret, b"[]", 400)):  # fmt: skip
            response = await town.http.post(
                "/hooks/telegram/main", content=body, headers={"X-Telegram-Bot-Api-Secret-Token": secret}
            )
            assert (response.status_code, response.text) == (status, "")
        assert (await town.http.get("/hooks/telegram/main")).status_code == 401
        assert not await town.rows(schema.address)
        headers = {"X-Telegram-Bot-Api-Secret-Token": town.telegram.secret}
        for name in ("unknown_event", "newer_than_the_library", "pinned_notice"):  # acknowledged, else they come for a day
            assert (await town.http.post("/hooks/telegram/main", json=recorded(name), headers=headers)).status_code == 200
        assert not await town.rows(schema.address)


async def test_what_comes_while_we_are_away_waits_and_comes_in_order(opened) -> None:
    async with opened(MODE="webhook") as town:
        telegram = town.telegram
        async with telegram.holding(shuffled=True):
            for n in range(6):
                await telegram.citizen_sends(ANNA, f"rad {n}")
        await telegram.settle()
        texts = {row.text for row in await town.rows(schema.message) if row.author == "citizen"}
        assert texts == {f"rad {n}" for n in range(6)} and not telegram.waiting


async def test_fetching_instead_of_a_webhook(opened) -> None:
    async with opened(MODE="polling") as town:
        telegram = town.telegram
        town.answers("vad kostar tippen")
        town.script.analyses["menar du"] = town.script.analyses["vad kostar tippen"]
        await telegram.citizen_sends(ANNA, "vad kostar tippen")
        assert "Svaret om tippen." in (await town.gets(ANNA, 1))[0].text
        assert telegram.attempts == [] and not telegram.webhook_url
        telegram.waiting[telegram._number + 1] = {"update_id": telegram._number + 1, "message": "nobody can read this"}
        telegram._number += 1
        telegram._arrived.set()
        await telegram.citizen_sends(ANNA, "vad kostar tippen")
        await town.gets(ANNA, 2)
        await until(lambda: not telegram.waiting)
        assert len(await town.rows(schema.received)) == 2


async def test_a_webhook_in_the_way_is_taken_away_before_fetching_and_nothing_is_dropped(opened, telegram) -> None:
    telegram.webhook_url = "http://127.0.0.1:9/of-yesterday"
    telegram.retry_waits = ()
    async with opened(MODE="polling") as town:
        await until(lambda: telegram.webhook_url == "")
        assert all(a.get("drop_pending_updates") in (None, "false", "False", False) for a in town.called("deleteWebhook"))


async def test_a_webhook_that_telegram_refuses_says_why_and_is_tried_again(
    opened, telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = structlog.testing.LogCapture()
    monkeypatch.setattr("connectors.telegram.receiving._log", structlog.wrap_logger(None, processors=[logged]))
    telegram.local = False
    async with opened(MODE="webhook", ready=lambda: logged.entries):
        assert "https url must be provided" in logged.entries[0]["reason"] and TOKEN not in str(logged.entries)
        telegram.local = True
        await until(lambda: telegram.webhook_url)


async def test_a_webhook_taken_by_another_app_is_taken_back(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.telegram.receiving.CHECK_SECONDS", 0.2)
    async with opened(MODE="webhook") as town:
        ours, town.telegram.webhook_url = town.telegram.webhook_url, "https://elsewhere.example.se"
        await until(lambda: town.telegram.webhook_url == ours)


async def test_an_outage_of_telegram_does_not_keep_the_app_from_starting(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = structlog.testing.LogCapture()
    monkeypatch.setattr("connectors.telegram.receiving._log", structlog.wrap_logger(None, processors=[logged]))
    async with opened(MODE="polling", API_URL="http://127.0.0.1:9/sim/telegram") as town:
        assert (await town.http.get("/healthz")).status_code == 200
        await until(lambda: logged.entries)
    assert logged.entries[0]["event"] == "telegram_refuses" and TOKEN not in str(logged.entries)


async def test_a_code_from_the_web_opens_the_conversation_by_a_link_also_after_stop(opened) -> None:
    async with opened(MODE="webhook", plugins="connectors.web,connectors.gateway,handover") as town:
        telegram = town.telegram
        await telegram.citizen_sends(ANNA, "/stop")
        await town.gets(ANNA, 1)
        web = (await town.http.post("/chat/v1/conversations", json={})).json()
        given = (await town.http.post("/chat/v1/continue/code", headers={"Authorization": f"Bearer {web['token']}"})).json()
        (link,) = given["links"]
        assert link["channel"] == "telegram" and link["url"].startswith("https://t.me/fraga_goteborg_bot?start=")
        await telegram.citizen_starts(ANNA, httpx.URL(link["url"]).params["start"])
        assert "fortsätter samtalet här" in (await town.gets(ANNA, 2))[1].text
        (moved,) = await town.rows(schema.conversation, schema.conversation.c.id == web["conversation_id"])
        assert (moved.channel, moved.owner) == ("telegram", "bot")


async def test_a_conversation_goes_on_on_the_web_by_a_link(opened) -> None:
    async with opened(MODE="webhook", plugins="connectors.web,connectors.gateway,handover") as town:
        await town.telegram.citizen_sends(ANNA, "/webb")
        (told,) = await town.gets(ANNA, 1)
        code = re.search(r"fortsatt=(\w{8})", told.text)
        assert code
        taken = await town.http.post("/chat/v1/continue", json={"code": code[1]})
        assert taken.status_code == 201
        assert "webben" in (await town.gets(ANNA, 2))[1].text
