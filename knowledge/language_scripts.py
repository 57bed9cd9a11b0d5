"""What a message's letters alone say about its language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence

_KANA = re.compile(r"[\u3040-\u30ff]")
_SCRIPTS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("latin", re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
    ("arabic", re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
    ("cyrillic", re.compile(r"[\u0400-\u04ff]")),
    ("ethiopic", re.compile(r"[\u1200-\u139f\u2d80-\u2ddf]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("kana", _KANA),
    ("han", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
)
_EAST_ASIAN = ("han", "kana")
_OTHER = frozenset(
    {"ar", "fa", "ur", "ckb", "uk", "ru", "ti", "am", "el", "hi", "th", "zh", "ja", "ko", "he", "hy", "ka", "bn", "ta"}
)

# Letters that of the languages we meet only one writes; a good share of a text are such.
_OWN_LETTERS: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    "arabic": (("ckb", re.compile("[ێۆڵڕڤە]")), ("ur", re.compile("[ٹڈڑںےہھ]"))),
    "cyrillic": (("bs", re.compile("[ћђљњџј]")),),
    "latin": (("vi", re.compile("[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹơư]")),),
}
_LEAST_OWN: Mapping[str, float] = {"ckb": 0.04, "bs": 0.04, "ur": 0.05, "vi": 0.1}


# Persian and Urdu have letters that Arabic has not, Arabic some that Persian hardly uses; each has its kaf and yeh.
_NOT_ARABIC = re.compile("[پچژگٹڈںےکی]")
_ARABIC_ONLY = re.compile(r"[ةىإؤأكي]|\bال")
_AGAINST = -2.0  # added to the logarithm of a language that the letters speak against

_AMHARIC = re.compile("አ|ነው|ን ")  # Tigrinya begins with ኣ where Amharic has አ, and has ቐ and ኸ
_TIGRINYA = re.compile("[ኣቐ-ቝኸ-ኾ]")


class _Latin(Container[str]):
    """All languages but those of another script. Romanised Arabic and Persian are found by their words."""

    def __contains__(self, code: object) -> bool:
        return code not in _OTHER


KINDRED: Mapping[str, Container[str]] = {
    "latin": _Latin(),
    "arabic": frozenset({"ar", "fa", "ur", "ckb"}),
    "cyrillic": frozenset({"uk", "ru", "bs"}),
}


_OTHER_SCRIPTS_SHARE = 1 / 3


def main_script(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The script a message is in, and its words in that script.

    Latin words stand in messages of all scripts ("bygglov", "BankID"), others hardly ever in a Swedish one: a third is enough.

    Args:
        words: the message's words.

    Returns:
        A key of `KINDRED` or a name that `only_one` knows, and the words that have letters of it; None and all words when the
        script is none of ours.
    """
    letters = Counter[str]()
    written = []
    for word in words:
        found = {name: len(pattern.findall(word)) for name, pattern in _SCRIPTS}
        best = max(found, key=lambda name: found[name])
        written.append(best if found[best] else None)
        letters.update(found)
    other = sum(name not in ("latin", None) for name in written)
    if other and other >= _OTHER_SCRIPTS_SHARE * len(words):
        del letters["latin"]
    script, count = letters.most_common(1)[0]
    if not count:
        return None, list(words)
    if script in _EAST_ASIAN:  # one word may be in both
        return script, [word for word, name in zip(words, written, strict=True) if name in _EAST_ASIAN]
    return script, [word for word, name in zip(words, written, strict=True) if name == script]


def only_one(script: str, text: str) -> str | None:
    """The language, where the script or letters that no other of our languages writes leave but one; else None.

    Args:
        script: what `main_script` said.
        text: the message's words, lower case.
    """
    if script in _EAST_ASIAN:  # Japanese is both
        return "ja" if len(_KANA.findall(text)) >= len(text) * 0.2 else "zh"
    if script == "ethiopic":
        return "am" if len(_AMHARIC.findall(text)) > len(_TIGRINYA.findall(text)) else "ti"
    if script not in KINDRED:
        return script
    for code, letters in _OWN_LETTERS.get(script, ()):
        if len(letters.findall(text)) >= max(1, len(text) * _LEAST_OWN[code]):
            return code
    return None


def against(script: str, text: str) -> dict[str, float]:
    """What the letters of a shared script take from a language, as an addition to its logarithm.

    Args:
        script: what `main_script` said.
        text: the message's words with blanks between.
    """
    if script != "arabic":
        return {}
    foreign, own = len(_NOT_ARABIC.findall(text)), len(_ARABIC_ONLY.findall(text))
    if foreign > own:
        return {"ar": _AGAINST}
    return {"fa": _AGAINST, "ur": _AGAINST, "ckb": _AGAINST} if own > foreign else {}
