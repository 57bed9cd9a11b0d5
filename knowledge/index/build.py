"""Building the index of today's articles: everything from scratch, or after an edit only what has changed.

A builder that is kept remembers what it made of each article. What it makes is the same either way: an article's part depends on
its own texts alone, and what depends on all of them (means, centring, words) is made from the parts in the same order.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.article import EMERGENCY_AREA, Article, ArticleFiles, KnowledgeBase, read_yaml
from knowledge.index import folder as disk
from knowledge.index.centring import OVERALL, Floats, Sum, centre, language_means, mean_by_language, sums_by_language
from knowledge.index.choosing import Lessons, choose, settle
from knowledge.index.entries import ArticleTexts, Entry, texts_of
from knowledge.index.folder import Index, IndexMissingError, Texts
from knowledge.index.nearest import Keys, write_faiss
from knowledge.index.strangers import ElsewhereFiles, Strangers, elsewhere_files
from knowledge.index.trained_signals import SIGNALS_FORMAT, Trained, TrainedSignals
from knowledge.index.vector_cache import EncodesText, Role, VectorCache, key_of
from knowledge.letters import LetterIndex
from knowledge.lexical import LexicalIndex
from knowledge.settings import ROOM, Settings
from knowledge.signals import training_files

_BLOCK = 65_536  # rows centred at once

Say = Callable[[str], None]
Encoders = Callable[[], EncodesText]


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


@dataclass
class _Part:
    """What is made of one article, kept as long as the article is the same."""

    article: Article
    texts: ArticleTexts
    sums: dict[str, Sum] = field(default_factory=dict)
    answer_sums: dict[str, Sum] = field(default_factory=dict)

    @cached_property
    def phrasing_keys(self) -> list[bytes]:
        return [key_of("query", entry.text) for entry in self.texts.phrasings]

    @cached_property
    def answer_keys(self) -> list[bytes]:
        return [key_of("passage", entry.text) for entry in self.texts.answers]

    @cached_property
    def row_keys(self) -> Keys:
        return np.frombuffer(b"".join(map(_row_key, self.texts.phrasings)), np.uint64)

    @cached_property
    def json(self) -> str:
        return self.article.model_dump_json()

    def note_sums(self, cache: VectorCache) -> None:
        """Sums of the vectors by language, once they are there."""
        if not self.sums:
            self.sums = _sums(self.texts.phrasings, cache.known(self.phrasing_keys))
            self.answer_sums = _sums(self.texts.answers, cache.known(self.answer_keys))


def _row_key(entry: Entry) -> bytes:
    return hashlib.sha256(f"{entry.article_id}\0{entry.language}\0{entry.kind}\0{entry.text}".encode()).digest()[:8]


def _sums(entries: Sequence[Entry], vectors: Floats) -> dict[str, Sum]:
    return sums_by_language([entry.language for entry in entries], vectors)


class IndexBuilder:
    """Builds indexes of one knowledge base, each time from what has changed.

    Args:
        settings: folders, model and tuning.
        index: the one in use, if there is one: spares the first edit what it knows already.
    """

    def __init__(self, settings: Settings, index: Index | None = None) -> None:
        self._settings = settings
        self._files = ArticleFiles(settings.articles_dir)
        self._cache = VectorCache(settings.index_dir / f"vectors-{settings.encoder_slug}", settings.encoder_name)
        self._signals = TrainedSignals(settings)
        self._elsewhere = ElsewhereFiles(settings.elsewhere_dir)
        self._parts: dict[str, _Part] = {}
        self._base: KnowledgeBase | None = None
        self._index = index
        self._lock = Lock()
        if index is not None:
            self._base = index.knowledge_base
            self._files.know(index.knowledge_base)
            self._parts = {key: _Part(self._base.articles[key], texts) for key, texts in index.indexed.items()}

    def build(self, encoder: Encoders, today: dt.date, say: Say) -> tuple[BuildReport, Index]:
        """Builds the index of today's articles and makes it the current one.

        Args:
            encoder: gives the encoder; called only if some text has no vector yet.
            today: articles past their review date are left out.
            say: receives one line per step and per faulty file.

        Returns:
            What was built, and the index. When nothing changed, the existing version with `encoded` 0. After an edit the index
            may not be settled yet: see `settle`.

        Raises:
            IndexMissingError: when there is no article at all to index.
        """
        settings = self._settings
        base = self._files.load()
        faulty = tuple(f"{item.path.name}: {reason}" for item in base.faulty for reason in item.reasons)
        for line in faulty:
            say(f"index: left out {line}")
        parts = self._parts_of(base, today)
        counts = {
            "articles": len(parts),
            "phrasings": sum(len(part.texts.phrasings) for part in parts.values()),
            "answers": sum(len(part.texts.answers) for part in parts.values()),
        }
        if not counts["phrasings"] or not counts["answers"]:
            raise IndexMissingError(f"no published article in {settings.articles_dir}; run: python -m knowledge validate")
        version = _version(settings, base, parts)
        there = disk.read_meta(settings.index_dir / version)
        if there is not None:
            if self._index is None or self._index.version != version:
                self._index = disk.read_index(settings.index_dir / version, there)
            disk.point_to(settings.index_dir, version)
            return BuildReport(version, encoded=0, faulty=faulty, signals=there["signals"], **counts), self._index

        say(f"index: {counts['articles']} articles, {counts['phrasings']} phrasings and titles, {counts['answers']} answers")
        before = self._cache.encoded
        neutral: dict[str, list[str]] = read_yaml(ROOM / "neutral.yml")
        elsewhere = self._elsewhere.load()
        trained = self._vectors(parts, neutral, elsewhere, encoder, say)
        meta = {
            "version": version, "model": settings.encoder_name, "today": today.isoformat(), "faulty": len(faulty),
            "signals": trained.figures, **counts,
        }  # fmt: skip
        index = self._write(base, parts, neutral, elsewhere, trained, meta, say)
        with self._lock:
            self._index = index
        return BuildReport(version, encoded=self._cache.encoded - before, faulty=faulty, signals=trained.figures, **counts), index

    def settle(self, index: Index) -> Index:
        """Trains what an edit did not wait for. Takes seconds; may run beside `build`.

        Args:
            index: from `build`.

        Returns:
            The same index with its final classifier, the one a build from scratch would give it.
        """
        done = settle(index, self._settings)
        with self._lock:
            if self._index is index:
                self._index = done
        return done

    def _parts_of(self, base: KnowledgeBase, today: dt.date) -> dict[str, _Part]:
        """The parts of the articles that may be shown, in the order of their ids."""
        before = self._base
        same_tables = before is not None and (before.departments, before.phones) == (base.departments, base.phones)
        parts = {}
        for key, article in base.answerable(today).items():
            known = self._parts.get(key) if same_tables else None
            parts[key] = known if known is not None and known.article is article else _Part(article, texts_of(base, article))
        self._base, self._parts = base, parts
        return parts

    def _vectors(
        self,
        parts: Mapping[str, _Part],
        neutral: Mapping[str, list[str]],
        elsewhere: Strangers,
        encoder: Encoders,
        say: Say,
    ) -> Trained:
        """Sees to it that every text has a vector, and the signals their classifier."""
        wanted: dict[bytes, tuple[Role, str]] = {}
        for part in parts.values():
            wanted |= {key: ("query", entry.text) for key, entry in zip(part.phrasing_keys, part.texts.phrasings, strict=True)}
            wanted |= {key: ("passage", entry.text) for key, entry in zip(part.answer_keys, part.texts.answers, strict=True)}
        wanted |= {key_of("query", text): ("query", text) for texts in neutral.values() for text in texts}
        wanted |= {key: ("query", text) for key, text in zip(elsewhere.keys, elsewhere.texts, strict=True)}
        wanted |= {key_of("query", text): ("query", text) for text in self._signals.missing()}
        self._cache.fill(wanted, encoder, say)
        for part in parts.values():
            part.note_sums(self._cache)
        # The help lines' own phrasings ("my husband hits me") are calls for help, not questions to the knowledge base.
        spoken = [
            key
            for part in parts.values()
            if part.article.area != EMERGENCY_AREA
            for key, entry in zip(part.phrasing_keys, part.texts.phrasings, strict=True)
            if entry.kind == "phrasing"
        ]
        return self._signals.trained(self._cache, spoken, say)

    def _write(
        self,
        base: KnowledgeBase,
        parts: Mapping[str, _Part],
        neutral: Mapping[str, list[str]],
        elsewhere: Strangers,
        trained: Trained,
        meta: dict[str, Any],
        say: Say,
    ) -> Index:
        """Writes a version aside, puts it in place and points to it."""
        settings = self._settings
        neutral_means = {
            code: self._cache.known([key_of("query", text) for text in texts]).mean(axis=0) for code, texts in neutral.items()
        }
        means = language_means(neutral_means, mean_by_language(part.sums for part in parts.values()))
        answer_means = language_means({}, mean_by_language(part.answer_sums for part in parts.values()))
        kind = settings.tuning.faiss_kind(meta["phrasings"])
        settings.index_dir.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=settings.index_dir))
        try:
            temporary.chmod(0o755)
            phrasings = [entry for part in parts.values() for entry in part.texts.phrasings]
            languages = [entry.language for entry in phrasings]
            phrasing_keys = [key for part in parts.values() for key in part.phrasing_keys]
            vectors = self._centred(temporary / disk.PHRASINGS, languages, phrasing_keys, means)
            languages = [entry.language for part in parts.values() for entry in part.texts.answers]
            answer_keys = [key for part in parts.values() for key in part.answer_keys]
            self._centred(temporary / disk.ANSWERS, languages, answer_keys, answer_means)
            strangers = self._centred(temporary / disk.STRANGERS, elsewhere.languages, elsewhere.keys, means)
            classes = [number for number, part in enumerate(parts.values()) for _ in part.texts.phrasings]
            classes += [len(parts) + number for number in elsewhere.group]
            lessons = Lessons(phrasings, vectors, strangers, np.array(classes, np.int32), [*parts, *elsewhere.names])
            choice, settled = choose(lessons, self._index)
            texts = Texts(
                base=base,
                indexed={key: part.texts for key, part in parts.items()},
                lexical=_lexical(self._index, parts),
                letters=_letters(self._index, parts),
                choice=choice,
                settled=settled,
                elsewhere=elsewhere.names,
                elsewhere_group=np.array(elsewhere.group, np.int32),
                signals=trained.signals,
                means=means,
            )
            row_keys = np.concatenate([part.row_keys for part in parts.values()])
            if write_faiss(temporary, vectors, row_keys, kind, disk.made_earlier(settings)) and kind.approximate:
                say(f"index: {kind.factory} made of {len(vectors)} vectors")
            as_json = {
                key: parts[key].json if key in parts else article.model_dump_json() for key, article in base.articles.items()
            }
            disk.write_texts(temporary, texts, as_json, meta | {"faiss": kind.model_dump()})
            folder = settings.index_dir / meta["version"]
            disk.put_in_place(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        disk.point_to(settings.index_dir, meta["version"])
        disk.remove_old(settings.index_dir, meta["version"])
        return disk.assemble(folder, texts, meta["version"], meta["faulty"])

    def _centred(self, file: Path, languages: Sequence[str], keys: Sequence[bytes], means: Mapping[str, Floats]) -> Floats:
        """Writes the centred vectors of n texts, shape (n, d), block by block, and gives them mapped."""
        share = self._settings.tuning.centring
        codes = {code: number for number, code in enumerate(means)}
        table = np.stack(list(means.values()))
        written = np.lib.format.open_memmap(file, "w+", np.float32, (len(keys), table.shape[1]))
        for start in range(0, len(keys), _BLOCK):
            block = slice(start, start + _BLOCK)
            rows = [codes.get(code, codes[OVERALL]) for code in languages[block]]
            written[block] = centre(self._cache.known(keys[block]), table[rows], share)
        return written


def _lexical(before: Index | None, parts: Mapping[str, _Part]) -> LexicalIndex:
    """The words of all articles, those of unchanged ones taken over."""
    kept = _unchanged(before, parts)
    same = set(kept.values())
    changed = {
        number: (*part.texts.phrasings, *part.texts.answers) for number, part in enumerate(parts.values()) if number not in same
    }
    return (before.lexical if before is not None else LexicalIndex.nothing()).edited(kept, changed, len(parts))


def _letters(before: Index | None, parts: Mapping[str, _Part]) -> LetterIndex:
    """The pieces of all phrasings, those of unchanged articles taken over."""
    earlier = {new: old for old, new in _unchanged(before, parts).items()}
    starts = np.searchsorted(before.phrasing_article, np.arange(len(before.article_ids))) if before is not None else np.zeros(0)
    rows: list[NDArray[np.int64]] = []
    new: list[str] = []
    for number, part in enumerate(parts.values()):
        count = len(part.texts.phrasings)
        if number in earlier:
            rows.append(int(starts[earlier[number]]) + np.arange(count))
        else:
            rows.append(np.full(count, -1, np.int64))
            new += [entry.text for entry in part.texts.phrasings]
    return (before.letters if before is not None else LetterIndex.build([])).edited(np.concatenate(rows), new)


def _unchanged(before: Index | None, parts: Mapping[str, _Part]) -> dict[int, int]:
    """Numbers of the articles whose texts are the same: old → new."""
    if before is None:
        return {}
    number = {key: position for position, key in enumerate(parts)}
    return {
        old: number[key]
        for old, key in enumerate(before.article_ids)
        if key in parts and parts[key].texts.digest == before.indexed[key].digest
    }


def _version(settings: Settings, base: KnowledgeBase, parts: Mapping[str, _Part]) -> str:
    """Hash of all that the index is made of: form, model, tuning, the articles that may be shown, and the training files."""
    tuning = settings.tuning
    kinds = [kind.model_dump() for kind in tuning.faiss_kinds]
    digest = hashlib.sha256()
    digest.update(
        f"{disk.FORM}|{SIGNALS_FORMAT}|{settings.encoder_name}|{tuning.centring}|{tuning.faiss_factory}|{kinds}".encode()
    )
    for part in parts.values():
        digest.update(part.json.encode())
    for key, article in base.articles.items():
        if key not in parts:  # what is said of it, "withdrawn" or "unknown", depends on its state
            digest.update(f"{key}|{article.status}".encode())
    for table in (base.departments, base.phones):
        digest.update(json.dumps({key: value.model_dump() for key, value in table.items()}, sort_keys=True).encode())
    for path in [ROOM / "neutral.yml", *training_files(settings.nlu_dir), *elsewhere_files(settings.elsewhere_dir)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def build_index(settings: Settings, encoder: Encoders, today: dt.date, say: Say) -> BuildReport:
    """Builds the index of today's articles from their files and makes it the current one; see `IndexBuilder.build`."""
    report, index = IndexBuilder(settings).build(encoder, today, say)
    settle(index, settings)
    return report
