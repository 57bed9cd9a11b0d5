"""`python -m knowledge calibrate FILE…`: fits the fusion's weights and the probabilities, and finds the cheapest thresholds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import calibration as model
from knowledge import evaluation_run as run
from knowledge.encoder import load_encoder
from knowledge.index import load_index
from knowledge.language import LanguageDetector
from knowledge.language_model import load_word_model
from knowledge.search import Searcher
from knowledge.settings import WHOLE, Settings, today

FOLDS = 5


@dataclass(frozen=True)
class Posed:
    """A question as it was posed to an index: `whole` when nearly all articles are written in its language."""

    question: run.Question
    whole: bool
    asked: model.Asked


def pose(settings: Settings, questions: Sequence[run.Question]) -> list[Posed]:
    """Asks every question, those in languages that only some articles are written in twice (see `evaluation_run.half_hidden`).

    Args:
        settings: models, index and tuning.
        questions: with known answers, none of them indexed.
    """
    encoder = load_encoder(settings)
    detector = LanguageDetector(settings.tuning.languages, load_word_model(settings))
    index = load_index(settings)
    nothing = model.without_opinion(settings.encoder_name)
    vectors = encoder.encode([question.text for question in questions])
    languages = [detector.detect(question.text).language for question in questions]
    posed = []
    halves = [run.half_hidden(index, second, settings.tuning) for second in (False, True)]
    for whole, indices in ((True, [index]), (False, halves)):
        rows = [row for row, code in enumerate(languages) if (index.coverage.get(code, 0.0) >= WHOLE) is whole]
        for each in indices:
            searcher = Searcher(each, settings.tuning, nothing)
            for row in rows:
                evidence = searcher.evidence(vectors[row], questions[row].text, languages[row])[: run.KEPT]
                posed.append(Posed(questions[row], whole, model.Asked(evidence, questions[row].expected)))
    return posed


def run_calibration(settings: Settings, files: Sequence[Path], dry_run: bool, say: Callable[[str], None]) -> int:
    """Fits on all questions; prints figures of folds that the fit did not see.

    Args:
        settings: models, index, tuning.
        files: evaluation files, as `tune.jsonl`.
        dry_run: leave `calibration.json` as it is.
        say: receives the lines for people; the figures go to standard output as JSON.

    Returns:
        0.

    Raises:
        ValueError: when no question has an expected article.
    """
    questions = [question for file in files for question in run.read_questions(file)]
    if not any(question.expected for question in questions):
        raise ValueError("no question has an expected article; give tune.jsonl")
    posed = pose(settings, questions)
    texts = sorted({item.question.text for item in posed})
    random.Random(5).shuffle(texts)  # noqa: S311 - repeatable folds
    judged: list[model.Judged] = []
    for number in range(FOLDS):
        held = set(texts[number::FOLDS])
        fitted = model.fit([item.asked for item in posed if item.question.text not in held], settings.encoder_name, "")
        judged += [model.judge(item.asked, fitted) for item in posed if item.question.text in held]
    tuning = settings.tuning
    answer, clarify, cost = model.cheapest_thresholds(judged, tuning.cost)
    names = ", ".join(file.name for file in files)
    final = model.fit([item.asked for item in posed], settings.encoder_name, f"{len(questions)} questions ({names}), {today()}")
    pairs = [(item.question.language, item.asked) for item in posed]
    print(json.dumps(run.evaluate(pairs, final, tuning.answer, tuning.clarify), indent=1))
    inside, outside = ([item for item in judged if item.in_scope is scope] for scope in (True, False))
    say("cross-validated, questions in languages that some articles are written in posed with and without their article in it:")
    say(f"cheapest thresholds: answer {answer}, clarify {clarify}, cost {cost:.3f} per question")
    error, auroc = model.calibration_error(judged), model.scope_auroc(inside, outside)
    say(f"expected calibration error {error:.3f}; area under ROC of scope {auroc:.3f}")
    for threshold in sorted({answer, tuning.answer, 0.6, 0.7, 0.8}):
        found = [item.probabilities[0] >= threshold for item in inside]
        wrong = [item.probabilities[0] >= threshold and not item.right[0] for item in inside]
        strangers = [item.probabilities[0] >= threshold for item in outside] or [False]
        right, mistaken, taken = (sum(each) / len(each) for each in (found, wrong, strangers))
        say(f"answer {threshold:.2f}: in scope answered {right:.3f}, wrongly {mistaken:.3f}; strangers answered {taken:.3f}")
    for name, whole in (("whole", True), ("partial", False)):
        own = [item.asked for item in posed if item.whole is whole]
        if any(item.expected for item in own):
            say(f"weights that fuse best, {name}: {model.fit_weights(own).model_dump()}")
    say("change them in settings.yml if you agree, and calibrate once more: probabilities belong to their weights")
    if not dry_run:
        final.save()
    return 0
