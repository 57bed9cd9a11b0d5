"""Words whose language is known: simplemma's dictionaries, spaCy's stop words, and what we have written ourselves.

None of it is copied into the project: the packages are read where they are installed, when the index is built.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from knowledge.article import load_knowledge_base, read_yaml
from knowledge.settings import ROOM

WORD = re.compile(r"[^\W\d_]+(?:['’\u200c][^\W\d_]+)*", re.UNICODE)

# Our code → those of simplemma's dictionaries and of spaCy's stop words. What script or letters alone decide is not here.
_PACKAGES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    **{code: ((code,), (code,)) for code in ("sv", "en", "fi", "ar", "fa", "es", "pl", "uk", "tr", "fr")},
    **{code: ((code,), (code,)) for code in ("de", "da", "ru", "it", "pt", "nl", "et", "ro", "hu", "sq")},
    "bs": (("hbs",), ("hr", "sr")),
    "nb": (("nb", "nn"), ("nb",)),
    "so": ((), ()),
    "ku": ((), ()),
    "ckb": ((), ()),
    "ur": ((), ("ur",)),
    "vi": ((), ("vi",)),
}  # fmt: skip
_FROM_DICTIONARY = 200_000  # word forms kept in memory per language; Finnish and Polish have 3.5 million
_OWN_SHARE = 0.35  # of what is drawn: running text, where a language's small words are
_STOP_WORD_SHARE = 0.25  # of the running text, when we have texts of our own
_UNACCENTED = 6  # every sixth word also as it is typed on a keyboard without its letters
_CYRILLIC = 4  # every fourth Bosnian/Croatian/Serbian word also in Cyrillic
_FLATTENING = 0.6  # exponent of a word's frequency: "och" is drawn often, but not a tenth of all times
_OTHER_SCRIPT = frozenset({"ar", "fa", "uk", "ckb", "ur", "ru"})
LAST_LATIN = "\u024f"
_MARKUP = re.compile(r"\{[^}]*\}|https?://\S+")
_ANNOTATION = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")

_TO_CYRILLIC = dict(zip("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш", strict=True))
_DIGRAPHS = (("lj", "љ"), ("nj", "њ"), ("dž", "џ"))
_NO_DECOMPOSITION = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "đ": "dj", "ı": "i", "ß": "ss"})


@dataclass(frozen=True)
class WordSource:
    """What one language's words are drawn from.

    Attributes:
        dictionary: word forms, each as good as another.
        running: words of running text with how often they stand there.
    """

    dictionary: Sequence[str]
    running: Mapping[str, float]


@cache
def version_of_sources() -> str:
    """Changes when packages, marker words or the way we read them do. Articles are left out: an edit must not train anew."""
    text = "|".join([version("simplemma"), version("spacy"), repr(sorted(_PACKAGES.items())), repr(sorted(_markers().items()))])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def words_in(text: str) -> list[str]:
    """The words of a text, lower case."""
    return [word.lower() for word in WORD.findall(text)]


def sources(articles_dir: Path, texts_dir: Path, nlu_dir: Path) -> dict[str, WordSource]:
    """Per language, what its words can be drawn from.

    Args:
        articles_dir: the knowledge base.
        texts_dir: the assistant's own texts, one file per language.
        nlu_dir: Rasa's examples; files named by a language's code are in it.
    """
    own = _own_words(articles_dir, texts_dir, nlu_dir)
    markers = _markers()
    found = {}
    for code, (dictionaries, stop_lists) in _PACKAGES.items():
        forms, listed = _dictionaries(dictionaries, own.get(code, ()))
        stop = [word for name in stop_lists for word in _stop_words(name)] + [str(word) for word in markers.get(code, [])]
        running = without_loans(code, own, {*stop, *listed})
        each = max(1.0, _STOP_WORD_SHARE * sum(running.values()) / max(1, len(stop)))
        for word in stop:
            running[word] = running.get(word, 0.0) + each
        found[code] = WordSource(forms, running)
    return found


def _markers() -> dict[str, list[object]]:
    found: dict[str, list[object]] = read_yaml(ROOM / "language_words.yml")["markers"]
    return found


def without_loans(code: str, own: Mapping[str, Counter[str]], known: Set[str]) -> dict[str, float]:
    """Our running text in a language without the Swedish and English in it: names of offices, forms and services.

    Args:
        code: the language.
        own: our words, per language.
        known: words that are the language's own, however often Swedish or English has them too.
    """
    words = own.get(code, Counter())
    total = max(1, words.total())
    lenders = [(own[other], max(1, own[other].total())) for other in ("sv", "en") if other != code and other in own]
    return {
        word: float(times)
        for word, times in words.items()
        if (word[0] <= LAST_LATIN) == (code not in _OTHER_SCRIPT)
        and (word in known or all(lent[word] / of < times / total for lent, of in lenders))
    }


def draw(source: WordSource, code: str, count: int, rng: random.Random) -> list[str]:
    """Draws words of a language to train on.

    Args:
        source: what to draw from.
        code: the language.
        count: how many from the dictionary; from running text a share of it, or this many when there is no dictionary.
        rng: chance.

    Returns:
        The words, and some of them again without accents or in the language's other script.
    """
    drawn: list[str] = []
    if source.dictionary:
        drawn += (
            rng.sample(source.dictionary, count) if len(source.dictionary) >= count else rng.choices(source.dictionary, k=count)
        )
    if source.running:
        # Somali has only our texts, but many; the little Kurdish we have must not be repeated until every group of letters is it.
        share = 1.0 if code == "so" else _OWN_SHARE
        weights = [times**_FLATTENING for times in source.running.values()]
        drawn += rng.choices(list(source.running), weights, k=int(count * share))
    other = [cyrillic(word) for word in drawn[::_CYRILLIC]] if code == "bs" else []
    return drawn + other + [unaccented(word) for word in drawn[::_UNACCENTED]]


def unaccented(word: str) -> str:
    """A Latin word as typed without its language's letters: `förskola` → `forskola`; other scripts as they are."""
    if not word or max(word) > LAST_LATIN:
        return word
    return "".join(
        char for char in unicodedata.normalize("NFD", word.translate(_NO_DECOMPOSITION)) if not unicodedata.combining(char)
    )


def cyrillic(word: str) -> str:
    """A Serbian word in Latin letters, in Cyrillic ones."""
    for latin, letter in _DIGRAPHS:
        word = word.replace(latin, letter)
    return "".join(_TO_CYRILLIC.get(char, char) for char in word)


def _dictionaries(names: Sequence[str], asked: Iterable[str]) -> tuple[list[str], set[str]]:
    """Word forms of simplemma's dictionaries in lower case, and which of the words asked for are in them."""
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    forms: list[str] = []
    listed: set[str] = set()
    for name in names:
        dictionary = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(name)
        step = max(1, len(dictionary) // _FROM_DICTIONARY)  # evenly thinned out: it is sorted
        forms += [form.lower() for form in islice(dictionary, 0, None, step) if WORD.fullmatch(form)]
        listed |= {word for word in asked if word in dictionary}
    return forms, listed


def _stop_words(name: str) -> list[str]:
    listed = importlib.import_module(f"spacy.lang.{name}.stop_words").STOP_WORDS
    return [word for entry in sorted(listed) for word in words_in(entry)]


def _own_words(articles_dir: Path, texts_dir: Path, nlu_dir: Path) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}

    def add(code: str, text: str) -> None:
        found.setdefault(code, Counter()).update(words_in(_MARKUP.sub(" ", text)))

    for article in load_knowledge_base(articles_dir).articles.values():
        for texts in (article.title, article.answer, article.short):
            for code, text in texts.items():
                add(code, text)
        for code, phrasings in article.questions.items():
            add(code, "\n".join(phrasings))
    for path in sorted(texts_dir.glob("*.yml")):
        loaded = read_yaml(path)
        if isinstance(loaded, dict):  # languages.yml is a list
            add(path.stem, "\n".join(str(text) for text in loaded.values()))
    for path in sorted(nlu_dir.glob("*.yml")):
        if path.stem in _PACKAGES:
            for block in (read_yaml(path) or {}).get("nlu", []):
                add(path.stem, _ANNOTATION.sub(r"\1", str(block.get("examples", ""))))
    return found
