"""Our intent features on data that others wrote: MASSIVE (nine languages, 60 intents) and CLINC150 (150 intents, out of scope).

    .venv/bin/python benchmarks/intents.py --data DIR [--encoder DIR] [--counts] [--languages sv,en] [--only clinc150] [--json FILE]

`DIR/massive/<locale>.{train,dev}.tsv` and `DIR/clinc150/train_val.json` are not part of the project. MASSIVE: trained on train, tested
on dev. CLINC150: trained on train, tested on val, where the threshold for one half is chosen on the other. Published figures are of
the test splits, which are not here. The first run encodes 140 000 short texts (15 to 30 minutes) and keeps them in `var/bench`.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.embeddings import Embeddings  # noqa: E402
from benchmarks.intent_features import IntentModel, Parts, configured  # noqa: E402
from benchmarks.shares import share_of, share_of_groups  # noqa: E402

Floats = NDArray[np.float32]

LOCALES = {
    "sv": "sv-SE", "en": "en-US", "ar": "ar-SA", "fi": "fi-FI", "fa": "fa-IR", "pl": "pl-PL", "es": "es-ES", "tr": "tr-TR", "de": "de-DE",
}  # fmt: skip
# MASSIVE test, accuracy: XLM-R base trained on everything; trained on English only; frozen embeddings + logistic regression.
XLMR = {"sv": 0.879, "en": 0.883, "ar": 0.807, "fi": 0.855, "fa": 0.870, "pl": 0.858, "es": 0.869, "tr": 0.863, "de": 0.857}
XLMR_ENGLISH = {"sv": 0.852, "ar": 0.628, "fi": 0.802, "fa": 0.811, "pl": 0.807, "es": 0.788, "tr": 0.784, "de": 0.776}
FROZEN = {"sv": 0.811, "en": 0.864, "ar": 0.690}
# CLINC150 test, threshold on the classifier's probability: in-scope accuracy, out-of-scope recall.
CLINC_PUBLISHED = {"Rasa": (0.909, 0.312), "MLP on USE": (0.934, 0.491), "BERT": (0.962, 0.523)}
RESAMPLES = 1000


@dataclass(frozen=True)
class Split:
    """n texts with their vectors, shape (n, d), and intents."""

    texts: list[str]
    vectors: Floats
    intents: list[str]


@dataclass(frozen=True)
class Judged:
    """One CLINC150 row: whether it is in scope, whether the intent is right, and the classifier's probability."""

    in_scope: bool
    right: bool
    probability: float


def read_massive(path: Path) -> tuple[list[str], list[str]]:
    """Utterances and intents of one MASSIVE file; quotation marks in it are just characters."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["utt"] for row in rows], [row["intent"] for row in rows]


def massive_splits(folder: Path, language: str, embeddings: Embeddings) -> tuple[Split, Split]:
    """Train and dev of one language, encoded."""
    read = [read_massive(folder / f"{LOCALES[language]}.{name}.tsv") for name in ("train", "dev")]
    vectors = embeddings.of([text for texts, _ in read for text in texts], "query", f"massive-{language}")
    cut = len(read[0][0])
    return Split(read[0][0], vectors[:cut], read[0][1]), Split(read[1][0], vectors[cut:], read[1][1])


def joined(splits: Sequence[Split]) -> Split:
    """The splits after one another."""
    return Split(
        [text for split in splits for text in split.texts],
        np.concatenate([split.vectors for split in splits]),
        [intent for split in splits for intent in split.intents],
    )


def moved(split: Split, by: Floats) -> Split:
    """The split with `by`, shape (d,), taken off every vector."""
    return Split(split.texts, split.vectors - by, split.intents)


def accuracy(model: IntentModel, split: Split) -> list[bool]:
    """Whether each text's likeliest intent is the right one."""
    names, _ = model.predict(split.texts, split.vectors)
    return [name == intent for name, intent in zip(names, split.intents, strict=True)]


def massive(
    folder: Path, embeddings: Embeddings, parts: Parts, languages: Sequence[str], counts: bool
) -> dict[str, dict[str, dict[str, float]]]:
    """MASSIVE in four ways: each language by itself, all together, and English only, without and with each language's own mean.

    Args:
        folder: with the `.tsv` files.
        embeddings: the encoder.
        parts: the pipeline's.
        languages: codes, English among them for the last two ways.
        counts: with words' and letters' counts.

    Returns:
        way → language → share.
    """
    data = {code: massive_splits(folder, code, embeddings) for code in languages}
    results: dict[str, dict[str, dict[str, float]]] = {}

    def test(way: str, hits: Mapping[str, list[bool]], published: Mapping[str, float]) -> None:
        print(f"\nMASSIVE dev, {way}", flush=True)
        for code, right in hits.items():
            beside = f"{published[code]:.3f}" if code in published else "  –"
            print(f"  {code}  n {len(right):<6} {share_of(right)!s:<22} published (test) {beside}", flush=True)
        # The rows are the same sentences in every language. Where English alone was trained on, it is no transfer.
        others = [right for code, right in hits.items() if not (way.startswith("English only") and code == "en")]
        everything = share_of_groups(list(zip(*others, strict=True)))
        print(f"  {len(others)} languages n {everything.n:<6} {everything}", flush=True)
        results[way] = {code: share_of(right).as_json() for code, right in hits.items()} | {"all": everything.as_json()}

    def train(split: Split) -> IntentModel:
        return IntentModel(parts, counts).fit(split.texts, split.vectors, split.intents)

    test("each language by itself; XLM-R base, all languages", {c: accuracy(train(t), d) for c, (t, d) in data.items()}, XLMR)
    together = train(joined([split for split, _ in data.values()]))
    test("all languages together; XLM-R base, all languages", {c: accuracy(together, d) for c, (_, d) in data.items()}, XLMR)
    if "en" in data:
        english = train(data["en"][0])
        test("English only; XLM-R base, English only", {c: accuracy(english, d) for c, (_, d) in data.items()}, XLMR_ENGLISH)
        # Unlabelled text is enough for a language's mean, so this is zero-shot still.
        means = {code: split.vectors.mean(axis=0) for code, (split, _) in data.items()}
        english = train(moved(data["en"][0], means["en"]))
        centred = {code: accuracy(english, moved(dev, means[code])) for code, (_, dev) in data.items()}
        test("English only, each language's own mean taken off; XLM-R base, English only", centred, XLMR_ENGLISH)
    print("  frozen embeddings + logistic regression, published (test): " + ", ".join(f"{c} {v:.3f}" for c, v in FROZEN.items()))
    return results


def rates(rows: Sequence[Judged], threshold: float) -> tuple[list[bool], list[bool]]:
    """At a threshold: in-scope rows answered with the right intent, and out-of-scope rows turned away."""
    inside = [row.right and row.probability >= threshold for row in rows if row.in_scope]
    outside = [row.probability < threshold for row in rows if not row.in_scope]
    return inside, outside


def choose(rows: Sequence[Judged], balanced: bool) -> float:
    """The threshold that is best on the rows.

    Args:
        rows: of the tuning half.
        balanced: best by the mean of in-scope accuracy and out-of-scope recall; else by the share of all rows that are right, which
            is CLINC150's own rule and looks little at the few rows out of scope.
    """

    def worth(threshold: float) -> float:
        inside, outside = rates(rows, threshold)
        if balanced:
            return share_of(inside).share + share_of(outside).share
        return share_of([*inside, *outside]).share

    return max((step / 100 for step in range(100)), key=worth)


def crossed(rows: Sequence[Judged], balanced: bool) -> tuple[list[bool], list[bool], list[float]]:
    """Two halves, each judged at the threshold chosen on the other: in-scope hits, out-of-scope hits, the two thresholds."""
    inside: list[bool] = []
    outside: list[bool] = []
    thresholds = []
    # Every second row of each kind: the file is ordered by intent.
    ordered = sorted(rows, key=lambda row: row.in_scope)
    for tuned, judged in ((ordered[::2], ordered[1::2]), (ordered[1::2], ordered[::2])):
        thresholds.append(choose(tuned, balanced))
        there, away = rates(judged, thresholds[-1])
        inside += there
        outside += away
    return inside, outside, thresholds


def auroc(rows: Sequence[Judged]) -> float:
    """Probability that an in-scope row is surer than one out of scope (ties count half); 0.5 without both kinds."""
    from sklearn.metrics import roc_auc_score

    inside = [row.in_scope for row in rows]
    if len(set(inside)) < 2:
        return 0.5
    return float(roc_auc_score(inside, [row.probability for row in rows]))


def auroc_interval(rows: Sequence[Judged], seed: int = 7) -> tuple[float, float]:
    """95 % bootstrap interval of `auroc`, in-scope and out-of-scope rows drawn apart."""
    random = np.random.default_rng(seed)
    kinds = [[row for row in rows if row.in_scope], [row for row in rows if not row.in_scope]]
    values = [auroc([kind[i] for kind in kinds for i in random.integers(0, len(kind), len(kind))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def clinc150(path: Path, embeddings: Embeddings, parts: Parts, counts: bool) -> dict[str, object]:
    """In-scope accuracy, out-of-scope recall and AUROC on CLINC150's val; prints and returns them."""
    data: dict[str, list[tuple[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    names = ("train", "val", "oos_val")
    texts = [text for name in names for text, _ in data[name]]
    vectors = dict(zip(texts, embeddings.of(texts, "query", "clinc150"), strict=True))

    def split(name: str) -> Split:
        own = [text for text, _ in data[name]]
        return Split(own, np.stack([vectors[text] for text in own]), [intent for _, intent in data[name]])

    train = split("train")
    model = IntentModel(parts, counts).fit(train.texts, train.vectors, train.intents)
    rows = list(_judge(model, split("val"), True)) + list(_judge(model, split("oos_val"), False))
    low, high = auroc_interval(rows)
    results: dict[str, object] = {"auroc": round(auroc(rows), 4), "auroc_ci95": [round(low, 4), round(high, 4)]}
    plain = share_of([row.right for row in rows if row.in_scope])
    print(
        f"\nCLINC150 val. AUROC of the probability {results['auroc']:.3f} [{low:.3f}–{high:.3f}]; in scope without a threshold {plain}"
    )
    results["without_threshold"] = plain.as_json()
    for name, balanced in (("all rows right (CLINC150's rule)", False), ("mean of both", True)):
        inside, outside, thresholds = crossed(rows, balanced)
        good, away = share_of(inside), share_of(outside)
        print(f"  threshold by {name:<34} in scope {good} n {good.n}, out of scope {away} n {away.n}, at {thresholds}")
        results[name] = {"in_scope": good.as_json(), "out_of_scope": away.as_json(), "thresholds": thresholds}
    for name, (inside_published, outside_published) in CLINC_PUBLISHED.items():
        print(f"  published (test) {name:<34} in scope {inside_published:.3f}, out of scope {outside_published:.3f}")
    return results


def _judge(model: IntentModel, split: Split, in_scope: bool) -> Iterable[Judged]:
    names, probabilities = model.predict(split.texts, split.vectors)
    for name, intent, probability in zip(names, split.intents, probabilities.tolist(), strict=True):
        yield Judged(in_scope, in_scope and name == intent, probability)


def main() -> None:
    """Runs what there are data for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="another encoder folder (default: the service's)")
    parser.add_argument("--counts", action="store_true", help="with words' and letters' counts, as the assistant has them: slow")
    parser.add_argument("--languages", default=",".join(LOCALES), help="codes, separated by commas")
    parser.add_argument("--only", choices=["massive", "clinc150"])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    languages = arguments.languages.split(",")
    if unknown := sorted(set(languages) - set(LOCALES)):
        parser.error(f"no such language: {', '.join(unknown)}; there are {', '.join(LOCALES)}")
    wanted = [name for name in ("clinc150", "massive") if arguments.only in (None, name)]
    present = [name for name in wanted if (arguments.data / name).is_dir()]
    for name in sorted(set(wanted) - set(present)):
        print(f"skipped: no folder {name} in the given data")
    if not present:
        return
    embeddings, parts = Embeddings(arguments.encoder), configured()
    print(
        f"encoder {embeddings.name}; features: embedding{' + words + letters' if arguments.counts else ' alone'}. 95 % intervals (Wilson)"
    )
    results: dict[str, object] = {"encoder": embeddings.name, "counts": arguments.counts}
    if "clinc150" in present:
        results["clinc150"] = clinc150(arguments.data / "clinc150" / "train_val.json", embeddings, parts, arguments.counts)
    if "massive" in present:
        results["massive"] = massive(arguments.data / "massive", embeddings, parts, languages, arguments.counts)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
