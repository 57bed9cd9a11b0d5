"""From an update of the Bot API to what the gateway takes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update

from connectors.contract import Inbound, Unreadable
from connectors.contract import Unsupported as What
from connectors.gateway.continuing import find_code

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")  # what we ask Telegram for
_KEPT = 10_000  # messages whose wording is remembered, to tell an edit from none
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
# What a message still is to us if the library can't read the rest of it (a kind of message newer than the library).
_CORE = ("message_id", "date", "edit_date", "chat", "from", "text", "caption")


class UpdateReader:
    """Reads updates; remembers a little, so that one act of a citizen is one message.

    Telegram reports an edit also where nothing of the text changed, and an album as one update per picture. What is remembered
    names the update that came first: its repetition is read again, in case it was not stored.
    """

    def __init__(self) -> None:
        self._wordings: OrderedDict[tuple[int, int], tuple[int, str]] = OrderedDict()
        self._albums: OrderedDict[str, str] = OrderedDict()

    def read(self, data: object) -> list[Inbound]:
        """What an update holds for us; nothing, when it needs no reaction.

        Args:
            data: the update as JSON gives it.

        Raises:
            Unreadable: it is no update.
        """
        if not isinstance(data, Mapping) or type(data.get("update_id")) is not int:
            raise Unreadable("no update_id")
        update = _parsed(data)
        number = str(update.update_id)
        if update.callback_query is not None:
            return _press(update.callback_query, number)
        if update.my_chat_member is not None:
            return _membership(update.my_chat_member, number)
        if (edited := update.edited_message) is not None:
            return self._message(edited, f"{number}-{_seconds(edited)}", edit=True)
        message = update.message or update.channel_post
        return self._message(message, number) if message is not None else []

    def _message(self, message: Message, provider_id: str, *, edit: bool = False) -> list[Inbound]:
        address = _chat_id(message.chat)
        language = _language(message.from_user)
        if message.chat.type != "private":
            about_us = message.left_chat_member or message.migrate_to_chat_id or message.migrate_from_chat_id
            return [] if edit or about_us else [_group(provider_id, address, language)]
        if message.from_user is not None and message.from_user.is_bot:
            return []
        text = message.text if isinstance(message.text, str) else ""
        caption = message.caption if isinstance(message.caption, str) else ""
        changed = self._changed(message, text or caption, provider_id)
        if edit:  # taken as a new message; a picture's new caption too, and nothing of a moving location
            return _text(text or caption, provider_id, address, language) if (text or caption) and changed else []
        if text:
            return _text(text, provider_id, address, language)
        what = _what(message)
        first = not message.media_group_id or self._first(str(message.media_group_id), provider_id)
        if what is None or not (first or caption):
            return []
        return [Inbound("unsupported", provider_id, address, text=caption, what=what, language=language)]

    def _changed(self, message: Message, text: str, provider_id: str) -> bool:
        """Whether this message says something else than when it last came, by another update than this one."""
        key, said = (message.chat.id, message.message_id), (hash(text), provider_id)
        known = self._wordings.get(key)
        if known is not None and known[0] == said[0] and known[1] != provider_id:
            return False
        _remember(self._wordings, key, said)
        return True

    def _first(self, album: str, provider_id: str) -> bool:
        if album not in self._albums:
            _remember(self._albums, album, provider_id)
        return self._albums[album] == provider_id


def _remember(memory: OrderedDict[Any, Any], key: object, value: object) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _KEPT:
        memory.popitem(last=False)


def _parsed(data: Mapping[str, Any]) -> Update:
    """The library's object; of a message that it can't read, the parts that we need."""
    try:
        return _checked(Update.de_json(dict(data), None))
    except Exception:  # whatever a form that nobody documented does to the library
        core = {kind: {name: part[name] for name in _CORE if name in part} for kind, part in data.items()
                if kind in ("message", "edited_message", "channel_post") and isinstance(part, Mapping)}  # fmt: skip
        try:
            return _checked(Update.de_json({"update_id": data["update_id"], **core}, None))
        except Exception as fault:
            raise Unreadable(type(fault).__name__) from None


def _checked(update: Update) -> Update:
    """The library does not check types: a chat's or message's id that is no number is no update of Telegram's."""
    for message in (update.message, update.edited_message, update.channel_post):
        if message is not None and not (type(message.chat.id) is int and type(message.message_id) is int):
            raise TypeError("ids")
    return update


def _press(query: CallbackQuery, provider_id: str) -> list[Inbound]:
    message = query.message
    chat = message.chat if message is not None else None
    if not isinstance(query.data, str) or (chat is not None and chat.type != "private"):
        return []
    extra: dict[str, Any] = {"callback": str(query.id)}
    if isinstance(message, Message) and message.reply_markup is not None:
        extra |= {"message_id": message.message_id, "keyboard": message.reply_markup.to_dict()["inline_keyboard"]}
    address = _chat_id(chat if chat is not None else query.from_user)
    language = _language(query.from_user)
    return [Inbound("press", provider_id, address, payload=query.data, language=language, extra=extra)]


def _membership(change: ChatMemberUpdated, provider_id: str) -> list[Inbound]:
    """The bot itself was blocked by a citizen, or brought into a group."""
    address, language = _chat_id(change.chat), _language(change.from_user)
    before, after = change.old_chat_member.status, change.new_chat_member.status
    if change.chat.type == "private":
        return [Inbound("gone", provider_id, address)] if after == "kicked" else []
    came = before in ("left", "kicked") and after in ("member", "administrator", "restricted")
    return [_group(provider_id, address, language)] if came else []


def _text(text: str, provider_id: str, address: str, language: str | None) -> list[Inbound]:
    match = _COMMAND.fullmatch(text.strip())
    command, rest = (match[1].lower(), (match[2] or "").strip()) if match else ("", "")
    if command == "start" and find_code(rest):  # t.me/<bot>?start=<code>
        return [Inbound("text", provider_id, address, text=rest, language=language)]
    if command in ("start", "help"):
        return [Inbound("start", provider_id, address, language=language)]
    if command and not rest:  # without "@ourbot"
        text = f"/{command}"
    return [Inbound("text", provider_id, address, text=text, language=language)]


def _group(provider_id: str, address: str, language: str | None) -> Inbound:
    """A group, a channel: what was said there is left where it is."""
    return Inbound("unsupported", provider_id, address, what="group", language=language, extra={"leave": True})


def _what(message: Message) -> What | None:
    """What a message without text is; None for Telegram's own notices (pinned, timer set)."""
    kinds: tuple[tuple[What, tuple[object, ...]], ...] = (
        ("voice", (message.voice, message.video_note)),
        ("image", (message.photo, message.animation)),
        ("sticker", (message.sticker, message.dice)),
        ("location", (message.location, message.venue)),
        ("contact", (message.contact,)),
        ("file", (message.document, message.video, message.audio)),
        ("other", (message.effective_attachment, message.story, message.checklist)),
    )
    return next((what for what, parts in kinds if any(parts)), None)


def _chat_id(of: Any) -> str:
    if type(of.id) is not int:
        raise Unreadable("ids")
    return str(of.id)


def _language(user: Any) -> str | None:
    code = getattr(user, "language_code", None)
    return code[:16] if isinstance(code, str) else None


def _seconds(message: Message) -> int:
    return int(message.edit_date.timestamp()) if message.edit_date else 0
