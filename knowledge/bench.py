"""`python -m knowledge bench`: times each backend and the whole analysis on this machine, with n beside every figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.settings import ROOT, Backend, Settings

BACKENDS: tuple[Backend, ...] = ("torch", "onnx", "onnx-q8")
WARM_UP = 10


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile of times, in milliseconds."""
    values = np.array(seconds) * 1000
    return {"p50_ms": round(float(np.median(values)), 1), "p95_ms": round(float(np.quantile(values, 0.95)), 1)}


def resident_mb() -> float:
    """Memory of this process in MB (VmRSS); NaN where the system does not say."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS"):
                return round(int(line.split()[1]) / 1024, 0)
    except OSError:
        pass
    return float("nan")


def questions(settings: Settings, count: int) -> list[str]:
    """Swedish and English phrasings, spread over the articles, as queries."""
    from knowledge.article import load_knowledge_base

    base = load_knowledge_base(settings.articles_dir)
    texts = [
        text for key in sorted(base.articles) for code in ("sv", "en") for text in base.articles[key].questions.get(code, [])
    ]
    return texts[:: max(1, len(texts) // count)][:count]


def answers(settings: Settings, count: int = 120) -> list[str]:
    """Swedish answers, as passages."""
    from knowledge.article import load_knowledge_base

    base = load_knowledge_base(settings.articles_dir)
    return [base.articles[key].answer["sv"] for key in sorted(base.articles) if "sv" in base.articles[key].answer][:count]


def time_backend(settings: Settings, backend: Backend, texts: list[str], passages: list[str]) -> dict[str, Any]:
    """Times one backend in this process.

    Args:
        settings: model and threads.
        backend: which one.
        texts: queries, encoded one at a time.
        passages: answers, encoded in batches.

    Returns:
        Load seconds, p50/p95 per query, passages per second, memory, and `nearest`: per query the number of its nearest
        answer among
        the answers encoded here, by which backends are compared.
    """
    from knowledge.encoder import load_encoder

    started = time.perf_counter()
    encoder = load_encoder(settings, backend)
    loaded = time.perf_counter() - started
    encoder.encode(texts[:WARM_UP])
    seconds, vectors = [], []
    for text in texts:
        started = time.perf_counter()
        vectors.append(encoder.encode([text])[0])
        seconds.append(time.perf_counter() - started)
    started = time.perf_counter()
    encoded = encoder.encode(passages, "passage")
    rate = len(passages) / (time.perf_counter() - started)
    return {
        "n": len(texts),
        "load_s": round(loaded, 1),
        **milliseconds(seconds),
        "passages_per_s": round(rate, 1),
        "rss_mb": resident_mb(),
        "nearest": np.argmax(np.stack(vectors) @ encoded.T, axis=1).tolist(),
    }


def run_bench(settings: Settings, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Times every backend, each in a process of its own so that memory figures are its own, then the analysis and the search.

    Args:
        settings: model and threads.
        count: number of queries.
        say: receives one line per step.
    """
    results: dict[str, Any] = {"threads": settings.encoder_threads, "load_average": round(os.getloadavg()[0], 1), "backends": {}}
    # The same texts for every backend, even if an editor saves an article meanwhile.
    given = json.dumps({"texts": questions(settings, count), "passages": answers(settings)})
    for backend in BACKENDS:
        say(f"bench: {backend}")
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "knowledge.bench", backend],
            input=given,
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"bench of {backend} failed: {done.stderr.strip().splitlines()[-1:]}")
        results["backends"][backend] = json.loads(done.stdout.splitlines()[-1])
    reference = results["backends"]["torch"].pop("nearest")
    for backend in BACKENDS[1:]:
        same = np.mean(np.array(results["backends"][backend].pop("nearest")) == reference)
        results["backends"][backend]["top1_agreement"] = round(float(same), 4)
    say("bench: analysis")
    results["analysis"] = time_analysis(settings, count)
    return results


def time_analysis(settings: Settings, count: int) -> dict[str, Any]:
    """Times `analyse` (language, encoding, names, search) and the search alone on the current index."""
    from knowledge.analysis import Analyst

    analyst = Analyst(settings)
    analyst.warm()
    texts = questions(settings, count)
    whole, alone = [], []
    for text in texts:
        started = time.perf_counter()
        found = analyst.analyse(text)
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
        analyst.searcher.search(found.embedding, text, found.language)
        alone.append(time.perf_counter() - started)
    return {"n": len(texts), **milliseconds(whole), "search": milliseconds(alone), "rss_mb": resident_mb()}


if __name__ == "__main__":
    chosen: Any = sys.argv[1]
    print(json.dumps(time_backend(Settings(), chosen, **json.load(sys.stdin))))
