"""`rasa shell` shows what a citizen would read: the same texts and articles, instead of JSON."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
import yaml
from rasa.core.channels import console as rasa_console

from bot.nlu.analysis import DEFAULT_URL

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("sv", "en", "fi", "ar", "so")
FALLBACKS = ("en", "sv")
PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.:\-]*)\}")

Texts = Callable[[str, str], str]
Articles = Callable[[str, str], Mapping[str, Any]]

# The shell has one citizen: the language of the last message is the language of the reply.
_last = {"language": "sv"}


def remember(language: str) -> None:
    """Keeps the language of the message just analyzed; one without texts leaves it as it was."""
    if language in LANGUAGES:
        _last["language"] = language


def render(custom: Mapping[str, Any], language: str, texts: Texts, articles: Articles, phones: Mapping[str, str]) -> list[str]:
    """Lines to print for one reply.

    Args:
        custom: the reply as it would go to `app`.
        language: code of the language to write in.
        texts: (key, language) → text with `{placeholders}`.
        articles: (id, language) → article with `title`, `answer` and `sources`.
        phones: key → number, for `{phone:key}`.

    Returns:
        The lines; buttons as numbered titles with their payload, which can be typed.
    """
    params = custom.get("params") or {}
    lines = []
    if custom.get("key"):
        lines.append(fill(texts(custom["key"], language), params, phones))
    if custom.get("type") == "answer":
        for article_id in custom.get("article_ids", []):
            article = articles(article_id, language)
            lines += [f"\n{article['title']}", article["answer"].rstrip()]
            lines += [f"  {source['title']}: {source['url']}" for source in article.get("sources", [])]
    lines += [f"  {link['title']}: {link['url']}" for link in custom.get("links") or []]
    for number, button in enumerate(custom.get("buttons") or [], start=1):
        title = button.get("title") or texts(button["title_key"], language)
        lines.append(f"  {number}. {title}   {button['payload']}")
    return lines


def fill(text: str, params: Mapping[str, Any], phones: Mapping[str, str]) -> str:
    """Puts the parameters and `{phone:key}` in; a placeholder without a value stays, so that a wrong text is seen."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        known = phones.get(name[len("phone:") :]) if name.startswith("phone:") else params.get(name)
        return match.group(0) if known is None else str(known)

    return PLACEHOLDER.sub(value, text)


@lru_cache(maxsize=8)
def _catalogue(language: str) -> dict[str, str]:
    path = ROOT / "texts" / f"{language}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def _text(key: str, language: str) -> str:
    for code in (language, *FALLBACKS):
        if key in _catalogue(code):
            return str(_catalogue(code)[key])
    return key


@lru_cache(maxsize=1)
def _phones() -> dict[str, str]:
    path = ROOT / "knowledge" / "phones.yml"
    return {key: str(entry["number"]) for key, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def _article(article_id: str, language: str) -> Mapping[str, Any]:
    base = (os.environ.get("KNOWLEDGE_URL") or DEFAULT_URL).rstrip("/")
    try:
        answer = requests.get(f"{base}/articles/{article_id}", params={"language": language}, timeout=3)
        answer.raise_for_status()
        body: Mapping[str, Any] = answer.json()
        return body
    except requests.RequestException as error:
        return {"title": article_id, "answer": f"({type(error).__name__}: the article could not be fetched)"}


def install() -> None:
    """Wraps the shell's printing of one message. Twice is once."""
    original = rasa_console._print_bot_output
    if getattr(original, "_fraga", False):
        return

    def print_reply(message: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        custom = message.get("custom")
        if not isinstance(custom, dict) or "type" not in custom:
            return original(message, *args, **kwargs)
        language = _last["language"]
        if custom.get("key") == "language.changed":
            language = str(custom["params"]["language"])
        sys.stdout.write("\n".join(render(custom, language, _text, _article, _phones())) + "\n")
        return None

    print_reply._fraga = True  # type: ignore[attr-defined]
    rasa_console._print_bot_output = print_reply
