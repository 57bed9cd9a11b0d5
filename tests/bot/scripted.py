"""Knowledge and Rasa as scripts: what they would answer is written in the test, over the real clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from bot.rasa import RasaClient
from knowledge.client import KnowledgeClient


def candidate(article_id: str, probability: float, title: str = "") -> dict[str, Any]:
    return {"article_id": article_id, "language": "sv", "title": title or article_id, "probability": probability, "matched": ""}


def analysis(
    language: str = "sv", certainty: float = 0.99, signals: dict[str, float] | None = None, *candidates: Any
) -> dict[str, Any]:
    return {
        "language": language, "language_probability": certainty, "tokens": [], "entities": [], "signals": signals or {},
        "candidates": list(candidates), "elsewhere": None, "choices": [], "follows": False, "index_version": "test", "ms": 1.0,
    }  # fmt: skip


def article(article_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "article_id": article_id, "area": "avfall", "department": "kretslopp-vatten", "department_name": "Kretslopp och vatten",
        "status": "published", "updated": "2026-11-22", "review_by": "2027-05-22", "live_only": False, "sensitive": False, "volatile": [],
        "language": "sv", "requested_language": "sv", "translation_state": "original", "title": f"Om {article_id}",
        "answer": f"Svaret om {article_id}.", "short": "Kort.", "sources": [{"url": "https://goteborg.se", "title": "Källa", "year": 2024}],
        "links": [], "next": [], "titles": {"sv": f"Om {article_id}"},
    } | changes  # fmt: skip


class Script:
    """What knowledge and Rasa answer. A function may raise `httpx.ConnectError` by setting `down`."""

    def __init__(self) -> None:
        self.analyses: dict[str, dict[str, Any]] = {}
        self.articles: dict[str, dict[str, Any]] = {}
        self.rasa: Callable[[dict[str, Any]], list[dict[str, Any]]] = lambda _: [
            {"type": "text", "key": "dont_know", "outcome": "unanswered"}
        ]
        self.asked: list[dict[str, Any]] = []  # what reached Rasa
        self.analyzed: list[str] = []
        self.about: list[list[str]] = []  # what each of them was said to be about
        self.suggestions: list[dict[str, Any]] = []
        self.suggested: list[dict[str, Any]] = []  # what suggestions were asked for
        self.down: set[str] = set()

    def knowledge_client(self) -> KnowledgeClient:
        return KnowledgeClient("http://knowledge.test", transport=httpx.MockTransport(self._knowledge))

    def rasa_client(self) -> RasaClient:
        return RasaClient("http://rasa.test", 5.0, transport=httpx.MockTransport(self._rasa))

    def _knowledge(self, request: httpx.Request) -> httpx.Response:
        if "knowledge" in self.down:
            raise httpx.ConnectError("refused")
        if request.url.path == "/analyze":
            body = json.loads(request.content)
            text = body["text"]
            self.analyzed.append(text)
            self.about.append(body.get("about", []))
            return httpx.Response(200, json=self.analyses.get(text, analysis()))
        if request.url.path == "/suggest":
            self.suggested.append(json.loads(request.content))
            return httpx.Response(200, json={"suggestions": self.suggestions})
        if request.url.path.startswith("/articles/"):
            article_id = request.url.path.rsplit("/", 1)[1]
            found = self.articles.get(f"{article_id}:{request.url.params.get('language')}", self.articles.get(article_id))
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={})
        return httpx.Response(200, json={})

    def _rasa(self, request: httpx.Request) -> httpx.Response:
        if "rasa" in self.down:
            raise httpx.ConnectError("refused")
        body = json.loads(request.content)
        self.asked.append(body)
        return httpx.Response(200, json=[{"recipient_id": body["sender"], "custom": custom} for custom in self.rasa(body)])
