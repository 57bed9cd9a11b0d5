"""The article: one entry of the knowledge base, all its languages, as its file states it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

ORIGINAL = "sv"

Status = Literal["draft", "published", "expired"]
Volatile = Literal["amount", "phone", "rule", "organisation", "date"]
TranslationState = Literal["original", "drafted", "reviewed", "stale", "missing"]

_REFERENCE = re.compile(r"\{(phone|department):([a-z0-9-]+)\}")

EMERGENCY_AREA = "nodlagen"  # the help lines: their phrasings are calls for help


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """What a fact rests on."""

    url: str
    title: str
    year: int | None = None


class Link(_Strict):
    """Where to go on."""

    url: str
    title: dict[str, str]


class Translation(_Strict):
    """How far a translation has come; `of` is the hash of the Swedish answer it translates."""

    state: Literal["drafted", "reviewed"]
    of: str | None = None


class Amounts(_Strict):
    """The year that the amounts in the texts are from."""

    year: int


class Article(_Strict):
    """One entry of the knowledge base. Fields as in docs/articles.md."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    area: str
    department: str
    status: Status
    updated: dt.date
    review_by: dt.date
    sources: list[Source]
    volatile: list[Volatile]
    live_only: bool
    sensitive: bool = False  # whoever asks may be in a hard place: a human is offered after the answer
    amounts: Amounts | None = None
    audience: str | None = None
    questions: dict[str, list[str]]
    title: dict[str, str]
    answer: dict[str, str]
    short: dict[str, str]
    translations: dict[str, Translation] = {}
    next: list[str] = []
    links: list[Link] = []

    def state_of(self, language: str) -> TranslationState:
        """Whether the answer in that language is the original, a translation of it, of an older text, or missing."""
        if language == ORIGINAL:
            return "original"
        translation = self.translations.get(language)
        if language not in self.answer or translation is None:
            return "missing"
        if translation.of is not None and translation.of != answer_hash(self.answer.get(ORIGINAL, "")):
            return "stale"
        return translation.state

    def is_answerable(self, today: dt.date) -> bool:
        """True while the article may be shown: published and not past its review date."""
        return self.status == "published" and today <= self.review_by

    def language_for(self, wanted: str) -> str:
        """The language to answer in: the wanted one if the article has it, else English, else Swedish."""
        return next((code for code in (wanted, "en") if code in self.answer and code in self.title), ORIGINAL)


class Department(_Strict):
    """A department or company of the city, or an organisation that we only point to."""

    name: dict[str, str]
    desk: bool = False
    external: bool = False


class Phone(_Strict):
    """A published telephone number."""

    number: str
    name: dict[str, str]
    verify: bool = False


def answer_hash(answer: str) -> str:
    """Short hash of a Swedish answer, whitespace set aside, that its translations record."""
    return hashlib.sha256(" ".join(answer.split()).encode("utf-8")).hexdigest()[:12]


@dataclass(frozen=True)
class FaultyFile:
    """A file that is not an article, and why."""

    path: Path
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class KnowledgeBase:
    """All articles with what their texts refer to."""

    articles: Mapping[str, Article]
    paths: Mapping[str, Path]
    departments: Mapping[str, Department]
    phones: Mapping[str, Phone]
    faulty: tuple[FaultyFile, ...] = field(default=())
    digests: Mapping[str, str] = field(default_factory=dict)  # of each article's file

    def render(self, text: str, language: str) -> str:
        """Replaces `{phone:key}` and `{department:key}` in an article's text.

        Args:
            text: an answer or a short answer.
            language: for the department's name (that language, else English, else Swedish).

        Raises:
            KeyError: when a key does not exist; the validator finds such texts first.
        """

        def value(match: re.Match[str]) -> str:
            kind, key = match.groups()
            if kind == "phone":
                return self.phones[key].number
            return localised(self.departments[key].name, language)

        return _REFERENCE.sub(value, text)

    def answerable(self, today: dt.date) -> dict[str, Article]:
        """Articles that may be shown today, by id, in a fixed order."""
        return {key: self.articles[key] for key in sorted(self.articles) if self.articles[key].is_answerable(today)}


def localised(texts: Mapping[str, str], language: str, *fallbacks: str) -> str:
    """The text in the language, else in the first fallback that exists, else English, else Swedish, else any."""
    for code in (language, *fallbacks, "en", ORIGINAL):
        if code in texts:
            return texts[code]
    return next(iter(texts.values()), "")


def references(text: str) -> list[tuple[str, str]]:
    """The (kind, key) pairs that a text refers to: `{phone:sos}` gives ("phone", "sos")."""
    return [(match[1], match[2]) for match in _REFERENCE.finditer(text)]


# The C parser where there is one: 60 articles in 0.2 s rather than 2 s. Both are safe loaders.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """A YAML file's contents."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader


def load_article(path: Path) -> Article:
    """Reads one article.

    Raises:
        ValueError: when the file is not YAML or not an article; one line per reason.
    """
    return _parsed(path.read_bytes())


def _parsed(data: bytes) -> Article:
    try:
        return Article.model_validate(yaml.load(data.decode("utf-8"), Loader=_LOADER))  # noqa: S506 - as above
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise ValueError("\n".join(lines)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError("not YAML: " + " ".join(str(error).split())) from error


class ArticleFiles:
    """The files of a knowledge base. One that is kept parses a file again only when it says something else.

    Args:
        articles_dir: the folder with one folder per area; `departments.yml` and `phones.yml` lie beside it.
    """

    def __init__(self, articles_dir: Path) -> None:
        self._dir = articles_dir
        self._articles: dict[str, Article] = {}  # by digest of the file
        self._tables: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def know(self, base: KnowledgeBase) -> None:
        """Takes over the articles of a knowledge base read before, by the digests of their files."""
        self._articles |= {digest: base.articles[key] for key, digest in base.digests.items()}

    def load(self) -> KnowledgeBase:
        """Reads every article and the tables.

        A file that is not an article is set aside in `faulty`, so that one typing error of an editor does not silence the rest.
        """
        articles: dict[str, Article] = {}
        paths: dict[str, Path] = {}
        digests: dict[str, str] = {}
        faulty: list[FaultyFile] = []
        for path in sorted(self._dir.glob("*/*.yml")):
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            try:
                article = self._articles.get(digest) or _parsed(data)
            except ValueError as error:
                faulty.append(FaultyFile(path, tuple(str(error).splitlines())))
                continue
            if article.id in articles:
                faulty.append(FaultyFile(path, (f"id: {article.id} is already the id of {paths[article.id].name}",)))
                continue
            articles[article.id], paths[article.id], digests[article.id] = article, path, digest
        self._articles = {digest: articles[key] for key, digest in digests.items()}
        departments = {key: Department.model_validate(value) for key, value in self._table("departments.yml").items()}
        phones = {key: Phone.model_validate(value) for key, value in self._table("phones.yml").items()}
        return KnowledgeBase(articles, paths, departments, phones, tuple(faulty), digests)

    def _table(self, name: str) -> dict[str, Any]:
        data = (self._dir.parent / name).read_bytes()
        if name not in self._tables or self._tables[name][0] != data:
            self._tables[name] = data, yaml.load(data.decode("utf-8"), Loader=_LOADER)  # noqa: S506 - as above
        return self._tables[name][1]


def load_knowledge_base(articles_dir: Path) -> KnowledgeBase:
    """Reads every article and the tables beside the folder once; see `ArticleFiles`.

    Args:
        articles_dir: the folder with one folder per area.
    """
    return ArticleFiles(articles_dir).load()
