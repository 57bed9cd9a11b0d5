"""How soon a provider gets its acknowledgement: 100 webhooks a second in each provider's own form, with the turns running behind.

    .venv/bin/python -m benchmarks.webhooks                       500 webhooks of each provider; budget: p99 <= 100 ms
    .venv/bin/python -m benchmarks.webhooks --per-second 50 --count 1000 --channels telegram

The app is a real process over SQLite (`synchronous=FULL`: a webhook is acknowledged when the message is on the disk), webhooks
are real HTTP, signed by the simulated providers; the answers go back to them at the same time, with their delivery reports.
Knowledge and Rasa are light stand-ins over HTTP (`channel_bench.py`). The times are of one request each, from the first byte
sent; webhooks go off at their time whether or not earlier ones were answered. Everything shares this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.channel_bench import everything, load_average, token
from connectors.simulator.base import Simulator, Webhook
from connectors.simulator.providers import PROVIDERS

BUDGET_MS = 100.0
WARM = 40


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(values: list[float], share: float, draws: int = 500) -> list[float]:
    """95 % bootstrap interval of a percentile."""
    rng = random.Random(1)
    drawn = sorted(percentile(rng.choices(values, k=len(values)), share) for _ in range(draws))
    return [round(drawn[int(0.025 * draws)], 1), round(drawn[int(0.975 * draws)], 1)]


async def written(simulator: Simulator, provider: str, count: int, first: int) -> list[Webhook]:
    """What the provider would deliver when `count` citizens write, signed, but not sent."""
    made: list[Webhook] = []

    async def keep(make: Any) -> None:
        made.append(make())

    simulator.deliver = keep  # type: ignore[method-assign]
    for number in range(first, first + count):
        await simulator.citizen_sends(PROVIDERS[provider].phone(200 + number), f"vad gäller för {token(number)}?")
    del simulator.deliver  # its own again
    waiting = getattr(simulator, "waiting", None)  # Telegram's: they are on their way now
    if waiting is not None:
        waiting.clear()
    return made


async def measure(http: httpx.AsyncClient, webhooks: list[Webhook], per_second: float) -> tuple[list[float], list[int], float]:
    """Milliseconds and status of each, and how late the last one went off."""
    took: list[float] = []
    refused: list[int] = []
    late = 0.0

    async def one(webhook: Webhook, at: float) -> None:
        nonlocal late
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        began = time.perf_counter()
        late = max(late, began - at)
        try:
            response = await http.request(webhook.method, webhook.url, content=webhook.content, headers=dict(webhook.headers))
            status = response.status_code
        except httpx.HTTPError:  # no answer: the provider would come again
            status = 0
        took.append((time.perf_counter() - began) * 1000)
        if not 200 <= status < 300:
            refused.append(status)

    start = time.perf_counter() + 0.2
    await asyncio.gather(*(one(webhook, start + number / per_second) for number, webhook in enumerate(webhooks)))
    return took, refused, late


async def answered(simulator: Simulator, count: int, seconds: float = 240.0) -> float:
    """Waits until so many phones have their answer; returns the seconds that took (infinity if it did not come to be)."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if sum(len(simulator.inbox(phone)) > 0 for phone in simulator.phones) >= count:
            return time.monotonic() - began
        await asyncio.sleep(0.1)
    return float("inf")


async def run(names: list[str], count: int, per_second: float) -> list[dict[str, Any]]:
    """Every provider, one after the other, in one app."""
    results = []
    with tempfile.TemporaryDirectory(prefix="fraga-webhooks-") as folder:
        async with everything(Path(folder), names, reports=("sent", "delivered")) as (app, simulators):
            await app.start()
            while not all(simulator.webhook_url for simulator in simulators.values()):
                await asyncio.sleep(0.05)
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)  # each on a connection of its own
            async with httpx.AsyncClient(timeout=60, limits=limits) as http:
                for place, name in enumerate(names):
                    first = 100_000 * (place + 1) // 4
                    webhooks = await written(simulators[name], name, count + WARM, first)
                    await measure(http, webhooks[:WARM], 20)
                    await answered(simulators[name], WARM)
                    load = load_average()
                    took, refused, late = await measure(http, webhooks[WARM:], per_second)
                    seconds = await answered(simulators[name], count + WARM)
                    result = {"provider": name, "n": len(took), "per_second": per_second, "refused": len(refused), "load": load,
                              "late_ms": round(late * 1000), "all_answered_after_s": round(seconds, 1)}  # fmt: skip
                    for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
                        result |= {label: round(percentile(took, share), 1), f"{label}_ci95": interval(took, share)}
                    results.append(result)
                    print(f"{name:<10} n={result['n']} at {per_second:g}/s  p50 {result['p50']} ms  p95 {result['p95']} ms {result['p95_ci95']}  "
                          f"p99 {result['p99']} ms {result['p99_ci95']}  refused {len(refused)}  all answered {result['all_answered_after_s']} s later; "
                          f"{load}; sent up to {result['late_ms']} ms late", flush=True)  # fmt: skip
    return results


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--per-second", type=float, default=100.0)
    parser.add_argument("--channels", default=",".join(PROVIDERS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.disable(logging.ERROR)
    results = asyncio.run(run(given.channels.split(","), given.count, given.per_second))
    if given.json:
        given.json.write_text(json.dumps({"cores": os.cpu_count(), "results": results}, indent=1))
    return 0 if all(result["p99"] <= BUDGET_MS and not result["refused"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
