"""Telegram's side: the Bot API under `/sim/telegram/bot<token>/<method>`, and citizens with phones.

Written from core.telegram.org/bots/api and the published Bot API server (tdlib/telegram-bot-api): the same checks in the same
words, the same order of deliveries (one chat's updates one after the other) and the same patience with a webhook.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from connectors.simulator.base import Attempt, SimMessage, Simulator, Webhook
from connectors.simulator.telegram_chats import Chat
from connectors.simulator.telegram_markup import Refused, read_keyboard, read_text

# What a bot gets that has not asked for anything else (message_reaction, chat_member are not among it).
DEFAULT_UPDATES = frozenset(
    {"message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member"}
)
BOT_PER_SECOND, PRIVATE_BURST, GROUP_PER_MINUTE = 30, 20, 20
TOKEN = "110201543:simulated-bot-with-a-token-of-35ch"  # noqa: S105 - of nobody
_Arguments = Mapping[str, Any]


class ApiError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class BotApi(Simulator):
    """One bot at Telegram. An address ("phone") is a chat's id: positive for a citizen, negative for a group.

    Args:
        token: of the bot.
        local: as a Bot API server of one's own in local mode: the webhook may be any address, http too.
        floods: whether limits of speed are kept.
        max_hold: longest time getUpdates is held open, in seconds.
        settings: see `Simulator`. The webhook's address comes by setWebhook.
    """

    provider = "telegram"
    retry_waits = (0, 2, 4, 8, 16, 32, *[90] * 950)  # about a day

    def __init__(
        self,
        webhook_url: str = "",
        *,
        token: str = TOKEN,
        username: str = "fraga_goteborg_bot",
        local: bool = True,
        floods: bool = True,
        max_hold: float = 50.0,
        **settings: Any,
    ) -> None:
        super().__init__(webhook_url, **({"reports": ()} | settings))
        self.token, self.local, self.floods, self.max_hold = token, local, floods, max_hold
        self.bot: dict[str, Any] = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": "Fråga Göteborg",
            "username": username,
        }
        self.chats: dict[int, Chat] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []  # every request that was understood
        self.secret = ""
        self.max_connections = 40
        self.allowed = set(DEFAULT_UPDATES)
        self.last_error: tuple[int, str] | None = None
        self.waiting: dict[int, dict[str, Any]] = {}  # updates that were not yet acknowledged or confirmed
        self.presses: dict[str, bool] = {}  # callback queries, and whether they were answered
        self._number = self.random.randrange(10**8, 9 * 10**8)
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._arrived = asyncio.Event()
        self._fetch: asyncio.Future[str] | None = None
        self._sent: list[float] = []
        self._may_set_at = 0.0
        self._methods: dict[str, Callable[[_Arguments], Awaitable[Any]]] = {
            name.lower(): getattr(self, f"_{name}") for name in (
                "getMe", "setWebhook", "deleteWebhook", "getWebhookInfo", "getUpdates", "sendMessage", "answerCallbackQuery",
                "sendChatAction", "editMessageReplyMarkup", "leaveChat")
        }  # fmt: skip

    # --- the Bot API ---

    def router(self) -> APIRouter:
        """`/sim/telegram/bot<token>/<method>`, GET or POST."""
        router = APIRouter(include_in_schema=False)

        @router.api_route("/sim/telegram/bot{token}/{method}", methods=["GET", "POST"])
        async def call(request: Request, token: str, method: str) -> Response:
            try:
                arguments = await _arguments(request)
                self._check(token)
                known = self._methods.get(method.lower())
                if known is None:
                    raise ApiError(404, "Not Found: method not found")
                self.calls.append((method, dict(arguments)))
                result = await known(arguments)
            except Refused as refused:
                return _error(ApiError(400, f"Bad Request: {refused}"))
            except ApiError as error:
                return _error(error)
            return result if isinstance(result, Response) else JSONResponse({"ok": True, "result": result})

        return router

    def _check(self, token: str) -> None:
        if not re.fullmatch(r"[1-9][0-9]*:[^/]{1,68}", token):
            raise ApiError(401, "Unauthorized: invalid token specified")
        if token != self.token:
            raise ApiError(401, "Unauthorized")

    async def _getMe(self, _arguments: _Arguments) -> dict[str, Any]:
        return self.bot | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def _setWebhook(self, arguments: _Arguments) -> Any:
        url, secret = str(arguments.get("url", "")), str(arguments.get("secret_token", ""))
        if not url:
            return await self._deleteWebhook(arguments)
        now = time.monotonic()
        if now < self._may_set_at and self.floods:
            raise _too_many(1)
        self._may_set_at = now + 1
        _check_url(url, local=self.local)
        if len(secret) > 256:
            raise Refused("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise Refused("secret token contains unallowed characters")
        self._interrupt("Conflict: terminated by setWebhook request")
        if _true(arguments.get("drop_pending_updates")):
            self.waiting.clear()
        self.webhook_url, self.secret, self.last_error = url, secret, None
        self.max_connections = min(max(_integer(arguments.get("max_connections"), 40), 1), 100)
        self._allow(arguments)
        self.spawn(self._push_waiting())
        return _done("Webhook was set")

    async def _deleteWebhook(self, arguments: _Arguments) -> Any:
        was, self.webhook_url, self.secret = self.webhook_url, "", ""
        if _true(arguments.get("drop_pending_updates")):
            self.waiting.clear()
        return _done("Webhook was deleted" if was else "Webhook is already deleted")

    async def _getWebhookInfo(self, _arguments: _Arguments) -> dict[str, Any]:
        found = {"url": self.webhook_url, "has_custom_certificate": False, "pending_update_count": len(self.waiting)}
        if self.webhook_url:
            found |= {"max_connections": self.max_connections, "ip_address": "127.0.0.1", "allowed_updates": sorted(self.allowed)}
            if self.last_error:
                found |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        return found

    async def _getUpdates(self, arguments: _Arguments) -> list[dict[str, Any]]:
        if self.webhook_url:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        self._allow(arguments)
        offset, limit = _integer(arguments.get("offset"), 0), min(max(_integer(arguments.get("limit"), 100), 1), 100)
        hold = min(float(max(_integer(arguments.get("timeout"), 0), 0)), 50.0, self.max_hold)
        for number in [number for number in self.waiting if number < offset]:
            del self.waiting[number]
        self._interrupt("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        if not self.waiting and hold:
            await self._wait_for_update(hold)
        return [self.waiting[number] for number in sorted(self.waiting)][:limit]

    async def _wait_for_update(self, seconds: float) -> None:
        interrupted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._fetch = interrupted
        self._arrived.clear()
        arrived = asyncio.ensure_future(self._arrived.wait())
        both: set[asyncio.Future[Any]] = {arrived, interrupted}
        try:
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()
            if self._fetch is interrupted:
                self._fetch = None
        if interrupted.done():
            raise ApiError(409, interrupted.result())

    def _interrupt(self, why: str) -> None:
        if self._fetch is not None and not self._fetch.done():
            self._fetch.set_result(why)
        self._fetch = None

    def _allow(self, arguments: _Arguments) -> None:
        asked = arguments.get("allowed_updates")
        if asked is None:
            return
        names = json.loads(asked) if isinstance(asked, str) else asked
        self.allowed = set(names) or set(DEFAULT_UPDATES)

    async def _sendMessage(self, arguments: _Arguments) -> Any:
        fault = self.next_fault()
        kind, wait = fault or (None, 0.0)
        if kind == "server_error":
            raise ApiError(500, "Internal Server Error")
        if kind == "rate_limited":
            raise _too_many(math.ceil(wait))
        if kind == "invalid_number":
            raise Refused("chat not found")
        if kind == "blocked":
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        chat = self._chat(arguments)
        text, entities = read_text(str(arguments.get("text", "")), str(arguments.get("parse_mode", "")))
        rows = read_keyboard(arguments.get("reply_markup"))
        self._keep_pace(chat)
        markup = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
        message = chat.add(self.bot, text=text, **({"entities": entities} if entities else {}), **markup)
        provider_id, now = str(message["message_id"]), self.now()
        self.arrive(str(chat.id), SimMessage(text, _titles(rows), now, provider_id, dict(arguments)))
        if kind in ("timeout", "dropped"):
            return await self.unanswered(kind)
        return message

    def _keep_pace(self, chat: Chat) -> None:
        """About thirty messages a second for the bot, one for a chat (some more at once), twenty a minute for a group."""
        if not self.floods:
            return
        now = time.monotonic()
        self._sent = [at for at in self._sent if at > now - 1]
        chat.since = [at for at in chat.since if at > now - 60]
        if len(self._sent) >= BOT_PER_SECOND:
            raise _too_many(1)
        most, window = (PRIVATE_BURST, PRIVATE_BURST) if chat.kind == "private" else (GROUP_PER_MINUTE, 60)
        recent = [at for at in chat.since if at > now - window]
        if len(recent) >= most:
            raise _too_many(math.ceil(recent[0] + window - now))
        self._sent.append(now)
        chat.since.append(now)

    async def _answerCallbackQuery(self, arguments: _Arguments) -> bool:
        query = str(arguments.get("callback_query_id", ""))
        if query not in self.presses:
            raise Refused("query is too old and response timeout expired or query ID is invalid")
        self.presses[query] = True
        return True

    async def _sendChatAction(self, arguments: _Arguments) -> bool:
        self._chat(arguments)
        if arguments.get("action") not in ("typing", "upload_photo", "upload_document", "find_location", "choose_sticker"):
            raise Refused("wrong parameter action in request")
        return True

    async def _editMessageReplyMarkup(self, arguments: _Arguments) -> dict[str, Any]:
        chat = self._chat(arguments)
        message = chat.messages.get(_integer(arguments.get("message_id"), 0))
        if message is None:
            raise Refused("message to edit not found")
        if message.get("from") != self.bot:
            raise Refused("message can't be edited")
        rows = read_keyboard(arguments.get("reply_markup"))
        if (message.get("reply_markup") or {}).get("inline_keyboard") == rows:
            raise Refused("message is not modified: specified new message content and reply markup are exactly the same as a "
                          "current content and reply markup of the message")  # fmt: skip
        message.pop("reply_markup", None)
        if rows:
            message["reply_markup"] = {"inline_keyboard": rows}
        phone = self._phones[str(chat.id)]
        for at, shown in enumerate(phone):
            if shown.provider_id == str(message["message_id"]):
                phone[at] = replace(shown, buttons=_titles(rows))
        return message | {"edit_date": int(time.time())}

    async def _leaveChat(self, arguments: _Arguments) -> bool:
        chat = self._chat(arguments)
        if chat.kind == "private":
            raise Refused("chat member status can't be changed in private chats")
        chat.refuses = f"bot is not a member of the {chat.kind} chat"
        self.spawn(self._membership(chat, "left", by=self.bot))
        return True

    def _chat(self, arguments: _Arguments) -> Chat:
        asked = arguments.get("chat_id", "")
        if str(asked).strip() == "":
            raise Refused("chat_id is empty")
        chat = self.chats.get(_integer(asked, 0))
        if chat is None:
            raise Refused("chat not found")
        if chat.refuses:
            raise ApiError(403, f"Forbidden: {chat.refuses}")
        return chat

    # --- updates ---

    def chat(self, phone: str, language: str = "sv", kind: str | None = None) -> Chat:
        """The chat of this id, made when it is new. The bot can write there from now on, as after a citizen's first message."""
        number = int(phone)
        kind = kind or ("private" if number > 0 else "supergroup")
        return self.chats.setdefault(number, Chat(number, kind, "" if number > 0 else "Grannar i kvarteret", language))

    async def _membership(self, chat: Chat, status: str, by: dict[str, Any] | None = None) -> Attempt | None:
        was = {"kicked": "member", "left": "member"}.get(status, "kicked" if chat.kind == "private" else "left")
        change = {"chat": chat.as_json(), "from": by or chat.user(), "date": int(time.time()),
                  "old_chat_member": self._member(was), "new_chat_member": self._member(status)}  # fmt: skip
        return await self.update("my_chat_member", change, chat, queue="membership")

    def _member(self, status: str) -> dict[str, Any]:
        rights = ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
                  "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
                  "can_edit_stories", "can_delete_stories")  # fmt: skip
        more: dict[str, dict[str, Any]] = {"kicked": {"until_date": 0}, "administrator": dict.fromkeys(rights, False)}
        return {"user": self.bot, "status": status} | more.get(status, {})

    async def update(self, kind: str, content: dict[str, Any], chat: Chat, queue: str = "") -> Attempt | None:
        """Puts an update up; with a webhook it is delivered, one chat's updates one after the other."""
        if kind not in self.allowed:
            return None
        self._number += 1
        number = self._number
        self.waiting[number] = {"update_id": number, kind: json.loads(json.dumps(content))}
        self._arrived.set()
        return await self._push(number, f"{chat.id} {queue}") if self.webhook_url else None

    async def _push_waiting(self) -> None:
        for number in sorted(self.waiting):
            await self._push(number)

    async def _push(self, number: int, queue: str = "") -> Attempt | None:
        async with self._queues[queue or str(number)]:
            update = self.waiting.get(number)
            return await self.deliver(lambda: self._webhook(update)) if update is not None else None

    def _webhook(self, update: dict[str, Any]) -> Webhook:
        headers = {"content-type": "application/json"}
        if self.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret
        return Webhook(self.webhook_url, json.dumps(update).encode(), headers)

    async def _deliver(self, make: Callable[[], Webhook]) -> Attempt:
        """Tries until it is acknowledged: at once, then with doubling waits; a Retry-After holds instead, up to an hour."""
        attempt = Attempt(make(), None, "", 0)
        for number, wait in enumerate((0.0, *self.retry_waits), 1):
            if number > 1:
                await asyncio.sleep((min(attempt.retry_after, 3600.0) or wait) * self.time_scale)
            attempt = await self._try(make(), number)
            self.attempts.append(attempt)
            if attempt.ok:
                break
            told = "Connection refused" if attempt.status is None else f"Wrong response from the webhook: {attempt.status}"
            self.last_error = (int(time.time()), told)
        self.waiting.pop(json.loads(attempt.webhook.content)["update_id"], None)  # taken, or given up after a day
        return attempt


async def _arguments(request: Request) -> dict[str, Any]:
    """Of the query and the body: JSON, or a form of any kind."""
    found: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            return found | dict(await request.json())
        except (ValueError, TypeError):
            raise Refused("can't parse request body") from None
    return found | dict(await request.form())


def _check_url(url: str, *, local: bool) -> None:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port
    except ValueError:
        raise Refused("invalid webhook URL specified") from None
    if not parts.hostname:
        raise Refused("invalid webhook URL specified")
    if local:
        return
    if parts.scheme != "https":
        raise Refused("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in (443, 80, 88, 8443):
        raise Refused("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _done(description: str) -> Response:
    return JSONResponse({"ok": True, "result": True, "description": description})


def _error(error: ApiError) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    wait = error.parameters.get("retry_after")
    return JSONResponse(body, error.status, headers={"Retry-After": str(wait)} if wait else None)


def _too_many(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _titles(rows: list[list[dict[str, Any]]] | None) -> list[str]:
    return [str(button["text"]) for row in rows or () for button in row]


def _integer(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "1")
