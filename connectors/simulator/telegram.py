"""Telegram's side: the Bot API under `/sim/telegram/bot<token>/<method>`, and citizens with phones."""

from __future__ import annotations

import time
from typing import Any

from connectors.simulator.base import Attempt, ReportState
from connectors.simulator.telegram_api import BotApi
from connectors.simulator.telegram_chats import MEDIA, commands


class TelegramSimulator(BotApi):
    """One bot at Telegram, and who writes to it."""

    async def citizen_sends(self, phone: str, text: str, **options: Any) -> Attempt | None:
        """A citizen writes.

        Args:
            phone: the chat's id; negative for a group.
            text: with `media` its caption.
            options: `language` of the citizen's app; `media`, a key of `MEDIA`; `album`, the id of one; `edit`, the number of an
                earlier message that now reads so; `entities`; `extra`, further fields of the message.

        Returns:
            The last try; None with polling, or while deliveries are held.
        """
        chat = self.chat(phone, options.get("language", "sv"))
        chat.language = options.get("language", chat.language)
        if (number := options.get("edit")) is not None:
            message = chat.messages[number]
            message |= {"caption" if "caption" in message else "text": text, "edit_date": int(time.time())}
            return await self.update("edited_message", message, chat)
        media = MEDIA[options["media"]] if options.get("media") else {}
        content: dict[str, Any] = dict(media) | ({"caption": text} if media and text else {"text": text} if not media else {})
        if entities := options.get("entities") or commands(text):
            content["caption_entities" if media else "entities"] = entities
        if options.get("album"):
            content["media_group_id"] = options["album"]
        sender = None if chat.kind == "channel" else chat.user()
        message = chat.add(sender, **content, **options.get("extra", {}))
        return await self.update("channel_post" if chat.kind == "channel" else "message", message, chat)

    async def citizen_starts(self, phone: str, payload: str = "", language: str = "sv") -> Attempt | None:
        """A citizen opens the bot (`t.me/<bot>?start=<payload>`) and presses Start."""
        return await self.citizen_sends(phone, f"/start {payload}".strip(), language=language)

    async def citizen_presses(self, phone: str, choice_index: int) -> Attempt | None:
        """A citizen presses a button of the last message that has any; without buttons the number is typed."""
        chat = self.chat(phone)
        for message in reversed(chat.messages.values()):
            rows = (message.get("reply_markup") or {}).get("inline_keyboard")
            if not rows:
                continue
            button = [button for row in rows for button in row][choice_index]
            query = str(self.random.randrange(10**17, 10**18))
            self.presses[query] = False
            pressed = {"id": query, "from": chat.user(), "message": message, "chat_instance": str(-chat.id * 7),
                       "data": button["callback_data"]}  # fmt: skip
            return await self.update("callback_query", pressed, chat, queue="callback")
        return await self.citizen_sends(phone, str(choice_index + 1))

    async def citizen_blocks(self, phone: str) -> Attempt | None:
        """A citizen stops and blocks the bot."""
        chat = self.chat(phone)
        chat.refuses = "bot was blocked by the user"
        return await self._membership(chat, "kicked")

    async def citizen_unblocks(self, phone: str) -> Attempt | None:
        """A citizen lets the bot write again."""
        chat = self.chat(phone)
        chat.refuses = ""
        return await self._membership(chat, "member")

    async def group_adds(self, group: str, kind: str = "supergroup", status: str = "member") -> Attempt | None:
        """Somebody brings the bot into a group or (as an administrator) a channel."""
        chat = self.chat(group, kind=kind)
        chat.refuses = ""
        return await self._membership(chat, status)

    async def report(self, provider_id: str, state: ReportState, error: str | None = None) -> Attempt | None:
        """Telegram never tells a bot what became of a message."""
        return None
