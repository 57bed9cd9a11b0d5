"""Telegram's chats and the JSON that the Bot API describes them by."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

# What a citizen can send beside text, as far as a bot is told (files by an id, never the content).
_FILE = {"file_id": "AgACAgQAAxkBAAIB", "file_unique_id": "AQADZ", "file_size": 24_312}
MEDIA: dict[str, dict[str, Any]] = {
    "photo": {"photo": [_FILE | {"width": 90, "height": 67}, _FILE | {"width": 1280, "height": 960}]},
    "voice": {"voice": _FILE | {"duration": 7, "mime_type": "audio/ogg"}},
    "video_note": {"video_note": _FILE | {"length": 240, "duration": 7}},
    "document": {"document": _FILE | {"file_name": "blankett.pdf", "mime_type": "application/pdf"}},
    "video": {"video": _FILE | {"width": 640, "height": 360, "duration": 12, "mime_type": "video/mp4"}},
    "audio": {"audio": _FILE | {"duration": 180, "mime_type": "audio/mpeg"}},
    "animation": {
        "animation": _FILE | {"width": 320, "height": 180, "duration": 3, "mime_type": "video/mp4"},
        "document": _FILE | {"file_name": "tack.mp4", "mime_type": "video/mp4"},
    },
    "sticker": {
        "sticker": _FILE
        | {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍"}
    },
    "location": {"location": {"latitude": 57.7072, "longitude": 11.9668}},
    "venue": {
        "location": {"latitude": 57.7072, "longitude": 11.9668},
        "venue": {"location": {"latitude": 57.7072, "longitude": 11.9668}, "title": "Gustaf Adolfs torg", "address": "Göteborg"},
    },
    "contact": {"contact": {"phone_number": "+46701740605", "first_name": "Kim"}},
    "poll": {
        "poll": {
            "id": "5431", "question": "Vilken dag?", "options": [{"text": "Måndag", "voter_count": 0, "persistent_id": "0"}],
            "total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
            "allows_revoting": False, "members_only": False,
        }
    },
}  # fmt: skip


@dataclass
class Chat:
    """A chat as Telegram knows it: a citizen's private one, or a group.

    Args:
        refuses: why the bot may not write there, in Telegram's words; empty = it may.
        messages: by number, as the Bot API shows them.
        since: when the bot's messages of the last minute went there (seconds of a monotonic clock).
    """

    id: int
    kind: str = "private"
    title: str = ""
    language: str = "sv"
    refuses: str = ""
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    since: list[float] = field(default_factory=list)
    numbers: int = 0

    def as_json(self) -> dict[str, Any]:
        """As `chat`."""
        if self.kind == "private":
            return {"id": self.id, "type": "private", "first_name": f"Medborgare {self.id % 1000}"}
        return {"id": self.id, "type": self.kind, "title": self.title}

    def user(self) -> dict[str, Any]:
        """As `from` of what the citizen does."""
        return {"id": abs(self.id), "is_bot": False, "first_name": f"Medborgare {self.id % 1000}", "language_code": self.language}

    def add(self, sender: dict[str, Any] | None, **content: Any) -> dict[str, Any]:
        """A new message in this chat."""
        self.numbers += 1
        message: dict[str, Any] = {"message_id": self.numbers, **({"from": sender} if sender else {}), "chat": self.as_json(),
                                   "date": int(time.time()), **content}  # fmt: skip
        self.messages[self.numbers] = message
        return message


def commands(text: str) -> list[dict[str, Any]]:
    """The entity of a command at the beginning of a text."""
    word = text.split()[0] if text.split() else ""
    return [{"type": "bot_command", "offset": 0, "length": len(word)}] if word.startswith("/") and len(word) > 1 else []
