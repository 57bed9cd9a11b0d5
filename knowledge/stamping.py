"""Stamps translations with the hash of the Swedish answer they translate, without touching anything else in the file."""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.article import ORIGINAL, Article, answer_hash, load_article


def stamp_text(text: str, article: Article, language: str | None, renew: bool) -> tuple[str, int]:
    """Writes `of:` into the lines of a file's `translations:` block.

    The file is edited as text: a YAML writer would lose comments and the editors' line breaks.

    Args:
        text: the file's contents.
        article: what they mean.
        language: only this translation, or None for all.
        renew: also replaces a stale hash; otherwise only missing ones are written.

    Returns:
        The new contents and how many translations were stamped.

    Raises:
        ValueError: when a translation to stamp is not written on one line as `en: {state: drafted}`.
    """
    if ORIGINAL not in article.answer:
        return text, 0  # a draft that has no Swedish text yet
    wanted = answer_hash(article.answer[ORIGINAL])
    stamped = 0
    for code, translation in article.translations.items():
        if language not in (None, code) or translation.of == wanted or (translation.of is not None and not renew):
            continue
        line = re.compile(rf"^(\s+{re.escape(code)}:\s*)\{{\s*state:\s*{translation.state}\b[^}}]*\}}", re.MULTILINE)
        start = text.index("\ntranslations:")
        new = f'{{state: {translation.state}, of: "{wanted}"}}'
        replaced, count = line.subn(lambda match, new=new: match[1] + new, text[start:], count=1)  # type: ignore[misc]
        if not count:
            raise ValueError(f"{article.id}: write `{code}: {{state: {translation.state}}}` on one line under translations")
        text = text[:start] + replaced
        stamped += 1
    return text, stamped


def stamp_file(path: Path, article: Article, language: str | None, renew: bool) -> int:
    """Stamps one article's file, atomically.

    Returns:
        How many translations were stamped; 0 leaves the file as it is.

    Raises:
        ValueError: when a translation cannot be stamped, or the file would no longer be the same article.
    """
    text, count = stamp_text(path.read_text(encoding="utf-8"), article, language, renew)
    if not count:
        return 0
    temporary = path.with_suffix(".stamping")
    try:
        temporary.write_text(text, encoding="utf-8")
        again = load_article(temporary)
        if again.model_copy(update={"translations": article.translations}) != article:
            raise ValueError(f"{path.name}: stamping would change more than the stamp; stamp it by hand")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count
