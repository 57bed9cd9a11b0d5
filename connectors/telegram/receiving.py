"""How updates come in: a webhook that is registered and watched, or fetching them.

Both run in the background and go on trying: an outage of Telegram must not keep the app, with its other channels, from starting.
Neither ever drops what waits at Telegram (it keeps updates for a day).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from connectors.contract import Inbound, OutcomeUnknown, TemporaryFailure, Unreadable, send_request
from connectors.telegram import faults
from connectors.telegram.updates import ALLOWED_UPDATES, UpdateReader

_log = structlog.get_logger(__name__)
CHECK_SECONDS = 600.0  # how often the webhook is looked after
LONGEST_WAIT_SECONDS = 300.0
POLL_SECONDS = 25  # how long Telegram holds a fetch open when there is nothing
POLL_TIMEOUT = httpx.Timeout(10.0, read=POLL_SECONDS + 10.0)


class Patience:
    """Waits that double from a second to five minutes."""

    def __init__(self) -> None:
        self._next = 1.0

    def reset(self) -> None:
        """It works again."""
        self._next = 1.0

    async def wait(self, wished: float = 0.0) -> None:
        """Waits, at least as long as Telegram wishes."""
        await asyncio.sleep(max(self._next, wished))
        self._next = min(self._next * 2, LONGEST_WAIT_SECONDS)


def _wish(fault: TelegramError) -> float:
    if isinstance(fault, InvalidToken):
        return faults.TOKEN_REFUSED_SECONDS
    return faults.seconds(fault) if isinstance(fault, RetryAfter) else 0.0


async def until_done(what: str, channel: str, step: Callable[[], Awaitable[None]]) -> None:
    """Tries a step until Telegram does it; every failure is logged with its reason."""
    patience = Patience()
    while True:
        try:
            await step()
        except TelegramError as fault:
            # Of a refused webhook the whole sentence: it says what is wrong with the address, and nobody's words are in it.
            reason = fault.message[:200] if isinstance(fault, BadRequest) else faults.reason(fault)
            _log.error("telegram_refuses", channel=channel, step=what, reason=reason)
            await patience.wait(_wish(fault))
        else:
            return


class Webhook:
    """Keeps the webhook registered."""

    def __init__(self, bot: Bot, channel: str, url: str, secret: str, max_connections: int) -> None:
        self._bot, self._channel, self._url, self._secret, self._most = bot, channel, url, secret, max_connections

    async def run(self) -> None:
        """Registers it, then looks now and then whether it still stands and what Telegram says of our answers."""
        await until_done("setWebhook", self._channel, self.register)
        _log.info("telegram_webhook_set", channel=self._channel)
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await until_done("getWebhookInfo", self._channel, self.check)

    async def register(self) -> None:
        """Tells Telegram where to deliver and with which secret; what waits there is kept."""
        await self._bot.set_webhook(
            self._url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES, max_connections=self._most
        )

    async def check(self) -> None:
        """Puts the webhook back if somebody else with this token took it, and logs what Telegram could not deliver."""
        info = await self._bot.get_webhook_info()
        if info.url != self._url:
            _log.error("telegram_webhook_was_elsewhere", channel=self._channel, hint="another app uses this bot's token")
            await self.register()
        elif info.pending_update_count and info.last_error_message:
            _log.warning(
                "telegram_updates_wait",
                channel=self._channel,
                waiting=info.pending_update_count,
                error=info.last_error_message[:200],
            )


class Polling:
    """Fetches updates and hands them to the gateway, in their order.

    Args:
        url: of getUpdates, with the token.
        receive: takes one inbound; an update is confirmed to Telegram only after it was taken.
    """

    def __init__(
        self,
        bot: Bot,
        channel: str,
        http: httpx.AsyncClient,
        url: str,
        reader: UpdateReader,
        receive: Callable[[Inbound], Awaitable[None]],
    ) -> None:
        self._bot, self._channel, self._http, self._url = bot, channel, http, url
        self._reader, self._receive = reader, receive
        self._offset = 0

    async def run(self) -> None:
        """Takes away a webhook that stands in the way, then fetches for ever."""
        await until_done("deleteWebhook", self._channel, self._take_webhook_away)
        _log.info("telegram_polling", channel=self._channel)
        patience = Patience()
        while True:
            try:
                for update in await self._fetch():
                    await self._take(update)
                patience.reset()
            except (TemporaryFailure, OutcomeUnknown) as fault:
                _log.warning("telegram_not_fetched", channel=self._channel, reason=str(fault))
                await patience.wait(getattr(fault, "retry_after", None) or 0.0)
            except SQLAlchemyError as fault:  # not confirmed: Telegram gives it again
                _log.error("delivery_not_stored", channel=self._channel, error=type(fault).__name__)
                await patience.wait()

    async def _take_webhook_away(self) -> None:
        if (await self._bot.get_webhook_info()).url:
            _log.warning("telegram_webhook_removed", channel=self._channel, hint="updates are fetched here from now on")
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def _fetch(self) -> list[Any]:
        """The next updates. Not by the library: it reads them all at once, and one it can't read would hold up the rest."""
        wanted = {"offset": self._offset, "timeout": POLL_SECONDS, "allowed_updates": list(ALLOWED_UPDATES)}
        response = await send_request(self._http, "POST", self._url, json=wanted, timeout=POLL_TIMEOUT)
        if response.status_code in (401, 404):
            raise TemporaryFailure("the token is refused", faults.TOKEN_REFUSED_SECONDS)
        if response.status_code != 200:  # 409: another app fetches, or has set a webhook
            raise TemporaryFailure(str(response.status_code))
        try:
            found = response.json()["result"]
        except (ValueError, KeyError, TypeError):
            raise TemporaryFailure("the answer can't be read") from None
        return found if isinstance(found, list) else []

    async def _take(self, update: object) -> None:
        """Takes one update. One that can't be read, or that we fail at, is logged and does not hold up the others."""
        try:
            for inbound in self._reader.read(update):
                await self._receive(inbound)
        except SQLAlchemyError:
            raise
        except Unreadable as fault:
            _log.warning("delivery_refused", channel=self._channel, code="malformed", reason=str(fault))
        except Exception as fault:
            _log.error("delivery_unreadable", channel=self._channel, error=type(fault).__name__, exc_info=fault)
        if isinstance(update, Mapping) and type(update.get("update_id")) is int:
            self._offset = max(self._offset, update["update_id"] + 1)
