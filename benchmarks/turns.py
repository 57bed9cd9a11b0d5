"""How long a citizen waits for an answer: ours over the web API, and stock Rasa on the same articles, in one run.

    .venv/bin/python benchmarks/turns.py                 one citizen, then a sustained load; ours and stock Rasa
    .venv/bin/python benchmarks/turns.py --no-stock      ours alone
    .venv/bin/python benchmarks/turns.py --long 10000    also memory over that many turns

Stock Rasa is trained for 10 epochs instead of 100: that changes its accuracy, which is not compared here, and not its time
per turn, which is. Questions are the held-out Swedish ones (never indexed). Stock Rasa has the pipeline and policies that `rasa init` gives plus
ResponseSelector, trained once on the articles' Swedish phrasings and kept under var/benchmarks (some minutes).
Ours runs through its whole way: HTTP, store, masking, safety, knowledge, Rasa, action, rendering. Stock answers on its REST channel,
with its in-memory tracker, and keeps nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).resolve().parent.parent
STOCK = ROOT / "var" / "benchmarks" / "stock-rasa"
STOCK_PORT = 5095
Ask = Callable[[str], Coroutine[Any, Any, None]]

STOCK_CONFIG = """\
recipe: default.v1
assistant_id: stock
language: sv
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: 10
    constrain_similarities: true
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: 10
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - name: UnexpecTEDIntentPolicy
    max_history: 5
    epochs: 10
  - name: TEDPolicy
    max_history: 5
    epochs: 10
    constrain_similarities: true
"""


def questions(limit: int) -> list[str]:
    """Held-out Swedish questions, shuffled with a fixed seed."""
    lines = (ROOT / "knowledge" / "evaluation" / "held_out.jsonl").read_text().splitlines()
    asked = [row["text"] for row in map(json.loads, lines) if row["lang"] == "sv" and row["expected"]]
    random.Random(7).shuffle(asked)
    return (asked * (limit // len(asked) + 1))[:limit]


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(values: list[float], share: float, draws: int = 500) -> tuple[float, float]:
    """95 % bootstrap interval of a percentile."""
    rng = random.Random(1)
    drawn = sorted(percentile(rng.choices(values, k=len(values)), share) for _ in range(draws))
    return drawn[int(0.025 * draws)], drawn[int(0.975 * draws)]


async def one_citizen(name: str, ask: Ask, texts: list[str]) -> dict[str, Any]:
    """Asks one question after the other and prints p50 and p95 with their intervals."""
    for text in texts[:20]:  # warm
        await ask(text)
    took = []
    for text in texts:
        began = time.perf_counter()
        await ask(text)
        took.append((time.perf_counter() - began) * 1000)
    result: dict[str, Any] = {"n": len(took), "mean_ms": round(statistics.mean(took), 1)}
    for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        low, high = interval(took, share)
        result[label + "_ms"] = round(percentile(took, share), 1)
        result[label + "_ci95"] = [round(low, 1), round(high, 1)]
    print(
        f"{name:<12} one citizen  n={len(took)}  p50 {result['p50_ms']} ms {result['p50_ci95']}  p95 {result['p95_ms']} ms {result['p95_ci95']}"
    )
    return result


async def sustained(name: str, ask: Ask, texts: list[str], citizens: int, seconds: float) -> dict[str, Any]:
    """`citizens` ask without pause for `seconds`; prints turns a second, p95 and errors."""
    took: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def citizen(number: int) -> None:
        nonlocal errors
        index = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                await ask(texts[index % len(texts)])
                took.append((time.perf_counter() - began) * 1000)
            except (httpx.HTTPError, AssertionError):
                errors += 1
            index += citizens

    began = time.perf_counter()
    await asyncio.gather(*(citizen(number) for number in range(citizens)))
    rate = len(took) / (time.perf_counter() - began)
    result = {
        "citizens": citizens,
        "turns": len(took),
        "turns_per_second": round(rate, 1),
        "p95_ms": round(percentile(took, 0.95), 1),
        "errors": errors,
    }
    print(f"{name:<12} {citizens} citizens   n={len(took)}  {rate:.1f} turns/s  p95 {result['p95_ms']} ms  errors {errors}")
    return result


def our_ask(http: httpx.AsyncClient, base: str) -> Ask:
    """A whole turn over `/chat/v1`. A new conversation every 8 turns, opened outside what is timed for most of them."""
    state: dict[int, tuple[str, int]] = {}

    async def ask(text: str) -> None:
        task = id(asyncio.current_task())
        token, turns = state.get(task, ("", 8))
        if turns >= 8:
            opened = await http.post(f"{base}/chat/v1/conversations", json={})
            token, turns = opened.json()["token"], 0
        state[task] = (token, turns + 1)
        body = {"client_message_id": str(uuid.uuid4()), "text": text}
        response = await http.post(f"{base}/chat/v1/messages?wait=20", json=body, headers={"Authorization": f"Bearer {token}"})
        response.raise_for_status()
        result = response.json()
        assert result["done"] and result["messages"], result

    return ask


def stock_ask(http: httpx.AsyncClient, base: str) -> Ask:
    """A turn on stock Rasa's REST channel, a new sender every 8 turns."""
    state: dict[int, tuple[str, int]] = {}

    async def ask(text: str) -> None:
        task = id(asyncio.current_task())
        sender, turns = state.get(task, ("", 8))
        if turns >= 8:
            sender, turns = uuid.uuid4().hex, 0
        state[task] = (sender, turns + 1)
        response = await http.post(f"{base}/webhooks/rest/webhook", json={"sender": sender, "message": text})
        response.raise_for_status()
        response.json()

    return ask


def train_stock() -> None:
    """Writes the stock project from our articles and trains it once; later runs use the kept model."""
    if (STOCK / "models" / "stock.tar.gz").exists():
        return
    STOCK.mkdir(parents=True, exist_ok=True)
    articles = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "knowledge" / "articles").glob("*/*.yml"))]
    listed = lambda rows: "".join(f"- {row}\n" for row in rows)  # noqa: E731
    nlu = [{"intent": f"faq/{a['id']}", "examples": listed(a["questions"]["sv"])} for a in articles]
    nlu += [
        {"intent": "greet", "examples": listed(["hej", "hejsan", "god morgon", "hallå", "tjena"])},
        {"intent": "goodbye", "examples": listed(["hej då", "adjö", "vi ses", "ha det bra"])},
    ]
    responses = {f"utter_faq/{a['id']}": [{"text": a["answer"]["sv"]}] for a in articles}
    responses |= {
        "utter_greet": [{"text": "Hej!"}],
        "utter_goodbye": [{"text": "Hej då!"}],
        "utter_please_rephrase": [{"text": "Kan du skriva om?"}],
    }
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]} for intent in ("faq", "greet", "goodbye")
    ] + [{"rule": "fallback", "steps": [{"intent": "nlu_fallback"}, {"action": "utter_please_rephrase"}]}]
    stories = [
        {"story": f"s{i}", "steps": [{"intent": x}, {"action": f"utter_{x}"}, {"intent": y}, {"action": f"utter_{y}"}]}
        for i, (x, y) in enumerate([("greet", "faq"), ("faq", "goodbye"), ("faq", "faq")])
    ]
    domain = {"version": "3.1", "intents": ["faq", "greet", "goodbye"], "responses": responses}
    (STOCK / "data").mkdir(exist_ok=True)
    dump: Callable[[Any], str] = lambda data: yaml.safe_dump(data, allow_unicode=True, sort_keys=False)  # noqa: E731
    (STOCK / "config.yml").write_text(STOCK_CONFIG)
    (STOCK / "domain.yml").write_text(dump(domain))
    (STOCK / "endpoints.yml").write_text("")
    (STOCK / "credentials.yml").write_text("rest:\n")
    (STOCK / "data" / "nlu.yml").write_text(dump({"version": "3.1", "nlu": nlu}))
    (STOCK / "data" / "rules.yml").write_text(dump({"version": "3.1", "rules": rules, "stories": stories}))
    print("training stock Rasa (once; some minutes) …", flush=True)
    with (STOCK / "train.log").open("wb") as log:
        subprocess.run([str(ROOT / ".venv-rasa/bin/python"), "-m", "rasa", "train", "--fixed-model-name", "stock"], cwd=STOCK,
                       stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"}, check=True)  # fmt: skip


async def wait_for(http: httpx.AsyncClient, url: str, seconds: float) -> float:
    """Seconds until the address answers 200."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        try:
            if (await http.get(url)).status_code == 200:
                return time.perf_counter() - began
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.3)
    raise SystemExit(f"{url} does not answer after {seconds:.0f} s")


def resident_mb(pattern: str) -> float:
    """Resident memory of the processes whose command line contains the pattern, in MB."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if pattern in (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                    rss = next(line for line in (entry / "status").read_text().splitlines() if line.startswith("VmRSS"))
                    total += int(rss.split()[1])
            except (OSError, StopIteration):
                continue
    return total / 1024


async def long_run(ask: Ask, texts: list[str], turns: int) -> dict[str, Any]:
    """Memory over many turns, with its slope from the second half on."""
    parts = {"app": "bot.serve", "knowledge": "knowledge serve", "rasa": "rasa run", "actions": "-m actions"}
    samples: list[dict[str, float]] = []
    step = max(1, turns // 10)
    for done in range(0, turns + 1, step):
        samples.append({name: round(resident_mb(pattern), 1) for name, pattern in parts.items()})
        print(f"memory after {done} turns: {samples[-1]}", flush=True)
        if done < turns:
            await asyncio.gather(*(_several(ask, texts, number, step // 4) for number in range(4)))
    half = len(samples) // 2
    slope = {
        name: round((samples[-1][name] - samples[half][name]) / ((len(samples) - 1 - half) * step) * 1000, 2) for name in parts
    }
    print(f"slope over the second half, MB per 1000 turns: {slope}")
    return {"turns": turns, "samples_mb": samples, "slope_mb_per_1000_turns": slope}


async def _several(ask: Ask, texts: list[str], start: int, count: int) -> None:
    for index in range(count):
        await ask(texts[(start * 97 + index) % len(texts)])


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs ours, then stock, one after the other so that neither disturbs the other."""
    texts = questions(arguments.n)
    report: dict[str, Any] = {}
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=100)) as http:
        base = arguments.url
        ours: subprocess.Popen[bytes] | None = None
        try:
            if (await _status(http, f"{base}/readyz")) != 200:
                ours = subprocess.Popen([sys.executable, "-m", "bot.supervisor"], cwd=ROOT, stdout=subprocess.DEVNULL)
                await wait_for(http, f"{base}/readyz", 120)
                while not (await http.get(f"{base}/readyz")).json()["complete"]:
                    await asyncio.sleep(0.3)
            report["ours"] = await one_citizen("ours", our_ask(http, base), texts)
            report["ours_sustained"] = await sustained("ours", our_ask(http, base), texts, arguments.citizens, arguments.seconds)
            if arguments.long:
                report["ours_memory"] = await long_run(our_ask(http, base), texts, arguments.long)
        finally:
            if ours is not None:
                ours.terminate()
                ours.wait(30)
        if arguments.stock:
            train_stock()
            command = [
                str(ROOT / ".venv-rasa/bin/python"),
                "-m",
                "rasa",
                "run",
                "-m",
                "models/stock.tar.gz",
                "-i",
                "127.0.0.1",
                "-p",
                str(STOCK_PORT),
            ]
            env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
            with (STOCK / "run.log").open("wb") as log:
                stock = subprocess.Popen(command, cwd=STOCK, stdout=log, stderr=subprocess.STDOUT, env=env)
            try:
                peer = f"http://127.0.0.1:{STOCK_PORT}"
                report["stock_start_seconds"] = round(await wait_for(http, f"{peer}/", 300), 1)
                report["stock"] = await one_citizen("stock Rasa", stock_ask(http, peer), texts)
                report["stock_sustained"] = await sustained(
                    "stock Rasa", stock_ask(http, peer), texts, arguments.citizens, arguments.seconds
                )
            finally:
                stock.terminate()
                stock.wait(30)
            faster = report["stock"]["p50_ms"] / report["ours"]["p50_ms"]
            report["times_faster_p50"] = round(faster, 2)
            print(f"ours is {faster:.2f} times as fast at p50 (goal: at least 1.6)")
    return report


async def _status(http: httpx.AsyncClient, url: str) -> int:
    try:
        return (await http.get(url)).status_code
    except httpx.HTTPError:
        return 0


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="a running app; started when it does not answer")
    parser.add_argument("--n", type=int, default=400, help="questions for one citizen")
    parser.add_argument("--citizens", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--long", type=int, default=0, help="measure memory over this many turns")
    parser.add_argument("--no-stock", dest="stock", action="store_false")
    arguments = parser.parse_args()
    report = asyncio.run(measure(arguments))
    out = ROOT / "benchmarks" / "results" / "turns.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2))
    print(f"written: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
