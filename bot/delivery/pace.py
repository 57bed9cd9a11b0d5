"""How fast an account may send, and when it must rest: the provider's limits, its own wishes, and a circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rate import RateLimit

FAILURES_TO_OPEN = 5
FIRST_REST_SECONDS = 15.0
MAX_REST_SECONDS = 300.0


@dataclass
class Breaker:
    """Stops sending by an account whose provider fails again and again; then lets one message try.

    While it is open nothing is taken from the outbox, and the one that tries does not lose a try of its own.
    """

    failures: int = 0
    rests_until: float = 0.0
    rests: int = 0

    def resting(self, now: float) -> bool:
        """Whether nothing may be sent now (seconds of a monotonic clock)."""
        return now < self.rests_until

    @property
    def trying(self) -> bool:
        """Whether the provider has failed and no send has succeeded since: one message at a time, once the rest is over."""
        return self.rests > 0

    def succeeded(self) -> None:
        """The provider took a message, or refused it for its own sake: it works."""
        self.failures = self.rests = 0
        self.rests_until = 0.0

    def failed(self, now: float) -> bool:
        """The provider did not answer as it should. Returns whether the breaker opened by this."""
        if self.trying and self.resting(now):
            return False  # what was under way when it opened says nothing new
        self.failures += 1
        if self.failures < FAILURES_TO_OPEN and not self.trying:
            return False
        self.rests_until = max(self.rests_until, now + min(FIRST_REST_SECONDS * 2.0**self.rests, MAX_REST_SECONDS))
        self.rests += 1
        return True

    def wished(self, now: float, seconds: float) -> None:
        """The provider asked for a pause of the whole account."""
        self.rests_until = max(self.rests_until, now + seconds)


class Pace:
    """The pace of one account.

    Args:
        per_second: messages the account may send a second; 0 = no limit.
        per_address_per_minute: messages to one address a minute; 0 = no limit.
    """

    def __init__(self, per_second: float, per_address_per_minute: int) -> None:
        self.breaker = Breaker()
        self._account = RateLimit(0 if per_second <= 0 else per_second * 60, burst=max(1.0, per_second))
        self._address = RateLimit(per_address_per_minute)

    def account_wait(self, now: float) -> float:
        """Seconds until the account may send again; takes nothing."""
        return max(0.0, self.breaker.rests_until - now) or self._account.wait("", now)

    def reserve(self, now: float) -> None:
        """Takes the account's right to send one message; to be called when `account_wait` is 0."""
        self._account.take("", now)

    def release(self) -> None:
        """Gives back a right that was not used."""
        self._account.put_back("")

    def address_wait(self, address_id: str, now: float) -> float:
        """Seconds until a message may go to this address; 0.0 takes the right to send it now."""
        return self._address.take(address_id, now)

    def wait(self, address_id: str, now: float) -> float:
        """Seconds until account and address both allow a message; 0.0 takes the right of both, else neither is used up."""
        wait = max(0.0, self.breaker.rests_until - now) or self._address.take(address_id, now)
        if wait > 0:
            return wait
        wait = self._account.take("", now)
        if wait > 0:
            self._address.put_back(address_id)
        return wait
