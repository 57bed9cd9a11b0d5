"""Ten thousand messages over all channels, with everything that goes wrong on the way: what is lost, out of order, doubled?

    .venv/bin/python -m benchmarks.soak                          both values of AMBIGUOUS_SEND, 10 000 messages each
    .venv/bin/python -m benchmarks.soak --messages 600 --mode hold

The app is a real process over SQLite that is killed (`kill -9`) twice and started again; webhooks and API calls are real HTTP on
this machine. Five percent of the providers' answers are faults (3 % 500, 1 % 429, 1 % taken and the connection broken), five
percent of all webhooks come twice. Knowledge and Rasa are light stand-ins over HTTP (`channel_bench.py`): it is delivery that
is measured. A message counts as accepted when the provider got its acknowledgement.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.channel_bench import TOKEN, App, everything, load_average, token
from connectors.simulator.base import SimMessage, Simulator
from connectors.simulator.providers import PROVIDERS

EACH = 10  # messages of one citizen, one after the other
AT_ONCE = 48  # citizens who write at the same time
KILLS = (1 / 3, 2 / 3)
FAULTS = (("server_error", 0.03), ("rate_limited", 0.01), ("dropped", 0.01))
DRAIN_SECONDS = 900.0
LONGEST_RETRY_SECONDS = 60.0  # of a provider that brings a webhook again: the documented hours would be waited for


@dataclass
class Soak:
    """One run, and what is known of it so far."""

    app: App
    simulators: dict[str, Simulator]
    total: int
    accepted: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # by phone, in order
    given_up: list[str] = field(default_factory=list)  # the provider never got them to us
    unsure: set[str] = field(default_factory=set)  # sends whose outcome the app could not know
    kills: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0
    _next: int = 0

    def watch(self) -> None:
        """Notes each send that a provider takes without saying so."""
        for simulator in self.simulators.values():
            last: list[str] = []

            def arrive(phone: str, message: SimMessage, *, simulator: Any = simulator, last: list[str] = last) -> None:
                last[:] = TOKEN.findall(message.text)
                type(simulator).arrive(simulator, phone, message)

            async def unanswered(kind: Any, *, simulator: Any = simulator, last: list[str] = last) -> Any:
                self.unsure.update(last)
                return await type(simulator).unanswered(simulator, kind)

            simulator.arrive, simulator.unanswered = arrive, unanswered  # type: ignore[method-assign]

    async def citizen(self) -> None:
        """Citizens, one after the other, each with some messages, until all have been written."""
        names = list(self.simulators)
        while self.written < self.total:
            number = self._next
            self._next += 1
            name = names[number % len(names)]
            phone = PROVIDERS[name].phone(200 + number)
            for _ in range(EACH):
                if self.written >= self.total:
                    return
                said = token(self.written)
                self.written += 1
                attempt = await self.simulators[name].citizen_sends(phone, f"vad gäller för {said}?")
                if attempt is not None and attempt.ok:
                    self.accepted.setdefault((name, phone), []).append(said)
                else:
                    self.given_up.append(said)
                    await asyncio.sleep(1.0)

    async def killer(self) -> None:
        """Kills the app at its times and starts it again; what it was sending then is noted from its database."""
        for share in KILLS:
            while self.written < self.total * share:
                await asyncio.sleep(0.01)
            self.app.kill()
            sending = self._query("select m.text from outbox o join message m on m.id = o.message_id where o.state = 'sending'")
            self.unsure.update(found for (text,) in sending for found in TOKEN.findall(text))
            down = await self.app.start()
            self.kills.append({"after": self.written, "sending": len(sending), "down_seconds": round(down, 1)})
            print(
                f"    killed after {self.written} messages, {len(sending)} being sent; answers again after {down:.1f} s",
                flush=True,
            )

    def _query(self, sql: str) -> list[Any]:
        with sqlite3.connect(f"file:{self.app.database}?mode=ro", uri=True) as conn:
            return conn.execute(sql).fetchall()

    def _waiting(self) -> int:
        turns = self._query("select count(*) from turn where state <> 'done'")[0][0]
        sends = self._query("select count(*) from outbox where state in ('pending', 'sending')")[0][0]
        return int(turns + sends)

    async def drain(self) -> bool:
        """Waits until nothing is under way; whether that came to be."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            for simulator in self.simulators.values():
                await simulator.settle()
            if not self._waiting():
                return True
            await asyncio.sleep(0.5)
        return False

    def judge(self) -> dict[str, Any]:
        """The counts."""
        lost: list[str] = []
        doubled: list[str] = []
        out_of_order = 0
        put_off = self._put_off()
        for (name, phone), asked in self.accepted.items():
            heard = [found for message in self.simulators[name].inbox(phone) for found in set(TOKEN.findall(message.text))]
            times = Counter(heard)
            lost += [said for said in asked if not times[said]]
            doubled += [said for said in asked if times[said] > 1]
            first = list(dict.fromkeys(heard))  # a second copy is counted as doubled, not as out of order
            place = {said: number for number, said in enumerate(asked)}
            places = [place[said] for said in first if said in place and said not in put_off]
            out_of_order += sum(later < earlier for earlier, later in itertools.pairwise(places))
        held = {found for (text,) in self._query("select m.text from outbox o join message m on m.id = o.message_id "
                                                 "where o.state = 'ambiguous'") for found in TOKEN.findall(text)}  # fmt: skip
        return {
            "accepted": sum(map(len, self.accepted.values())), "given_up_by_provider": len(self.given_up), "lost": len(lost),
            "lost_held": sum(said in held for said in lost), "out_of_order": out_of_order, "doubled": len(doubled),
            "put_off": len(put_off), "doubled_in_window": sum(said in self.unsure for said in doubled), "unsure": len(self.unsure), "held": len(held),
            "outbox": dict(self._query("select state, count(*) from outbox group by state")),
            "errors": self._query("select account, state, error, count(*) from outbox where state in ('dead','ambiguous') group by 1, 2, 3"),
            "lost_examples": lost[:5], "doubled_examples": doubled[:5],
        }  # fmt: skip

    def _put_off(self) -> set[str]:
        """Messages that were first answered with "I can't reach the answers just now", because a stand-in was overloaded: what
        comes after them is not held up, and their own answer follows when it can."""
        rows = self._query("select m.text from message m join message r on r.turn_id = m.id where r.outcome like 'error_%'")
        return {found for (text,) in rows for found in TOKEN.findall(text)}


async def soak(mode: str, total: int, names: list[str]) -> dict[str, Any]:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="fraga-soak-") as folder:
        options = {"time_scale": 1.0, "reports": ("sent", "delivered"), "seed": 7}
        async with everything(Path(folder), names, **options) as (app, simulators):
            app.set(AMBIGUOUS_SEND=mode)
            run = Soak(app, simulators, total)
            run.watch()
            await app.start()
            while not all(simulator.webhook_url for simulator in simulators.values()):
                await asyncio.sleep(0.05)
            for simulator in simulators.values():
                simulator.retry_waits = [min(wait, LONGEST_RETRY_SECONDS) for wait in simulator.retry_waits]  # type: ignore[misc]
                simulator.duplicates(0.05)
                for kind, share in FAULTS:
                    simulator.fault(kind, share=share)  # type: ignore[arg-type]
            began, load = time.monotonic(), load_average()
            await asyncio.gather(run.killer(), *(run.citizen() for _ in range(AT_ONCE)))
            wrote = time.monotonic() - began
            drained = await run.drain()
            result = run.judge() | {"mode": mode, "messages": total, "kills": run.kills, "drained": drained, "load": load,
                                    "seconds_writing": round(wrote), "seconds": round(time.monotonic() - began),
                                    "app_faults": app.warnings()[:5]}  # fmt: skip
    return result


def line(result: dict[str, Any]) -> str:
    """The three counts, and what they consist of."""
    return (
        f"AMBIGUOUS_SEND={result['mode']}: {result['accepted']} of {result['messages']} accepted "
        f"({result['given_up_by_provider']} given up by the provider while the app was down), lost {result['lost']} "
        f"({result['lost_held']} of them held for the operator), out of order {result['out_of_order']} "
        f"(beside {result['put_off']} put off while knowledge did not answer), doubled {result['doubled']} "
        f"({result['doubled_in_window']} of them among the {result['unsure']} sends whose outcome the app could not know); "
        f"{result['seconds']} s, {result['load']}"
    )


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--mode", choices=("resend", "hold"), action="append")
    parser.add_argument("--channels", default=",".join(PROVIDERS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.disable(logging.ERROR)  # of the stand-ins: calls that a killed app broke off
    results = []
    for mode in given.mode or ("resend", "hold"):
        results.append(asyncio.run(soak(mode, given.messages, given.channels.split(","))))
        print(line(results[-1]), flush=True)
        print(
            "   ",
            {
                name: results[-1][name]
                for name in ("outbox", "errors", "kills", "drained", "app_faults", "lost_examples", "doubled_examples")
            },
        )
    if given.json:
        given.json.write_text(json.dumps(results, indent=1, ensure_ascii=False))
    # Nothing may be lost but what is held, nothing doubled but what nobody could know, nothing out of order.
    clean = all(r["lost"] == r["lost_held"] and not r["out_of_order"] and r["doubled"] == r["doubled_in_window"] for r in results)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
