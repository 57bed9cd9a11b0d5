"""The Telegram connector: verify, parse, send."""

from __future__ import annotations

import asyncio
import hmac
import html
import json
import logging
import re
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.tls import trusted
from connectors.contract import (
    Account,
    AddressUnreachable,
    Capabilities,
    Connector,
    Context,
    Inbound,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Rejected,
    Request,
    Unreadable,
)
from connectors.rendering.direction import anchored
from connectors.telegram import faults
from connectors.telegram.keyboard import MOST_BUTTONS, TITLE, keyboard, marked
from connectors.telegram.receiving import Polling, Webhook, until_done
from connectors.telegram.settings import TelegramSettings, takes_webhook
from connectors.telegram.updates import UpdateReader

_log = structlog.get_logger(__name__)
logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)  # the library logs what it can't read, which is somebody's message
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
LEAVE_SECONDS = 20.0  # a group that was answered before is left without a word
_TAG = re.compile(r"</?[a-z][^>]*>")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Telegram(Connector):
    """One bot, in private chats.

    The address is the chat's id. Telegram has no idempotency key, does not tell what became of a message, and can't be asked:
    a send whose outcome is unknown stays so (AMBIGUOUS_SEND).
    """

    provider = "telegram"
    channel = "telegram"
    # The limit is 4096 UTF-16 units after the markup is taken out; what is left of it is for marks of direction.
    capabilities = Capabilities(max_length=4000, buttons=MOST_BUTTONS, button_title=TITLE, markup="html", typing=True)
    Settings = TelegramSettings
    per_second = 25.0  # Telegram: about 30
    per_address_per_minute = 20  # Telegram: about one a second, some more for a moment
    settings: TelegramSettings

    def __init__(self, context: Context, settings: TelegramSettings) -> None:
        super().__init__(context, settings)
        self._by_webhook = takes_webhook(settings, context)
        self._secret = settings.secret()
        base = f"{settings.api_url}/bot"
        self._request = HTTPXRequest(
            connection_pool_size=40, connect_timeout=5.0, read_timeout=15.0, write_timeout=15.0, pool_timeout=5.0,
            httpx_kwargs={"verify": trusted()},
        )  # fmt: skip
        self._bot = Bot(settings.token.get_secret_value(), base, request=self._request, get_updates_request=self._request)
        self._updates_url = f"{base}{settings.token.get_secret_value()}/getUpdates"
        self._reader = UpdateReader()
        self._floods = faults.Floods()
        self._username: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to receive; what Telegram does not do at once is tried again in the background."""
        await self._request.initialize()
        self._spawn(self._receive())

    async def stop(self) -> None:
        """Stops receiving. The webhook stays: what comes meanwhile waits at Telegram."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._request.shutdown()

    async def _receive(self) -> None:
        await until_done("getMe", self.key, self._who_am_i)
        if self._by_webhook:
            url, most = self.context.webhook_url, self.settings.max_connections
            await Webhook(self._bot, self.key, url, self._secret, most).run()
        elif self.receive is not None:
            await Polling(self._bot, self.key, self.context.http, self._updates_url, self._reader, self.receive).run()

    async def _who_am_i(self) -> None:
        self._username = (await self._bot.get_me()).username

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def continue_link(self, code: str) -> str | None:
        """Opens the chat with the bot; pressing Start there sends the code."""
        return f"https://t.me/{self._username}?start={code}" if self._username else None

    def verify(self, request: Request) -> Account:
        """The secret that we gave Telegram, in constant time.

        Raises:
            Rejected: it is missing or another, or this is no address of ours.
        """
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            raise Rejected(401, "secret token")
        if request.method != "POST" or request.rest:
            raise Rejected(404, "not the webhook")
        return self.account

    def parse(self, request: Request) -> Sequence[Inbound]:
        """The update.

        Raises:
            Unreadable: not JSON, or no update.
        """
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError) as fault:
            raise Unreadable(type(fault).__name__) from None
        return self._reader.read(data)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Sends a part; a group is left after it was told that we don't talk in groups.

        Raises:
            TemporaryFailure, PermanentFailure, AddressUnreachable, OutcomeUnknown: see there.
        """
        try:
            chat = int(outgoing.address)
        except ValueError:
            raise AddressUnreachable("not a chat's id") from None
        buttons = keyboard(outgoing.choices)
        text = anchored(outgoing.text)
        try:
            try:
                await self._say(chat, text, buttons, ParseMode.HTML)
            except BadRequest as fault:
                if "can't parse entities" not in fault.message.lower():
                    raise
                _log.error("telegram_markup_refused", message_id=outgoing.reply.message_id)
                await self._say(chat, html.unescape(_TAG.sub("", text)), buttons, None)
        except TelegramError as fault:
            whole = isinstance(fault, RetryAfter) and self._floods.refused(outgoing.address, faults.seconds(fault))
            failed = faults.failure(fault, whole_account=whole)
            if isinstance(failed, AddressUnreachable) and chat < 0:
                self._spawn(self._leave(chat))
            raise failed from None  # the library's own error can name the token
        except (KeyError, TypeError, ValueError, AttributeError):  # Telegram took it and answers what the library can't read
            raise OutcomeUnknown("the answer can't be read") from None
        if chat < 0 and outgoing.reply.payload.get("final"):
            self._spawn(self._leave(chat))
        return Receipt(None)  # a message's number is one within its chat, and nothing is ever reported of it

    async def _say(self, chat: int, text: str, buttons: InlineKeyboardMarkup | None, mode: str | None) -> None:
        await self._bot.send_message(chat, text, parse_mode=mode, link_preview_options=_NO_PREVIEW, reply_markup=buttons)

    async def _leave(self, chat: int, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        try:
            await self._bot.leave_chat(chat)
        except TelegramError as fault:  # not there any more
            _log.info("telegram_group_not_left", channel=self.key, reason=faults.reason(fault))

    async def noticed(self, inbound: Inbound, *, answering: bool) -> None:
        """Shows "typing" while the bot answers; a pressed button stops turning and is ticked."""
        if inbound.extra.get("leave"):
            self._spawn(self._leave(int(inbound.address), LEAVE_SECONDS))
            return
        chat = int(inbound.address)
        signs: list[Coroutine[Any, Any, Any]] = []
        if answering:
            signs.append(self._bot.send_chat_action(chat, ChatAction.TYPING))
        if inbound.kind == "press":
            signs.append(self._bot.answer_callback_query(inbound.extra["callback"]))
        if rows := inbound.extra.get("keyboard"):
            ticked = marked(rows, inbound.payload)
            signs.append(self._bot.edit_message_reply_markup(chat, inbound.extra["message_id"], reply_markup=ticked))
        for outcome in await asyncio.gather(*signs, return_exceptions=True):
            if isinstance(outcome, TelegramError):
                _log.info("telegram_sign_refused", channel=self.key, reason=faults.reason(outcome))
