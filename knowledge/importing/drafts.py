"""Entries of a source become draft articles: an id, the city's numbers as placeholders, a short answer; nothing invented."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from knowledge.article import ORIGINAL, Article, KnowledgeBase
from knowledge.importing.entry import Entry, doubly_encoded
from knowledge.phones import raw_numbers, with_placeholders
from knowledge.sms import sms_size
from knowledge.text_forms import fold
from knowledge.translations import script_share
from knowledge.validation import MAX_ANSWER_WORDS, MAX_SMS_PARTS, word_count

MAX_ANSWER_LENGTH = 20_000  # characters; a longer text is a document, not an answer
MAX_TITLE_LENGTH = 400  # also of a phrasing and of a short answer
ID_LENGTH = 60
REVIEW_DAYS = 182  # the shorter of the two limits: the editor has not yet said what in it is volatile
_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_ASCII = str.maketrans(
    {"ł": "l", "ı": "i", "ð": "d", "þ": "th", "œ": "oe"}
)  # letters that do not come apart into a letter and a mark
_PLAIN_SIGNS = str.maketrans(
    {"\u2014": "-", "\u2013": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2026": "..."}
)
_SENTENCE_END = re.compile(r"(?<=[.!?؟۔])(?<!\b\w\.)(?<!\.\w\.)(?<!\.\w\w\.)\s+")  # not after "t.ex.", "d.v.s." or "1."
_LIST_LINE = re.compile(r"^(?:- |\d+\. )", re.MULTILINE)


@dataclass(frozen=True)
class Draft:
    """One article to be.

    Attributes:
        where: its place in the source.
        article: status draft.
        notes: what an editor should know of it.
        derived: the languages whose short answer was taken from the answer.
    """

    where: str
    article: Article
    notes: tuple[str, ...]
    derived: frozenset[str]


@dataclass(frozen=True)
class Refused:
    """An entry that can't become an article, and why."""

    where: str
    reason: str


@dataclass(frozen=True)
class Defaults:
    """What the command line says of entries that do not say it themselves."""

    area: str = ""
    department: str = ""
    language: str = ORIGINAL


def make_drafts(
    entries: Iterable[Entry], defaults: Defaults, base: KnowledgeBase, languages: Collection[str], today: dt.date
) -> list[Draft | Refused]:
    """Makes draft articles. The same entries give the same articles with the same ids.

    Args:
        entries: those with the same id become one article, each in its language.
        defaults: for what an entry lacks.
        base: for departments and telephone numbers.
        languages: the codes that an entry may be in.
        today: becomes `updated`.
    """
    groups: dict[str, list[Entry]] = {}
    results: list[str | Refused] = []
    seen: dict[tuple[str, str, str], str] = {}
    counts: Counter[str] = Counter()  # how often a slug was taken already
    for given in entries:
        entry = replace(given, language=given.language or defaults.language, area=slug(given.area) or defaults.area)
        if reason := _refusal(entry, languages):
            results.append(Refused(entry.where, reason))
            continue
        key = entry.id
        if not key:
            said = (entry.title, entry.answer, entry.language)
            if said in seen:
                results.append(Refused(entry.where, f"the same as {seen[said]}"))
                continue
            seen[said] = entry.where
            key = wanted = _id_of(entry.title)
            while key in groups:
                counts[wanted] += 1
                key = f"{wanted}-{counts[wanted] + 1}"
        same_language = next((other for other in groups.get(key, []) if other.language == entry.language), None)
        if same_language is not None:
            results.append(Refused(entry.where, f"{key} in {entry.language} is already {same_language.where}"))
            continue
        if key not in groups:
            results.append(key)
        groups.setdefault(key, []).append(entry)
    return [item if isinstance(item, Refused) else _draft(item, groups[item], defaults, base, today) for item in results]


def slug(text: str) -> str:
    """A text as an id: lower-case ASCII words with hyphens, at most `ID_LENGTH`; "" when it has no letter of ours."""
    words = re.findall(r"[a-z0-9]+", fold(text).translate(_ASCII))
    found = ""
    for word in words:
        if found and len(found) + 1 + len(word) > ID_LENGTH:
            break
        found = f"{found}-{word}" if found else word[:ID_LENGTH]
    return found


def _id_of(title: str) -> str:
    """The slug, or a hash of a title whose letters are not ours, of which a slug would keep a stray name at most."""
    if script_share(ORIGINAL, title) > 0.5 and (found := slug(title)):
        return found
    return f"artikel-{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def short_answer(answer: str, language: str, base: KnowledgeBase) -> str:
    """The first sentences of an answer, as many as fit in the SMS a short answer may take; "" when not even one does.

    Args:
        answer: with placeholders; a list in it ends what is taken.
        language: for the names that placeholders become.
        base: for the placeholders.
    """
    prose = _LIST_LINE.split(answer, maxsplit=1)[0].translate(_PLAIN_SIGNS)
    taken = ""
    for sentence in _sentences(prose):
        longer = f"{taken} {sentence}".strip()
        if sms_size(_rendered(longer, language, base)).parts > MAX_SMS_PARTS:
            break
        taken = longer
    # A sentence that introduces a list says nothing without it.
    return taken if not taken.endswith(":") else " ".join(_sentences(taken)[:-1])


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for paragraph in text.split("\n"):
        start = 0
        for end in _SENTENCE_END.finditer(paragraph):
            follows = paragraph[end.end() : end.end() + 1]
            if not (follows.islower() or follows.isdigit()):  # "ca. tio", "kl. 8"
                found.append(paragraph[start : end.start()])
                start = end.end()
        found.append(paragraph[start:])
    return [sentence.strip() for sentence in found if sentence.strip()]


def _rendered(text: str, language: str, base: KnowledgeBase) -> str:
    try:
        return base.render(text, language)
    except KeyError:  # the validator reports it
        return text


def _refusal(entry: Entry, languages: Collection[str]) -> str:
    if not entry.title or not entry.answer:
        return f"has no {'answer' if entry.title else 'title'}"
    if entry.id and not _ID.fullmatch(entry.id):
        return f"the id {entry.id!r} is not lower-case a-z, 0-9 and hyphens"
    if not entry.area:
        return "has no area; give --area or a column area"
    if entry.language not in languages:
        return f"the language {entry.language!r} is none of {' '.join(languages)}"
    if doubly_encoded(entry.title) or doubly_encoded(entry.answer):
        return "has letters broken by a wrong encoding (Ã¤ for ä); save the source anew as UTF-8"
    if len(entry.answer) > MAX_ANSWER_LENGTH:
        return f"has an answer of {len(entry.answer)} characters; at most {MAX_ANSWER_LENGTH}, divide it"
    if (longest := max(map(len, (entry.title, entry.short, *entry.phrasings)))) > MAX_TITLE_LENGTH:
        return f"has a title, short answer or phrasing of {longest} characters; at most {MAX_TITLE_LENGTH}"
    return ""


def _draft(key: str, entries: list[Entry], defaults: Defaults, base: KnowledgeBase, today: dt.date) -> Draft | Refused:
    first = entries[0]
    texts: dict[str, dict[str, Any]] = {"title": {}, "answer": {}, "short": {}, "questions": {}}
    notes: list[str] = []
    derived: set[str] = set()
    for entry in entries:
        code = entry.language
        answer = with_placeholders(entry.answer, base)
        short = with_placeholders(entry.short, base)
        if not short and (short := short_answer(answer, code, base)):
            derived.add(code)
        texts["title"][code] = entry.title
        texts["answer"][code] = answer
        texts["questions"][code] = list(dict.fromkeys(entry.phrasings or (entry.title,)))
        if short:
            texts["short"][code] = short
        notes += _notes(code, answer, short, base)
    department = _department(first.department or defaults.department, base)
    if department not in base.departments:
        notes.insert(0, f"the department {department!r} is no key of departments.yml" if department else "no department")
    data = {
        "id": key,
        "area": first.area,
        "department": department,
        "status": "draft",
        "updated": today,
        "review_by": today + dt.timedelta(days=REVIEW_DAYS),
        "sources": _sources(entries),
        "volatile": [],
        "live_only": False,
        "links": _links(entries),
        "translations": {entry.language: {"state": "drafted"} for entry in entries if entry.language != ORIGINAL},
        **texts,
        **first.fields,
    }
    try:
        article = Article.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        return Refused(first.where, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
    return Draft(first.where, article, tuple(notes), frozenset(derived))


def _notes(code: str, answer: str, short: str, base: KnowledgeBase) -> list[str]:
    notes = []
    if (count := word_count(answer)) > MAX_ANSWER_WORDS:
        notes.append(f"answer.{code} has {count} words; {MAX_ANSWER_WORDS} when published")
    notes += [f"{number} is not in phones.yml" for number in dict.fromkeys(raw_numbers(answer, base))]
    if not short:
        notes.append(f"short.{code} is missing: no first sentence fits in {MAX_SMS_PARTS} SMS")
    return notes


def _department(text: str, base: KnowledgeBase) -> str:
    """The department's key: given as it, or as a name of the department in any language. What is neither stays."""
    if text in base.departments:
        return text
    wanted = text.casefold()
    return next((key for key, item in base.departments.items() if wanted in map(str.casefold, item.name.values())), text)


def _sources(entries: list[Entry]) -> list[dict[str, Any]]:
    sources = {}
    for entry in entries:
        if not entry.url:
            continue
        host = (urlsplit(entry.url).hostname or "").removeprefix("www.")
        title = f"{entry.source_title}, {host}" if entry.source_title else host or entry.url
        sources[entry.url] = {"url": entry.url, "title": title} | ({"year": entry.year} if entry.year else {})
    return list(sources.values())


def _links(entries: list[Entry]) -> list[dict[str, Any]]:
    titles: dict[str, dict[str, str]] = {}
    for entry in entries:
        for url, title in entry.links:
            titles.setdefault(url, {}).setdefault(entry.language, title)
    return [{"url": url, "title": title} for url, title in titles.items()]
