"""An index on disk: a folder `var/index/<version>`, written aside and renamed; `var/index/current` names the one in use."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from knowledge.article import Article, Department, KnowledgeBase, Phone
from knowledge.choice import Choice
from knowledge.index.centring import Floats
from knowledge.index.entries import ArticleTexts, Entry, texts_of
from knowledge.index.nearest import Made, read_faiss
from knowledge.letters import LetterIndex
from knowledge.lexical import LexicalIndex
from knowledge.settings import FaissKind, Settings
from knowledge.signals import Signals

# Raise the number when the folder's contents change. An article read from an index stands for its file, so its fields count too.
FORM = "10-" + hashlib.sha256(json.dumps(Article.model_json_schema(), sort_keys=True).encode()).hexdigest()[:8]
KEEP = 2  # versions kept: the one in use and the one a running service may still have mapped
_CURRENT = "current"
_META, _ARTICLES, _TABLES, _LEXICAL, _SIGNALS, _MEANS = (
    "meta.json", "articles.jsonl", "tables.json", "lexical", "signals.npz", "means.npz",
)  # fmt: skip
_LETTERS, _CHOICE, _ELSEWHERE = "letters.npz", "choice.npz", "elsewhere.npz"
PHRASINGS, ANSWERS, STRANGERS = "phrasings.npy", "answers.npy", "elsewhere.npy"


class IndexMissingError(RuntimeError):
    """There is no index to load; the message names the command."""


class _Line(BaseModel):
    """One article of `articles.jsonl`, with the digest of the file it was read from."""

    digest: str
    article: Article


@dataclass(frozen=True)
class Texts:
    """What the index says, as far as it is not vectors: the articles and what was made of their texts.

    Attributes:
        base: every article, those that may not be shown too.
        indexed: what each article that may be shown brings, in the order of the rows.
        lexical: the words of all of it.
        letters: the pieces of words of the phrasings.
        choice: the classifier over the articles, then the groups of `elsewhere`.
        settled: whether `choice` is the final one; see `choosing`.
        elsewhere: ids of the groups of questions that are somebody else's.
        elsewhere_group: number of the group of each of them.
        signals: the classifier of calls for help and the like.
        means: mean vector per language, shape (d,).
    """

    base: KnowledgeBase
    indexed: Mapping[str, ArticleTexts]
    lexical: LexicalIndex
    letters: LetterIndex
    choice: Choice
    settled: bool
    elsewhere: list[str]
    elsewhere_group: NDArray[np.int32]
    signals: Signals | None
    means: Mapping[str, Floats]


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
    settled: bool  # whether `choice` is the final one: after an edit it follows within seconds
    elsewhere: list[str]
    elsewhere_vectors: Floats
    elsewhere_group: NDArray[np.int32]
    signals: Signals | None
    knowledge_base: KnowledgeBase
    faulty: int
    indexed: Mapping[str, ArticleTexts]


def write_texts(folder: Path, texts: Texts, as_json: Mapping[str, str], meta: Mapping[str, Any]) -> None:
    """Writes all of a version but its vectors.

    Args:
        folder: being written, not yet in use.
        texts: what to write.
        as_json: every article as JSON, by id.
        meta: version, model, date and counts; see `read_meta`.
    """
    np.savez(folder / _MEANS, codes=np.array(list(texts.means)), means=np.stack(list(texts.means.values())))
    texts.lexical.save(folder / _LEXICAL)
    texts.letters.save(folder / _LETTERS)
    texts.choice.save(folder / _CHOICE)
    np.savez(folder / _ELSEWHERE, names=np.array(texts.elsewhere, str), group=texts.elsewhere_group)
    if texts.signals:
        texts.signals.save(folder / _SIGNALS)
    digests = texts.base.digests
    lines = (f'{{"digest":"{digests.get(key, "")}","article":{text}}}\n' for key, text in as_json.items())
    (folder / _ARTICLES).write_text("".join(lines), encoding="utf-8")
    tables = {
        "departments": {key: value.model_dump() for key, value in texts.base.departments.items()},
        "phones": {key: value.model_dump() for key, value in texts.base.phones.items()},
    }
    (folder / _TABLES).write_text(json.dumps(tables, ensure_ascii=False), encoding="utf-8")
    (folder / _META).write_text(json.dumps({"form": FORM, "settled": texts.settled, **meta}, indent=1), encoding="utf-8")


def read_meta(folder: Path) -> dict[str, Any] | None:
    """What a version says of itself: `version`, `model`, `today`, `faulty`, `signals` (figures), `faiss` (kind) and counts.

    Returns:
        None when it is not there or not of this form.
    """
    try:
        meta: dict[str, Any] = json.loads((folder / _META).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return meta if meta.get("form") == FORM else None


def store_choice(folder: Path, choice: Choice) -> None:
    """Puts the final classifier in the place of the one that an edit came into use with.

    Args:
        folder: the version's; nothing is done when it is there no longer.
        choice: the classifier.
    """
    meta = read_meta(folder)
    if meta is None:
        return
    # The classifier before the mark: broken off between the two, it is trained once more.
    aside = folder / f".{os.getpid()}-{_CHOICE}"
    choice.save(aside)
    aside.replace(folder / _CHOICE)
    aside = folder / f".{os.getpid()}-{_META}"
    aside.write_text(json.dumps(meta | {"settled": True}, indent=1), encoding="utf-8")
    aside.replace(folder / _META)


def put_in_place(temporary: Path, folder: Path) -> None:
    """Renames a version that is whole, unless another build has put the same one there meanwhile."""
    if read_meta(folder) is not None:
        return
    shutil.rmtree(folder, ignore_errors=True)  # of another form
    try:
        temporary.replace(folder)
    except OSError:
        if read_meta(folder) is None:
            raise


def point_to(index_dir: Path, version: str) -> None:
    """Makes a version the current one."""
    temporary = index_dir / f".{_CURRENT}-{os.getpid()}"
    with temporary.open("w", encoding="ascii") as file:
        file.write(version)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(index_dir / _CURRENT)


def remove_old(index_dir: Path, version: str) -> None:
    """Removes all but the newest versions; a service that has one of them mapped keeps it until it lets go."""
    others = [path for path in index_dir.iterdir() if path.is_dir() and path.name != version and not path.name.startswith(".")]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def current_folder(settings: Settings) -> Path | None:
    """Folder of the version in use, None when there is none."""
    try:
        return settings.index_dir / (settings.index_dir / _CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def made_earlier(settings: Settings) -> Made | None:
    """The FAISS index in use, for the next version to take over."""
    folder = current_folder(settings)
    meta = read_meta(folder) if folder else None
    if folder is None or meta is None or meta["model"] != settings.encoder_name:
        return None
    return Made(folder, FaissKind.model_validate(meta["faiss"]))


def assemble(folder: Path, texts: Texts, version: str, faulty: int) -> Index:
    """An index from a version's vectors, mapped, and its texts.

    Args:
        folder: the version's.
        texts: what it says.
        version: its name.
        faulty: number of files left out.
    """
    article_ids = list(texts.indexed)
    phrasings = [entry for item in texts.indexed.values() for entry in item.phrasings]
    answers = [entry for item in texts.indexed.values() for entry in item.answers]
    vectors = np.load(folder / PHRASINGS, mmap_mode="r")
    return Index(
        version=version,
        phrasings=phrasings,
        answers=answers,
        phrasing_vectors=vectors,
        answer_vectors=np.load(folder / ANSWERS, mmap_mode="r"),
        faiss_index=read_faiss(folder, vectors),
        article_ids=article_ids,
        phrasing_article=_numbers([len(item.phrasings) for item in texts.indexed.values()]),
        answer_article=_numbers([len(item.answers) for item in texts.indexed.values()]),
        means=texts.means,
        coverage=_coverage(texts.indexed),
        lexical=texts.lexical,
        letters=texts.letters,
        choice=texts.choice,
        settled=texts.settled,
        elsewhere=texts.elsewhere,
        elsewhere_vectors=np.load(folder / STRANGERS, mmap_mode="r"),
        elsewhere_group=texts.elsewhere_group,
        signals=texts.signals,
        knowledge_base=texts.base,
        faulty=faulty,
        indexed=texts.indexed,
    )


def _numbers(lengths: Sequence[int]) -> NDArray[np.int32]:
    return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)


def _coverage(indexed: Mapping[str, ArticleTexts]) -> dict[str, float]:
    """Share of the articles that have phrasings of their own, per language."""
    spoken: dict[str, int] = {}
    for item in indexed.values():
        languages = {entry.language: False for entry in item.phrasings}
        languages |= {entry.language: True for entry in item.phrasings if entry.kind == "phrasing"}
        for code, own in languages.items():
            spoken[code] = spoken.get(code, 0) + own
    return {code: count / len(indexed) for code, count in spoken.items()}


def load_index(settings: Settings) -> Index:
    """Loads the current index, vectors by memory map.

    Raises:
        IndexMissingError: when none has been built, or it was built for another model.
    """
    folder = current_folder(settings)
    if folder is None:
        raise IndexMissingError(f"no index in {settings.index_dir}; run: python -m knowledge build")
    meta = read_meta(folder)
    if meta is None:
        raise IndexMissingError(f"the index {folder.name} is of another release, or not whole; run: python -m knowledge build")
    if meta["model"] != settings.encoder_name:
        found, wanted = meta["model"], settings.encoder_name
        raise IndexMissingError(f"the index is for {found}, the settings name {wanted}; run: python -m knowledge build")
    return read_index(folder, meta)


def read_index(folder: Path, meta: Mapping[str, Any]) -> Index:
    """Reads one version.

    Args:
        folder: the version's.
        meta: from `read_meta`.
    """
    rows = [_Line.model_validate_json(line) for line in (folder / _ARTICLES).read_bytes().splitlines()]
    tables = json.loads((folder / _TABLES).read_text(encoding="utf-8"))
    base = KnowledgeBase(
        articles={row.article.id: row.article for row in rows},
        paths={},
        departments={key: Department.model_validate(value) for key, value in tables["departments"].items()},
        phones={key: Phone.model_validate(value) for key, value in tables["phones"].items()},
        digests={row.article.id: row.digest for row in rows},
    )
    answerable = base.answerable(dt.date.fromisoformat(meta["today"]))
    with np.load(folder / _MEANS) as means:
        mean_of = dict(zip(means["codes"].tolist(), means["means"], strict=True))
    with np.load(folder / _ELSEWHERE) as stored:
        elsewhere, group = stored["names"].tolist(), stored["group"]
    texts = Texts(
        base=base,
        indexed={key: texts_of(base, article) for key, article in answerable.items()},
        lexical=LexicalIndex.load(folder / _LEXICAL),
        letters=LetterIndex.load(folder / _LETTERS),
        choice=Choice.load(folder / _CHOICE),
        settled=bool(meta["settled"]),
        elsewhere=elsewhere,
        elsewhere_group=group,
        signals=Signals.load(folder / _SIGNALS) if (folder / _SIGNALS).exists() else None,
        means=mean_of,
    )
    return assemble(folder, texts, meta["version"], int(meta["faulty"]))
