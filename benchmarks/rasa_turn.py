"""Milliseconds of a turn through Rasa's REST channel, knowledge service and action server running.

    .venv/bin/python benchmarks/rasa_turn.py [--turns 200] [--rasa-url http://127.0.0.1:5005]

Each conversation has eight turns, as in the service (`app` begins a new episode then). Prints p50 and p95 per kind.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import uuid

import httpx

TURNS = [
    ("response", "hej"),
    ("action", "vad kostar det att slänga saker på tippen?"),
    ("action", "hur söker jag förskoleplats?"),
    ("response", "tack"),
    ("action", "how do I apply for a building permit?"),
    ("action", "blorf gnyx"),
    ("response", "jag vill prata med en människa"),
    ("action", "kiinnostaako tekoäly, eli mitä osaat"),
]


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(url: str, turns: int) -> dict[str, dict[str, float]]:
    """Times the turns, one after the other.

    Args:
        url: Rasa's base address.
        turns: how many, after one conversation to warm up.

    Returns:
        Per kind (`response`: Rasa alone, `action`: with the action server, `all`): n, p50_ms, p95_ms, empty replies.
    """
    times: dict[str, list[float]] = {"all": [], "response": [], "action": []}
    empty = 0
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        sender = ""
        for number in range(-len(TURNS), turns):
            kind, text = TURNS[number % len(TURNS)]
            if number % len(TURNS) == 0:
                sender = uuid.uuid4().hex
            began = time.perf_counter()
            reply = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
            took = (time.perf_counter() - began) * 1000
            if number >= 0:
                empty += not reply.json()
                times["all"].append(took)
                times[kind].append(took)
    figures = {
        kind: {"n": len(seen), "p50_ms": round(quantile(seen, 0.5), 1), "p95_ms": round(quantile(seen, 0.95), 1)}
        for kind, seen in times.items()
    }
    figures["all"]["empty"] = empty
    return figures


def main() -> None:
    """Measures and prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--rasa-url", default=os.environ.get("RASA_URL", "http://127.0.0.1:5005"))
    options = parser.parse_args()
    print(json.dumps(measure(options.rasa_url, options.turns), indent=2))


if __name__ == "__main__":
    main()
