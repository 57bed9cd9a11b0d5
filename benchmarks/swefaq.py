"""SweFAQ 2 dev: which of its category's answers belongs to a question of a Swedish authority? Zero-shot, with our retrieval.

    .venv/bin/python benchmarks/swefaq.py --data DIR [--encoder DIR] [--json FILE]

`DIR/swefaq/swefaq_dev.jsonl` (CC BY 4.0) is not part of the project. Each question is answered alone: no answer is ruled out because
another question has taken it. The parts are those of the service: encoder and prompts, centring, lexical scores, weights. A category
has answers only, so of the fused score the weights of `answer` and `lexical` remain. No number is chosen on the rows reported: what
is chosen is chosen on the Swedish questions of `tune.jsonl` against our own articles' answers, written by others about other things.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.embeddings import Embeddings  # noqa: E402
from benchmarks.shares import Share, share_of, sign_test  # noqa: E402
from knowledge.article import load_knowledge_base  # noqa: E402
from knowledge.index import Entry, centre, load_index  # noqa: E402
from knowledge.lexical import K1, LexicalIndex  # noqa: E402
from knowledge.settings import ROOM, Settings, today  # noqa: E402
from knowledge.text_forms import stem, words  # noqa: E402

Floats = NDArray[np.float32]
Method = Callable[["Scores"], Floats]

LENGTH_TERM = 0.75  # BM25's usual b
SMALLEST_AREA = 4  # answers in SweFAQ's smallest category
STEPS = tuple(round(0.1 * step, 1) for step in range(11))  # shares of the lexical score that are tried on our own questions
# Accuracy on the same dev rows, each model fine-tuned on SweFAQ's train split; BM25 is ours of an earlier day. Sources: docs/benchmarks.md.
PUBLISHED = (
    ("KBLab megatron-bert-large-swedish-cased-165k, fine-tuned", 0.891),
    ("KB-BERT, fine-tuned", 0.764),
    ("XLM-R large, fine-tuned", 0.700),
    ("BM25", 0.545),
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Question:
    """A question, the answers to choose from, the number of the right one, and the group it belongs to."""

    group: str
    text: str
    answers: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Scores:
    """What speaks for each of n answers of one question, each of shape (n,), and the number of the right answer."""

    right: int
    dense: Floats
    centred: Floats
    passage: Floats
    lexical: Floats
    bm25: Floats


def read_questions(path: Path) -> list[Question]:
    """SweFAQ's rows.

    Args:
        path: `swefaq_dev.jsonl`.
    """
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Question(str(r["category_id"]), r["question"], tuple(r["candidate_answers"]), int(r["label"])) for r in rows]


def own_questions(settings: Settings) -> list[Question]:
    """Our Swedish tuning questions that one article answers, with the answers of its area to choose from, as in SweFAQ."""
    base = load_knowledge_base(settings.articles_dir)
    articles = {key: article for key, article in base.answerable(today()).items() if "sv" in article.answer}
    found = []
    for line in (ROOM / "evaluation" / "tune.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["lang"] != "sv" or len(row["expected"]) != 1 or row["expected"][0] not in articles:
            continue
        right = row["expected"][0]
        beside = sorted(key for key, article in articles.items() if article.area == articles[right].area)
        if len(beside) >= SMALLEST_AREA:
            answers = tuple(base.render(articles[key].answer["sv"], "sv") for key in beside)
            found.append(Question(articles[right].area, row["text"], answers, beside.index(right)))
    return found


def passages(text: str, sentences: int = 2) -> list[str]:
    """Overlapping passages of a text; a text with fewer sentences is one.

    Args:
        text: any text.
        sentences: length of a passage.
    """
    parts = [part for part in (part.strip() for part in _SENTENCE_END.split(text)) if part]
    return [" ".join(parts[start : start + sentences]) for start in range(max(1, len(parts) - sentences + 1))]


def bm25(question: str, answers: Sequence[str], language: str = "sv") -> Floats:
    """Okapi BM25 over stems, the answers being the whole collection.

    Args:
        question: the query.
        answers: n documents.
        language: decides the stemmer.

    Returns:
        Shape (n,).
    """
    counts = [Counter(stem(word, language) for word in words(answer)) for answer in answers]
    lengths = np.array([sum(count.values()) for count in counts], np.float32)
    norm = K1 * (1 - LENGTH_TERM + LENGTH_TERM * lengths / max(float(lengths.mean()), 1.0))
    scores = np.zeros(len(answers), np.float32)
    for term in {stem(word, language) for word in words(question)}:
        frequency = np.array([count[term] for count in counts], np.float32)
        having = int((frequency > 0).sum())
        scores += math.log(1 + (len(answers) - having + 0.5) / (having + 0.5)) * frequency * (K1 + 1) / (frequency + norm)
    return scores


def lexical(question: str, answers: Sequence[str], language: str = "sv") -> Floats:
    """The service's lexical scores, shape (n,), of an index of just these answers."""
    names = [f"{number:06}" for number in range(len(answers))]
    entries = [Entry(name, language, "answer", answer) for name, answer in zip(names, answers, strict=True)]
    return LexicalIndex.build(entries, names).scores(question, language)


def score(questions: Sequence[Question], embeddings: Embeddings, language_mean: Floats, share: float, group: str) -> list[Scores]:
    """Every part's scores for every question.

    Args:
        questions: m questions.
        embeddings: the encoder.
        language_mean: what is taken off questions, shape (d,); answers are centred on their own candidates' mean.
        share: of the means that is taken off.
        group: name of the vectors' cache.
    """
    texts = list(dict.fromkeys(answer for question in questions for answer in question.answers))
    pieces = {text: passages(text) for text in texts}
    flat = list(dict.fromkeys(piece for text in texts for piece in pieces[text]))
    asked = embeddings.of([question.text for question in questions], "query", group)
    whole = dict(zip(texts, embeddings.of(texts, "passage", group), strict=True))
    part = dict(zip(flat, embeddings.of(flat, "passage", group), strict=True))
    found = []
    for question, vector in zip(questions, asked, strict=True):
        answers = np.stack([whole[answer] for answer in question.answers])
        query = centre(vector, language_mean, share)
        own = [np.stack([part[piece] for piece in pieces[answer]]) for answer in question.answers]
        middle = np.concatenate(own).mean(axis=0)
        found.append(
            Scores(
                right=question.right,
                dense=answers @ vector,
                centred=centre(answers, answers.mean(axis=0), share) @ query,
                passage=np.array([(centre(rows, middle, share) @ query).max() for rows in own], np.float32),
                lexical=lexical(question.text, question.answers),
                bm25=bm25(question.text, question.answers),
            )
        )
    return found


def fused(dense: Callable[[Scores], Floats], share: float) -> Method:
    """`share` of the lexical score, the rest of a dense one."""
    return lambda item: (1 - share) * dense(item) + share * item.lexical


def hits(scores: Iterable[Scores], method: Method) -> list[bool]:
    """Whether the method puts the right answer first, per question."""
    return [int(np.argmax(method(item))) == item.right for item in scores]


def best_share(scores: Sequence[Scores], dense: Callable[[Scores], Floats]) -> float:
    """The lexical share, of `STEPS`, with most right answers; of several the smallest.

    Args:
        scores: of the tuning questions, never of the reported ones.
        dense: which dense score it is fused with.
    """
    return max(STEPS, key=lambda share: (sum(hits(scores, fused(dense, share))), -share))


def methods(settings: Settings, own: Sequence[Scores]) -> dict[str, Method]:
    """The methods compared, by name; the last two have their share chosen on `own`."""
    weights = settings.tuning.weights.whole
    ours = weights.lexical / (weights.answer + weights.lexical)
    centred, passage = (best_share(own, part) for part in (_centred, _passage))
    return {
        "dense, whole answer": lambda item: item.dense,
        "dense, centred": _centred,
        "dense, best passage": _passage,
        "lexical": lambda item: item.lexical,
        "BM25": lambda item: item.bm25,
        f"ours, fused as in settings.yml ({ours:.2f} lexical)": fused(_centred, ours),
        f"ours, share chosen on tune.jsonl ({centred:.1f} lexical)": fused(_centred, centred),
        f"best passage, share chosen on tune.jsonl ({passage:.1f} lexical)": fused(_passage, passage),
    }


def _centred(item: Scores) -> Floats:
    return item.centred


def _passage(item: Scores) -> Floats:
    return item.passage


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="another encoder folder (default: the service's)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    path = arguments.data / "swefaq" / "swefaq_dev.jsonl"
    if not path.is_file():
        print("skipped: no swefaq/swefaq_dev.jsonl in the given data")
        return
    settings = Settings()
    embeddings = Embeddings(arguments.encoder)
    rows, own = read_questions(path), own_questions(settings)
    # Questions are centred as in the service, which knows no SweFAQ: by the mean of Swedish texts. Another encoder has no index, so
    # its mean is that of our own Swedish questions.
    mean = embeddings.of([question.text for question in own], "query", "swefaq-own").mean(axis=0)
    if arguments.encoder is None:
        mean = load_index(settings).means["sv"]
    share = settings.tuning.centring
    theirs, ours = (score(part, embeddings, mean, share, name) for part, name in ((rows, "swefaq-dev"), (own, "swefaq-own")))
    print(
        f"encoder {embeddings.name}\nSweFAQ dev, n = {len(theirs)}; our own tuning questions, n = {len(ours)}. Accuracy with 95 % interval (Wilson)\n"
    )
    chance = float(np.mean([1 / len(question.answers) for question in rows]))
    report(methods(settings, ours), theirs, ours, chance, embeddings.name, arguments.json)


def report(
    compared: dict[str, Method], theirs: Sequence[Scores], ours: Sequence[Scores], chance: float, encoder: str, file: Path | None
) -> None:
    """Prints a line per method and per published figure; writes the JSON if a file is given."""
    dense = hits(theirs, lambda item: item.dense)
    print(f"{'':<64} {'SweFAQ dev':<22} {'p against dense':<16} our own")
    figures: dict[str, dict[str, object]] = {}
    for name, method in compared.items():
        right = hits(theirs, method)
        dev, own, p = share_of(right), share_of(hits(ours, method)), sign_test(right, dense)
        print(f"{name:<64} {dev!s:<22} {p:<16.2f} {own}")
        figures[name] = {"swefaq_dev": dev.as_json(), "own": own.as_json(), "p": round(p, 4)}
    print(f"{'chance':<64} {chance:.3f}\n\npublished, same rows, trained on SweFAQ's train split (BM25: untrained)")
    n = len(theirs)
    for name, accuracy in PUBLISHED:
        print(f"{name:<64} {published(accuracy, n)}")
    if file is not None:
        file.write_text(json.dumps({"encoder": encoder, "chance": chance, "methods": figures}, indent=1), encoding="utf-8")


def published(accuracy: float, n: int) -> Share:
    """A published accuracy on n rows, with the interval it would have."""
    right = round(accuracy * n)
    return share_of([True] * right + [False] * (n - right))


if __name__ == "__main__":
    main()
