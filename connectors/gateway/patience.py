"""How much one sender may write, and when a conversation is one between machines. Memory of this process alone."""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass, field

from bot.rate import RateLimit

_MOST_SENDERS = 50_000
SAME_TEXT_TIMES = 6  # the same words this often in a row, each soon after the last: no human does that
SAME_TEXT_SECONDS = 60.0
SOON_AGAIN_SECONDS = 60.0  # "slow down" is said once in this time
LOOP_WARNINGS = 5  # so many minutes in a row over the limit: a machine


class Verdict(enum.Enum):
    """What to do with a sender's message."""

    WELCOME = "welcome"
    SLOW_DOWN = "slow_down"  # say so, once
    IGNORED = "ignored"  # it was said already
    LOOP = "loop"  # end it


@dataclass
class _Sender:
    last_text: str = ""
    same: int = 0
    last_at: float = 0.0
    warned_at: float = field(default=float("-inf"))
    warnings: int = 0


class Patience:
    """Judges each message by what the sender wrote before.

    Args:
        per_minute: messages of one sender a minute; 0 = no limit.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimit(per_minute)
        self._senders: OrderedDict[str, _Sender] = OrderedDict()

    def judge(self, sender: str, text: str, now: float) -> Verdict:
        """What to do with this message.

        Args:
            sender: whose it is; never an address itself.
            text: as written; kept only as its hash.
            now: seconds of a monotonic clock.
        """
        known = self._senders.pop(sender, None) or _Sender()
        self._senders[sender] = known
        if len(self._senders) > _MOST_SENDERS:
            self._senders.popitem(last=False)
        said = str(hash(text.strip().casefold()))
        again = bool(text.strip()) and said == known.last_text and now - known.last_at < SAME_TEXT_SECONDS
        known.same = known.same + 1 if again else 1
        known.last_text, known.last_at = said, now
        if known.same >= SAME_TEXT_TIMES:
            known.same = 0
            return Verdict.LOOP
        if self._limit.take(sender, now) == 0.0:
            if now - known.warned_at > 2 * SOON_AGAIN_SECONDS:
                known.warnings = 0
            return Verdict.WELCOME
        if now - known.warned_at < SOON_AGAIN_SECONDS:
            return Verdict.IGNORED
        known.warned_at = now
        known.warnings += 1
        if known.warnings > LOOP_WARNINGS:
            known.warnings = 0
            return Verdict.LOOP
        return Verdict.SLOW_DOWN
