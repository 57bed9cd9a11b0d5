"""Which article belongs to the question: ours beside stock Rasa, BM25, nlp.js and the plain encoder, on the same texts and questions.

    .venv/bin/python benchmarks/retrieval.py                        all systems; a peer's kept answers are used while texts and questions are the same
    .venv/bin/python benchmarks/retrieval.py --systems ours         ours anew, the others as they were last asked (a minute or two)
    .venv/bin/python benchmarks/retrieval.py --page docs/benchmarks.md   also renews the tables of that page

* ours: the knowledge service's whole analysis on the built index. It finds the language itself; all others are told it.
* rasa: Rasa 3.6 with `rasa init`'s pipeline and ResponseSelector, retrieval intent `faq/<article>`, a model per language. Swedish
  alone unless --rasa-languages names more: each is trained once, Swedish for about 20 minutes of CPU.
* bm25: Okapi BM25 over our stems; documents are whole articles or single texts, the better of the two on the questions below.
* nlpjs: nlp.js (npm `node-nlp`), one manager with a classifier per language.
* encoder: the sentence encoder as its makers trained it, nearest phrasing or title by cosine.

All get the same texts, the questions that are not the city's too: as an intent of their own, or as texts that beat an article's. Equal coverage: each
peer's confidence threshold is set, in each group of questions, so that it answers as many in-scope questions as ours does at its own threshold: the
peer's is chosen on the questions reported, ours on tune.jsonl. Everything made is kept in var/bench/retrieval; nlp.js and Rasa train at their first run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import retrieval_figures as figures  # noqa: E402
from benchmarks.retrieval_systems import Question, Text, digest, questions_of, texts_of  # noqa: E402
from benchmarks.turns import STOCK_CONFIG, percentile  # noqa: E402
from knowledge.settings import ROOM, Settings  # noqa: E402

SYSTEMS = ("ours", "rasa", "bm25-article", "bm25-phrasing", "nlpjs", "encoder")
VARIANTS = {"bm25": ("bm25-article", "bm25-phrasing")}
NLPJS = "node-nlp@4.27.0"
# `rasa init` writes 100 for both; Swedish alone would then train for some three hours on two cores. DIET only tells the city's questions from others here.
RASA_EPOCHS = {"DIETClassifier": 5, "ResponseSelector": 20}
Result = dict[str, Any]


class SkippedError(RuntimeError):
    """A system that can't run here; the message says why in one line."""


class Bench:
    """Runs systems and keeps what they answered.

    Args:
        folder: for models, vectors and answers.
        texts: what every system gets.
        questions: what every system is asked.
        rasa_languages: those that stock Rasa is trained and asked in.
    """

    def __init__(
        self, folder: Path, texts: Sequence[Text], questions: Sequence[Question], rasa_languages: Sequence[str] = ("sv",)
    ) -> None:
        self._folder = folder
        self._rasa_languages = rasa_languages
        self._job: dict[str, Any] = {"texts": texts, "questions": questions}
        self._digests = {"texts": digest(texts), "questions": digest(questions)}
        folder.mkdir(parents=True, exist_ok=True)

    def kept(self, name: str) -> Result | None:
        """The system's last answers, if the questions are still the same; `current` says whether the texts are too."""
        file = self._folder / f"{name}.json"
        result: Result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if result.get("questions") != self._digests["questions"]:
            return None
        return {**result, "current": result["texts"] == self._digests["texts"]}

    def run(self, name: str) -> Result:
        """Asks a system everything, in a process of its own, training it first where that has not been done.

        Raises:
            SkippedError: the system can't run here.
        """
        began = time.perf_counter()
        commands, details = self._commands(name)
        out = self._folder / f"{name}.answers.json"
        job = self._folder / f"{name}.job.json"
        job.write_text(json.dumps(self._job | details | {"out": str(out)}), encoding="utf-8")
        with (self._folder / f"{name}.log").open("wb") as log:
            for command in commands:
                if subprocess.run([*command, str(job)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT).returncode:
                    raise SkippedError(f"{name}: {command[-1]} failed; see {log.name}")
        result: Result = {**json.loads(out.read_text(encoding="utf-8")), **self._digests}
        result |= {"date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}Z", "load_average": round(os.getloadavg()[0], 1)}
        (self._folder / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")
        for file in (out, job):
            file.unlink()
        print(f"{name}: asked, {time.perf_counter() - began:.0f} s with its preparation", file=sys.stderr, flush=True)
        return result | {"current": True}

    def _commands(self, name: str) -> tuple[list[list[str]], dict[str, Any]]:
        """The commands that prepare and ask a system, and what its job says beyond texts and questions."""
        if name == "rasa":
            return self._rasa()
        if name == "nlpjs":
            return self._nlpjs()
        script = [sys.executable, "benchmarks/retrieval_systems.py"]
        return [[*script, step] for step in (["prepare-encoder"] if name == "encoder" else []) + [name]], {}

    def _rasa(self) -> tuple[list[list[str]], dict[str, Any]]:
        python = ROOT / ".venv-rasa" / "bin" / "python"
        if not python.exists():
            raise SkippedError("rasa: there is no .venv-rasa; run: make setup")
        config = {part: value for part, value in yaml.safe_load(STOCK_CONFIG).items() if part != "policies"}
        for component in config["pipeline"]:
            if component["name"] in RASA_EPOCHS:
                component["epochs"] = RASA_EPOCHS[component["name"]]
        models = {}
        for code in self._rasa_languages:  # trained anew only when what that language's model is made of has changed
            used = [item for item in self._job["texts"] if item["language"] == code and item["kind"] != "answer"]
            models[code] = str(self._folder / "rasa" / code / f"{digest([used, config])}.tar.gz")
        script = [str(python), "-W", "ignore", "benchmarks/retrieval_rasa.py"]
        return [[*script, "train"], [*script, "ask"]], {"config": config, "models": models}

    def _nlpjs(self) -> tuple[list[list[str]], dict[str, Any]]:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise SkippedError("nlpjs: node and npm are needed and not there")
        home = self._folder / NLPJS
        if not (home / "node_modules" / "node-nlp").is_dir():
            home.mkdir(exist_ok=True)
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home)]
            if subprocess.run([npm, "install", *options, NLPJS], stdout=subprocess.DEVNULL).returncode:
                raise SkippedError(f"nlpjs: npm could not install {NLPJS}")
        model = home / f"{self._digests['texts']}.json"
        script = [node, "--max-old-space-size=6000", "benchmarks/retrieval_nlpjs.cjs"]
        steps = ["ask"] if model.exists() else ["train", "ask"]
        return [[*script, step] for step in steps], {"modules": str(home / "node_modules"), "model": str(model)}


def gather(bench: Bench, wanted: Sequence[str], fresh: bool) -> dict[str, Result]:
    """Answers per system: anew for the wanted ones that have none for these texts, and always for ours; as kept for the others.

    Args:
        bench: runs them.
        wanted: names of systems.
        fresh: asks the wanted ones anew in any case.
    """
    found: dict[str, Result] = {}
    for name in SYSTEMS:
        result = bench.kept(name)
        if name in wanted and (fresh or name == figures.OURS or result is None or not result["current"]):
            try:
                result = bench.run(name)
            except SkippedError as reason:
                if name == figures.OURS:
                    raise SystemExit(str(reason)) from reason
                print(f"skipped: {reason}")
        if result is not None:
            found[name] = result
    if figures.OURS not in found:
        raise SystemExit("ours has not been asked these questions: --systems ours")
    return found


def better_variants(found: Mapping[str, Result], questions: Sequence[Question]) -> dict[str, Result]:
    """One of each system's variants: that with more right answers on these very questions, which is to the peer's advantage."""

    def rights(result: Result) -> int:
        return sum(figures.right(answer, question) for answer, question in zip(result["answers"], questions, strict=True))

    kept = dict(found)
    for name, variants in VARIANTS.items():
        there = [variant for variant in variants if variant in kept]
        if there:
            best = max(there, key=lambda variant: rights(kept[variant]))
            kept[name] = kept[best] | {"note": f"documents: {best.removeprefix(name + '-')}s"}
            for variant in there:
                del kept[variant]
    return kept


def costs(found: Mapping[str, Result]) -> str:
    """Time a question, memory and date of each system, as a Markdown table."""
    lines = ["| | n | p50 ms | p95 ms | peak memory MB | asked | remark |", "|---|---|---|---|---|---|---|"]
    for name, result in found.items():
        ms = [answer["ms"] for answer in result["answers"] if answer is not None]
        remarks = [result.get("note", ""), "" if result["current"] else "earlier texts"]
        if name == "rasa":
            remarks.append("epochs: " + ", ".join(f"{part} {count}" for part, count in RASA_EPOCHS.items()))
        remark = "; ".join(part for part in (*remarks, f"load average {result['load_average']}") if part)
        times = " | ".join(f"{percentile(ms, share):.1f}" for share in (0.5, 0.95))
        lines.append(f"| {name} | {len(ms)} | {times} | {result['peak_mb']} | {result['date']} | {remark} |")
    return "\n".join(lines)


def report(
    found: Mapping[str, Result], questions: Sequence[Question], texts: Sequence[Text], threshold: float
) -> tuple[str, Any]:
    """The tables as Markdown, and the figures as data.

    Args:
        found: answers per system.
        questions: n questions.
        texts: what the systems got.
        threshold: probability from which ours answers.
    """
    written: dict[str, set[str]] = {}
    for item in texts:
        written.setdefault(item["language"], set()).add(item["article"])
    groups = figures.groups_of(questions, written)
    answers = {name: result["answers"] for name, result in found.items()}
    compared = figures.compare(questions, answers, groups, threshold)
    names, peers = list(found), [name for name in found if name != figures.OURS]
    counted = {
        f"{group} (n = {row[figures.OURS].first.n}; {row[figures.OURS].wrong.n} with out of scope)": row
        for group, row in compared.items()
    }
    behind = figures.not_ahead(compared)
    parts = [
        "First place right, of the in-scope questions, with Wilson's 95 % interval:",
        figures.table(counted, names, lambda item: str(item.first)),
        "Ours minus the peer, paired, with the bootstrap's 95 % interval:",
        figures.table(compared, peers, lambda item: str(item.ahead)),
        f"Answered wrongly, of all questions, at equal coverage (ours answers from probability {threshold}); in brackets the coverage of in-scope questions:",
        figures.table(compared, names, lambda item: f"{item.wrong} ({item.covered.share:.2f})"),
        "One question at a time, in a process of its own:",
        costs(found),
        "Not ahead on accuracy beyond chance: " + ("; ".join(behind) if behind else "nowhere") + ".",
    ]
    return "\n\n".join(parts), figures.as_json(compared)


def renew(page: Path, tables: str) -> None:
    """Puts the tables between the page's marks `<!-- retrieval -->` and `<!-- /retrieval -->`.

    Raises:
        SystemExit: the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    new, count = re.subn(
        r"(<!-- retrieval -->\n).*?(<!-- /retrieval -->)", lambda match: f"{match[1]}{tables}\n{match[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{page} must have <!-- retrieval --> and <!-- /retrieval --> once")
    page.write_text(new, encoding="utf-8")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["ours", "rasa", "bm25", "nlpjs", "encoder"]
    parser.add_argument("--systems", default=",".join(names), help="those to ask now, of " + ",".join(names))
    parser.add_argument("--fresh", action="store_true", help="ask them even if their answers are kept")
    parser.add_argument("--rasa-languages", default="sv", help="comma-separated; with others than last time also --fresh")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--page", type=Path, help="renew this page's tables")
    arguments = parser.parse_args()
    asked = arguments.systems.split(",")
    if unknown := set(asked) - set(names):
        parser.error(f"unknown systems: {', '.join(sorted(unknown))}")
    settings = Settings()
    texts, questions = texts_of(settings), questions_of(ROOM / "evaluation" / "held_out.jsonl")
    wanted = [variant for name in asked for variant in VARIANTS.get(name, (name,))]
    bench = Bench(settings.var_dir / "bench" / "retrieval", texts, questions, arguments.rasa_languages.split(","))
    found = better_variants(gather(bench, wanted, arguments.fresh), questions)
    tables, data = report(found, questions, texts, settings.tuning.answer)
    print(tables)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"encoder": settings.encoder_name, "groups": data}, indent=1), encoding="utf-8")
    if arguments.page is not None:
        renew(arguments.page, tables)


if __name__ == "__main__":
    main()
