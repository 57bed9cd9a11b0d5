"""What the citizen agrees to send, and what of the conversation an agent may therefore see. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handover.repository import Handover

WITH_TEXT = "with_text"
WITHOUT_TEXT = "without_text"


def build(*, language: str, topic: str, department_name: str, messages: Sequence[dict[str, Any]], most: int) -> dict[str, Any]:
    """The package as the citizen is shown it, and as it is kept with the handover.

    Args:
        messages: the conversation so far in the public form, in order.
        most: only the latest so many are offered.

    Returns:
        `{shown: {language, topic, department, messages: [{author, text, language, created_at}]}, through_seq}`;
        `through_seq` is the last message's seq, `from_seq` the first's.
    """
    offered = list(messages)[-most:]
    return {
        "shown": {
            "language": language,
            "topic": topic,
            "department": department_name,
            "messages": [{name: message[name] for name in ("author", "text", "language", "created_at")} for message in offered],
        },
        "from_seq": offered[0]["seq"] if offered else 1,
        "through_seq": offered[-1]["seq"] if offered else 0,
    }


def shown_to_agent(handover: Handover) -> dict[str, Any]:
    """The preview as an agent may see it: without the citizen's consent to the text, only language, topic and department."""
    shown: dict[str, Any] = dict(handover.preview["shown"])
    if handover.consent != WITH_TEXT:
        shown["messages"] = []
    return shown


def visible(handover: Handover, seq: int) -> bool:
    """Whether an agent may see the message with this seq.

    With consent: what the preview showed, and everything since the citizen joined the queue. Without: only the latter.
    What was written between the preview and the consent was in neither.
    """
    queued_seq = handover.preview.get("queued_seq")
    if queued_seq is not None and seq > queued_seq:
        return True
    return handover.consent == WITH_TEXT and handover.preview["from_seq"] <= seq <= handover.preview["through_seq"]
