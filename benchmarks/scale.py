"""Search at 10 000, 100 000 and 1 000 000 vectors, and the seconds from an editor's change to the new answer.

    .venv/bin/python benchmarks/scale.py                      every size, then the edits
    .venv/bin/python benchmarks/scale.py --sizes 10000        one size
    .venv/bin/python benchmarks/scale.py --sizes 1000000 --try "nprobe=512" "nprobe=1024"

We have 21 000 phrasings. **The larger sizes are synthetic**: whole articles are copied, and every copied vector is moved by the
difference of two other phrasings' vectors, scaled so that a copy is as far from its original as a phrasing is from its nearest
neighbour in the median. Words and letters of a copy are the original's, so every word is as many times more common. Questions are
real: `held_out.jsonl`. With --try, search parameters are compared on `tune.jsonl`, the first with a recall of 0.985 is taken, and the
figures are again of `held_out.jsonl`.

One thread, one question at a time, index memory-mapped. Times are given by the clock and, in brackets, of the processor: on a machine
that others use too, the clock's 95th percentile is their doing. "FAISS" is the nearest `retrieve` phrasings; "search" is all that
`Searcher` does after encoding. Recall@10 is the share of the ten exactly nearest phrasings among FAISS's first ten.
Each size runs in a process of its own, so that memory is its own. Results also go to var/benchmarks/scale.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy import sparse

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from knowledge.commands import quiet_libraries  # noqa: E402

quiet_libraries()

from knowledge.calibration import Calibration  # noqa: E402
from knowledge.choice import Choice  # noqa: E402
from knowledge.encoder import load_encoder  # noqa: E402
from knowledge.index import Floats, Index, VectorCache, centre, load_index  # noqa: E402
from knowledge.index.nearest import read_faiss, write_faiss  # noqa: E402
from knowledge.letters import LetterIndex  # noqa: E402
from knowledge.lexical import LexicalIndex  # noqa: E402
from knowledge.search import Searcher  # noqa: E402
from knowledge.settings import ROOM, Settings, today  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
BLOCK = 65_536
SEED = 7
RESAMPLES = 2000
ENOUGH = 0.985  # recall@10 on the tuning questions: what is promised is 0.98
Question = tuple[str, str, Floats]  # text, language, vector as encoded


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def questions(settings: Settings, name: str, count: int) -> list[Question]:
    """Questions of an evaluation file, spread over it; their vectors are kept for the next run."""
    lines = (ROOM / "evaluation" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rows = rows[:: max(1, len(rows) // count)][:count]
    cache = VectorCache(settings.var_dir / "benchmarks" / f"questions-{settings.encoder_slug}", settings.encoder_name)
    vectors = cache.vectors(functools.cache(lambda: load_encoder(settings)), [row["text"] for row in rows], "query")
    return [(row["text"], row["lang"], vector) for row, vector in zip(rows, vectors, strict=True)]


def spread(vectors: Floats) -> float:
    """How far copies are moved: the factor of a difference of two vectors at which a copy's cosine to its original is the median
    of a phrasing's cosine to its nearest other."""
    dice = np.random.default_rng(SEED)
    rows = dice.choice(len(vectors), min(1000, len(vectors)), replace=False)
    cosines = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -1.0
    median = float(np.median(cosines.max(axis=1)))
    apart = float(np.median(np.linalg.norm(vectors[rows] - vectors[dice.permutation(rows)], axis=1)))
    return float(np.sqrt(1.0 / median**2 - 1.0)) / apart


def jittered(vectors: Floats, count: int, factor: float, file: Path) -> Floats:
    """The vectors, then moved copies of them in the same order, until there are `count`; written to a file and mapped."""
    dice = np.random.default_rng(SEED)
    written = np.lib.format.open_memmap(file, "w+", np.float32, (count, vectors.shape[1]))
    for start in range(0, count, BLOCK):
        rows = np.arange(start, min(start + BLOCK, count))
        block = vectors[rows % len(vectors)]
        copies = rows >= len(vectors)
        one, other = dice.integers(len(vectors), size=(2, int(copies.sum())))
        moved = block[copies] + factor * (vectors[one] - vectors[other])
        block[copies] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
        written[rows[0] : rows[-1] + 1] = block
    return written


def enlarged(index: Index, size: int, folder: Path) -> tuple[Index, float]:
    """The index with articles left out or copied until it has about `size` phrasings; its FAISS index is still the old one.

    Returns:
        The index, and the cosine between a copy and its original in the median.
    """
    copies = -(-size // len(index.phrasings))
    number = np.tile(index.phrasing_article, copies) + np.repeat(np.arange(copies), len(index.phrasings)) * len(index.article_ids)
    articles = int(number[min(size, len(number)) - 1]) + 1
    phrasings = int((number < articles).sum())
    names = [f"{key}~{copy}" if copy else key for copy in range(copies) for key in index.article_ids][:articles]
    own = np.asarray(index.phrasing_vectors)
    factor = spread(own)
    vectors = jittered(own, phrasings, factor, folder / "phrasings.npy")
    answer_number = np.tile(index.answer_article, copies) + np.repeat(np.arange(copies), len(index.answers)) * len(
        index.article_ids
    )
    answers = int((answer_number < articles).sum())
    jittered(np.asarray(index.answer_vectors), answers, factor, folder / "answers.npy")
    base = dataclasses.replace(
        index.knowledge_base, articles={name: index.knowledge_base.articles[name.split("~")[0]] for name in names}
    )
    near = min(len(own), phrasings - len(own))
    cosine = float(np.median((vectors[len(own) : len(own) + near] * own[:near]).sum(axis=1))) if near > 0 else 1.0
    grown = dataclasses.replace(
        index,
        phrasings=(index.phrasings * copies)[:phrasings],
        answers=(index.answers * copies)[:answers],
        phrasing_vectors=np.load(folder / "phrasings.npy", mmap_mode="r"),
        answer_vectors=np.load(folder / "answers.npy", mmap_mode="r"),
        article_ids=names,
        phrasing_article=number[:phrasings].astype(np.int32),
        answer_article=answer_number[:answers].astype(np.int32),
        lexical=_copied_words(index.lexical, copies, articles),
        letters=LetterIndex(sparse.vstack([index.letters.counts] * copies, format="csr")[:phrasings]),
        choice=_copied_choice(index, copies, articles),
        knowledge_base=base,
    )
    return grown, cosine


def _copied_words(lexical: LexicalIndex, copies: int, articles: int) -> LexicalIndex:
    rows = np.tile(np.repeat(np.arange(len(lexical.terms)), np.diff(lexical.starts)), copies)
    number = (lexical.articles[None, :] + (np.arange(copies) * lexical.count)[:, None]).ravel()
    kept = np.flatnonzero(number < articles)
    order = kept[np.argsort(rows[kept] * articles + number[kept], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(lexical.terms)))])
    counts = np.tile(lexical.counts, copies)[order]
    return LexicalIndex(lexical.terms, starts.astype(np.int64), number[order].astype(np.int32), counts, articles)


def _copied_choice(index: Index, copies: int, articles: int) -> Choice | None:
    if index.choice is None:
        return None
    own = len(index.article_ids)
    weights = np.concatenate([np.tile(index.choice.weights[:own], (copies, 1))[:articles], index.choice.weights[own:]])
    bias = np.concatenate([np.tile(index.choice.bias[:own], copies)[:articles], index.choice.bias[own:]])
    return Choice(weights, bias)


def exactly(vectors: Floats, queries: Floats, count: int = 10) -> np.ndarray[Any, Any]:
    """Rows of the nearest vectors, by comparing all of them, shape (m, count)."""
    best = np.full((len(queries), count), -2.0, np.float32)
    rows = np.full((len(queries), count), -1, np.int64)
    for start in range(0, len(vectors), BLOCK):
        scores = queries @ np.asarray(vectors[start : start + BLOCK]).T
        near = np.argpartition(-scores, count, axis=1)[:, :count]
        both = np.concatenate([best, np.take_along_axis(scores, near, axis=1)], axis=1)
        both_rows = np.concatenate([rows, near + start], axis=1)
        order = np.argsort(-both, axis=1)[:, :count]
        best, rows = np.take_along_axis(both, order, axis=1), np.take_along_axis(both_rows, order, axis=1)
    return rows


def timed(act: Callable[[Question], Any], asked: list[Question]) -> tuple[dict[str, float], list[Any]]:
    """Times of one question at a time, by the clock and of the processor, and what came back."""
    for question in asked[:20]:
        act(question)
    clock, processor, results = [], [], []
    for question in asked:
        started, busy = time.perf_counter(), time.thread_time()
        results.append(act(question))
        clock.append(time.perf_counter() - started)
        processor.append(time.thread_time() - busy)
    times = {"": np.array(clock) * 1000, "cpu_": np.array(processor) * 1000}
    return {
        f"{kind}p{share}_ms": round(float(np.quantile(values, share / 100)), 2)
        for kind, values in times.items()
        for share in (50, 95)
    }, results


def recall(found: list[Any], exact: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Mean recall with its 95 % interval, from resampled questions."""
    each = np.array(
        [len(set(own[: exact.shape[1]]) & set(right)) / len(right) for own, right in zip(found, exact.tolist(), strict=True)]
    )
    means = np.random.default_rng(SEED).choice(each, (RESAMPLES, len(each))).mean(axis=1)
    return {
        "n": len(each),
        "recall": round(float(each.mean()), 4),
        "ci95": [round(float(q), 4) for q in np.quantile(means, (0.025, 0.975))],
    }


def memory() -> dict[str, float]:
    """Memory of this process in MB: its own, and of mapped files what is resident."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if ":" in line
    )
    return {name: round(int(fields[key].split()[0]) / 1024) for name, key in (("own", "RssAnon"), ("mapped", "RssFile"))}


class NearestRows:
    """Asks one FAISS index, and knows what it should answer.

    Args:
        index: with its FAISS index.
        asked: the questions.
        settings: centring, and how many to fetch.
    """

    def __init__(self, index: Index, asked: list[Question], settings: Settings) -> None:
        means = [index.means.get(language, index.means["_overall"]) for _, language, _ in asked]
        self.queries = centre(np.stack([vector for _, _, vector in asked]), np.stack(means), settings.tuning.centring)
        self.row_of = {id(question): row for row, question in enumerate(asked)}
        self._asked, self._faiss, self._count = asked, index.faiss_index, settings.tuning.retrieve
        self._exact = exactly(index.phrasing_vectors, self.queries)

    def query(self, question: Question) -> Floats:
        """The question's centred vector, shape (d,)."""
        return np.asarray(self.queries[self.row_of[id(question)]])

    def figures(self) -> dict[str, Any]:
        """Times and recall."""
        times, found = timed(
            lambda asked: self._faiss.search(self.query(asked)[None, :], self._count)[1][0].tolist(), self._asked
        )
        return times | {"recall_at_10": recall(found, self._exact)}


def best_of(tries: list[str], index: Index, tuning_questions: list[Question], settings: Settings) -> str:
    """The first parameters that are good enough on the tuning questions; they are set when this returns."""
    import faiss

    near, parameter_space = NearestRows(index, tuning_questions, settings), faiss.ParameterSpace()
    parameters = ""
    for parameters in tries:
        cast(Any, parameter_space).set_index_parameters(index.faiss_index, parameters)
        figures = near.figures()
        say(f"scale: tune: {parameters}: {json.dumps(figures)}")
        if figures["recall_at_10"]["recall"] >= ENOUGH:
            break
    return parameters


def measure(settings: Settings, size: int, asked: list[Question], tries: list[str], whole: bool) -> dict[str, Any]:
    """Everything about one size, in this process."""
    tuning = settings.tuning
    with tempfile.TemporaryDirectory(dir=settings.var_dir / "benchmarks") as name:
        folder = Path(name)
        index, cosine = enlarged(load_index(settings), size, folder)
        count = len(index.phrasings)
        kind = tuning.faiss_kind(size)
        say(f"scale: {count} vectors of {len(index.article_ids)} articles; making {kind.factory}")
        started, busy = time.perf_counter(), time.process_time()
        write_faiss(folder, index.phrasing_vectors, np.arange(count, dtype=np.uint64), kind, None)
        result: dict[str, Any] = {
            "vectors": count, "articles": len(index.article_ids), "copy_cosine": round(cosine, 3), "kind": kind.model_dump(),
            "build_s": round(time.perf_counter() - started, 1), "build_cpu_s": round(time.process_time() - busy, 1),
            "file_mb": round((folder / "phrasings.faiss").stat().st_size / 1e6, 1),
        }  # fmt: skip
        say(f"scale: made in {result['build_s']} s ({result['build_cpu_s']} s of CPU)")
        started = time.perf_counter()
        index = dataclasses.replace(index, faiss_index=read_faiss(folder, index.phrasing_vectors))
        result["load_ms"] = round((time.perf_counter() - started) * 1000, 1)
        if tries:
            result["kind"]["search"] = best_of(tries, index, questions(settings, "tune", len(asked)), settings)
        near = NearestRows(index, asked, settings)
        result["faiss"] = near.figures()
        say(f"scale: {result['kind']['search'] or 'exact'}: {json.dumps(result['faiss'])}")
        result["memory_mb"] = memory()
        if whole:
            searcher = Searcher(index, tuning, Calibration.load())
            result["search"], _ = timed(lambda question: searcher.search(question[2], question[0], question[1]), asked)
            result["parts"] = parts_of_search(index, asked, near)
            result["memory_mb_whole"] = memory()
        result["load_average"] = round(os.getloadavg()[0], 1)
        return result


def parts_of_search(index: Index, asked: list[Question], near: NearestRows) -> dict[str, Any]:
    """Where the time of a search goes besides FAISS."""
    answers = np.asarray(index.answer_vectors)
    acts: dict[str, Callable[[Question], Any]] = {
        "answers": lambda question: answers @ near.query(question),
        "words": lambda question: index.lexical.scores(question[0], question[1]),
        "letters": lambda question: index.letters.similarities(question[0]),
    }
    if (choice := index.choice) is not None:
        acts["choice"] = lambda question: choice.log_probabilities(near.query(question))
    return {name: timed(act, asked)[0] for name, act in acts.items()}


def edits(settings: Settings, count: int) -> dict[str, Any]:
    """Seconds from a changed file to the answer that knows it, in one process, on a copy of the articles."""
    from knowledge.analysis import Analyst

    with tempfile.TemporaryDirectory() as name:
        room, var = Path(name) / "knowledge", Path(name) / "var"
        shutil.copytree(settings.articles_dir, room / "articles")
        for table in ("departments.yml", "phones.yml"):
            shutil.copy(settings.articles_dir.parent / table, room / table)
        shutil.copytree(settings.index_dir, var / "index")
        (var / "encoder").symlink_to(settings.var_dir / "encoder")
        analyst = Analyst(settings.model_copy(update={"var_dir": var, "articles_dir": room / "articles"}))
        analyst.warm()
        paths = sorted((room / "articles").glob("*/*.yml"))
        new, final = [], []
        for number in range(count):
            path = paths[number * 37 % len(paths)]
            question = f"Hur fungerar det med zwirbel nummer {number}?"
            before = path.read_text(encoding="utf-8")
            path.write_text(before.replace("questions:\n  sv:\n", f"questions:\n  sv:\n    - {question}\n", 1), encoding="utf-8")
            started = time.perf_counter()
            analyst.reload(today())
            found = analyst.analyse(question, "sv").candidates[0]
            new.append(time.perf_counter() - started)
            assert (found.article_id, found.matched) == (path.stem, question), found
            analyst.settled()
            final.append(time.perf_counter() - started)
            path.write_text(before, encoding="utf-8")  # or the next one's phrasing would compete with it
            analyst.reload(today())
            analyst.settled()
    return {
        "n": count,
        "new_answer_s": {"first": round(new[0], 2), "median": round(float(np.median(new)), 2), "max": round(max(new), 2)},
        "settled_s": {"median": round(float(np.median(final)), 2), "max": round(max(final), 2)},
        "load_average": round(os.getloadavg()[0], 1),
    }


def as_table(sizes: list[dict[str, Any]]) -> str:
    lines = [
        "| vectors | kind | build, s (CPU) | file, MB | FAISS p50 / p95, ms (CPU) | recall@10 | search p50 / p95, ms (CPU) | own memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sizes:
        near, right = row["faiss"], row["faiss"]["recall_at_10"]
        search = _pair(row["search"]) if "search" in row else "–"
        lines.append(
            f"| {row['vectors']} | `{row['kind']['factory']}` {row['kind']['search']} | {row['build_s']} ({row['build_cpu_s']}) "
            f"| {row['file_mb']} | {_pair(near)} | {right['recall']} [{right['ci95'][0]}–{right['ci95'][1]}], "
            f"n {right['n']} | {search} | {row['memory_mb']['own']} |"
        )
    return "\n".join(lines)


def _pair(times: dict[str, float]) -> str:
    return f"{times['p50_ms']} / {times['p95_ms']} ({times['cpu_p50_ms']} / {times['cpu_p95_ms']})"


def main() -> int:
    """Runs every size in a process of its own, then the edits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--count", type=int, default=500, help="questions")
    parser.add_argument("--edits", type=int, default=12)
    parser.add_argument("--try", dest="tries", nargs="*", default=[], help="search parameters, one set after the other")
    parser.add_argument("--faiss-only", action="store_true", help="not the whole search")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    settings = Settings()
    results = settings.var_dir / "benchmarks"
    results.mkdir(parents=True, exist_ok=True)
    if options.one:
        asked = questions(settings, "held_out", options.count)
        print(json.dumps(measure(settings, options.one, asked, options.tries, not options.faiss_only)))
        return 0
    sizes = []
    for size in options.sizes:
        own = [sys.executable, __file__, "--one", str(size), "--count", str(options.count)]
        own += (["--faiss-only"] if options.faiss_only else []) + (["--try", *options.tries] if options.tries else [])
        done = subprocess.run(own, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
        sizes.append(json.loads(done.stdout.splitlines()[-1]))
    figures: dict[str, Any] = {"sizes": sizes}
    if options.edits:
        figures["edits"] = edits(settings, options.edits)
    (results / "scale.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(as_table(sizes))
    print(json.dumps(figures.get("edits", {})))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
