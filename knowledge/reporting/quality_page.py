"""The page for decision-makers, docs/kvalitet.md: its prose is written by hand, its figures come from an evaluation.

Between `<!-- siffror:NAME -->` and `<!-- /siffror -->` the page holds what `blocks` makes; the rest is left alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from knowledge.exporting import write_whole
from knowledge.reporting.evaluation_report import ALL, Report
from knowledge.reporting.figures import Figure

IMAGES = {"languages": "kvalitet-sprak.png", "risk": "kvalitet-fel.png", "reliability": "kvalitet-sakerhet.png"}
WEAKEST = 3  # languages, styles and pairs named
LEAST_QUESTIONS = 20  # of a style, to be named weak
_BLOCK = re.compile(r"(<!-- siffror:([a-z]+) -->\n).*?(<!-- /siffror -->)", re.DOTALL)
_MONTHS = (
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
)
_REPLIES = {
    "answered_right": "får rätt svar direkt",
    "offered": "får frågan ”Menar du …?” med rätt svar bland förslagen",
    "not_offered": "får frågan ”Menar du …?” utan rätt svar bland förslagen",
    "abstained": "får veta att assistenten inte vet, och erbjuds en människa",
    "answered_wrong": "får fel svar",
}


def check(page: Path) -> str:
    """The page's text.

    Raises:
        ValueError: there is no such page, or a block is missing, unknown or not closed.
    """
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{page} can't be read: {error.strerror or error}") from error
    found = [match[2] for match in _BLOCK.finditer(text)]
    if sorted(found) != sorted(_MAKERS) or text.count("<!-- siffror:") != len(found):
        wanted = ", ".join(f"<!-- siffror:{name} -->" for name in _MAKERS)
        raise ValueError(f"{page} must have each of these once, each closed by <!-- /siffror -->: {wanted}")
    return text


def write(page: Path, report: Report) -> None:
    """Renews the page's figures, and its plots in the folder `images` beside it.

    Args:
        page: the Markdown file, with every block.
        report: the evaluation.

    Raises:
        ValueError: the page is not as `check` wants it, or can't be written.
    """
    text = check(page)
    report.draw(page.parent / "images", "sv", IMAGES)
    made = {name: maker(report) for name, maker in _MAKERS.items()}
    write_whole(page, _BLOCK.sub(lambda match: f"{match[1]}{made[match[2]]}\n{match[3]}", text))


def _percent(value: float) -> str:
    return f"{100 * value:.{0 if value >= 0.1 or value == 0 else 1}f}".replace(".", ",")


def _share(figure: Figure) -> str:
    """ "84 % (82–86)", "–" when nothing was counted."""
    if figure.value is None or figure.ci95 is None:
        return "–"
    return f"{_percent(figure.value)} % ({_percent(figure.ci95[0])}–{_percent(figure.ci95[1])})"


def _names(kind: str) -> Mapping[str, str]:
    loaded: Any = yaml.safe_load(Path(__file__).with_name("labels.yml").read_text(encoding="utf-8"))
    return {key: str(name) for key, name in loaded["page"][kind].items()}


def _results(report: Report) -> str:
    figures = report.by_language[ALL]
    rows = [f"| {text} | {_share(figures[key])} |" for key, text in _REPLIES.items()]
    outside = figures["out_of_scope_recall"]
    lines = [
        f"| Av {figures['top1'].n} frågor som kunskapsbasen täcker | andel (osäkerhet) |",
        "|---|---|",
        *rows,
        "",
        f"När assistenten svarar direkt är svaret rätt i **{_share(figures['right_when_answered'])}** av fallen "
        f"({figures['right_when_answered'].n} svar, även på frågor utanför kunskapsbasen).",
    ]
    if outside.value is not None:
        lines.append(
            f"Av {outside.n} frågor utanför kunskapsbasen lät den bli att svara på {_share(outside)}; "
            "övriga fick ett svar som inte hör till saken."
        )
    return "\n".join(lines)


def _languages(report: Report) -> str:
    names = _names("languages")
    articles = report.articles.values()
    lines = [
        "| språk | frågor | rätt artikel först | rätt svar direkt | fel svar | artiklar på språket |",
        "|---|---:|---|---|---|---:|",
    ]
    for code, figures in report.by_language.items():
        if not figures["top1"].n:
            continue
        shares = " | ".join(_share(figures[key]) for key in ("top1", "answered_right", "answered_wrong"))
        written = len(articles) if code == ALL else sum(code in article.answer for article in articles)
        name = "alla" if code == ALL else f"{names.get(code, code)} ({code})"
        lines.append(f"| {name} | {figures['top1'].n} | {shares} | {written} |")
    alt = "Staplar per språk: vad den som frågar möter, och hur ofta rätt artikel kommer först. Siffrorna står i tabellen ovan."
    return "\n".join([*lines, "", f"![{alt}](images/{IMAGES['languages']})"])


def _weak(report: Report) -> str:
    names = {"language": _names("languages"), "style": _names("styles")}
    mean = report.by_language[ALL]["top1"]
    lines = []
    for kind, groups, opening in (
        ("language", report.by_language, "Klart svagare språk än genomsnittet"),
        ("style", report.by_style, "Klart svårare sorters frågor"),
    ):
        weak = sorted((f["top1"].value or 0.0, name) for name, f in groups.items() if _is_weak(f["top1"], mean))[:WEAKEST]
        told = "; ".join(f"{names[kind].get(name, name)}, {_share(groups[name]['top1'])} rätt först" for _, name in weak)
        lines.append(f"* {opening}: {told or 'inget som mätningen kan säkerställa'}.")
    errors, titles = report.errors, report.titles("sv")
    if errors.pairs:
        pairs = "; ".join(
            f"”{titles.get(p.first, p.first)}” och ”{titles.get(p.second, p.second)}”" for p in errors.pairs[:WEAKEST]
        )
        lines += [
            f"* När fel artikel kommer först gäller den i {_share(errors.same_area)} av fallen samma ämnesområde, och i "
            f"{_share(errors.among_three)} kommer den rätta som tvåa eller trea.",
            f"* Förväxlas oftast: {pairs}.",
        ]
    return "\n".join(lines)


def _is_weak(figure: Figure, mean: Figure) -> bool:
    """Whether a group is worse than the mean beyond chance: even its interval's upper end lies below."""
    return figure.ci95 is not None and figure.n >= LEAST_QUESTIONS and figure.ci95[1] < (mean.value or 0.0)


def _confidence(report: Report) -> str:
    limits, figures = report.limits, report.by_language[ALL]
    answer, clarify = (f"{100 * value:.0f}" for value in (limits.answer, limits.clarify))
    gap = figures["calibration_error"]
    return "\n".join(
        [
            f"Assistenten räknar ut hur säker den är. Från {answer} % svarar den, från {clarify} % frågar den ”Menar du …?”, "
            f"därunder säger den att den inte vet. Den egna säkerheten skiljer sig i genomsnitt {_percent(gap.value or 0.0)} "
            f"procentenheter från hur ofta det faktiskt är rätt (osäkerhet {_interval(gap)}).",
            "",
            "![Kurva: ju fler frågor som får svar direkt, desto större andel av svaren är fel. "
            f"Punkterna visar hur assistenten är inställd.](images/{IMAGES['risk']})",
            "",
            "![Diagram: assistentens egen säkerhet mot andelen rätt; på den prickade linjen stämmer de överens. "
            f"Under: antal frågor.](images/{IMAGES['reliability']})",
        ]
    )


def _interval(figure: Figure) -> str:
    return "–".join(_percent(bound) for bound in figure.ci95 or ())


def _method(report: Report) -> str:
    made, figures = report.provenance, report.by_language
    date = dt.date.fromisoformat(made.date)
    outside = figures[ALL]["out_of_scope_recall"].n
    return (
        f"Mätt {date.day} {_MONTHS[date.month - 1]} {date.year}: {len(report.outcomes)} frågor på {len(figures) - 1} språk. "
        f"{outside} av dem ligger utanför kunskapsbasen; {made.indexed} står ordagrant bland kunskapsbasens egna exempel. "
        f"Kunskapsbasen har {len(report.articles)} artiklar. Frågornas fil är `{made.questions}` "
        f"({made.sha256[:12]}), indexet `{made.index_version}`, språkmodellen `{made.encoder}`."
    )


_MAKERS = {"resultat": _results, "sprak": _languages, "svagt": _weak, "sakerhet": _confidence, "matning": _method}
