"""What goes out, and what each of Telegram's errors means; the official library against the simulated Bot API."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from connectors.contract import AddressUnreachable, Choice, OutcomeUnknown, Outgoing, PermanentFailure, Reply, TemporaryFailure
from connectors.simulator.telegram import TelegramSimulator
from connectors.telegram import Telegram, faults
from connectors.telegram.keyboard import keyboard
from tests.connectors.telegram.conftest import TOKEN, connector, until

pytestmark = pytest.mark.asyncio
ANNA = "7012345678"
UNKNOWN = [httpx.ReadTimeout("x"), httpx.WriteTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x")]
NOT_SENT = [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x"), httpx.ProxyError("x")]


def reply(text: str = "Hej", address: str = ANNA, **fields: Any) -> Reply:
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    return Reply(**({"message_id": "m1", "conversation_id": "c1", "seq": 2, "author": "bot", "text": text, "language": "sv",
                     "created_at": now, "address": address} | fields))  # fmt: skip


def outgoing(text: str = "Hej", address: str = ANNA, choices: tuple[Choice, ...] = (), **fields: Any) -> Outgoing:
    return Outgoing("m1.0", address, text, "sv", reply(text, address, **fields), choices)


@pytest_asyncio.fixture
async def bot(telegram: TelegramSimulator, api_url: str) -> AsyncIterator[Telegram]:
    made = connector(api_url=api_url, mode="webhook")
    telegram.chat(ANNA)
    yield made
    await made.stop()


async def test_a_message_with_markup_buttons_and_no_preview(bot: Telegram, telegram: TelegramSimulator) -> None:
    choices = tuple(Choice(title, f"b{'x' * 16}{title}") for title in ("Grovsopor", "Matavfall", "Allt annat"))
    receipt = await bot.send(
        outgoing('<b>Tippen &amp; du</b>\n\n<a href="https://goteborg.se?a=1&amp;b=2">Källa</a>', choices=choices)
    )
    assert receipt.provider_id is None and receipt.state == "sent"
    (shown,) = telegram.inbox(ANNA)
    assert shown.text == "Tippen & du\n\nKälla" and shown.buttons == ["Grovsopor", "Matavfall", "Allt annat"]
    sent = telegram.chats[int(ANNA)].messages[1]
    assert [(e["type"], e["offset"], e["length"], e.get("url")) for e in sent["entities"]] == [
        ("bold", 0, 11, None), ("text_link", 13, 5, "https://goteborg.se?a=1&b=2")]  # fmt: skip
    assert '"is_disabled": true' in shown.raw["link_preview_options"]


async def test_buttons_stand_beside_each_other_where_they_are_short() -> None:
    def rows(*titles: str) -> list[int]:
        made = keyboard([Choice(title, "b1") for title in titles])
        return [len(row) for row in made.inline_keyboard] if made else []

    assert rows() == []
    assert rows(*"12345678") == [6, 2]
    assert rows("Svenska", "English", "Suomi", "العربية", "Soomaali") == [3, 2]
    assert rows("Ja, skicka", "Nej, avbryt nu") == [2]
    assert rows("Vad kostar det att lämna grovsopor?", "Ja") == [1, 1]


@pytest.mark.parametrize(
    "text", ["أين أرمي الأثاث القديم؟\nFråga Göteborg هي خدمة آلية", "<b>Återbruk: أين أرمي الأثاث القديم في المدينة؟</b>"]
)
async def test_a_line_of_a_right_to_left_text_never_turns(bot: Telegram, telegram: TelegramSimulator, text: str) -> None:
    await bot.send(outgoing(text))
    for line in telegram.inbox(ANNA)[0].text.split("\n"):
        assert line[0] == "\u200f" or line[0] == "أ"


async def test_the_longest_message_goes_through_whole(bot: Telegram, telegram: TelegramSimulator) -> None:
    text = "\n\n".join(f"Stycke {n} om <avfall> & 🗑 återvinning. " + "Mer om det. " * 60 for n in range(14))
    parts = bot.render_parts(reply(text, first=True, choices=(Choice("Ja", "b1"), Choice("Nej", "b2"))))
    for part in parts:
        await bot.send(part)
    shown = telegram.inbox(ANNA)
    assert len(shown) == len(parts) > 2 and [len(message.buttons) for message in shown] == [0] * (len(parts) - 1) + [2]
    assert "".join("".join(m.text for m in shown).split()).endswith("".join(text.split()))


async def test_markup_that_telegram_refuses_goes_out_as_plain_text(bot: Telegram, telegram: TelegramSimulator) -> None:
    await bot.send(outgoing("<b>Öppet</i> &lt; 3 dagar"))
    assert telegram.inbox(ANNA)[0].text == "Öppet < 3 dagar"


@pytest.mark.parametrize(
    ("refuses", "said"),
    [("bot was blocked by the user", "bot was blocked"), ("user is deactivated", "user is deactivated"),
     ("bot was kicked from the supergroup chat", "bot was kicked")],
)  # fmt: skip
async def test_a_chat_that_is_closed_to_us_is_unreachable(
    bot: Telegram, telegram: TelegramSimulator, refuses: str, said: str
) -> None:
    telegram.chats[int(ANNA)].refuses = refuses
    with pytest.raises(AddressUnreachable, match=said):
        await bot.send(outgoing())


async def test_the_apis_own_errors(bot: Telegram, telegram: TelegramSimulator) -> None:
    with pytest.raises(AddressUnreachable, match="Chat not found"):
        await bot.send(outgoing(address="99999"))
    with pytest.raises(AddressUnreachable):
        await bot.send(outgoing(address="anna"))
    with pytest.raises(PermanentFailure, match="is too long") as permanent:
        await bot.send(outgoing("x" * 4097))
    assert not isinstance(permanent.value, AddressUnreachable)
    with pytest.raises(PermanentFailure, match="Button_data_invalid"):
        await bot.send(outgoing(choices=(Choice("Ja", "b" * 65),)))
    telegram.fault("server_error")
    with pytest.raises(TemporaryFailure, match="Internal Server Error") as temporary:
        await bot.send(outgoing())
    assert temporary.value.retry_after is None
    for kind in ("timeout", "dropped"):  # taken, and no answer
        telegram.fault(kind)  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknown):
            await bot.send(outgoing("en gång"))
    assert [message.text for message in telegram.inbox(ANNA)] == ["en gång", "en gång"]


async def test_a_refused_token_makes_everything_wait_and_is_not_told(telegram: TelegramSimulator, api_url: str) -> None:
    made = connector(api_url=api_url, token=TOKEN[:-1] + "9", mode="webhook")
    with pytest.raises(TemporaryFailure) as waits:
        await made.send(outgoing())
    assert waits.value.whole_account and (waits.value.retry_after or 0) >= 60
    assert TOKEN[:-1] not in repr(waits.value) and waits.value.__cause__ is None
    await made.stop()


async def test_nobody_answers_there() -> None:
    made = connector(api_url="http://127.0.0.1:9", mode="webhook")
    with pytest.raises(TemporaryFailure, match="ConnectError"):
        await made.send(outgoing())
    await made.stop()


async def test_too_much_to_one_chat_waits_there_too_much_to_several_everywhere(
    bot: Telegram, telegram: TelegramSimulator
) -> None:
    telegram.fault("rate_limited", 3, retry_after=7)
    with pytest.raises(TemporaryFailure) as first:
        await bot.send(outgoing())
    assert (first.value.retry_after, first.value.whole_account) == (7.0, False)
    with pytest.raises(TemporaryFailure) as same:
        await bot.send(outgoing())
    assert not same.value.whole_account
    telegram.chat("42")
    with pytest.raises(TemporaryFailure) as other:
        await bot.send(outgoing(address="42"))
    assert other.value.whole_account
    now = 0.0
    floods = faults.Floods(lambda: now)
    assert not floods.refused("1", 5)
    now = 6.0
    assert not floods.refused("2", 5)  # the first wish is over


async def test_the_simulators_own_flood_limit(bot: Telegram, telegram: TelegramSimulator) -> None:
    telegram.floods = True
    with pytest.raises(TemporaryFailure) as flood:
        for _ in range(40):
            await bot.send(outgoing())
    assert (flood.value.retry_after or 0) >= 1 and len(telegram.inbox(ANNA)) == 20


@pytest.mark.parametrize(
    ("fault", "means"),
    [
        (Forbidden("Forbidden: bot can't initiate conversation with a user"), AddressUnreachable),
        (ChatMigrated(-1001), AddressUnreachable),
        (BadRequest("Chat not found"), AddressUnreachable),
        (BadRequest("PEER_ID_INVALID"), AddressUnreachable),
        (BadRequest("not enough rights to send text messages to the chat"), AddressUnreachable),
        (BadRequest('can\'t parse entities: Unsupported start tag "anna"'), PermanentFailure),
        (BadRequest("message text is empty"), PermanentFailure),
        (RetryAfter(30), TemporaryFailure),
        (InvalidToken(), TemporaryFailure),
        (Conflict("Conflict: x"), TemporaryFailure),
        (NetworkError("Bad Gateway"), TemporaryFailure),
        (TimedOut(), OutcomeUnknown),
        (TelegramError("Invalid server response"), OutcomeUnknown),
    ],
)
async def test_what_an_error_means(fault: TelegramError, means: type[Exception]) -> None:
    made = faults.failure(fault)
    assert type(made) is means and "anna" not in str(made)


@pytest.mark.parametrize(("cause", "means"), [(c, OutcomeUnknown) for c in UNKNOWN] + [(c, TemporaryFailure) for c in NOT_SENT])
async def test_whether_a_broken_connection_had_sent_anything(cause: Exception, means: type[Exception]) -> None:
    for kind in (TimedOut, NetworkError):
        fault = kind("x")
        fault.__cause__ = cause
        assert type(faults.failure(fault)) is means


async def test_a_group_is_told_once_and_left(bot: Telegram, telegram: TelegramSimulator) -> None:
    group = telegram.chat("-1001234")
    await bot.send(outgoing("Jag svarar bara i privata samtal.", "-1001234", payload={"final": True}))
    await until(lambda: group.refuses)
    assert group.refuses == "bot is not a member of the supergroup chat"
    assert [m.text for m in telegram.inbox("-1001234")] == ["Jag svarar bara i privata samtal."]


async def test_signs_that_telegram_refuses_do_no_harm(bot: Telegram, telegram: TelegramSimulator) -> None:
    (inbound,) = bot.parse(_request("press"))
    await asyncio.wait_for(bot.noticed(inbound, answering=False), 10)  # an old query, a message that is gone
    assert {name for name, _ in telegram.calls} == {"answerCallbackQuery", "editMessageReplyMarkup"}
    await asyncio.wait_for(bot.noticed(inbound, answering=True), 10)
    assert {name for name, _ in telegram.calls} == {"sendChatAction", "answerCallbackQuery", "editMessageReplyMarkup"}


def _request(name: str) -> Any:
    from tests.connectors.telegram.conftest import delivery, recorded

    return delivery(recorded(name), "")
