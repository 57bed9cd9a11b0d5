"""The simulated Bot API checks what the real one checks; spoken to with the official library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter

from connectors.simulator.telegram import TelegramSimulator
from connectors.simulator.telegram_markup import Refused, parse_html, units
from tests.connectors.telegram.conftest import TOKEN

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def bot(api_url: str) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, f"{api_url}/bot") as made:
        yield made


async def test_who_am_i_and_wrong_tokens(bot: Bot, api_url: str) -> None:
    assert (await bot.get_me()).username == "fraga_goteborg_bot"
    for token in ("110201543:AAH-revoked-and-replaced-by-another", "0:x", "110201543"):
        with pytest.raises(InvalidToken):
            await Bot(token, f"{api_url}/bot").get_me()
    async with httpx.AsyncClient() as http:
        gone = await http.get(f"{api_url}/bot{TOKEN}/sendTelegram")
        assert gone.status_code == 404 and gone.json()["description"] == "Not Found: method not found"


async def test_messages_are_fetched_confirmed_and_never_with_a_webhook_set(
    bot: Bot, telegram: TelegramSimulator, api_url: str
) -> None:
    await telegram.citizen_sends("42", "ett")
    await telegram.citizen_sends("42", "två", language="fa")
    first = await bot.get_updates()
    assert [u.message.text for u in first if u.message] == ["ett", "två"] and first[1].effective_user.language_code == "fa"  # type: ignore[union-attr]
    assert len(await bot.get_updates()) == 2  # nothing was confirmed
    assert await bot.get_updates(offset=first[1].update_id + 1) == ()
    waiting = asyncio.create_task(bot.get_updates(timeout=20))
    async with asyncio.timeout(30):
        while telegram._fetch is None:  # it is being waited for
            await asyncio.sleep(0.01)
    with pytest.raises(Conflict):  # two apps with one token: the earlier one is thrown out
        later = asyncio.create_task(Bot(TOKEN, f"{api_url}/bot").get_updates(timeout=1))
        await waiting
    assert await later == ()
    await bot.set_webhook("http://127.0.0.1:9/x")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_where_a_webhook_may_be(bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.local = False
    for url, said in (
        ("http://fraga.se", "HTTPS URL"),
        ("https://fraga.se:8000", "ports 80, 88, 443 or 8443"),
        ("https://", "invalid"),
    ):
        with pytest.raises(BadRequest, match=f"(?i){said}"):
            await bot.set_webhook(url)
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("https://fraga.se/x", secret_token="å")
    assert await bot.set_webhook("https://fraga.se/x", secret_token="a-b", allowed_updates=["message"], max_connections=10)
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates, info.pending_update_count) == (
        "https://fraga.se/x",
        10,
        ("message",),
        0,
    )
    telegram.floods = True
    with pytest.raises(RetryAfter):
        await bot.set_webhook("https://fraga.se/x")
        await bot.set_webhook("https://fraga.se/y")
    await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""


async def test_buttons_are_marked_and_answered_once_known(bot: Bot, telegram: TelegramSimulator) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "Hej")  # a citizen must write first
    await telegram.citizen_starts("42")
    markup = InlineKeyboardMarkup(
        [[InlineKeyboardButton("Ja", callback_data="b1"), InlineKeyboardButton("Nej", callback_data="b2")]]
    )
    sent = await bot.send_message(42, "Vill du?", reply_markup=markup)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(42, sent.message_id, reply_markup=markup)
    await bot.edit_message_reply_markup(
        42, sent.message_id, reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("✓ Ja", callback_data="b1")]])
    )
    assert telegram.inbox("42")[0].buttons == ["✓ Ja"]
    await telegram.citizen_presses("42", 0)
    query = (await bot.get_updates())[-1].callback_query
    assert query and query.data == "b1" and await bot.answer_callback_query(query.id)
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query("17")
    with pytest.raises(BadRequest):
        await bot.leave_chat(42)


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("<b>x", "Can't find end tag"), ("x</b>", "Unexpected end tag"), ("<b>x</i>", "Unmatched end tag"), ("<script>x</script>", "Unsupported"),
        ("1 < 2", "Unclosed start tag"), ("a < b > c", "Unsupported start tag"),
    ],
)  # fmt: skip
async def test_markup_it_does_not_take(marked: str, said: str) -> None:
    with pytest.raises(Refused, match=f"(?i){said}"):
        parse_html(marked)


async def test_lengths_are_counted_in_utf16_after_the_markup(bot: Bot, telegram: TelegramSimulator) -> None:
    assert units("aå🗑") == 4
    assert parse_html('<a href="ftp://x">🗑 &lt;b&gt;</a><i>&amp;</i>') == (
        "🗑 <b>&",
        [{"type": "italic", "offset": 6, "length": 1}],
    )
    telegram.chat("42")
    await bot.send_message(42, "<b>" + "🗑" * 2048 + "</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(42, "🗑" * 2049)
    with pytest.raises(BadRequest, match="empty"):
        await bot.send_message(42, "<b> </b>", parse_mode="HTML")
