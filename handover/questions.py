"""The questions for consent as the citizen reads them, and what each offers to press. Pure.

On the web the card under a question strikes messages itself. Elsewhere (`channel`) one more choice leads to a list of what the
citizen wrote, in which each choice strikes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.messages import Button, Reply

SEND, WITHOUT, CANCEL = "/handover_send", "/handover_without_text", "/handover_cancel"
YES, NO = "/handover_pass", "/handover_pass_without"  # + ":" + number of the question; typed: the one that waits
# + ":" + the question ("" = the first, else the number of one for another board), then for LIST the seq that it goes back from,
# for STRIKE the seq that is struck.
LIST, STRIKE, BACK = "/handover_strike", "/handover_strike_one", "/handover_strike_back"

FIRST: Final = ""
MOST: Final = 8  # messages in a list; with "older" and "back" as many choices as a list on WhatsApp holds
LONGEST: Final = 38  # characters of a message that are shown; in quotes, as much as a phone shows of a button
_STRIKES_IN_PLACE: Final = "web"


def consent(reason: str, shown: dict[str, Any], *, channel: str, again: bool = False) -> Reply:
    """Whether the conversation may be sent to a human.

    Args:
        reason: why a human was offered.
        shown: the preview.
        again: something has just been struck.
    """
    if reason == "emergency":  # no question back: pressing the one button is the consent
        return Reply("offer_human", "emergency.offer_human", outcome="emergency", preview=shown,
                     buttons=(Button(SEND, "consent.send"),))  # fmt: skip
    send = (Button(SEND, "consent.send"),) if shown["messages"] or not again else ()
    return Reply(
        "offer_human",
        "consent.struck_question" if again else "consent.question",
        outcome="handover_offered",
        author="system" if reason == "bot_off" else "bot",  # a bot that is switched off says nothing
        preview=shown,
        buttons=(
            *send,
            Button(WITHOUT, "consent.without_text"),
            *_strike(FIRST, shown, channel),
            Button(CANCEL, "consent.cancel"),
        ),
    )


def passing(department: str, shown: dict[str, Any], number: int, *, channel: str, again: bool = False) -> Reply:
    """Whether another board may see what was said.

    Args:
        department: the name of the one that would.
        shown: the preview.
        number: of the question.
        again: something has just been struck.
    """
    yes = (Button(f"{YES}:{number}", "consent.pass_yes"),) if shown["messages"] or not again else ()
    buttons = (*yes, Button(f"{NO}:{number}", "consent.pass_no"), *_strike(str(number), shown, channel))
    return Reply("offer_human", "consent.struck_pass" if again else "consent.pass", {"department": department}, author="system",
                 outcome="handed_over", preview=shown, buttons=buttons)  # fmt: skip


def which(question: str, shown: dict[str, Any], before: int | None, *, said: str) -> Reply | None:
    """Which of their messages the citizen wants to strike; the latest ones, or those before one of them.

    Args:
        said: what the conversation says when one was chosen: never the message itself again.

    Returns:
        The question; None when there is nothing to strike.
    """
    own = [message for message in _own(shown) if before is None or message["seq"] < before]
    if not own:
        return None
    listed = own[-MOST:]
    # In quotes: whoever writes the same words again does not choose by it.
    choices = [Button(f"{STRIKE}:{question}:{one['seq']}", title=f'"{shortened(one["text"])}"', quotes=one["seq"], said=said)
               for one in listed]  # fmt: skip
    older = [Button(f"{LIST}:{question}:{listed[0]['seq']}", "consent.strike_older")] if len(own) > MOST else []
    buttons = (*choices, *older, Button(f"{BACK}:{question}", "consent.strike_back"))
    return Reply("text", "consent.strike_which", author="system", outcome="handover_offered", buttons=buttons)


def shortened(text: str) -> str:
    """The beginning of a message, in one line."""
    line = " ".join(text.split())
    if len(line) <= LONGEST:
        return line
    cut = line[: LONGEST - 1]
    if " " in cut[LONGEST // 2 :] and line[LONGEST - 1] != " ":
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:–-(") + "…"


def _own(shown: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [message for message in shown["messages"] if message["author"] == "citizen"]


def _strike(question: str, shown: dict[str, Any], channel: str) -> tuple[Button, ...]:
    if channel == _STRIKES_IN_PLACE or not _own(shown):
        return ()
    return (Button(f"{LIST}:{question}", "consent.strike"),)
