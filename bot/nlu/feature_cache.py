"""Analyses of training sentences on disk, so that training twice encodes once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bot.nlu.analysis import Analysis, Floats, Source, Token

# Analyzed at each training: if its vector moved, another model (or another precision) is being served; if its tokens
# did, another tokenizer.
PROBE = "Var ligger närmaste återvinningscentral?"
SAME_MODEL = 0.9995
PARALLEL = 2


class FeatureCache:
    """Embeddings and tokens by text hash, valid for one encoder."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file.

        Args:
            path: the SQLite file; its folder is made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(str(path), timeout=30)
        with self._db:
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS analysis"
                " (hash TEXT PRIMARY KEY, language TEXT, probability REAL, tokens TEXT, embedding BLOB)"
            )

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def analyze_all(self, texts: Iterable[str], source: Source) -> dict[str, Analysis]:
        """Analyzes many texts, asking the source only for new ones.

        Args:
            texts: the sentences; repeats are asked once.
            source: who is asked.

        Returns:
            text → analysis. Candidates, entities and signals are left out: they change with every edited article
            and training does not look at them.

        Raises:
            KnowledgeDown: the source does not answer.
        """
        self._check_model(source)
        wanted = list(dict.fromkeys(texts))
        known = {text: self._read(text) for text in wanted}
        missing = [text for text, analysis in known.items() if analysis is None]
        with ThreadPoolExecutor(PARALLEL) as pool:
            for start in range(0, len(missing), 200):  # saved in portions: a broken-off training loses little
                fresh = list(pool.map(source.analyze, missing[start : start + 200]))
                self._write(fresh)
                known.update({analysis.text: analysis for analysis in fresh})
        return {text: analysis for text, analysis in known.items() if analysis is not None}

    def _check_model(self, source: Source) -> None:
        before, now = self._read(PROBE), source.analyze(PROBE)
        if before is None or before.tokens != now.tokens or _cosine(before.embedding, now.embedding) < SAME_MODEL:
            with self._db:
                self._db.execute("DELETE FROM analysis")
            self._write([now])

    def _read(self, text: str) -> Analysis | None:
        row = self._db.execute(
            "SELECT language, probability, tokens, embedding FROM analysis WHERE hash = ?", (_key(text),)
        ).fetchone()
        if row is None:
            return None
        language, probability, tokens, embedding = row
        return Analysis(
            text=text,
            language=language,
            language_probability=probability,
            embedding=np.frombuffer(embedding, dtype=np.float32),
            tokens=tuple(Token(*token) for token in json.loads(tokens)),
        )

    def _write(self, analyses: Iterable[Analysis]) -> None:
        rows = [
            (
                _key(a.text),
                a.language,
                a.language_probability,
                json.dumps([[t.text, t.lemma, t.start, t.end] for t in a.tokens]),
                a.embedding.astype(np.float32).tobytes(),
            )
            for a in analyses
        ]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO analysis VALUES (?, ?, ?, ?, ?)", rows)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) or 1.0))
