"""Measures masking on real test numbers that nobody here wrote: recall, precision, with n and a 95 % interval.

`python benchmarks/masking.py --data DIR` reads `DIR/personnummer` (Skatteverket's test numbers and edge cases; not part of the
project). Read the figures with care: two faults (coordination numbers with an uncertain date of birth; 90101 at the beginning of
a longer number) were found with these rows and corrected.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot.privacy.masking import mask  # noqa: E402
from bot.privacy.published import published_contacts  # noqa: E402

KEEP = published_contacts()
FULL_WIDTH = str.maketrans("0123456789-+", "０１２３４５６７８９－＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FORMS: dict[str, Callable[[str], str]] = {
    "12 digits": lambda n: n,
    "10 digits": lambda n: n[2:],
    "YYMMDD-NNNN": lambda n: f"{n[2:8]}-{n[8:]}",
    "YYYYMMDD-NNNN": lambda n: f"{n[:8]}-{n[8:]}",
    "YYMMDD+NNNN": lambda n: f"{n[2:8]}+{n[8:]}",
    "blank": lambda n: f"{n[2:8]} {n[8:]}",
    "every digit apart": lambda n: " ".join(n[2:]),
    "YYYY-MM-DD-NNNN": lambda n: f"{n[:4]}-{n[4:6]}-{n[6:8]}-{n[8:]}",
    "line break": lambda n: f"{n[:8]}-\n{n[8:]}",
    "full width": lambda n: f"{n[2:8]}-{n[8:]}".translate(FULL_WIDTH),
    "Arabic-Indic": lambda n: n.translate(ARABIC),
    "zero width": lambda n: f"{n[2:5]}\u200b{n[5:8]}\u200b-{n[8:]}",
}


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def row(name: str, hits: int, n: int) -> None:
    low, high = interval(hits, n)
    print(f"{name:<44} {hits:>6}/{n:<6} {hits / n if n else 0:.4f}  [{low:.4f}, {high:.4f}]")


def hidden(texts: Iterable[str]) -> tuple[int, int]:
    """How many texts leave no digit behind once masked."""
    results = [mask(f"Hej, det gäller {text} tack", keep=KEEP).text for text in texts]
    return sum(not re.search(r"\d", result) for result in results), len(results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=1500, help="test numbers per written form (0: all)")
    arguments = parser.parse_args()
    folder = arguments.data / "personnummer"
    if not folder.is_dir():
        print(f"skipped: no folder {folder.name} in the given data")
        return
    lists = json.loads((folder / "test_numbers.json").read_text(encoding="utf-8"))
    print("share with 95 % interval (Wilson)\n")
    recall_hits = recall_n = 0
    for kind, numbers in lists.items():
        step = max(1, len(numbers) // arguments.sample) if arguments.sample else 1
        for form, write in FORMS.items():
            hits, n = hidden(write(str(number)) for number in numbers[::step])
            recall_hits, recall_n = recall_hits + hits, recall_n + n
            row(f"recall, {kind}, {form}", hits, n)
    structured = json.loads((folder / "structured.json").read_text(encoding="utf-8"))
    for kind in ("ssn", "con"):
        hits, n = hidden(structured[kind]["string"]["valid"])
        recall_hits, recall_n = recall_hits + hits, recall_n + n
        row(f"recall, edge cases, {kind}", hits, n)
        hits, n = hidden(f"personnummer {text}" for text in structured[kind]["string"]["invalid"])
        row(f"recall, wrong check digit with cue, {kind}", hits, n)
    interim = json.loads((folder / "interim.json").read_text(encoding="utf-8"))
    written = [entry[form] for entry in interim if entry["valid"] for form in entry if form.endswith(("format", "long"))]
    hits, n = hidden(written)
    row("recall, interim (reserve) numbers", hits, n)
    recall_hits, recall_n = recall_hits + hits, recall_n + n
    row("RECALL, all of the above but the cued", recall_hits, recall_n)

    organisations = json.loads((folder / "orgnumber.json").read_text(encoding="utf-8"))
    texts = [str(entry[form]) for entry in organisations for form in ("short_format", "separated_format")]
    kept = sum("[personnummer]" not in mask(f"vi är föreningen {text}", keep=KEEP).text for text in texts)
    row("organisation numbers not called personal", kept, len(texts))
    ordinary = ordinary_sentences()
    unchanged = sum(mask(text, keep=KEEP).text == text for text in ordinary)
    row("ordinary sentences unchanged (our own corpus)", unchanged, len(ordinary))
    wrong = len(texts) - kept + len(ordinary) - unchanged
    row("PRECISION, masked and personal / masked", recall_hits, recall_hits + wrong)


def ordinary_sentences() -> list[str]:
    """The sentences of the tests that must pass untouched."""
    import yaml

    paths = [ROOT / "tests/bot/privacy/unchanged.yml", *sorted((ROOT / "tests/bot/safety/corpus").glob("everyday_*.yml"))]
    lines: list[str] = []
    for path in paths:
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).values():
            lines += block.splitlines()
    return lines


if __name__ == "__main__":
    main()
