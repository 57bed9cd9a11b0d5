"""Writes an article as a file, always in the same form, so that a change shows as the lines that changed and no others."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from knowledge.article import ORIGINAL, Article, load_article

_FIRST = (ORIGINAL, "en")
_WIDTH = 10_000  # a phrasing stays on its line


class _Block(str):
    """A text written as a literal block (`|`)."""


class _Inline(dict[str, Any]):
    """A mapping written on one line (`{…}`)."""


class _InlineList(list[Any]):
    """A list written on one line (`[…]`)."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indents lists under their key, as the files have them."""
        super().increase_indent(flow, False)


def _block(dumper: yaml.SafeDumper, value: _Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="|")


def _inline(dumper: yaml.SafeDumper, value: _Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _inline_list(dumper: yaml.SafeDumper, value: _InlineList) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(_Block, _block)
_Dumper.add_representer(_Inline, _inline)
_Dumper.add_representer(_InlineList, _inline_list)


def article_text(article: Article) -> str:
    """The article as the text of its file. Reading it back gives an equal article, whitespace at the ends of answers aside."""
    languages = _order([*article.title, *article.answer, *article.questions])
    fields: dict[str, Any] = {
        "id": article.id,
        "area": article.area,
        "department": article.department,
        "status": article.status,
        "updated": article.updated,
        "review_by": article.review_by,
        "sources": [_inline_of(source) for source in article.sources],
        "volatile": _InlineList(article.volatile),
        "live_only": article.live_only,
        "sensitive": article.sensitive or None,
        "amounts": _Inline(year=article.amounts.year) if article.amounts else None,
        "audience": article.audience,
        "questions": _by_language(article.questions, languages),
        "title": _by_language(article.title, languages),
        "answer": {code: _Block(text.strip() + "\n") for code, text in _by_language(article.answer, languages).items()},
        "short": {code: text.strip() for code, text in _by_language(article.short, languages).items()},
        "translations": {code: _inline_of(item) for code, item in _by_language(article.translations, languages).items()} or None,
        "next": _InlineList(article.next),
        "links": [_Inline(url=link.url, title=_Inline(_by_language(link.title, _order(link.title)))) for link in article.links]
        or None,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    text: str = yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH, indent=2)
    return text


def _inline_of(value: BaseModel) -> _Inline:
    return _Inline({name: item for name, item in value.model_dump().items() if item is not None})


def _order(codes: Sequence[str] | Mapping[str, Any]) -> list[str]:
    """Swedish and English first, then the other languages in the order they came."""
    given = list(dict.fromkeys(codes))
    return [code for code in _FIRST if code in given] + [code for code in given if code not in _FIRST]


def _by_language(texts: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    return {code: texts[code] for code in languages if code in texts}


def write_article(path: Path, article: Article) -> None:
    """Writes the article's file, whole or not at all.

    Args:
        path: where it belongs; its folder is made.
        article: what to write.

    Raises:
        ValueError: when the file would not read back as the same article (a text that YAML cannot carry).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(article_text(article))
        temporary.chmod(0o644)
        if stripped(load_article(temporary)) != stripped(article):
            raise ValueError(f"{article.id}: has a text that cannot be written as YAML (control characters?)")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def stripped(article: Article) -> Article:
    """The article without blank ends of its texts, which are no part of what it says."""
    return article.model_copy(
        update={name: {code: text.strip() for code, text in getattr(article, name).items()} for name in ("answer", "short")}
    )
