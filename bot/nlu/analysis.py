"""The knowledge service as Rasa sees it: one call a message, and what comes back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import requests
from numpy.typing import NDArray

Floats = NDArray[Any]
DIMENSION = 384
DEFAULT_URL = "http://127.0.0.1:8001"
CANDIDATES = 5


class KnowledgeDown(Exception):
    """The knowledge service did not answer, or answered with an error."""


@dataclass(frozen=True)
class Token:
    """One word of the message: characters `start` to `end` (exclusive) of the text."""

    text: str
    lemma: str
    start: int
    end: int


@dataclass(frozen=True)
class Analysis:
    """What the knowledge service knows about one text; `embedding` has shape (384,) and unit length."""

    text: str
    language: str
    language_probability: float
    embedding: Floats
    tokens: tuple[Token, ...]
    entities: tuple[dict[str, Any], ...] = ()
    candidates: tuple[dict[str, Any], ...] = ()
    elsewhere: dict[str, Any] | None = None  # whose question it is: {id, probability}
    choices: tuple[dict[str, Any], ...] = ()  # what to ask about when the message is one wide word
    follows: bool = False  # the candidates are those after the last answer
    signals: dict[str, float] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Stable hash, by which Rasa's training graph sees whether anything changed."""
        digest = hashlib.sha256(self.text.encode())
        digest.update(self.embedding.astype(np.float16).tobytes())
        return digest.hexdigest()


def parse(text: str, body: dict[str, Any]) -> Analysis:
    """Reads the service's JSON.

    Args:
        text: the text that was sent.
        body: the answer of `POST /analyze`, asked with `"embedding": true`.

    Returns:
        The analysis.

    Raises:
        KnowledgeDown: the body is not what the contract promises.
    """
    try:
        embedding = np.asarray(body["embedding"], dtype=np.float32)
        if embedding.shape != (DIMENSION,):
            raise ValueError(f"embedding of shape {embedding.shape}")
        return Analysis(
            text=text,
            language=str(body["language"]),
            language_probability=float(body.get("language_probability", 0.0)),
            embedding=embedding,
            tokens=tuple(
                Token(str(t["text"]), str(t.get("lemma") or t["text"]), int(t["start"]), int(t["end"]))
                for t in body.get("tokens", [])
            ),
            entities=tuple(body.get("entities", [])),
            candidates=tuple(body.get("candidates", [])),
            elsewhere=body.get("elsewhere"),
            choices=tuple(body.get("choices", [])),
            follows=bool(body.get("follows")),
            signals={str(k): float(v) for k, v in body.get("signals", {}).items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeDown(f"unexpected answer of the knowledge service: {error!r}") from error


class Source(Protocol):
    """Whatever can analyze a text."""

    def analyze(self, text: str, hint: str | None = None, about: Sequence[str] = ()) -> Analysis:
        """Analyzes one text; raises KnowledgeDown."""
        ...


class HttpSource:
    """The running knowledge service.

    The call is synchronous because Rasa's graph is: it holds Rasa's loop for the 1-2 ms a cached analysis takes
    (`app` has asked for the same text just before). Timeouts are short for the same reason.
    """

    def __init__(
        self,
        url: str | None = None,
        connect_seconds: float = 0.5,
        read_seconds: float = 3.0,
        candidates: int = CANDIDATES,
    ) -> None:
        """Prepares the connection; nothing is sent yet.

        Args:
            url: base address; default the setting KNOWLEDGE_URL, else 127.0.0.1:8001.
            connect_seconds: how long to wait for a connection.
            read_seconds: how long to wait for the answer.
            candidates: how many articles to ask for. The same number as `app` asks for, or its cache is missed.
        """
        self.url = (url or os.environ.get("KNOWLEDGE_URL") or DEFAULT_URL).rstrip("/")
        self._timeout = (connect_seconds, read_seconds)
        self._candidates = candidates
        self._session = requests.Session()
        # No proxy and no .netrc for a service on this machine; looking for them costs a millisecond a call.
        self._session.trust_env = False

    def analyze(self, text: str, hint: str | None = None, about: Sequence[str] = ()) -> Analysis:
        """Asks the service for one text.

        Args:
            text: the message.
            hint: language code believed in before reading the text.
            about: ids of the articles last shown, to which the message may be a follow-up.

        Returns:
            The analysis.

        Raises:
            KnowledgeDown: no connection, a timeout, an error status or an unreadable answer.
        """
        payload: dict[str, Any] = {"text": text, "k": self._candidates, "embedding": True}
        if hint:
            payload["language_hint"] = hint
        if about:
            payload["about"] = list(about)
        try:
            answer = self._post(payload)
            answer.raise_for_status()
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise KnowledgeDown(f"{self.url} does not answer: {type(error).__name__}") from error
        return parse(text, body)

    def _post(self, payload: dict[str, Any]) -> requests.Response:
        try:
            return self._session.post(f"{self.url}/analyze", json=payload, timeout=self._timeout)
        except requests.ConnectionError:
            # A kept-alive connection that the service closed (it was restarted) fails once; a fresh one decides.
            return self._session.post(f"{self.url}/analyze", json=payload, timeout=self._timeout)
