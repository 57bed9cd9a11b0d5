"""Coverage: by topic and language, how many phrasings there are and how far the answer has come."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from knowledge.article import ORIGINAL, Article, KnowledgeBase, TranslationState, load_knowledge_base
from knowledge.exporting import write_whole
from knowledge.settings import ROOT, Settings

STATES: tuple[TranslationState, ...] = ("original", "reviewed", "drafted", "stale", "missing")
_SIGN = {"original": "o", "reviewed": "r", "drafted": "d", "stale": "s", "missing": "-"}


def state(article: Article, language: str) -> TranslationState:
    """How far the answer has come in a language; a draft may lack the Swedish original too."""
    if not (article.answer.get(language) and article.title.get(language)):
        return "missing"
    return article.state_of(language)


def languages(base: KnowledgeBase, order: Sequence[str]) -> list[str]:
    """The languages that an article or the assistant's own texts are in, in the given order, then by code."""
    found = {code for article in base.articles.values() for code in (*article.answer, *article.questions)}
    found |= {path.stem for path in (ROOT / "texts").glob("*.yml")} - {"languages"}
    found.add(ORIGINAL)
    return [code for code in order if code in found] + sorted(found - set(order))


def rows(base: KnowledgeBase, codes: Sequence[str]) -> list[list[str]]:
    """The table: area, topic (and its status, unless published), and per language phrasings and state ("41 d", "-")."""
    table = []
    for article in sorted(base.articles.values(), key=lambda item: (item.area, item.id)):
        name = article.id if article.status == "published" else f"{article.id} ({article.status})"
        cells = []
        for code in codes:
            count = len(article.questions.get(code, []))
            sign = _SIGN[state(article, code)]
            cells.append(f"{count} {sign}" if count else sign)
        table.append([article.area, name, *cells])
    return table


def totals(base: KnowledgeBase, codes: Sequence[str]) -> list[list[str]]:
    """Per language: phrasings, then how many articles are in each of `STATES`."""
    table = []
    for code in codes:
        counted = Counter(state(article, code) for article in base.articles.values())
        phrasings = sum(len(article.questions.get(code, [])) for article in base.articles.values())
        table.append([code, str(phrasings), *(str(counted[name]) for name in STATES)])
    return table


def as_text(base: KnowledgeBase, codes: Sequence[str]) -> str:
    """Both tables in columns."""
    legend = ", ".join(f"{_SIGN[name]} {name}" for name in STATES)
    head = ["area", "topic", *codes]
    return (
        f"{_aligned([head, *rows(base, codes)], left=2)}\n\nnumber of phrasings and the answer's state: {legend}\n\n"
        f"{_aligned([['language', 'phrasings', *STATES], *totals(base, codes)], left=1)}\n"
    )


def as_markdown(base: KnowledgeBase, codes: Sequence[str]) -> str:
    """Both tables as a page for `docs/coverage.md`."""
    legend = ", ".join(f"**{_SIGN[name]}** {name}" for name in STATES)
    return (
        "# Coverage\n\n<!-- Written by `python -m knowledge coverage --markdown docs/coverage.md`; do not edit. -->\n\n"
        f"{len(base.articles)} articles.\n\n{_markdown([['language', 'phrasings', *STATES], *totals(base, codes)], left=1)}\n\n"
        f"## By topic\n\nNumber of phrasings and the state of the answer: {legend}.\n\n"
        f"{_markdown([['area', 'topic', *codes], *rows(base, codes)], left=2)}\n"
    )


def _aligned(table: list[list[str]], left: int) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]
    return "\n".join(line.rstrip() for line in lines)


def _markdown(table: list[list[str]], left: int) -> str:
    head, *body = table
    rule = ["---" if place < left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def run_coverage(settings: Settings, markdown: Path | None) -> int:
    """Prints the tables, or writes them as Markdown.

    Raises:
        ValueError: when the file can't be written.
    """
    base = load_knowledge_base(settings.articles_dir)
    codes = languages(base, settings.tuning.languages)
    if markdown is None:
        print(as_text(base, codes), end="")
    else:
        write_whole(markdown, as_markdown(base, codes))
        print(f"{markdown}: {len(base.articles)} articles, {len(codes)} languages", file=sys.stderr)
    if base.faulty:
        print(f"{len(base.faulty)} files are no articles and left out; see: python -m knowledge validate", file=sys.stderr)
    return 0
