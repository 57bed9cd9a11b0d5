"""Every article as the first SMS of a conversation: what it costs, and that it says it is an AI.

`python -m tests.connectors.rendering.test_articles` prints the table.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import pytest

from bot.settings import ROOT
from bot.texts import Catalogue
from connectors.contract import Capabilities, Reply
from connectors.rendering.render import Rendering
from connectors.rendering.sms import plain
from knowledge.article import KnowledgeBase, load_knowledge_base
from knowledge.sms import sms_size

LANGUAGES = ("sv", "en", "fi", "ar", "so", "fa", "es", "pl", "bs", "uk", "tr", "fr")
# So many articles of a language may take three parts, because their short text alone is almost two: for editors to mend.
OVER_AT_MOST = {"ar": 1, "fa": 12, "es": 5, "bs": 7, "uk": 12, "tr": 22}
SMS = Capabilities(max_length=918, sms=True, related=False)
TEXTS = Catalogue.load(ROOT / "texts")


@dataclass
class Costs:
    """How one language's articles come out."""

    parts: Counter[int] = field(default_factory=Counter)
    links: int = 0
    brief: int = 0
    over: list[str] = field(default_factory=list)
    undisclosed: list[str] = field(default_factory=list)


def costs(base: KnowledgeBase, language: str) -> Costs:
    rendering = Rendering(TEXTS, "https://fraga.goteborg.se")
    long, brief = (plain(TEXTS.render(f"channel.disclosure_sms{kind}", language)) for kind in ("", "_brief"))
    found = Costs()
    for article in base.articles.values():
        if language not in article.short:
            continue
        payload = {"short": base.render(article.short[language], language), "title": article.title[language]}
        answer = Reply("m", "c", 2, "bot", "", language, dt.datetime.now(dt.UTC), outcome="answered", article_id=article.id,
                       payload=payload, first=True)  # fmt: skip
        parts = rendering.render(answer, SMS)
        size = sum(sms_size(part.text).parts for part in parts)
        found.parts[size] += 1
        found.links += "/a/" in parts[-1].text
        found.brief += parts[0].text.startswith(brief) and not parts[0].text.startswith(long)
        if size > 2:
            found.over.append(article.id)
        if not parts[0].text.startswith((long, brief)):
            found.undisclosed.append(article.id)
    return found


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return load_knowledge_base(ROOT / "knowledge" / "articles")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_fits_and_says_that_it_is_an_ai(base: KnowledgeBase, language: str) -> None:
    found = costs(base, language)
    assert found.parts.total() >= 84
    assert not found.undisclosed
    assert len(found.over) <= OVER_AT_MOST.get(language, 0), found.over
    assert max(found.parts) <= 3


if __name__ == "__main__":
    knowledge = load_knowledge_base(ROOT / "knowledge" / "articles")
    print("language  articles  1 part  2 parts  3 parts  with link  brief disclosure")
    for code in LANGUAGES:
        found = costs(knowledge, code)
        print(f"{code:8} {found.parts.total():9} {found.parts[1]:7} {found.parts[2]:8} {found.parts[3]:8} {found.links:10}"
              f" {found.brief:17}")  # fmt: skip
