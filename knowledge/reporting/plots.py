"""The plots. Told apart by lightness, hatching and marker, not by hue alone; languages by code, so that any font will do."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import FuncFormatter, MaxNLocator

from knowledge.reporting.confusions import Pair
from knowledge.reporting.curves import Bin, RiskPoint
from knowledge.reporting.figures import Figure, Scores
from knowledge.reporting.outcomes import Reply, Thresholds

Labels = Mapping[str, str]

DPI = 110
COLOURS = 32  # of the palette: a quarter of the file's size
MOST_PAIRS = 12
INK, MIDDLE, PALE = "#12395b", "#6f9bc1", "#cfdfec"
# From dark to light, so that a grey print keeps the order; what is wrong stands out by its hatching too.
FACES: Mapping[Reply, tuple[str, str]] = {
    Reply.RIGHT: (INK, ""),
    Reply.OFFERED: (MIDDLE, ""),
    Reply.NOT_OFFERED: (PALE, "...."),
    Reply.ABSTAINED: ("#ffffff", ""),
    Reply.WRONG: ("#b3321f", "////"),
}


def labels(language: str) -> Labels:
    """What the plots say in `en` or `sv`."""
    loaded: Any = yaml.safe_load(Path(__file__).with_name("labels.yml").read_text(encoding="utf-8"))
    return {key: str(text) for key, text in loaded[language].items()}


def percent(share: float, words: Labels) -> str:
    """A share as people write it: "84 %", "2,3 %"."""
    return f"{100 * share:.{0 if share >= 0.1 or share == 0 else 1}f} %".replace(".", words["decimal"])


def languages_plot(groups: Mapping[str, Mapping[str, Figure]], words: Labels, path: Path) -> None:
    """Per language: what the citizen meets, and how often the right article is first.

    Args:
        groups: figures by group, `all` and languages; those without in-scope questions are left out.
        words: from `labels`.
        path: the PNG to write.
    """
    shown = {name: figures for name, figures in groups.items() if figures["top1"].n}
    sheet, (left, right) = _sheet(11, 1.9 + 0.36 * max(len(shown), 3), 1, 2, sharey=True, gridspec_kw={"width_ratios": [1.45, 1]})
    names = [f"{words['all'] if name == 'all' else name}  (n {figures['top1'].n})" for name, figures in shown.items()]
    rows = range(len(names))
    start = [0.0] * len(names)
    for reply, (face, hatch) in FACES.items():
        widths = [figures[reply].value or 0.0 for figures in shown.values()]
        left.barh(rows, widths, 0.74, start, color=face, hatch=hatch, edgecolor="#333333", linewidth=0.6, label=words[reply])
        for row, (begin, width) in enumerate(zip(start, widths, strict=True)):
            if width >= 0.055 and reply in (Reply.RIGHT, Reply.OFFERED):
                tint = "white" if reply is Reply.RIGHT else "black"
                left.text(begin + width / 2, row, f"{100 * width:.0f}", ha="center", va="center", color=tint, fontsize=8.5)
        start = [begin + width for begin, width in zip(start, widths, strict=True)]
    left.set(xlim=(0, 1), xlabel=words["share"], title=words["replies_title"])
    left.set_yticks(rows, names)
    left.invert_yaxis()
    first = [figures["top1"] for figures in shown.values()]
    values = [figure.value or 0.0 for figure in first]
    right.barh(rows, values, 0.74, color=MIDDLE, edgecolor="#333333", linewidth=0.6)
    right.errorbar(values, rows, xerr=_reach(first), fmt="none", ecolor="black", capsize=3, lw=1.2, label=words["first"])
    three = [figures["top3"].value or 0.0 for figures in shown.values()]
    right.plot(three, rows, "D", color="white", markeredgecolor="black", markersize=6, label=words["among_three"])
    right.set(xlim=(0, 1.02), title=words["first_title"])
    for axes in (left, right):
        axes.xaxis.set_major_formatter(_percents(words))
        axes.tick_params(axis="y", length=0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1 - 0.5 / max(len(shown), 1)), ncols=2, frameon=False)
    _write(sheet, path)


def risk_plot(
    everything: Sequence[RiskPoint], inside: Sequence[RiskPoint], scores: Scores, limits: Thresholds, words: Labels, path: Path
) -> None:
    """The risk-coverage curve, with the points that the thresholds in use stand for.

    Args:
        everything: the curve over all questions.
        inside: the curve over the in-scope ones; may be empty.
        scores: all questions, for the points.
        limits: the thresholds in use.
        words: from `labels`.
        path: the PNG to write.
    """
    sheet, axes = _sheet(7.2, 4.8)
    x = [point.coverage for point in everything]
    low, high = zip(*(point.ci95 for point in everything), strict=True)
    axes.fill_between(x, low, high, color=PALE, label=words["risk_band"])
    axes.plot(x, [point.risk for point in everything], color=INK, lw=2, label=words["risk_all"])
    if inside:
        axes.plot([p.coverage for p in inside], [p.risk for p in inside], "--", color="black", lw=1.3, label=words["risk_inside"])
    top = max(max(high), 0.05) * 1.2
    for key, threshold, marker, place in (("answer", limits.answer, "o", 0.30), ("clarify", limits.clarify, "s", 0.56)):
        answered = scores.top >= threshold
        if not answered.any():
            continue
        coverage, risk = float(answered.mean()), float((~scores.right[answered]).mean())
        axes.plot([coverage], [risk], marker, color=INK, markersize=8, markeredgecolor="white", zorder=5)
        stated = f"p ≥ {threshold:.2f}".replace(".", words["decimal"])
        text = words[f"risk_{key}"].format(p=stated, coverage=percent(coverage, words), risk=percent(risk, words))
        axes.annotate(text, (coverage, risk), xytext=(0.03, top * place), arrowprops={"arrowstyle": "-", "color": "#555555"},
                      fontsize=9, va="center")  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel=words["risk_x"], ylabel=words["risk_y"], title=words["risk_title"])
    axes.xaxis.set_major_formatter(_percents(words))
    axes.yaxis.set_major_formatter(_percents(words))
    axes.grid(color="#dddddd", lw=0.6)
    axes.legend(loc="upper left", frameon=False)
    _write(sheet, path)


def reliability_plot(bins: Sequence[Bin], words: Labels, path: Path) -> None:
    """The reliability diagram, with how many questions each bin holds below.

    Args:
        bins: from `curves.reliability`.
        words: from `labels`.
        path: the PNG to write.
    """
    sheet, (upper, lower) = _sheet(6.2, 6.0, 2, 1, sharex=True, gridspec_kw={"height_ratios": [3.4, 1]})
    upper.plot([0, 1], [0, 1], ":", color="black", lw=1.2, label=words["reliability_ideal"])
    x, y = [item.stated for item in bins], [item.right for item in bins]
    reach = [[item.right - item.ci95[0] for item in bins], [item.ci95[1] - item.right for item in bins]]
    upper.errorbar(x, y, yerr=reach, fmt="o-", color=INK, ecolor="black", capsize=3, lw=1.6, label=words["reliability_found"])
    upper.set(xlim=(0, 1), ylim=(-0.02, 1.02), ylabel=words["reliability_y"], title=words["reliability_title"])
    upper.legend(loc="upper left", frameon=False)
    upper.grid(color="#dddddd", lw=0.6)
    upper.yaxis.set_major_formatter(_percents(words))
    drawn = lower.bar([item.low for item in bins], [item.n for item in bins], [item.high - item.low for item in bins],
                      align="edge", color=MIDDLE, edgecolor="#333333", linewidth=0.6)  # fmt: skip
    lower.bar_label(drawn, fontsize=8.5, padding=1)
    lower.set(ylim=(0, 1.25 * max(item.n for item in bins)), xlabel=words["reliability_x"], ylabel=words["reliability_n"])
    lower.xaxis.set_major_formatter(_percents(words))
    lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _write(sheet, path)


def confusion_plot(pairs: Sequence[Pair], titles: Mapping[str, str], words: Labels, path: Path) -> None:
    """The pairs of articles most often taken for each other, both directions in one bar.

    Args:
        pairs: most frequent first; the first dozen is drawn.
        titles: what to call the articles; the id where there is none.
        words: from `labels`.
        path: the PNG to write.
    """
    shown = list(pairs[:MOST_PAIRS])
    sheet, axes = _sheet(8.6, 1.7 + 0.47 * max(len(shown), 3))
    rows = range(len(shown))
    first = [pair.first_missed for pair in shown]
    axes.barh(rows, first, 0.7, color=INK, edgecolor="#333333", label=words["confusion_first"])
    second = [pair.second_missed for pair in shown]
    axes.barh(rows, second, 0.7, first, color=PALE, hatch="////", edgecolor="#333333", label=words["confusion_second"])
    for row, pair in enumerate(shown):
        if pair.area is not None or pair.linked:
            axes.text(pair.n + 0.06, row, "●", va="center", fontsize=9)
    axes.set_yticks(rows, ["\n".join(_brief(titles.get(key, key)) for key in (pair.first, pair.second)) for pair in shown])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlim=(0, max((pair.n for pair in shown), default=1) + 0.5), title=words["confusion_title"])
    axes.set_xlabel(f"{words['confusion_x']}      {words['confusion_near']}")
    axes.legend(loc="upper right", bbox_to_anchor=(1, -0.35 / max(len(shown), 3) - 0.08), ncols=2, frameon=False)
    _write(sheet, path)


def _brief(title: str) -> str:
    return textwrap.shorten(title, 44, placeholder=" …")


def _reach(figures: Sequence[Figure]) -> list[list[float]]:
    """How far the intervals reach down and up from the values."""
    bounds = [(figure.value or 0.0, *(figure.ci95 or (0.0, 0.0))) for figure in figures]
    return [[value - low for value, low, _ in bounds], [high - value for value, _, high in bounds]]


def _percents(words: Labels) -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{100 * value:.0f} %".replace(".", words["decimal"]))


def _sheet(width: float, height: float, rows: int = 1, columns: int = 1, **how: Any) -> tuple[Sheet, Any]:
    """A sheet and its axes, without pyplot: it keeps every sheet alive and asks for a display."""
    sheet = Sheet(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(sheet)
    axes = sheet.subplots(rows, columns, **how)
    every: list[Axes] = [axes] if rows * columns == 1 else list(axes)
    for one in every:
        one.spines[["top", "right"]].set_visible(False)
        one.set_axisbelow(True)
        one.title.set_fontsize(11.5)
    return sheet, axes


def _write(sheet: Sheet, path: Path) -> None:
    """Writes the PNG with a small palette and without a date, so that the same figures give the same file."""
    from PIL import Image

    canvas = sheet.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    image = Image.frombuffer("RGBA", canvas.get_width_height(), pixels).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLOURS).save(path, optimize=True)
