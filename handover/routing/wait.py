"""How long the wait will be, as an honest range, and when nothing can be said. Pure.

Model: each agent at work takes the next of their list again and again, at a rate that has been observed; with several
agents the claims come like a Poisson stream. The wait of somebody before whom `k - 1` claims must happen is then Gamma
distributed, and what is not known of the rate, which is Gamma distributed too, widens the range.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from handover.routing.model import AtDesk, Waiting
from handover.routing.rules import Rules, in_line, offered_key, suits
from handover.settings import WaitSettings

_GRID = (1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120)  # minutes; what people say


@dataclass(frozen=True)
class Rate:
    """Claims seen in so many minutes of agents at work while somebody waited; both fade with time."""

    claims: float
    minutes: float

    @property
    def mean(self) -> float:
        """Minutes between two claims of one agent."""
        return self.minutes / self.claims

    def fade(self, minutes: float, half_life: float, towards: Rate) -> Rate:
        """After `minutes` without news: what was seen counts less, the prior belief takes its place."""
        kept = 0.5 ** (minutes / half_life)
        return Rate(
            towards.claims + kept * (self.claims - towards.claims), towards.minutes + kept * (self.minutes - towards.minutes)
        )

    def seen(self, claims: float, minutes: float) -> Rate:
        """With what was observed now."""
        return Rate(self.claims + claims, self.minutes + minutes)


@dataclass(frozen=True)
class Rates:
    """Two rates: while agents have room for more (then only their attention is waited for), and while all are busy."""

    free: Rate
    full: Rate


def prior(settings: WaitSettings) -> Rates:
    """What is believed before anything was seen."""
    claims = settings.prior_claims
    return Rates(Rate(claims, claims * settings.free_minutes), Rate(claims, claims * settings.full_minutes))


def observe(
    rates: Rates, settings: WaitSettings, *, minutes: float, claims: int, waited: float,
    queue: Sequence[Waiting], staff: Sequence[AtDesk],
) -> Rates:  # fmt: skip
    """The rates after one look at the desk.

    Args:
        minutes: since the last look.
        claims: in that time.
        waited: for how many of those minutes somebody was in the queue.
        queue: who waits now.
        staff: who is at the desk now.
    """
    before = prior(settings)
    half_life = settings.half_life_minutes
    free, full = rates.free.fade(minutes, half_life, before.free), rates.full.fade(minutes, half_life, before.full)
    # Only agents who could have taken somebody count; what the others do says nothing about this queue.
    able = [agent for agent in staff if agent.working and (not queue or any(agent.serves(one) for one in queue))]
    with_room = sum(agent.free > 0 for agent in able)
    if with_room:
        return Rates(free.seen(claims, with_room * min(waited, minutes)), full)
    return Rates(free, full.seen(claims, len(able) * min(waited, minutes)) if able else full)


def covered(spans: Iterable[tuple[dt.datetime, dt.datetime]], since: dt.datetime, until: dt.datetime) -> float:
    """For how many minutes between two moments at least one of the spans held."""
    total, reached = dt.timedelta(), since
    for begins, ends in sorted(spans):
        begins, ends = max(begins, reached), min(ends, until)
        if ends > begins:
            total, reached = total + (ends - begins), ends
    return total.total_seconds() / 60


@dataclass(frozen=True)
class Turn:
    """When somebody's turn is, counted in claims.

    Args:
        free: taken by an agent who has room already.
        rounds: how often each agent at work must take somebody, until and with this one; fractions count agents.
        agents: agents at work who may take this one.
    """

    free: bool
    rounds: float
    agents: int


def turns(queue: Iterable[Waiting], staff: Sequence[AtDesk], now: dt.datetime, rules: Rules) -> dict[str, Turn]:
    """Lets the agents at work take everybody, by the very order they are offered them in, and counts.

    In each round each agent takes the first of the own list. Taking somebody away never delays those who stay, and an
    agent who comes last in a round never does either: that makes the estimate monotone.

    Returns:
        By handover; without those whom nobody at work may take.
    """
    line = in_line(queue, now, rules)
    agents = sorted((agent for agent in staff if agent.working), key=lambda agent: agent.id)
    lists = {agent.id: _own_list(agent, line, now, rules) for agent in agents}
    taken: dict[str, Turn] = {}
    room = {agent.id: agent.free for agent in agents}
    roomy = {agent.id for agent in agents if agent.free}
    places = dict.fromkeys(room, 0)

    def take(agent: AtDesk) -> Waiting | None:
        mine = lists[agent.id]
        while places[agent.id] < len(mine):
            one = mine[places[agent.id]]
            places[agent.id] += 1
            if one.id not in taken:
                return one
        return None

    for is_free in (True, False):
        rounds = 0
        while True:
            picked = False
            for agent in agents:
                if (is_free and room[agent.id] == 0) or (one := take(agent)) is None:
                    continue
                room[agent.id] -= is_free
                picked = True
                # Among those who may take it, how many have had their turn in this round: agents do not take at once.
                able = [other.id for other in agents if other.serves(one) and (other.id in roomy or not is_free)]
                taken[one.id] = Turn(is_free, rounds + (able.index(agent.id) + 1) / len(able), len(able))
            if not picked:
                break
            rounds += 1
    return taken


def _own_list(agent: AtDesk, line: Sequence[Waiting], now: dt.datetime, rules: Rules) -> list[Waiting]:
    # What is kept for a colleague is kept for minutes; an estimate over a longer time leaves it out (nobody else: `()`).
    fitting = [(one, suits(one, agent, (), now, rules)) for one in line if agent.serves(one)]
    return [one for one, _ in sorted(fitting, key=lambda pair: offered_key(pair[0], pair[1], now, rules))]


@dataclass(frozen=True)
class Estimate:
    """Minutes: the middle, and the range that holds with the probability of the settings."""

    middle: float
    low: float
    high: float


def estimate(turn: Turn, rates: Rates, settings: WaitSettings) -> Estimate:
    """The wait of somebody whose turn is known.

    The ratio of two Gamma variables (claims to come, claims seen) is close to log-normal: its logarithm has the mean
    and the variance that follow from digamma and trigamma.
    """
    rate = rates.free if turn.free else rates.full
    claims = max(1.0, turn.rounds * turn.agents)
    scale = turn.rounds * rate.mean
    centre = _digamma(claims) - math.log(claims) - (_digamma(rate.claims) - math.log(rate.claims))
    spread = math.sqrt(_trigamma(claims) + _trigamma(rate.claims))
    low, middle, high = (scale * math.exp(centre + spread * NormalDist().inv_cdf(q)) for q in
                         (settings.quantiles[0], 0.5, settings.quantiles[1]))  # fmt: skip
    return Estimate(middle, low, high)


def estimates(
    queue: Iterable[Waiting], staff: Sequence[AtDesk], rates: Rates, now: dt.datetime, rules: Rules, settings: WaitSettings
) -> dict[str, Estimate]:
    """The further wait of everybody whom somebody at work may take."""
    return {key: estimate(turn, rates, settings) for key, turn in turns(queue, staff, now, rules).items()}


def said(found: Estimate | None, settings: WaitSettings, *, closes_in: float | None) -> Mapping[str, int] | None:
    """What a citizen is told: `{low, high}` in whole minutes, low 0 = less than high; rounded outwards to what people say.

    Args:
        found: None when nobody at work may take them.
        closes_in: minutes until their queue is no longer staffed, None = it is not.

    Returns:
        None when nothing can be said: nobody is there, it would be too long, or the desk closes before.
    """
    if found is None or closes_in is None or found.high > closes_in:
        return None
    high = next((step for step in _GRID[1:] if step >= found.high), None)
    if high is None or high > settings.longest_minutes:
        return None
    low = max((step for step in _GRID if step <= found.low and step < high), default=0)
    return {"low": low, "high": high}


def _digamma(x: float) -> float:
    shift = 0.0
    while x < 6:
        shift, x = shift - 1 / x, x + 1
    return shift + math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4)


def _trigamma(x: float) -> float:
    shift = 0.0
    while x < 6:
        shift, x = shift + 1 / x**2, x + 1
    return shift + 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5)
