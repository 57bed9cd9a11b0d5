"""A small knowledge base of its own for each test, and the real encoder, loaded once."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from knowledge.encoder import Encoder, Floats, Role
from knowledge.settings import ROOM, Settings

TODAY = dt.date(2026, 11, 23)


def enough(*phrasings: str, count: int = 25) -> list[str]:
    """The phrasings, repeated with more and more dots until there are as many as the validator asks for."""
    return [text + " ." * n for n in range(-(-count // len(phrasings))) for text in phrasings][: max(count, len(phrasings))]


def article_data(article_id: str, area: str = "avfall", **changes: Any) -> dict[str, Any]:
    """An article without fault, with the changes a test is about."""
    data: dict[str, Any] = {
        "id": article_id,
        "area": area,
        "department": "kretslopp-vatten",
        "status": "published",
        "updated": "2026-11-20",
        "review_by": "2027-11-20",
        "sources": [{"url": "https://goteborg.se/", "title": "Start, goteborg.se"}],
        "volatile": [],
        "live_only": False,
        "questions": {
            "sv": [f"fråga {n} om {article_id}" for n in range(25)],
            "en": [f"question {n} about {article_id}" for n in range(8)],
        },
        "title": {"sv": f"Om {article_id}", "en": f"About {article_id}"},
        "answer": {"sv": "Det är gratis.\n", "en": "It is free.\n"},
        "short": {"sv": "Det är gratis.", "en": "It is free."},
        "translations": {"en": {"state": "drafted"}},
        "next": [],
        "links": [],
    }
    return data | changes


AVC = article_data(
    "avc-regler",
    questions={
        "sv": enough("Vad kostar det på tippen?", "Får vem som helst åka till återvinningscentralen?", "måste man ha ÅVC-kort",
               "Hur många besök får jag göra på ÅVC?", "lämna grovsopor med bil"),
        "en": enough("Does the recycling centre cost anything?", "Do I need a card for the recycling centre?", count=8),
        "fi": enough("Maksaako kierrätyskeskus jotain?", count=8),
    },
    title={"sv": "Återvinningscentral – vem får komma?", "en": "Recycling centres – who may use them?"},
    answer={"sv": "Det är gratis för dig som bor i Göteborg. Ring {phone:kontaktcenter} om du undrar.\n",
            "en": "It is free if you live in Gothenburg. Call {phone:kontaktcenter} if you wonder.\n"},
    next=["forskola-ansokan", "sfi"],
    links=[{"url": "https://goteborg.se/", "title": {"sv": "Regler", "en": "Rules"}}],
)  # fmt: skip
PRESCHOOL = article_data(
    "forskola-ansokan",
    "forskola",
    department="forskola",
    questions={
        "sv": enough("Hur söker jag plats i förskola?", "dagisplats ansökan", "När kan mitt barn börja på dagis?",
               "Hur ställer man barnet i kö till förskolan?", "Vi vill ha förskoleplats till hösten"),
        "en": enough("How do I apply for preschool?", "My child needs a place in daycare", count=8),
    },
    title={"sv": "Söka plats i förskola", "en": "Applying for preschool"},
    answer={"sv": "Du söker plats i e-tjänsten. Barnet kan börja tidigast vid ett år.\n",
            "en": "You apply in the e-service. A child can start at the age of one.\n"},
)  # fmt: skip
SFI = article_data(
    "sfi",
    "vuxenutbildning",
    department="arbetsmarknad-vuxenutbildning",
    questions={
        "sv": enough("Hur anmäler jag mig till sfi?", "lära sig svenska kurs", "Var kan jag läsa svenska för invandrare?",
               "Kostar sfi pengar?", "svenska för nybörjare vuxna"),
        "en": enough("How do I register for SFI?", "Where can I learn Swedish?", count=8),
    },
    title={"sv": "Svenska för invandrare (sfi)", "en": "Swedish for immigrants (SFI)"},
    answer={"sv": "Sfi är gratis. Du anmäler dig på webben.\n", "en": "SFI is free. You register on the web.\n"},
)  # fmt: skip


def write_article(articles_dir: Path, data: dict[str, Any]) -> Path:
    """Writes one article where it belongs."""
    path = articles_dir / data["area"] / f"{data['id']}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


class CountingEncoder:
    """The real encoder, counting how many texts it is given."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str], role: Role = "query", batch_size: int = 16) -> Floats:
        self.texts += texts
        return self.encoder.encode(texts, role, batch_size)


class RememberingEncoder(Encoder):
    """The real encoder; a text of a batch is encoded once a session: a hundred tests build the index of the same articles."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.encoder_dir, settings.encoder_backend, settings.encoder_threads)
        self._vectors: dict[tuple[Role, str], Floats] = {}

    def encode(self, texts: Sequence[str], role: Role = "query", batch_size: int = 16) -> Floats:
        if len(texts) < 2:
            return super().encode(texts, role, batch_size)
        new = list(dict.fromkeys(text for text in texts if (role, text) not in self._vectors))
        self._vectors |= {(role, text): row for text, row in zip(new, super().encode(new, role, batch_size), strict=True)}
        return np.stack([self._vectors[role, text] for text in texts])


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder as it serves."""
    made = RememberingEncoder(Settings())
    gc.freeze()  # as in tests/conftest.py: the libraries behind it stay loaded too
    return made


@pytest.fixture
def counting(encoder: Encoder) -> CountingEncoder:
    return CountingEncoder(encoder)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a small knowledge base: three articles, no NLU data, the real model."""
    room = tmp_path / "knowledge"
    for data in (AVC, PRESCHOOL, SFI):
        write_article(room / "articles", data)
    for table in ("departments.yml", "phones.yml"):
        (room / table).write_bytes((ROOM / table).read_bytes())
    made = Settings(
        var_dir=tmp_path / "var", articles_dir=room / "articles", nlu_dir=tmp_path / "nlu", elsewhere_dir=tmp_path / "elsewhere"
    )
    made.encoder_dir.parent.mkdir(parents=True)
    made.encoder_dir.symlink_to(Settings().encoder_dir)
    return made


@pytest.fixture
def edit(settings: Settings) -> Callable[..., Path]:
    """Writes a changed article into the small knowledge base."""

    def write(data: dict[str, Any], **changes: Any) -> Path:
        return write_article(settings.articles_dir, data | changes)

    return write
