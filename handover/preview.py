"""What the citizen agrees to send, and what of the conversation an agent may therefore see. Pure.

Secrecy applies between the city's boards (ADR 17): each board has a grant of its own. The first is that of the department the
citizen agreed to at the beginning, kept as the handover's own columns; others are added when the handover comes to another
board's queue or agent (`handover.passing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from handover.repository import Handover

RETURNING = "returning"  # in the package, while `closing`
WITH_TEXT = "with_text"
WITHOUT_TEXT = "without_text"
PENDING = "pending"  # another board has it, and the citizen has not said yet whether it may see the text

_STRENGTH = {WITH_TEXT: 2, WITHOUT_TEXT: 1, PENDING: 0}


def build(
    *, language: str, topic: str, department_name: str, messages: Sequence[dict[str, Any]], most: int,
    page_url: str | None = None, earlier: Sequence[Handover] = (),
) -> dict[str, Any]:  # fmt: skip
    """The package as the citizen is shown it, and as it is kept with the handover.

    Args:
        messages: the conversation so far in the public form, in order.
        most: only the latest so many are offered.
        page_url: where the citizen was on the web.
        earlier: handovers of theirs before this one that the board may see that there were.

    Returns:
        `{shown: {language, topic, department, messages: [{seq, author, text, language, created_at}], page_url?,
        earlier?: [{topic, at}]}, through_seq, earlier?: [handover id]}`; `through_seq` is the last message's seq, `from_seq` the
        first's.
    """
    offered = list(messages)[-most:]
    fields = ("seq", "author", "text", "language", "created_at")
    beside: dict[str, Any] = {"page_url": page_url} if page_url else {}
    if earlier:
        beside["earlier"] = [{"topic": one.topic, "at": one.offered_at.isoformat()} for one in earlier]
    return {
        "shown": {
            "language": language,
            "topic": topic,
            "department": department_name,
            "messages": [{name: message[name] for name in fields} for message in offered],
            **beside,
        },
        **({"earlier": [one.id for one in earlier]} if earlier else {}),
        "from_seq": offered[0]["seq"] if offered else 1,
        "through_seq": offered[-1]["seq"] if offered else 0,
    }


def without(package: dict[str, Any], struck: Collection[int]) -> dict[str, Any]:
    """The package as the citizen agreed to it: what they struck is not in it, only how many messages that were."""
    if not struck:
        return package
    shown = package["shown"]
    kept = [message for message in shown["messages"] if message.get("seq") not in struck]
    left_out = shown.get("struck", 0) + len(shown["messages"]) - len(kept)
    return package | {
        "shown": shown | {"messages": kept, "struck": left_out},
        "struck": sorted({*package.get("struck", ()), *struck}),
    }


def taken_back(package: dict[str, Any]) -> dict[str, Any]:
    """The package after the citizen has taken back their consent: no other board has it any more either."""
    asked = [entry | {"consent": WITHOUT_TEXT} for entry in package.get("asked", ())]
    return package | ({"asked": asked} if asked else {})


@dataclass(frozen=True)
class Grant:
    """What one board was given.

    Args:
        board: whose.
        consent: with_text | without_text | pending.
        first, last: the messages that the preview showed.
        since: everything after this message is written to the board; None = nothing yet.
        until: … up to this one, with which the handover left for another board; None = it is there.
        struck: seqs between `first` and `last` that the citizen took out, or that were not offered.
        shown: the preview.
    """

    board: str
    consent: str
    first: int
    last: int
    since: int | None
    until: int | None
    struck: frozenset[int]
    shown: dict[str, Any]

    @property
    def spans(self) -> tuple[tuple[int, int | None], ...]:
        """First and last (None = open) of the messages in reach, without regard to what was struck."""
        after = () if self.since is None else ((self.since + 1, self.until),)
        return ((self.first, self.last), *after) if self.consent == WITH_TEXT else after


@dataclass(frozen=True)
class View:
    """What an agent may see of a handover: what was given to any of their boards, and nothing the citizen wrote to the bot
    after it was given back to it (`apart`)."""

    grants: tuple[Grant, ...]
    apart: tuple[tuple[int, int | None], ...]

    @property
    def consent(self) -> str:
        """The furthest-reaching of the grants'."""
        return max((grant.consent for grant in self.grants), key=lambda consent: _STRENGTH[consent], default=PENDING)

    @property
    def shown(self) -> dict[str, Any]:
        """The preview as the agent may see it: without the citizen's consent to the text, only language, topic and department."""
        given = [grant for grant in self.grants if grant.consent == WITH_TEXT]
        if given:
            return dict(given[-1].shown)
        shown = dict(self.grants[-1].shown) if self.grants else {"language": "", "topic": "", "department": ""}
        for name in ("struck", "page_url", "earlier"):
            shown.pop(name, None)
        return shown | {"messages": []}

    def sees(self, seq: int) -> bool:
        """Whether the agent may see the message with this seq.

        With consent: what the preview showed and was not struck, and everything since the citizen joined the queue. Without:
        only the latter. What was written between the preview and the consent was in neither.
        """
        if any(_within(seq, span) for span in self.apart):
            return False
        return any(seq not in grant.struck and any(_within(seq, span) for span in grant.spans) for grant in self.grants)


def _within(seq: int, span: tuple[int, int | None]) -> bool:
    first, last = span
    return first <= seq and (last is None or seq <= last)


def first_board(handover: Handover, board: str) -> str:
    """The board that the citizen first agreed to.

    Args:
        board: that of the handover's department now.
    """
    return str(handover.preview.get("board") or board)


def granted(handover: Handover, board: str, *, has_it: bool = False) -> tuple[Grant, ...]:
    """The grants, first the first board's.

    Args:
        board: that of the handover's department now.
        has_it: for the agent who has the handover.
    """
    package = handover.preview
    first = _grant(package, first_board(handover, board), handover.consent or PENDING, package.get("queued_seq"))
    others = []
    for entry in package.get("asked", ()):
        # What is written after the question is written to the new board: read once it was answered, or by the agent who came.
        heard = has_it or entry["consent"] != PENDING
        others.append(_grant(entry, entry["board"], entry["consent"], entry["asked_seq"] if heard else None))
    return (first, *others)


def _grant(package: dict[str, Any], board: str, consent: str, since: int | None) -> Grant:
    struck = frozenset({*package.get("struck", ()), *package.get("gaps", ())})
    until, shown = package.get("until_seq"), package["shown"]
    return Grant(board, consent, package["from_seq"], package["through_seq"], since, until, struck, shown)


def earlier(handover: Handover) -> frozenset[str]:
    """Ids of the earlier handovers that the citizen was shown would be seen."""
    packages = [handover.preview, *handover.preview.get("asked", ())]
    return frozenset(one for package in packages for one in package.get("earlier", ()))


def apart(handover: Handover) -> tuple[tuple[int, int | None], ...]:
    """What the citizen wrote to the bot while it had the word again: no board's."""
    return tuple((first, last) for first, last in handover.preview.get("apart", ()))


def view(handover: Handover, *, board: str, boards: Iterable[str], has_it: bool) -> View:
    """What somebody of these boards may see.

    Args:
        board: that of the handover's department now.
        boards: those whose queues the agent serves.
        has_it: the agent has the handover; without a grant of their own they see the first board's (an admin moved them).
    """
    found, own = granted(handover, board, has_it=has_it), frozenset(boards)
    grants = tuple(grant for grant in found if grant.board in own)
    return View(grants or (found[:1] if has_it else ()), apart(handover))


def to_bot(handover: Handover) -> list[str] | None:
    """Of one that waits for a second pair of eyes: it is to be the bot's again, which is then told of these articles; None: it is
    to be closed."""
    about: list[str] | None = handover.preview.get(RETURNING)
    return about


def left(handover: Handover, package: dict[str, Any], *, board: str, target: str, seq: int) -> dict[str, Any]:
    """The package when the handover goes to another board: the others read what was said until now, and no further.

    Args:
        board: that of the department it comes from.
        target: the board it goes to.
        seq: of the conversation's last message.
    """
    package = dict(package)
    if first_board(handover, board) != target:
        package.setdefault("until_seq", seq)
    asked = [entry if entry["board"] == target else {"until_seq": seq, **entry} for entry in package.get("asked", ())]
    return package | ({"asked": asked} if asked else {})
