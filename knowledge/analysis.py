"""Everything that is loaded together and answers `/analyze`: encoder, index, detector, linguist. One call, one thread."""

from __future__ import annotations

import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock, Thread

from knowledge.article import EMERGENCY_AREA
from knowledge.calibration import Calibration
from knowledge.encoder import Encoder, Floats, load_encoder
from knowledge.follow_up import Message, follow, follow_up_settings, load_leaning_model
from knowledge.index import Index, IndexBuilder, load_index
from knowledge.language import LanguageDetector
from knowledge.language_model import load_word_model
from knowledge.linguistics import Entity, Linguist, Token, load_patterns
from knowledge.search import Candidate, Elsewhere, Searcher
from knowledge.settings import Settings
from knowledge.wide_words import CONSIDERED, choices

WARM_UP = {
    "sv": "Var finns närmaste återvinningscentral och vad kostar det?",
    "en": "Where is the nearest recycling centre and what does it cost?",
    "fi": "Missä on lähin kierrätyskeskus?",
    "ar": "أين أقرب مركز لإعادة التدوير؟",
    "so": "Xaggee buu ku yaallaa xarunta dib-u-warshadaynta?",
    "fa": "نزدیک‌ترین مرکز بازیافت کجاست؟",
    "xx": "Где ближайший центр переработки?",
}

Key = tuple[str, str | None, int, tuple[str, ...]]


@dataclass(frozen=True)
class Analysis:
    """What is known about a message."""

    language: str
    language_probability: float
    embedding: Floats
    tokens: list[Token]
    entities: list[Entity]
    signals: Mapping[str, float]
    candidates: list[Candidate]
    elsewhere: Elsewhere | None
    choices: list[Candidate]
    follows: bool  # the candidates are those after the last answer
    index_version: str
    ms: float
    cached: bool = False


class AnalysisCache:
    """The last analyses by text, hint, k and what was talked about; the oldest one not asked for goes first. Thread-safe.

    Args:
        size: how many are kept; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Analysis] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Analysis | None:
        """The analysis kept under the key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, analysis: Analysis) -> None:
        """Keeps an analysis."""
        with self._lock:
            self._kept[key] = analysis
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class Analyst:
    """Analyses messages against the current index.

    Args:
        settings: models, folders and tuning.
        clock: seconds, for `ms`; passed in so that tests need not wait.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.perf_counter) -> None:
        self._settings = settings
        self._clock = clock
        self.encoder: Encoder = load_encoder(settings)
        self._detector = LanguageDetector(settings.tuning.languages, load_word_model(settings))
        self._linguist = Linguist(load_patterns())
        self._leaning = load_leaning_model(settings)
        self.searcher: Searcher
        index = load_index(settings)
        self._builder = IndexBuilder(settings, index)
        self._swapping = Lock()
        self._settling: Thread | None = None
        self.cache = AnalysisCache(settings.tuning.cache_size)
        self._use(index)

    def warm(self) -> None:
        """Runs one message in each language with texts through every part: tables are loaded lazily, and no citizen should
        wait for it."""
        for language, text in WARM_UP.items():
            self.analyse(text, language)
        self.cache = AnalysisCache(self._settings.tuning.cache_size)

    def cached(self, text: str, hint: str | None, k: int, about: tuple[str, ...] = ()) -> Analysis | None:
        """An earlier analysis of the same message after the same answer, if it is still kept."""
        found = self.cache.get((text, hint, k, about))
        return replace(found, cached=True, ms=0.0) if found is not None else None

    def detect(self, text: str, hint: str | None = None) -> str:
        """Code of a text's language."""
        return self._detector.detect(text, hint).language

    def analyse(self, text: str, hint: str | None = None, k: int = 5, about: tuple[str, ...] = ()) -> Analysis:
        """Language, embedding, tokens, entities, signals and candidates of a message.

        Args:
            text: the message.
            hint: the conversation's language.
            k: number of candidates.
            about: ids of the articles last shown, to which the message may be a follow-up.
        """
        started = self._clock()
        searcher = self.searcher  # one index for the whole analysis, even if a reload swaps it meanwhile
        analysis = self.cached(text, hint, k) or self._alone(searcher, text, hint, k)
        if not about:
            return analysis
        message = Message(text, analysis.language, analysis.candidates)
        candidates = self._after(searcher, analysis.embedding, message, about)[:k]
        followed = list(candidates) != analysis.candidates
        analysis = replace(
            analysis,
            candidates=list(candidates),
            elsewhere=None if followed else analysis.elsewhere,
            choices=[] if followed else analysis.choices,
            follows=followed,
            ms=round((self._clock() - started) * 1000, 2),
            cached=False,
        )
        if searcher is self.searcher:
            self.cache.put((text, hint, k, about), analysis)
        return analysis

    def parts(self, readings: Sequence[Sequence[str]], language: str, k: int = 5) -> list[list[list[Candidate]]]:
        """Candidates for the parts of a message, all encoded together.

        Args:
            readings: ways to divide the message, each a list of its parts in order.
            language: of the whole message: a part alone is short for detecting it.
            k: number of candidates per part.

        Returns:
            Per reading and part the candidates. A part that leans on the one before is read so: "and what does it cost?" asks
            for the fee, "who do I call?" adds nothing. A reading that names a help line is left empty: that is one answer.
        """
        searcher = self.searcher
        texts = list(dict.fromkeys(part for reading in readings for part in reading))
        vectors = dict(zip(texts, self.encoder.encode(texts), strict=True)) if texts else {}
        alone = {text: searcher.search(vector, text, language, k) for text, vector in vectors.items()}
        result = []
        for reading in readings:
            found: list[list[Candidate]] = []
            for part in reading:
                about = (found[-1][0].article_id,) if found and found[-1] else ()
                message = Message(part, language, alone[part])
                leans = bool(about) and self.leans(vectors[part]) >= follow_up_settings().leans
                found.append(self._follow(searcher, message, about)[:k] if leans else alone[part])
            articles = searcher.index.knowledge_base.articles
            urgent = any(part and articles[part[0].article_id].area == EMERGENCY_AREA for part in found)
            result.append([[] for _ in found] if urgent else found)
        return result

    def leans(self, vector: Floats) -> float:
        """Probability that a message leans on the answer before it; 0 without a model."""
        return self._leaning.probability(vector) if self._leaning else 0.0

    def _after(self, searcher: Searcher, vector: Floats, message: Message, about: Sequence[str]) -> Sequence[Candidate]:
        """What a message says after `about`: looked for if it leans and is not sure by itself, kept if worth asking about."""
        rules = follow_up_settings()
        probability = message.alone[0].probability if message.alone else 0.0
        if probability >= rules.sure or self.leans(vector) < rules.leans:
            return message.alone
        followed = self._follow(searcher, message, about)
        return followed if followed and followed[0].probability >= self._settings.tuning.clarify else message.alone

    def _follow(self, searcher: Searcher, message: Message, about: Sequence[str]) -> list[Candidate]:
        return follow(searcher, self.encoder.encode, message, about, self._settings.tuning.clarify)

    def _alone(self, searcher: Searcher, text: str, hint: str | None, k: int) -> Analysis:
        """The message as if nothing had been said before."""
        started = self._clock()
        detection = self._detector.detect(text, hint)
        vector = self.encoder.encode([text])[0]
        reading = self._linguist.read(text, detection.language)
        signals = searcher.index.signals
        found = searcher.found(vector, text, detection.language, max(k, CONSIDERED))
        analysis = Analysis(
            language=detection.language,
            language_probability=detection.probability,
            embedding=vector,
            tokens=reading.tokens,
            entities=reading.entities,
            signals=signals.probabilities(vector) if signals else {},
            candidates=found.candidates[:k],
            elsewhere=found.elsewhere,
            follows=False,
            choices=choices(searcher, found.candidates, text, detection.language),
            index_version=searcher.index.version,
            ms=round((self._clock() - started) * 1000, 2),
        )
        if searcher is self.searcher:
            self.cache.put((text, hint, k, ()), analysis)
        return analysis

    def reload(self, today: dt.date) -> None:
        """Builds the index of today's articles aside and takes it into use; on any error the old one stays.

        Args:
            today: articles past their review date are left out.
        """
        _, index = self._builder.build(lambda: self.encoder, today, lambda line: None)
        self._use(index)

    def _use(self, index: Index, instead_of: Index | None = None) -> None:
        """Takes an index into use, and sees to it that it is settled soon.

        Args:
            index: the new one.
            instead_of: only if this one is still in use.
        """
        searcher = Searcher(index, self._settings.tuning, Calibration.load())
        with self._swapping:
            if instead_of is not None and self.searcher.index is not instead_of:
                return
            self.searcher = searcher
            self.cache = AnalysisCache(self._settings.tuning.cache_size)
            if not index.settled and self._settling is None:
                self._settling = Thread(target=self._settle, name="settling")
                self._settling.start()

    def _settle(self) -> None:
        try:
            while (index := self._unsettled()) is not None:
                self._use(self._builder.settle(index), instead_of=index)
        except BaseException:
            self._settling = None  # the next edit tries again
            raise

    def _unsettled(self) -> Index | None:
        with self._swapping:
            index = self.searcher.index
            if index.settled:
                self._settling = None  # under the lock: whoever comes next starts anew
                return None
            return index

    def settled(self) -> None:
        """Waits until the index in use is the one that a build from scratch would give."""
        while (settling := self._settling) is not None:
            settling.join()
