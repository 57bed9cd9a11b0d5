"""What Telegram's errors mean for a message that was to be sent."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
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

from connectors.contract import AddressUnreachable, OutcomeUnknown, PermanentFailure, TemporaryFailure

TOKEN_REFUSED_SECONDS = 300.0  # until an operator has put in a new one, everything waits and nothing is lost
# A 400 that is about the address: there is no such chat, it was closed, or we may not write there.
_NO_WAY_THERE = (
    "chat not found", "user not found", "chat_id is empty", "peer_id_invalid", "user_id_invalid", "chat_id_invalid",
    "upgraded to a supergroup", "have no rights to send", "not enough rights to send", "chat_write_forbidden",
    "chat_send_plain_forbidden", "chat_restricted", "topic_closed", "user_deactivated",
)  # fmt: skip
# Faults of the connection before anything of the request went out.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def reason(fault: TelegramError) -> str:
    """Telegram's own words as far as they hold nothing of the message: up to the colon, without the kind of error."""
    if isinstance(fault, InvalidToken):
        return "the token is refused"
    if isinstance(fault, ChatMigrated):
        return "group chat was upgraded to a supergroup chat"
    said = fault.message
    for kind in ("Bad Request: ", "Forbidden: ", "Conflict: ", "Unauthorized: "):
        said = said.removeprefix(kind)
    return said.split(":")[0][:80]


def failure(
    fault: TelegramError, *, whole_account: bool = False
) -> TemporaryFailure | PermanentFailure | AddressUnreachable | OutcomeUnknown:
    """The contract's word for an error at sending.

    Args:
        whole_account: a wish to wait is meant for everything that goes out, not for one chat.
    """
    if isinstance(fault, RetryAfter):
        return TemporaryFailure("429", seconds(fault), whole_account=whole_account)
    if isinstance(fault, InvalidToken):
        return TemporaryFailure(reason(fault), TOKEN_REFUSED_SECONDS, whole_account=True)
    if isinstance(fault, (Forbidden, ChatMigrated)):
        return AddressUnreachable(reason(fault))
    if isinstance(fault, BadRequest):
        about_address = any(phrase in fault.message.lower() for phrase in _NO_WAY_THERE)
        return AddressUnreachable(reason(fault)) if about_address else PermanentFailure(reason(fault))
    if isinstance(fault, NetworkError):
        return _broken(fault)
    if isinstance(fault, Conflict):
        return TemporaryFailure(reason(fault))
    return OutcomeUnknown("the answer can't be read")


def _broken(fault: NetworkError) -> TemporaryFailure | OutcomeUnknown:
    """A broken connection, or a status of 500 and more (it has no cause in the connection)."""
    cause = fault.__cause__
    if isinstance(cause, httpx.HTTPError):
        name = type(cause).__name__
        return TemporaryFailure(name) if isinstance(cause, _NOT_SENT) else OutcomeUnknown(name)
    return OutcomeUnknown("timed out") if isinstance(fault, TimedOut) else TemporaryFailure(reason(fault))


def seconds(fault: RetryAfter) -> float:
    """How long Telegram wants us to wait."""
    wished = fault.retry_after
    return float(wished) if isinstance(wished, (int, float)) else wished.total_seconds()


class Floods:
    """Tells whether Telegram's wish to wait is for one chat or for the whole bot, which it does not say.

    A single chat has a limit of its own (about a message a second). When a second chat is refused while the wish for the first
    still holds, it is the bot as a whole that sends too much.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def refused(self, chat: str, wait: float) -> bool:
        """Notes a refusal; returns whether it is the whole bot's."""
        now = self._clock()
        self._until = {known: until for known, until in self._until.items() if until > now}
        self._until[chat] = max(self._until.get(chat, 0.0), now + wait)
        return len(self._until) > 1
