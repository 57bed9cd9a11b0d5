"""The rules of docs/articles.md, checked by machine. Every finding says where, which rule, and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.article import ORIGINAL, Article, KnowledgeBase, references
from knowledge.phones import NOT_NUMBERS, raw_numbers
from knowledge.sms import PART, sms_size
from knowledge.translations import differences
from knowledge.wording import AMOUNT, MAY_CHANGE, OPENING, PROMISE, YEAR

MAX_ANSWER_WORDS = 80
MIN_SWEDISH_PHRASINGS = 25
MIN_PHRASINGS = 8  # in each other language
MAX_SMS_PARTS = 2
MAX_LIX = 45
MAX_SENTENCE_WORDS = 25
REVIEW_DAYS = {True: 190, False: 372}  # volatile: half a year; otherwise a year; a week's grace

_GSM7_LANGUAGES = (ORIGINAL, "en", "fi", "so")  # written without loss in the SMS alphabet, which gives twice the room
_FORBIDDEN_IN_SHORT = re.compile("[\u2014\u2013\u2018\u2019\u201c\u201d\u201e]")
_IN_WORD, _LIST_MARK = re.compile(r"\w"), re.compile(r"\d+\.")
_DIGIT = re.compile(r"\d")  # looked for first, as most texts have none and the other patterns are slow


@dataclass(frozen=True)
class Finding:
    """One thing to correct; `fault` is False for a warning."""

    path: Path
    rule: str
    message: str
    fault: bool = True


def check(base: KnowledgeBase, today: dt.date) -> list[Finding]:
    """Checks every article and every file that is not one.

    Args:
        base: from `load_knowledge_base`.
        today: for the review dates.

    Returns:
        Findings in the order of the files.
    """
    findings = [Finding(item.path, "format", reason) for item in base.faulty for reason in item.reasons]
    asked: dict[tuple[str, str], str] = {}
    for key in sorted(base.articles):
        article, path = base.articles[key], base.paths[key]
        for rule, message, fault in _article_findings(article, path, base, today):
            findings.append(Finding(path, rule, message, fault))
        for language, phrasings in article.questions.items():
            for phrasing in phrasings:
                other = asked.setdefault((language, " ".join(phrasing.casefold().split())), key)
                if other != key:
                    message = f"{phrasing!r} ({language}) also stands in {other}; keep it in one"
                    findings.append(Finding(path, "questions", message, fault=False))
    return findings


_Found = Iterator[tuple[str, str, bool]]
_PLACE = ("id", "area")  # where the file lies: a draft must be in its place too


def _article_findings(article: Article, path: Path, base: KnowledgeBase, today: dt.date) -> _Found:
    """All findings of one article; what a draft still lacks or breaks is a warning, as nobody is shown it."""
    for rule, message, fault in _findings_as_published(article, path, base, today):
        if fault and article.status == "draft" and rule not in _PLACE:
            yield rule, f"before it can be published: {message}", False
        else:
            yield rule, message, fault


def _findings_as_published(article: Article, path: Path, base: KnowledgeBase, today: dt.date) -> _Found:
    yield from _metadata(article, path, base, today)
    yield from _languages(article)
    for field, texts in (("answer", article.answer), ("short", article.short)):
        for language, text in texts.items():
            yield from _references(f"{field}.{language}", text, base)
            yield from _promises(article, f"{field}.{language}", language, text, in_answer=field == "answer", base=base)
    for language, text in article.answer.items():
        count = word_count(text)
        if count > MAX_ANSWER_WORDS:
            yield "length", f"answer.{language} has {count} words; shorten it to {MAX_ANSWER_WORDS}", True
    for language, text in article.short.items():
        yield from _short(language, text, base)
    for rule, message in differences(article):
        yield rule, message, False
    if ORIGINAL in article.answer:
        yield from _plain_language(article.answer[ORIGINAL])


def _metadata(article: Article, path: Path, base: KnowledgeBase, today: dt.date) -> _Found:
    if path.stem != article.id:
        yield "id", f"the file is called {path.stem}; rename it or set id to the same", True
    if path.parent.name != article.area:
        yield "area", f"the folder is {path.parent.name}; move the file or set area to the same", True
    if article.department not in base.departments:
        named = f"{article.department} is no key of departments.yml" if article.department else "is missing"
        yield "department", f"{named}; choose a key of departments.yml", True
    if not article.sources:
        yield "sources", "name at least one source", True
    for source in article.sources:
        if not source.url.startswith(("https://", "http://")):
            yield "sources", f"{source.url} is not a full web address", True
        elif "..." in source.url or "…" in source.url:
            yield "sources", f"{source.url} is shortened; give it in full or the site's start page", True
    days = (article.review_by - article.updated).days
    limit = REVIEW_DAYS[bool(article.volatile)]
    if days <= 0:
        yield "review_by", "must be later than updated", True
    elif days > limit:
        yield "review_by", f"is {days} days after updated; at most {'6' if article.volatile else '12'} months", True
    if article.updated > today:
        yield "updated", "lies in the future; set the day the text was confirmed", True
    if article.status == "published" and article.review_by < today:
        yield "review_by", "has passed: the article is not shown; confirm the facts and set new dates", False
    for key in article.next:
        if key == article.id:
            yield "next", "refers to itself; remove it", True
        elif key not in base.articles:
            yield "next", f"{key} is no article; correct or remove it", True
    for link in article.links:
        if not link.url.startswith("https://"):
            yield "links", f"{link.url} is not a full https:// address", True
        if ORIGINAL not in link.title:
            yield "links", f"{link.url} needs a Swedish title", True


def _languages(article: Article) -> _Found:
    for language in (ORIGINAL, "en"):
        for field in ("title", "answer", "short"):
            if not getattr(article, field).get(language, "").strip():
                yield "language", f"{field}.{language} is missing", True
        if not article.questions.get(language):
            yield "language", f"questions.{language} is missing", True
    swedish = article.questions.get(ORIGINAL, [])
    if len(set(swedish)) < MIN_SWEDISH_PHRASINGS:
        yield "questions", f"{len(set(swedish))} Swedish phrasings; write at least {MIN_SWEDISH_PHRASINGS}", True
    for language, phrasings in article.questions.items():
        count = len({" ".join(phrasing.casefold().split()) for phrasing in phrasings})
        if language != ORIGINAL and count < MIN_PHRASINGS:
            yield "questions", f"{count} phrasings in {language}; {MIN_PHRASINGS} or more let people be understood", False
        if any(not phrasing.strip() for phrasing in phrasings):
            yield "questions", f"an empty phrasing in {language}; remove it", True
    for language in sorted(set(article.answer) | set(article.title) | set(article.short)):
        lacking = [name for name in ("answer", "title", "short") if language not in getattr(article, name)]
        if lacking and language not in (ORIGINAL, "en"):
            yield "language", f"{language} has no {', '.join(lacking)}; write it or remove the language", True
        if language != ORIGINAL and language in article.answer and language not in article.translations:
            yield "translations", f"{language} is missing; write `{language}: {{state: drafted}}`", True
        if article.state_of(language) == "stale":
            stamp = f"stamp --lang {language} --id {article.id}"
            yield "translations", f"{language} translates an older Swedish text; check it, then {stamp}", False
    for language in article.translations:
        if language not in article.answer:
            yield "translations", f"{language} has no answer; remove it", True


def _references(where: str, text: str, base: KnowledgeBase) -> _Found:
    for kind, key in references(text):
        table = base.phones if kind == "phone" else base.departments
        if key not in table:
            yield "reference", f"{where}: {key} is no key of {kind}s.yml", True
    rest = re.sub(r"\{(?:phone|department):[a-z0-9-]+\}", " ", text)
    if "{" in rest or "}" in rest:
        yield "reference", f"{where}: write {{phone:key}} or {{department:key}}, nothing else in braces", True
    for found in raw_numbers(text, base):
        yield "phone", f"{where}: {found} is a raw number; write {{phone:key}} with a key of phones.yml", True


def _promises(article: Article, where: str, language: str, text: str, in_answer: bool, base: KnowledgeBase) -> _Found:
    if AMOUNT.search(text):
        years = {int(year) for year in YEAR.findall(text)}
        if not years:
            yield "amount", f"{where}: an amount without its year; write for example 404 kr (2023)", True
        if article.amounts is None:
            yield "amount", f"{where}: set amounts: {{year: …}}", True
        elif years and article.amounts.year not in years:
            yield "amount", f"{where}: names {sorted(years)}, amounts.year is {article.amounts.year}", True
        if in_answer and language in MAY_CHANGE and not MAY_CHANGE[language].search(text):
            yield "amount", f"{where}: say that the amount may have changed", True
    promise = PROMISE.get(language)
    if promise and (match := promise.search(text)):
        yield "promise", f"{where}: {match.group()!r} promises a right; say what can be applied for", True
    if _DIGIT.search(text) and (match := OPENING.search(text)):
        yield "opening hours", f"{where}: {match.group()!r}; say where the hours are shown", True


def _short(language: str, text: str, base: KnowledgeBase) -> _Found:
    if match := _FORBIDDEN_IN_SHORT.search(text):
        yield "short", f"short.{language}: replace {match.group()!r} by a plain sign; it makes the SMS three times as long", True
    try:
        shown = base.render(text, language).strip()
    except KeyError:
        return  # reported as a reference
    size = sms_size(shown)
    odd = " ".join(size.outside[:10])
    if odd and language in _GSM7_LANGUAGES:
        yield "short", f"short.{language}: {odd} is not in the SMS alphabet (GSM-7); replace it", True
    elif size.parts > MAX_SMS_PARTS:
        room = f"at most {MAX_SMS_PARTS * PART[size.encoding]}" + (f" with {odd} in it" if odd else "")
        yield "short", f"short.{language} has {size.units} characters; {room}", True


def _plain_language(text: str) -> _Found:
    value = lix(text)
    if value > MAX_LIX:
        yield "plain language", f"LIX {value:.0f}; shorter words and sentences bring it under {MAX_LIX}", False
    for sentence in sentences(text):
        count = word_count(sentence)
        if count > MAX_SENTENCE_WORDS:
            yield "plain language", f"a sentence of {count} words: {' '.join(sentence.split()[:6])} …; split it", False


def word_count(text: str) -> int:
    """Number of words; list markers (`1.`, `-`) do not count, a placeholder counts as one."""
    return sum(1 for word in text.split() if _IN_WORD.search(word) and not _LIST_MARK.fullmatch(word))


def sentences(text: str) -> list[str]:
    """Sentences, each list item being one at least."""
    parts = re.split(r"(?<=[.!?:])\s+|\n+", NOT_NUMBERS.sub("namn", text))
    return [part for part in parts if re.search(r"[^\W\d]", part)]


def lix(text: str) -> float:
    """Björnsson's readability index of a Swedish text: words per sentence plus the share of words longer than six letters."""
    clean = NOT_NUMBERS.sub("namn", text)
    found = [word for word in re.findall(r"\w+", clean) if not word.isdigit()]
    if not found:
        return 0.0
    return len(found) / max(1, len(sentences(text))) + 100.0 * sum(len(word) > 6 for word in found) / len(found)
