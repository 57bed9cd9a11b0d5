"""`python -m knowledge import`: reads a source, writes draft articles, says what became of each."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from knowledge.article import Article, KnowledgeBase, load_knowledge_base
from knowledge.importing.drafts import Defaults, Draft, Refused, make_drafts, slug
from knowledge.importing.entry import About, Reading
from knowledge.importing.reading import Unreadable
from knowledge.settings import Settings, today
from knowledge.writing import write_article

KINDS = ".json, .jsonld, .html, .csv, .tsv, .xlsx or a sitemap's .xml"


@dataclass(frozen=True)
class Order:
    """What the command line asks for; "" where it says nothing."""

    source: Path
    area: str = ""
    department: str = ""
    language: str = ""
    url: str = ""
    pages: Path | None = None
    dry_run: bool = False


def read_source(order: Order) -> Reading:
    """Reads the source by the kind that its name says.

    Raises:
        Unreadable: when it can't be read, or holds nothing to import.
    """
    given = About(order.language, order.url)
    match order.source.suffix.lower():
        case ".json" | ".jsonld":
            from knowledge.importing.faq import read_json

            found = read_json(order.source, given)
        case ".html" | ".htm" | ".xhtml":
            from knowledge.importing.pages import read_page

            found = read_page(order.source, given)
        case ".csv" | ".tsv" | ".txt":
            from knowledge.importing.sheet import read_csv

            found = read_csv(order.source, given)
        case ".xlsx":
            from knowledge.importing.sheet import read_xlsx

            found = read_xlsx(order.source, given)
        case ".xml":
            from knowledge.importing.sitemap import read_sitemap

            found = read_sitemap(order.source, order.pages or order.source.parent, given)
        case _:
            raise Unreadable(f"{order.source.name} is of no kind that is read; give {KINDS}")
    if not found.entries:
        raise Unreadable("; ".join([f"{order.source.name} has no question with an answer", *found.left_out[:5]]))
    return found


def run_import(settings: Settings, order: Order) -> int:
    """Imports a source as drafts. An article that exists is never touched.

    Args:
        settings: for the articles' folder.
        order: what to import.

    Returns:
        0; also when some entries were left out, which is said.

    Raises:
        ValueError: when the source can't be read at all or an option is wrong; nothing was written.
    """
    base = load_knowledge_base(settings.articles_dir)
    codes = list(dict.fromkeys([*settings.tuning.languages, *(code for item in base.articles.values() for code in item.answer)]))
    _check(order, base, codes)
    found = read_source(order)
    defaults = Defaults(order.area, order.department, order.language or Defaults.language)
    asked = _asked(base)
    counts = dict.fromkeys(("created", "unchanged", "exists", "left out"), 0)
    areas = {path.parent.name for path in base.paths.values()}
    new_areas: dict[str, None] = {}
    for item in make_drafts(found.entries, defaults, base, codes, today()):
        if isinstance(item, Refused):
            outcome, line = "left out", f"{item.where}: {item.reason}"
        else:
            outcome, line = _place(item, base, settings.articles_dir, asked, order.dry_run)
            if outcome == "created" and item.article.area not in areas:
                new_areas[item.article.area] = None
        counts[outcome] += 1
        print(f"{'would create' if order.dry_run and outcome == 'created' else outcome:12} {line}")
    for left in found.left_out:
        counts["left out"] += 1
        print(f"{'left out':12} {left}")
    for remark in found.remarks:
        print(f"{'note':12} {remark}")
    _summary(counts, list(new_areas), order.dry_run)
    return 0


def _check(order: Order, base: KnowledgeBase, codes: list[str]) -> None:
    if order.language and order.language not in codes:
        raise Unreadable(f"--language {order.language!r} is none of {' '.join(codes)}")
    if order.area and slug(order.area) != order.area:
        raise Unreadable(f"--area {order.area!r} is no name of an area; write for example {slug(order.area) or 'avfall'}")
    if order.department and order.department not in base.departments:
        raise Unreadable(f"--department {order.department!r} is no key of departments.yml: {', '.join(base.departments)}")
    if order.url and not order.url.startswith(("https://", "http://")):
        raise Unreadable(f"--url {order.url!r} is not a full web address")


def _asked(base: KnowledgeBase) -> dict[tuple[str, str], str]:
    """Who already has a phrasing or title."""
    return {
        (code, _folded(text)): key
        for key, article in base.articles.items()
        for code in article.questions | article.title
        for text in [*article.questions.get(code, []), article.title.get(code, "")]
    }


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _place(
    draft: Draft, base: KnowledgeBase, articles_dir: Path, asked: dict[tuple[str, str], str], dry_run: bool
) -> tuple[str, str]:
    """Writes the draft unless its id is taken.

    Returns:
        What became of it, and the line that says so.
    """
    article = draft.article
    name = f"{article.area}/{article.id}"
    there = base.articles.get(article.id)
    if there is not None:
        name = f"{there.area}/{there.id}"
        if _says_the_same(draft, there, base):
            return "unchanged", f"{name}: {draft.where} is this article already"
        return "exists", f"{name}: {draft.where} says something else; the article is not touched"
    path = articles_dir / article.area / f"{article.id}.yml"
    broken = next((item.path for item in base.faulty if item.path.stem == article.id), None)
    if broken is not None or path.exists():
        return "exists", f"{name}: there is a file of that name that is no article; it is not touched"
    notes = list(draft.notes)
    others = {
        asked[key] for code, texts in article.questions.items() for text in texts if (key := (code, _folded(text))) in asked
    }
    notes += [f"its question also stands in {other}" for other in sorted(others)]
    if not dry_run:
        write_article(path, article)
    return "created", f"{name}: {'; '.join([_title(article), *notes])}"


def _title(article: Article) -> str:
    return next(iter(article.title.values()))


def _says_the_same(draft: Draft, there: Article, base: KnowledgeBase) -> bool:
    """Whether an existing article already says all that the draft says; what editors added to it does not matter."""

    def shown(text: str | None, code: str) -> str | None:
        try:
            return None if text is None else " ".join(base.render(text, code).split())
        except KeyError:
            return " ".join((text or "").split())

    for code, answer in draft.article.answer.items():
        if shown(answer, code) != shown(there.answer.get(code), code) or draft.article.title[code] != there.title.get(code):
            return False
        short = draft.article.short.get(code)
        if short and code not in draft.derived and shown(short, code) != shown(there.short.get(code), code):
            return False
        if not set(draft.article.questions[code]) <= {*there.questions.get(code, []), *there.title.values()}:
            return False
    return True


def _summary(counts: dict[str, int], new_areas: list[str], dry_run: bool) -> None:
    said = [f"{counts['created']} drafts {'to create' if dry_run else 'created'}", f"{counts['unchanged']} unchanged"]
    if counts["exists"]:
        said.append(f"{counts['exists']} exist with another text")
    if counts["left out"]:
        said.append(f"{counts['left out']} left out")
    if new_areas:
        said.append(f"new area: {', '.join(new_areas)}")
    if dry_run:
        said.append("nothing was written")
    elif not counts["created"]:
        said.append("nothing was changed")
    print("; ".join(said), file=sys.stderr)
