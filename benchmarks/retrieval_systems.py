"""What `retrieval.py` compares: the job that all systems get, and those systems that run in this environment.

    .venv/bin/python benchmarks/retrieval_systems.py ours|bm25-article|bm25-phrasing|encoder JOB.json     (started by retrieval.py)

Each system runs in a process of its own, so that the peak memory is its own, and answers one question at a time.
"""

from __future__ import annotations

import functools
import hashlib
import json
import resource
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.swefaq import LENGTH_TERM  # noqa: E402
from knowledge.article import load_knowledge_base  # noqa: E402
from knowledge.commands import quiet_libraries  # noqa: E402
from knowledge.elsewhere import is_elsewhere, load_elsewhere  # noqa: E402
from knowledge.index import VectorCache, entries_of  # noqa: E402
from knowledge.lexical import K1  # noqa: E402
from knowledge.settings import Settings, today  # noqa: E402
from knowledge.text_forms import stem, words  # noqa: E402

Floats = NDArray[np.float32]
WARM_UP = 10


class Text(TypedDict):
    """A text that systems index or are trained on; `article` is a group's key where no article answers it."""

    article: str
    language: str
    kind: str
    text: str


class Question(TypedDict):
    """A held-out question; `expected` is empty where no article answers it."""

    text: str
    language: str
    expected: list[str]


class Answer(TypedDict):
    """A system's best article for one question and how sure it is; `outside` when a text of no article was better still."""

    article: str | None
    confidence: float
    outside: bool
    ms: float


Best = tuple[str | None, float, bool]
System = Callable[[str, str], Best]  # a question and its true language → article, confidence, outside


def texts_of(settings: Settings) -> list[Text]:
    """Every text of the index: phrasings, titles and answers of published articles, and the questions that are not the city's."""
    phrasings, answers = entries_of(load_knowledge_base(settings.articles_dir), today())
    own = [Text(article=e.article_id, language=e.language, kind=e.kind, text=e.text) for e in phrasings + answers]
    groups = load_elsewhere(settings.elsewhere_dir)
    return own + [
        Text(article=group.key, language=code, kind="phrasing", text=text)
        for group in groups
        for code, texts in group.questions.items()
        for text in texts
    ]


def questions_of(file: Path) -> list[Question]:
    """The questions of an evaluation file, in its order."""
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [Question(text=row["text"], language=row["lang"], expected=row["expected"]) for row in rows]


def digest(data: object) -> str:
    """Names the data in ten digits, so that a kept result can be told from one of other data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:10]


def best_of(keys: Sequence[str], scores: Floats, floor: float = 0.0) -> Best:
    """The article with the best text.

    Args:
        keys: article or group of each of n texts.
        scores: shape (n,).
        floor: a score that says nothing.

    Returns:
        Article (None where nothing was found), its score, and whether a text of no article has a better one.
    """
    chosen: dict[bool, tuple[str | None, float]] = {False: (None, floor), True: (None, floor)}
    for row in np.argsort(-scores, kind="stable"):
        outside = is_elsewhere(keys[row])
        if scores[row] > floor and chosen[outside][0] is None:
            chosen[outside] = keys[row], float(scores[row])
        if scores[row] <= floor or all(article for article, _ in chosen.values()):
            break
    return *chosen[False], chosen[True][1] > chosen[False][1]


def ours(_: Sequence[Text]) -> System:
    """The knowledge service's whole analysis on the built index: it finds the language itself, names and signals too."""
    from knowledge.analysis import Analyst

    analyst = Analyst(Settings())

    def ask(text: str, language: str) -> Best:
        found = analyst.analyse(text).candidates
        return (found[0].article_id, found[0].probability, False) if found else (None, 0.0, False)

    return ask


def bm25(texts: Sequence[Text], whole_articles: bool) -> System:
    """Okapi BM25 over stems; the best document speaks for its article.

    Args:
        texts: what to index.
        whole_articles: a document is all texts of an article in one language, else every text is one.
    """
    from scipy.sparse import csr_matrix

    documents: dict[tuple[object, ...], Counter[str]] = {}
    for number, item in enumerate(texts):
        key = (item["article"], item["language"]) if whole_articles else (item["article"], number)
        documents.setdefault(key, Counter()).update(stem(word, item["language"]) for word in words(item["text"]))
    terms = {term: row for row, term in enumerate(sorted({term for count in documents.values() for term in count}))}
    n, lengths = len(documents), np.array([count.total() for count in documents.values()], np.float32)
    norm = K1 * (1 - LENGTH_TERM + LENGTH_TERM * lengths / lengths.mean())
    cells = [(terms[term], place, times) for place, count in enumerate(documents.values()) for term, times in count.items()]
    row, column, times = (np.array(part) for part in zip(*cells, strict=True))
    having = np.bincount(row, minlength=len(terms))
    rarity = np.log1p((n - having + 0.5) / (having + 0.5))
    weights = csr_matrix((rarity[row] * times * (K1 + 1) / (times + norm[column]), (row, column)), dtype=np.float32)
    keys = [str(key[0]) for key in documents]

    def ask(text: str, language: str) -> Best:
        asked = sorted({terms[term] for word in words(text) if (term := stem(word, language)) in terms})
        return best_of(keys, np.asarray(weights[asked].sum(axis=0), np.float32).ravel()) if asked else (None, 0.0, False)

    return ask


def encoder(texts: Sequence[Text]) -> System:
    """The sentence encoder as its makers trained it: the nearest phrasing or title by cosine, nothing else."""
    from knowledge.encoder import Encoder, load_encoder

    settings = Settings(encoder_adapter=None)
    model: Encoder = load_encoder(settings)
    kept = [item for item in texts if item["kind"] != "answer"]
    keys = [item["article"] for item in kept]
    vectors = VectorCache(plain_vectors(settings), settings.encoder_name).vectors(
        lambda: model, [item["text"] for item in kept], "query"
    )
    return lambda text, language: best_of(keys, vectors @ model.encode([text])[0], -1.0)


def plain_vectors(settings: Settings) -> Path:
    """The cache of the plain encoder's vectors; begun with the service's, if that once served the plain encoder."""
    file = settings.var_dir / "bench" / "retrieval" / f"vectors-{settings.encoder_slug}"
    for ending in (".f32", ".keys"):
        own = file.with_name(file.name + ending)
        served = settings.index_dir / own.name
        if not own.exists() and served.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(served, own)
    return file


def prepare_encoder(texts: Sequence[Text]) -> None:
    """Encodes what has no vector yet, in a process whose memory is not reported."""
    from knowledge.encoder import EncoderCrew, load_encoder
    from knowledge.encoder_build import ensure_encoder

    settings = Settings(encoder_adapter=None)
    ensure_encoder(settings, print)
    cache = VectorCache(plain_vectors(settings), settings.encoder_name)
    crew = functools.cache(lambda: EncoderCrew([load_encoder(settings, "onnx") for _ in range(2)]))
    cache.vectors(crew, [item["text"] for item in texts if item["kind"] != "answer"], "query")


SYSTEMS: dict[str, Callable[[Sequence[Text]], System]] = {
    "ours": ours,
    "bm25-article": lambda texts: bm25(texts, whole_articles=True),
    "bm25-phrasing": lambda texts: bm25(texts, whole_articles=False),
    "encoder": encoder,
}


def run(system: System, questions: Sequence[Question]) -> list[Answer]:
    """Asks every question by itself, after a few that are not timed."""
    for question in questions[:WARM_UP]:
        system(question["text"], question["language"])
    answers = []
    for question in questions:
        began = time.perf_counter()
        article, confidence, outside = system(question["text"], question["language"])
        ms = (time.perf_counter() - began) * 1000
        answers.append(Answer(article=article, confidence=confidence, outside=outside, ms=round(ms, 3)))
    return answers


def main() -> None:
    """Runs one system and writes its answers beside its peak memory."""
    name, path = sys.argv[1], Path(sys.argv[2])
    job: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    quiet_libraries()
    if name == "prepare-encoder":
        prepare_encoder(job["texts"])
        return
    answers = run(SYSTEMS[name](job["texts"]), job["questions"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(job["out"]).write_text(json.dumps({"answers": answers, "peak_mb": round(peak)}), encoding="utf-8")


if __name__ == "__main__":
    main()
