"""The word to a department that a citizen waits to be contacted. Pure.

In Swedish, for staff. How to reach the citizen does not stand in it: that is read at the desk, by whoever takes the conversation.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from connectors.email.compose import Letter
from connectors.email.transcript import TIME_ZONE

_BODY = """\
En medborgare vill bli kontaktad.

Ärende: {number}
Förvaltning: {department}
Språk: {language}
Ämne: {topic}
Inkom: {at}

Ta över samtalet i handläggarvyn. Där står hur medborgaren kan nås:
{url}

Uppgifterna finns bara där och tas bort efter en tid. Det här meddelandet skickas automatiskt och går inte att svara på.
"""


def number(handover_id: str) -> str:
    """The handover's number, as people say it: the beginning of its id."""
    return handover_id[:8].upper()


def letter(content: dict[str, Any], *, key: str, language_name: str, public_url: str, written: dt.datetime) -> Letter:
    """The department's letter.

    Args:
        content: handover_id, department, topic.
        language_name: the citizen's language, by its own name.
        public_url: of the app; the desk is under it.
    """
    handover_id = content["handover_id"]
    plain = _BODY.format(
        number=number(handover_id), department=_line(content["department"]), language=language_name,
        topic=_line(content["topic"]) or "inte angivet", at=written.astimezone(TIME_ZONE).strftime("%Y-%m-%d %H:%M"),
        url=f"{public_url.rstrip('/')}/desk#/handover/{handover_id}",
    )  # fmt: skip
    return Letter(key, f"Medborgare vill bli kontaktad: {number(handover_id)}", "sv", written, plain)


def _line(text: str) -> str:
    return " ".join(text.split())
