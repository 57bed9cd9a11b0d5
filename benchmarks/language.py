"""Language detection beside lingua: words, word pairs, sentences and the first words of sentences that nobody here wrote.

`python benchmarks/language.py --data DIR` reads `DIR/lingua_lid` (lingua's own test data) and `DIR/ntrex128` (not part of the project).
Rows are split in two by a hash of their text: one half was for choosing our weights, the other is reported. Three systems, without a
hint: ours with its priors (Swedish is likelier than Spanish); lingua at its best with our candidate languages; lingua with all 75.
Bosnian, Croatian and Serbian are one language for all, so are Bokmål and Nynorsk, Persian and Dari. In brackets Wilson's 95 % interval.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.shares import share_of, sign_test  # noqa: E402
from knowledge.language import LINGUA, LanguageDetector  # noqa: E402
from knowledge.language_model import load_word_model  # noqa: E402
from knowledge.settings import Settings  # noqa: E402

OURS = ("sv", "en", "fi", "ar", "so", "fa", "bs", "es", "fr", "pl", "tr", "uk", "ku", "ckb", "ti")  # those with texts
# Candidates of ours that the script alone decides, as lingua calls them.
BY_SCRIPT: Mapping[str, tuple[str, ...]] = {
    "he": ("HEBREW",),
    "hy": ("ARMENIAN",),
    "ka": ("GEORGIAN",),
    "ja": ("JAPANESE",),
    "ko": ("KOREAN",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
}
FOLDERS = ("single-words", "word-pairs", "sentences")
SAME = {"hr": "bs", "sr": "bs", "nn": "nb"}
NTREX = {
    "swe": "sv", "eng-US": "en", "fin": "fi", "arb": "ar", "som": "so", "fas": "fa", "prs": "fa", "bos": "bs", "hrv": "bs", "srp-Latn": "bs",
    "srp-Cyrl": "bs", "spa": "es", "fra": "fr", "pol": "pl", "tur": "tr", "ukr": "uk", "kmr": "ku", "ckb-Arab": "ckb", "tir": "ti", "dan": "da",
    "deu": "de", "nob": "nb", "por": "pt", "ron": "ro", "rus": "ru", "sqi": "sq", "tha": "th", "urd": "ur", "vie": "vi", "zho-CN": "zh", "amh": "am",
}  # fmt: skip
FIRST_WORDS = (1, 2, 3, 5)
Rows = dict[str, list[str]]  # texts per language
Detects = Callable[[str], str | None]


def of_half(text: str, half: str) -> bool:
    """Whether a text is of the `tuning` or the `reported` half: the last bit of its SHA-256."""
    return (hashlib.sha256(text.encode()).digest()[-1] & 1 == 0) == (half == "tuning")


def sets_of(data: Path, half: str, most: int) -> dict[str, Rows]:
    """The sets of rows, by name, with at most so many per language (0: all): those whose hash is lowest, whatever order they are in."""

    def chosen(texts: list[str]) -> list[str]:
        return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[: most or None]

    return {name: {code: chosen(texts) for code, texts in rows.items()} for name, rows in _rows_of(data, half)}


def _rows_of(data: Path, half: str) -> Iterator[tuple[str, Rows]]:
    """Languages that we may not answer are left out."""
    candidates = set(Settings().tuning.languages)
    for kind in FOLDERS:
        rows: Rows = {}
        for file in sorted((data / "lingua_lid" / kind).glob("*.txt")):
            code = SAME.get(file.stem, file.stem)
            if code in candidates:
                rows.setdefault(code, []).extend(text for text in _lines(file) if of_half(text, half))
        yield kind, rows
    for count in FIRST_WORDS:
        rows = {}
        for name, code in NTREX.items():
            texts = (text for text in _lines(data / "ntrex128" / f"{name}.txt") if of_half(text, half))
            rows.setdefault(code, []).extend(" ".join(text.split()[:count]) for text in texts if len(text.split()) >= count)
        yield f"first {count} of a sentence", rows


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]


def lingua_with(candidates: Mapping[str, tuple[str, ...]] | None) -> Detects:
    """Lingua at its best (all groups of letters, no minimum distance), its confidences of languages counted as one summed.

    Args:
        candidates: our code → lingua's names; None for all languages it has.
    """
    from lingua import Language, LanguageDetectorBuilder

    if candidates is None:
        builder: Any = LanguageDetectorBuilder.from_all_languages()
        one = {name: code for code, names in LINGUA.items() for name in names} | {"NYNORSK": "nb"}
    else:
        one = {name: code for code, names in candidates.items() for name in names}
        builder = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in one))
    detector = builder.with_preloaded_language_models().build()

    def detect(text: str) -> str | None:
        shares: dict[str, float] = {}
        for item in detector.compute_language_confidence_values(text):
            code = one.get(item.language.name, item.language.name)
            shares[code] = shares.get(code, 0.0) + item.value
        best = max(shares, key=lambda code: shares[code])
        return best if shares[best] > 0 else None

    return detect


def measure(detect: Detects, sets: Mapping[str, Rows]) -> tuple[dict[str, dict[str, list[bool]]], float]:
    """Right or wrong per set, language and row; and the median time of a call, in milliseconds."""
    times: list[float] = []
    found: dict[str, dict[str, list[bool]]] = {}
    for name, rows in sets.items():
        for code, texts in rows.items():
            hits = found.setdefault(name, {}).setdefault(code, [])
            for text in texts:
                started = time.perf_counter()
                hits.append(detect(text) == code)
                times.append(time.perf_counter() - started)
    return found, statistics.median(times) * 1000


def table(name: str, results: Mapping[str, dict[str, dict[str, list[bool]]]]) -> None:
    """Prints a set's accuracy per language and system: first our languages, then the other candidates."""
    systems = list(results)
    first = results[systems[0]][name]
    print(f"\n### {name}\n\n| language | n | " + " | ".join(systems) + " |\n|---|---|" + "---|" * len(systems))
    ours = [code for code in OURS if code in first]
    others = [code for code in first if code not in OURS]
    in_lingua = [code for code in ours if code in LINGUA]
    for label, codes in (("**ours in lingua**", in_lingua), ("**ours**", ours), ("**others**", others)):
        pooled = {system: [hit for code in codes for hit in results[system][name][code]] for system in systems}
        shares = " | ".join(str(share_of(hits)) for hits in pooled.values())
        p = sign_test(pooled[systems[0]], pooled[systems[1]])
        print(f"| {label} (p {p:.1g}) | {len(pooled[systems[0]])} | {shares} |")
    for code in ours + others:
        print(f"| {code} | {len(first[code])} | " + " | ".join(str(share_of(results[s][name][code])) for s in systems) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("reported", "tuning"), default="reported")
    parser.add_argument("--most", type=int, default=300, help="rows per set and language (0: all)")
    parser.add_argument("--json", type=Path, help="also write hits and n per system, set and language here")
    arguments = parser.parse_args()
    missing = [name for name in ("lingua_lid", "ntrex128") if not (arguments.data / name).is_dir()]
    if missing:
        print(f"skipped: no folder {' and '.join(missing)} in the given data")
        return
    settings = Settings()
    words = load_word_model(settings)
    if words is None:
        print("skipped: the model of words is not built; run: python -m knowledge build")
        return
    ours = LanguageDetector(settings.tuning.languages, words)
    candidates = {code: names for code, names in {**LINGUA, **BY_SCRIPT}.items() if code in settings.tuning.languages}
    number = sum(map(len, candidates.values()))
    sets = sets_of(arguments.data, arguments.half, arguments.most)
    systems: dict[str, Callable[[], Detects]] = {
        f"ours, {len(settings.tuning.languages)} candidates": lambda: lambda text: ours.detect(text).language,
        f"lingua, the {number} of them it has": lambda: lingua_with(candidates),
        "lingua, all 75": lambda: lingua_with(None),
    }
    results, times = {}, {}
    for system, make in systems.items():
        results[system], times[system] = measure(make(), sets)
    if arguments.json:
        plain = {s: {k: {c: [sum(h), len(h)] for c, h in v.items()} for k, v in r.items()} for s, r in results.items()}
        arguments.json.write_text(json.dumps(plain, indent=1), encoding="utf-8")
    print(f"{arguments.half} half · candidates: {' '.join(settings.tuning.languages)}")
    print("median time of a call: " + ", ".join(f"{system} {ms:.2f} ms" for system, ms in times.items()))
    print("p: sign test of ours against lingua with our candidates, over the row's texts")
    for name in sets:
        table(name, results)


if __name__ == "__main__":
    main()
