"""An evaluation's report for people: `report.md`."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.evaluation_run import as_table
from knowledge.reporting.evaluation_report import ALL, PLOTS, Report
from knowledge.reporting.figures import Figure

PAIRS_LISTED = 30
# Columns of the tables: a figure's key and its heading.
REPLIES = {
    "answered_right": "answered, right",
    "offered": "asked back, right one shown",
    "not_offered": "asked back, not shown",
    "abstained": "abstained",
    "answered_wrong": "answered, wrong",
}
SCOPE = {
    "coverage": "in scope, not abstained",
    "out_of_scope_recall": "out of scope, not answered",
    "out_of_scope_abstained": "out of scope, abstained",
    "out_of_scope_recall_at_90": "out-of-scope recall at coverage 0.90",
    "scope_auroc": "AUROC of scope",
}
TRUST = {
    "right_when_answered": "right when answered",
    "calibration_error": "calibration error",
    "calibration_error_by_chance": "the same by chance",
    "brier": "Brier score",
    "risk_coverage_area": "area under risk-coverage",
    "language_detected": "language detected",
}
STYLES = {"top1": "first", "top3": "among three", **REPLIES, "out_of_scope_recall": "out of scope, not answered"}

_PAGE = """# Evaluation

{head}

Questions held out stay so only while nobody reads them to mend what they show: for single questions (`questions.jsonl`) evaluate
a file that is for tuning.

## How often the right article is first

`first` and `among three` are over the in-scope questions, the others over all.

{table}

![{languages_alt}]({languages})

## What the citizen meets, in-scope questions

{replies}

## In and out of scope

`out-of-scope recall at coverage 0.90`: share of the out-of-scope questions below the threshold that 90 % of the in-scope ones
reach.

{scope}

![{risk_alt}]({risk})

## How far the probabilities can be trusted

The calibration error is never 0: `the same by chance` is what perfect probabilities would show on as many questions.

{trust}

![{reliability_alt}]({reliability})

## By style of question

{styles}

## Where first-place errors go

{errors}

{pairs}

![Bars: the pairs of articles most often taken for each other, as in the table above.]({confusion})
"""


def as_markdown(report: Report) -> str:
    """The report, with the plots beside it."""
    return _PAGE.format(
        head=_head(report),
        table=as_table(report.figures),
        replies=figures_table(report.by_language, REPLIES, "language"),
        scope=figures_table(report.by_language, SCOPE, "language"),
        trust=figures_table(report.by_language, TRUST, "language"),
        styles=figures_table(report.by_style, STYLES, "style"),
        errors=_errors(report),
        pairs=_pairs_table(report),
        languages_alt=_languages_in_words(report),
        risk_alt=_risk_in_words(report),
        reliability_alt=_reliability_in_words(report),
        **PLOTS,
    )


def cell(figure: Figure, row_n: int | None = None) -> str:
    """A figure in a table: value, interval, and n when it is not the row's."""
    if figure.value is None:
        return "–"
    n = [] if figure.n == row_n else [f"n {figure.n}"]
    interval = [f"{figure.ci95[0]:.3f}–{figure.ci95[1]:.3f}"] if figure.ci95 else []
    return f"{figure.value:.3f}" + (f" [{', '.join(n + interval)}]" if n or interval else "")


def figures_table(groups: Mapping[str, Mapping[str, Figure]], columns: Mapping[str, str], first: str) -> str:
    """Figures as a Markdown table, a row per group; its n is the largest of its figures'.

    Args:
        groups: figures by group.
        columns: a figure's key and its heading.
        first: heading of the groups' column.
    """
    lines = [f"| {first} | n | {' | '.join(columns.values())} |", "|---|---:" + "|---" * len(columns) + "|"]
    for name, figures in groups.items():
        n = max(figures[key].n for key in columns)
        lines.append(f"| {name} | {n} | {' | '.join(cell(figures[key], n) for key in columns)} |")
    return "\n".join(lines)


def _head(report: Report) -> str:
    made = report.provenance
    kept = "" if made.phrasings is None else f" Indexed with at most {made.phrasings} phrasings per article and language."
    asked = f"{len(report.outcomes)} questions, {made.indexed} of them in the index word for word"
    limits = f"Answers from probability {report.limits.answer}, asks back from {report.limits.clarify}"
    return (
        f"{made.date}: `{made.questions}` (sha256 {made.sha256[:12]}), {asked}; index `{made.index_version}`, encoder "
        f"`{made.encoder}`. {limits}; calibrated on {made.calibration}.{kept} The language of each question is detected as in "
        "service, without a hint. In brackets n, where it is not the row's, and the 95 % interval: Wilson's for shares, the "
        "bootstrap's for others; each question counts as independent of the rest."
    )


def _errors(report: Report) -> str:
    errors = report.errors
    return (
        f"{sum(pair.n for pair in errors.pairs)} errors in {len(errors.pairs)} pairs of articles. Within one area: "
        f"{cell(errors.same_area)}; linked as next step: {cell(errors.linked)}; the right article second or third: "
        f"{cell(errors.among_three)}."
    )


def _pairs_table(report: Report) -> str:
    lines = ["| n | asked about → got | of these → | the other way | area of both | linked |", "|---:|---|---:|---:|---|---|"]
    for pair in report.errors.pairs[:PAIRS_LISTED]:
        lines.append(
            f"| {pair.n} | {pair.first} → {pair.second} | {pair.first_missed} | {pair.second_missed} "
            f"| {pair.area or '–'} | {'yes' if pair.linked else 'no'} |"
        )
    rest = len(report.errors.pairs) - PAIRS_LISTED
    return "\n".join(lines) + (f"\n\nand {rest} more pairs (`report.json`)" if rest > 0 else "")


def _languages_in_words(report: Report) -> str:
    groups = report.by_language.items()
    ranked = sorted(
        (figures["top1"].value, name) for name, figures in groups if name != ALL and figures["top1"].value is not None
    )
    if not ranked:
        return "Bars per language: no in-scope questions."
    (low, worst), (high, best) = ranked[0], ranked[-1]
    return f"Bars per language: share of questions with the right article first, from {low:.2f} ({worst}) to {high:.2f} ({best})."


def _risk_in_words(report: Report) -> str:
    curve = report.curves[0]
    half = next(point for point in curve if point.coverage >= 0.5)
    return (
        f"Risk-coverage curve: share wrong {half.risk:.3f} when the surest half is answered, {curve[-1].risk:.3f} when all are."
    )


def _reliability_in_words(report: Report) -> str:
    gap = max(report.reliability, key=lambda item: abs(item.stated - item.right))
    return f"Reliability diagram: widest gap at stated {gap.stated:.2f}, where {gap.right:.2f} were right (n {gap.n})."
