"""The index: vectors of every phrasing, title and answer, a FAISS index over them, lexical postings, signals, and the
articles themselves.

An index is a folder `var/index/<version>`, written aside and renamed; `var/index/current` names the one in use. The version is a
hash of everything that went into it, so the same articles give the same version and an edit gives a new one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.article import EMERGENCY_AREA, KnowledgeBase, load_knowledge_base, read_yaml
from knowledge.choice import Choice
from knowledge.elsewhere import load_elsewhere
from knowledge.letters import LetterIndex
from knowledge.lexical import LexicalIndex
from knowledge.settings import ROOM, Settings
from knowledge.signals import Signals, training_files

Floats = NDArray[np.float32]
Kind = Literal["phrasing", "title", "answer"]

FORMAT = 9  # raise when the folder's contents change
SIGNALS_FORMAT = 4  # raise when their training changes
KEEP = 2  # versions kept: the one in use and the one a running service may still have mapped
_CURRENT = "current"


class EncodesText(Protocol):
    """What the index needs of an encoder."""

    def encode(self, texts: Sequence[str], role: Literal["query", "passage"] = "query", batch_size: int = 16) -> Floats:
        """Vectors of shape (n, dimension), rows of length 1."""


class IndexMissingError(RuntimeError):
    """There is no index to load; the message names the command."""


@dataclass(frozen=True)
class Entry:
    """One indexed text."""

    article_id: str
    language: str
    kind: Kind
    text: str


@dataclass(frozen=True)
class Index:
    """A loaded index. Vectors are memory-mapped; phrasings (with titles) and answers have one row per entry, in order."""

    version: str
    phrasings: list[Entry]
    answers: list[Entry]
    phrasing_vectors: Floats
    answer_vectors: Floats
    faiss_index: Any
    article_ids: list[str]
    phrasing_article: NDArray[np.int32]
    answer_article: NDArray[np.int32]
    means: Mapping[str, Floats]
    coverage: Mapping[str, float]
    lexical: LexicalIndex
    letters: LetterIndex
    choice: Choice | None  # over the articles, then the groups of `elsewhere`
    elsewhere: list[str]
    elsewhere_vectors: Floats
    elsewhere_group: NDArray[np.int32]
    signals: Signals | None
    knowledge_base: KnowledgeBase
    faulty: int


def entries_of(base: KnowledgeBase, today: dt.date) -> tuple[list[Entry], list[Entry]]:
    """Every text to index of the articles that may be shown: (phrasings and titles, answers), in a fixed order."""
    phrasings: list[Entry] = []
    answers: list[Entry] = []
    for article in base.answerable(today).values():
        for language in sorted(article.questions):
            phrasings += [Entry(article.id, language, "phrasing", text) for text in article.questions[language]]
        phrasings += [Entry(article.id, code, "title", article.title[code]) for code in sorted(article.title)]
        for language in sorted(article.answer):
            text = f"{article.title.get(language, '')}. {base.render(article.answer[language], language)}"
            answers.append(Entry(article.id, language, "answer", text))
    return phrasings, answers


def centre(vectors: Floats, means: Floats, share: float) -> Floats:
    """Takes a share of the language's mean off each vector and renormalises.

    Args:
        vectors: (n, d), rows of length 1.
        means: (n, d) or (d,), the mean vector of each row's language.
        share: 0 leaves the vectors as they are.
    """
    moved = vectors - share * means
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    return np.asarray(moved / np.maximum(norms, 1e-9), dtype=np.float32)


def language_means(neutral: Mapping[str, Floats], languages: Sequence[str], vectors: Floats) -> dict[str, Floats]:
    """The mean vector to take off, per language.

    A language with texts of its own gets their mean. The others get the mean of their neutral sentences, moved by what citizens'
    questions differ from neutral sentences where both are known: so every language loses its own direction and the common topic.

    Args:
        neutral: mean of the neutral sentences per language, shape (d,).
        languages: language of each text, n codes.
        vectors: their embeddings, shape (n, d).

    Returns:
        Mean per language, and under `_overall` one for languages unknown.
    """
    names = np.array(languages)
    own = {code: np.asarray(vectors[names == code].mean(axis=0)) for code in sorted(set(languages))}
    both = [own[code] - neutral[code] for code in own if code in neutral]
    shift = np.mean(both, axis=0) if both else np.float32(0.0)
    means = {code: np.asarray(mean + shift, dtype=np.float32) for code, mean in neutral.items()} | own
    return means | {"_overall": np.asarray(np.mean(list(means.values()), axis=0), dtype=np.float32)}


class VectorCache:
    """Vectors by hash of model, role and text, kept in one file so that an edit encodes only what changed.

    Args:
        path: an `.npz` file, read if it is there.
        model: name of the model; another model has other keys.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model
        self._vectors: dict[str, Floats] = {}
        self.encoded = 0
        if path.exists():
            with np.load(path) as stored:
                self._vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def vectors(self, encoder: Callable[[], EncodesText], texts: Sequence[str], role: Literal["query", "passage"]) -> Floats:
        """Vectors of the texts, shape (n, d), encoding only those not seen before.

        Args:
            encoder: called only when something must be encoded, so that an unchanged index needs no model.
            texts: n texts.
            role: the prompt to encode with.
        """
        keys = [hashlib.sha256(f"{self._model}\0{role}\0{text}".encode()).hexdigest()[:32] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}
        if new:
            # Sorted by length: a batch is padded to its longest text.
            ordered = sorted(new.items(), key=lambda item: len(item[1]))
            fresh = encoder().encode([text for _, text in ordered], role)
            self._vectors |= {key: vector for (key, _), vector in zip(ordered, fresh, strict=True)}
            self.encoded += len(new)
        return np.stack([self._vectors[key] for key in keys]) if keys else np.zeros((0, 0), np.float32)

    def save(self) -> None:
        """Writes the file if something was encoded."""
        if not self.encoded:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{os.getpid()}-{self._path.name}")
        with temporary.open("wb") as file:
            np.savez(file, keys=np.array(list(self._vectors)), vectors=np.stack(list(self._vectors.values())))
        temporary.replace(self._path)


def version_of(settings: Settings, base: KnowledgeBase, today: dt.date) -> str:
    """Hash of all that the index is made of: format, model, tuning, the articles that may be shown, and the training files."""
    digest = hashlib.sha256()
    tuning = settings.tuning
    digest.update(f"{FORMAT}|{SIGNALS_FORMAT}|{settings.encoder_name}|{tuning.centring}|{tuning.faiss_factory}".encode())
    for article in base.answerable(today).values():
        digest.update(article.model_dump_json().encode())
    for table in (base.departments, base.phones):
        digest.update(json.dumps({key: value.model_dump() for key, value in table.items()}, sort_keys=True).encode())
    for path in [ROOM / "neutral.yml", *training_files(settings.nlu_dir), *sorted(settings.elsewhere_dir.glob("*.yml"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class BuildReport:
    """What a build did."""

    version: str
    articles: int
    phrasings: int
    answers: int
    encoded: int
    faulty: tuple[str, ...]
    signals: Mapping[str, Mapping[str, float]]


def make_faiss(vectors: Floats, factory: str) -> Any:
    """A FAISS index of the vectors, inner product.

    Args:
        vectors: shape (n, d), rows of length 1.
        factory: FAISS's name of the kind, for example `SQfp16`.
    """
    import faiss

    index = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
    return index


def build_index(
    settings: Settings, encoder: Callable[[], EncodesText], today: dt.date, say: Callable[[str], None]
) -> BuildReport:
    """Builds the index of today's articles and makes it the current one.

    Args:
        settings: folders, model and tuning.
        encoder: gives the encoder; called only if some text has no vector yet.
        today: articles past their review date are left out.
        say: receives one line per step and per faulty file.

    Returns:
        What was built. When nothing changed, the existing version with `encoded` 0.

    Raises:
        IndexMissingError: when there is no article at all to index.
    """
    import faiss

    base = load_knowledge_base(settings.articles_dir)
    faulty = tuple(f"{item.path.name}: {reason}" for item in base.faulty for reason in item.reasons)
    for line in faulty:
        say(f"index: left out {line}")
    phrasings, answers = entries_of(base, today)
    if not phrasings or not answers:
        raise IndexMissingError(f"no published article in {settings.articles_dir}; run: python -m knowledge validate")
    version = version_of(settings, base, today)
    folder = settings.index_dir / version
    article_ids = sorted({entry.article_id for entry in phrasings + answers})
    counts = {"articles": len(article_ids), "phrasings": len(phrasings), "answers": len(answers)}
    if (folder / "meta.json").exists():
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        _point_to(settings.index_dir, version)
        return BuildReport(version, encoded=0, faulty=faulty, signals=meta["signals"], **counts)

    say(f"index: {len(article_ids)} articles, {len(phrasings)} phrasings and titles, {len(answers)} answers")
    cache = VectorCache(settings.index_dir / f"vectors-{settings.encoder_slug}.npz", settings.encoder_name)
    neutral: dict[str, list[str]] = read_yaml(ROOM / "neutral.yml")
    raw_phrasings = cache.vectors(encoder, [entry.text for entry in phrasings], "query")
    cache.save()  # answers take longest; a run broken off there keeps what it has
    raw_answers = cache.vectors(encoder, [entry.text for entry in answers], "passage")
    neutral_means = {code: cache.vectors(encoder, texts, "query").mean(axis=0) for code, texts in neutral.items()}
    groups = load_elsewhere(settings.elsewhere_dir)
    strangers = [
        (number, code, text) for number, group in enumerate(groups) for code, texts in group.questions.items() for text in texts
    ]
    raw_strangers = cache.vectors(encoder, [text for _, _, text in strangers], "query")
    # The help lines' own phrasings ("my husband hits me") are calls for help, not questions to the knowledge base.
    spoken = [
        row
        for row, entry in enumerate(phrasings)
        if entry.kind == "phrasing" and base.articles[entry.article_id].area != EMERGENCY_AREA
    ]
    signals, figures = _signals(settings, cache, encoder, raw_phrasings[spoken], say)
    cache.save()

    share = settings.tuning.centring
    means = language_means(neutral_means, [entry.language for entry in phrasings], raw_phrasings)
    answer_means = language_means({}, [entry.language for entry in answers], raw_answers)
    phrasing_vectors = centre(raw_phrasings, np.stack([means[entry.language] for entry in phrasings]), share)
    answer_vectors = centre(raw_answers, np.stack([answer_means[entry.language] for entry in answers]), share)
    faiss_index = make_faiss(phrasing_vectors, settings.tuning.faiss_factory)
    stranger_vectors = np.zeros((0, phrasing_vectors.shape[1]), np.float32)
    if strangers:
        stranger_vectors = centre(
            raw_strangers, np.stack([means.get(code, means["_overall"]) for _, code, _ in strangers]), share
        )
    number_of = {key: number for number, key in enumerate(article_ids)}
    labels = [number_of[entry.article_id] for entry in phrasings] + [len(article_ids) + number for number, _, _ in strangers]
    choice = Choice.train(
        np.concatenate([phrasing_vectors, stranger_vectors]), np.array(labels, np.int32), len(article_ids) + len(groups)
    )

    settings.index_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=settings.index_dir))
    try:
        temporary.chmod(0o755)
        faiss.write_index(faiss_index, str(temporary / "phrasings.faiss"))
        np.save(temporary / "phrasings.npy", phrasing_vectors)
        np.save(temporary / "answers.npy", answer_vectors)
        np.savez(temporary / "means.npz", codes=np.array(list(means)), means=np.stack(list(means.values())))
        LexicalIndex.build(phrasings + answers, article_ids).save(temporary / "lexical.npz")
        LetterIndex.build([entry.text for entry in phrasings]).save(temporary / "letters.npz")
        choice.save(temporary / "choice.npz")
        np.save(temporary / "elsewhere.npy", stranger_vectors)
        if signals:
            signals.save(temporary / "signals.npz")
        stored = {
            "phrasings": [asdict(entry) for entry in phrasings],
            "answers": [asdict(entry) for entry in answers],
            "articles": {key: base.articles[key].model_dump(mode="json") for key in base.articles},
            "departments": {key: value.model_dump() for key, value in base.departments.items()},
            "phones": {key: value.model_dump() for key, value in base.phones.items()},
            "elsewhere": [group.key for group in groups],
            "elsewhere_group": [number for number, _, _ in strangers],
        }
        (temporary / "texts.json").write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        meta = {"version": version, "model": settings.encoder_name, "signals": figures, "faulty": len(faulty), **counts}
        (temporary / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _point_to(settings.index_dir, version)
    _remove_old(settings.index_dir, version)
    return BuildReport(version, encoded=cache.encoded, faulty=faulty, signals=figures, **counts)


def _signals(
    settings: Settings, cache: VectorCache, encoder: Callable[[], EncodesText], phrasings: Floats, say: Callable[[str], None]
) -> tuple[Signals | None, dict[str, dict[str, float]]]:
    """The signals classifier, trained anew only when its examples changed: an editor's correction must be in use within
    seconds."""
    examples = Signals.read_examples(settings.nlu_dir)
    if not examples:
        return None, {}
    digest = hashlib.sha256(f"{SIGNALS_FORMAT}|{settings.encoder_name}|{json.dumps(examples, sort_keys=True)}".encode())
    stored = settings.index_dir / f"signals-{digest.hexdigest()[:16]}.npz"
    figures_file = stored.with_suffix(".json")
    if stored.exists() and figures_file.exists():
        figures: dict[str, dict[str, float]] = json.loads(figures_file.read_text(encoding="utf-8"))
        return Signals.load(stored), figures
    say(f"signals: training on {sum(map(len, examples.values()))} examples of {len(examples)} intents")
    vectors = {name: cache.vectors(encoder, texts, "query") for name, texts in examples.items()}
    signals, figures = Signals.train(vectors, phrasings)
    settings.index_dir.mkdir(parents=True, exist_ok=True)
    for old in settings.index_dir.glob("signals-*"):
        old.unlink()
    signals.save(stored)
    figures_file.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return signals, figures


def _point_to(index_dir: Path, version: str) -> None:
    temporary = index_dir / f".{_CURRENT}-{os.getpid()}"
    temporary.write_text(version, encoding="ascii")
    temporary.replace(index_dir / _CURRENT)


def _remove_old(index_dir: Path, version: str) -> None:
    others = [path for path in index_dir.iterdir() if path.is_dir() and path.name != version and not path.name.startswith(".")]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def load_index(settings: Settings) -> Index:
    """Loads the current index, vectors by memory map.

    Raises:
        IndexMissingError: when none has been built, or it was built for another model.
    """
    import faiss

    from knowledge.article import Article, Department, Phone

    # One question at a time: waking a second thread costs more than these few thousand products.
    faiss.omp_set_num_threads(1)
    pointer = settings.index_dir / _CURRENT
    if not pointer.exists():
        raise IndexMissingError(f"no index in {settings.index_dir}; run: python -m knowledge build")
    folder = settings.index_dir / pointer.read_text(encoding="ascii").strip()
    if not (folder / "meta.json").exists():
        raise IndexMissingError(f"the index {folder.name} is not whole; run: python -m knowledge build")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    if meta["model"] != settings.encoder_name:
        found, wanted = meta["model"], settings.encoder_name
        raise IndexMissingError(f"the index is for {found}, the settings name {wanted}; run: python -m knowledge build")
    stored = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    phrasings = [Entry(**item) for item in stored["phrasings"]]
    answers = [Entry(**item) for item in stored["answers"]]
    article_ids = sorted({entry.article_id for entry in phrasings + answers})
    row = {key: number for number, key in enumerate(article_ids)}
    with np.load(folder / "means.npz") as means:
        mean_of = dict(zip(means["codes"].tolist(), means["means"], strict=True))
    signals_file = folder / "signals.npz"
    return Index(
        version=meta["version"],
        phrasings=phrasings,
        answers=answers,
        phrasing_vectors=np.load(folder / "phrasings.npy", mmap_mode="r"),
        answer_vectors=np.load(folder / "answers.npy", mmap_mode="r"),
        faiss_index=faiss.read_index(str(folder / "phrasings.faiss"), faiss.IO_FLAG_MMAP_IFC),
        article_ids=article_ids,
        phrasing_article=np.array([row[entry.article_id] for entry in phrasings], np.int32),
        answer_article=np.array([row[entry.article_id] for entry in answers], np.int32),
        means=mean_of,
        coverage={
            code: len({entry.article_id for entry in phrasings if entry.kind == "phrasing" and entry.language == code})
            / len(article_ids)
            for code in {entry.language for entry in phrasings}
        },
        lexical=LexicalIndex.load(folder / "lexical.npz"),
        letters=LetterIndex.load(folder / "letters.npz"),
        choice=Choice.load(folder / "choice.npz"),
        elsewhere=stored["elsewhere"],
        elsewhere_vectors=np.load(folder / "elsewhere.npy", mmap_mode="r"),
        elsewhere_group=np.array(stored["elsewhere_group"], np.int32),
        signals=Signals.load(signals_file) if signals_file.exists() else None,
        knowledge_base=KnowledgeBase(
            articles={key: Article.model_validate(value) for key, value in stored["articles"].items()},
            paths={},
            departments={key: Department.model_validate(value) for key, value in stored["departments"].items()},
            phones={key: Phone.model_validate(value) for key, value in stored["phones"].items()},
        ),
        faulty=int(meta["faulty"]),
    )
