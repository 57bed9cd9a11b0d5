"""Evaluation and calibration: asks the searcher many questions with known answers and says how good it is."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.calibration import Asked, Calibration, judge
from knowledge.choice import Choice
from knowledge.index import Index, make_faiss
from knowledge.letters import LetterIndex
from knowledge.lexical import LexicalIndex
from knowledge.search import Searcher
from knowledge.settings import WHOLE, Tuning

Floats = NDArray[np.float32]
Row = Mapping[str, float]

RESAMPLES = 1000
KEPT = 20  # candidates kept per question
MEASURES = ("top1", "top3", "mrr", "answered", "wrong", "clarified", "abstained")


@dataclass(frozen=True)
class Question:
    """One line of an evaluation file. `expected` is empty when the question is out of scope; any of several is right."""

    text: str
    language: str
    expected: frozenset[str]
    style: str = ""


class EvaluationFileError(ValueError):
    """A line of an evaluation file is not as it should be; the message names it."""


def read_questions(path: Path) -> list[Question]:
    """Reads an evaluation file: one `{"text", "lang", "expected": [ids], "style"?}` a line.

    Raises:
        EvaluationFileError: naming file and line.
    """
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            expected = frozenset(map(str, item["expected"]))
            questions.append(Question(str(item["text"]), str(item["lang"]), expected, str(item.get("style", ""))))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise EvaluationFileError(f'{path.name}:{number}: not {{"text", "lang", "expected": [...]}} ({error})') from error
    return questions


def ask(
    searcher: Searcher, questions: Sequence[Question], vectors: Floats, language: Callable[[Question], str], keep: int = KEPT
) -> list[Asked]:
    """Collects the evidence for every question.

    Args:
        searcher: the index to ask.
        questions: n questions.
        vectors: their embeddings, shape (n, d).
        language: what the service would take a question's language for.
        keep: candidates kept per question (reciprocal ranks below are counted as 0).
    """
    return [
        Asked(searcher.evidence(vector, question.text, language(question))[:keep], question.expected)
        for question, vector in zip(questions, vectors, strict=True)
    ]


def held_out_phrasings(
    searcher: Searcher, vectors_of: Callable[[Sequence[str]], Floats], folds: int = 5
) -> list[tuple[str, Asked]]:
    """Asks the index its own phrasings, each time without the fold the phrasing belongs to.

    A stand-in while there is no file of real questions: the phrasings of one article come from one writer and resemble each
    other, so
    the figures are too good. Use `tune.jsonl` once it exists.

    Args:
        searcher: the index.
        vectors_of: embeds texts as queries.
        folds: the share left out each time is 1/folds.

    Returns:
        (language, evidence) per phrasing.
    """
    index = searcher.index
    rows = [row for row, entry in enumerate(index.phrasings) if entry.kind == "phrasing"]
    random.Random(7).shuffle(rows)  # noqa: S311 - repeatable folds
    vectors = vectors_of([index.phrasings[row].text for row in rows])
    asked = []
    for position, row in enumerate(rows):
        entry = index.phrasings[row]
        fold = frozenset(rows[position % folds :: folds])
        evidence = searcher.evidence(vectors[position], entry.text, entry.language, without=fold)
        asked.append((entry.language, Asked(evidence[:20], frozenset({entry.article_id}))))
    return asked


def measure(asked: Asked, calibration: Calibration, answer: float, clarify: float) -> dict[str, float]:
    """One question's outcome as numbers that can be averaged.

    Returns:
        `top1`, `top3`, `mrr` (absent for out-of-scope questions), `answered`, `wrong` (answered, but with another article or
        although out of
        scope), `clarified` and `abstained`.
    """
    judged = judge(asked, calibration)
    top = judged.probabilities[0] if judged.probabilities else 0.0
    row = {
        "answered": float(top >= answer),
        "wrong": float(top >= answer and not (judged.right and judged.right[0])),
        "clarified": float(clarify <= top < answer),
        "abstained": float(top < clarify),
    }
    if judged.in_scope:
        ranks = [rank for rank, item in enumerate(asked.evidence, 1) if item.article_id in asked.expected]
        first = min(ranks, default=0)
        row |= {"top1": float(first == 1), "top3": float(1 <= first <= 3), "mrr": 1.0 / first if first else 0.0}
    return row


def share_interval(count: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share. Unlike the bootstrap's it has a width when none or all of n were counted.

    Args:
        count: how many were counted.
        n: of how many, at least 1.
    """
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(0.95, method="wilson")
    return round(float(interval.low), 4), round(float(interval.high), 4)


def summarise(rows: Sequence[Row], seed: int = 11) -> dict[str, object]:
    """Means over questions with 95 % intervals: Wilson's for shares, the bootstrap's for the mean reciprocal rank.

    Args:
        rows: from `measure`.
        seed: of the resampling, so that a figure can be reproduced.

    Returns:
        `n`, `n_in_scope`, each measure as a share (`top1`, `top3` and `mrr` over the in-scope questions, the others over
        all), and `ci95`.
    """
    generator = np.random.default_rng(seed)
    result: dict[str, object] = {"n": len(rows), "n_in_scope": sum("top1" in row for row in rows)}
    intervals: dict[str, list[float] | None] = {}
    for name in MEASURES:
        values = np.array([row[name] for row in rows if name in row])
        if not len(values):
            result[name], intervals[name] = None, None
            continue
        result[name] = round(float(values.mean()), 4)
        if name != "mrr":
            intervals[name] = list(share_interval(int(values.sum()), len(values)))
            continue
        means = generator.choice(values, (RESAMPLES, len(values))).mean(axis=1)
        intervals[name] = [round(float(q), 4) for q in np.quantile(means, (0.025, 0.975))]
    return result | {"ci95": intervals}


def evaluate(
    asked: Iterable[tuple[str, Asked]], calibration: Calibration, answer: float, clarify: float
) -> dict[str, dict[str, object]]:
    """Figures for all questions and per language.

    Args:
        asked: (language, evidence) per question.
        calibration: gives the probabilities.
        answer: threshold from which the bot answers.
        clarify: threshold from which it asks back.
    """
    rows: dict[str, list[Row]] = {"all": []}
    for language, question in asked:
        row = measure(question, calibration, answer, clarify)
        rows["all"].append(row)
        rows.setdefault(language, []).append(row)
    return {name: summarise(values) for name, values in rows.items()}


def thinned(index: Index, most: int, tuning: Tuning) -> Index:
    """The index with titles, answers and at most so many phrasings per article and language.

    Args:
        index: a loaded index; stays as it is.
        most: the first so many phrasings are kept; 0 keeps titles only.
        tuning: which FAISS index to make.
    """
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for row, entry in enumerate(index.phrasings):
        seen[entry.article_id, entry.language] += entry.kind == "phrasing"
        if entry.kind != "phrasing" or seen[entry.article_id, entry.language] <= most:
            kept.append(row)
    return _part(index, kept, range(len(index.answers)), tuning)


def half_hidden(index: Index, second: bool, tuning: Tuning) -> Index:
    """The index without half of the articles in each language that only some articles are written in.

    What is asked in such a language is as likely about one of the others; a file of questions about those that are written in it
    would teach the weights that the right article always is. Asked of both halves, each question meets both cases.

    Args:
        index: a loaded index; stays as it is.
        second: hide the other half.
        tuning: which FAISS index to make.
    """
    hidden = set()
    for language in sorted(code for code, share in index.coverage.items() if share < WHOLE):
        written = sorted(
            {entry.article_id for entry in index.phrasings if entry.language == language and entry.kind == "phrasing"}
        )
        random.Random(language).shuffle(written)  # noqa: S311 - repeatable halves
        half = len(written) // 2
        hidden |= {(key, language) for key in (written[half:] if second else written[:half])}
    rows = [row for row, entry in enumerate(index.phrasings) if (entry.article_id, entry.language) not in hidden]
    answers = [row for row, entry in enumerate(index.answers) if (entry.article_id, entry.language) not in hidden]
    articles = {
        key: article.model_copy(
            update={"questions": {code: texts for code, texts in article.questions.items() if (key, code) not in hidden}}
        )
        for key, article in index.knowledge_base.articles.items()
    }
    return replace(_part(index, rows, answers, tuning), knowledge_base=replace(index.knowledge_base, articles=articles))


def _part(index: Index, rows: Sequence[int], answer_rows: Sequence[int], tuning: Tuning) -> Index:
    """The index with some of its phrasings and answers only, its words, letters and classifier made anew."""
    phrasings, answers = [index.phrasings[row] for row in rows], [index.answers[row] for row in answer_rows]
    vectors = np.ascontiguousarray(np.asarray(index.phrasing_vectors)[list(rows)])
    groups = index.elsewhere_group + len(index.article_ids)
    return replace(
        index,
        phrasings=phrasings,
        answers=answers,
        phrasing_vectors=vectors,
        answer_vectors=np.ascontiguousarray(np.asarray(index.answer_vectors)[list(answer_rows)]),
        phrasing_article=index.phrasing_article[list(rows)],
        answer_article=index.answer_article[list(answer_rows)],
        faiss_index=make_faiss(vectors, tuning.faiss_kind(len(vectors))),
        lexical=LexicalIndex.build(phrasings + answers, index.article_ids),
        letters=LetterIndex.build([entry.text for entry in phrasings]),
        choice=Choice.train(
            np.concatenate([vectors, np.asarray(index.elsewhere_vectors)]),
            np.concatenate([index.phrasing_article[list(rows)], groups]).astype(np.int32),
            len(index.article_ids) + len(index.elsewhere),
        ),
    )


def as_table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as a Markdown table, each share of n with its 95 % interval."""
    lines = ["| language | n | first | among three | answered | answered wrongly |", "|---|---|---|---|---|---|"]
    for name, row in figures.items():
        shown = [
            "–" if row[key] is None else f"{row[key]:.3f} [{row['ci95'][key][0]:.3f}–{row['ci95'][key][1]:.3f}]"
            for key in ("top1", "top3", "answered", "wrong")
        ]
        lines.append(f"| {name} | {row['n']} | " + " | ".join(shown) + " |")
    return "\n".join(lines)
