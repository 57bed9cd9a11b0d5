"""Stock Rasa for `retrieval.py`: runs in Rasa's environment (.venv-rasa, Python 3.10), started by it with a job file.

    .venv-rasa/bin/python benchmarks/retrieval_rasa.py train|ask JOB.json

`train` writes one model per language; `ask` loads them one after the other and parses each question alone, in this process: no HTTP.
Confidence is the probability of the intent `faq` times that of the response.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

import yaml

OUTSIDE = "out_of_scope"
WARM_UP = 10


def write_project(folder: Path, config: dict[str, Any], texts: list[dict[str, str]]) -> None:
    """A Rasa project whose retrieval intent `faq/<article>` has the texts; those of no article are the intent `out_of_scope`."""
    examples: dict[str, list[str]] = {}
    for item in texts:
        # Brackets, braces and a leading slash are Rasa's own marks in training data.
        text = " ".join(item["text"].translate(str.maketrans("[](){}", "      ")).split()).lstrip("/")
        intent = OUTSIDE if "/" in item["article"] else f"faq/{item['article']}"
        examples.setdefault(intent, []).append(text)
    nlu = [{"intent": name, "examples": "".join(f"- {row}\n" for row in rows)} for name, rows in examples.items()]
    retrieval = [name for name in examples if name != OUTSIDE]
    domain = {
        "version": "3.1",
        "intents": ["faq", *([OUTSIDE] if OUTSIDE in examples else [])],
        "responses": {f"utter_{name}": [{"text": name}] for name in retrieval},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (("config.yml", config), ("domain.yml", domain), ("nlu.yml", {"version": "3.1", "nlu": nlu})):
        (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")


def train(job: dict[str, Any]) -> None:
    """Trains every language's model that is not there yet, and notes the seconds beside it."""
    from rasa.model_training import train_nlu

    for language, name in job["models"].items():
        model = Path(name)
        if model.exists():
            continue
        folder = model.parent
        kept = [item for item in job["texts"] if item["language"] == language and item["kind"] != "answer"]
        write_project(folder, {**job["config"], "language": language}, kept)
        began = time.perf_counter()
        made = train_nlu(
            config=str(folder / "config.yml"),
            nlu_data=str(folder / "nlu.yml"),
            output=str(folder),
            domain=str(folder / "domain.yml"),
            fixed_model_name="unfinished",
        )
        if made is None:
            raise SystemExit(f"Rasa: no model of {language}")
        Path(made).replace(model)
        print(f"Rasa: {language}, {len(kept)} texts, trained in {time.perf_counter() - began:.0f} s", flush=True)


async def ask(job: dict[str, Any]) -> list[dict[str, Any] | None]:
    """Parses each question with its language's model; None where there is no model of its language."""
    from rasa.core.agent import Agent

    found: dict[int, dict[str, Any]] = {}
    for language, model in job["models"].items():
        asked = [(place, row["text"]) for place, row in enumerate(job["questions"]) if row["language"] == language]
        agent = Agent.load(model)
        for _, text in asked[:WARM_UP]:
            await agent.parse_message(text)
        for place, text in asked:
            began = time.perf_counter()
            parsed = await agent.parse_message(text)
            found[place] = {**best_of(parsed), "ms": round((time.perf_counter() - began) * 1000, 3)}
    return [found.get(place) for place in range(len(job["questions"]))]


def best_of(parsed: dict[str, Any]) -> dict[str, Any]:
    """The first response of a parse."""
    intents = {row["name"]: float(row["confidence"]) for row in parsed.get("intent_ranking", [])}
    rows = parsed.get("response_selector", {}).get("default", {}).get("ranking", [])
    if not rows:
        return {"article": None, "confidence": 0.0, "outside": False}
    confidence = intents.get("faq", 0.0) * float(rows[0]["confidence"])
    return {"article": rows[0]["intent_response_key"].split("/", 1)[1], "confidence": confidence, "outside": False}


def main() -> None:
    """Does what the job file says."""
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.ERROR)  # unconfigured it writes a line per message, which takes time
    command, path = sys.argv[1], Path(sys.argv[2])
    job = json.loads(path.read_text(encoding="utf-8"))
    if command == "train":
        train(job)
        return
    answers = asyncio.run(ask(job))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(job["out"]).write_text(json.dumps({"answers": answers, "peak_mb": round(peak)}), encoding="utf-8")


if __name__ == "__main__":
    main()
