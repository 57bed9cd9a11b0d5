"""Takes personal data out of a text before it is stored, embedded, logged or shown to Rasa. Pure, and linear in the length.

What is masked, why, and what deliberately is not: docs/adr/0006-masking.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, cast

from bot.privacy.contacts import find_emails, find_plates
from bot.privacy.homes import find_homes
from bot.privacy.names import find_names
from bot.privacy.numbers import Span, find_lettered_numbers, find_numbers, kept
from bot.privacy.published import published_contacts
from bot.privacy.view import TOKENS, WALL, View, view_of

FindingKind = Literal["personnummer", "email", "phone", "card", "account", "plate", "address", "name"]

_MOST_ROUNDS: Final = 12
"""A finding may uncover another (a name before an address): rounds until nothing is found. Two are usual."""


@dataclass(frozen=True)
class Finding:
    """Something that was masked.

    Attributes:
        kind: What it was.
        start: Index of its first character in the original text.
        end: Index after its last character in the original text.
    """

    kind: FindingKind
    start: int
    end: int


@dataclass(frozen=True)
class Masked:
    """A text without personal data.

    Attributes:
        text: The text with tokens such as `[telefon]` in place of what was found.
        findings: What was found, in order, with places in the original text.
    """

    text: str
    findings: tuple[Finding, ...]


def _apart(spans: Iterable[Span], text: str) -> list[Span]:
    """Sorts spans and drops those that overlap an earlier one or hold a wall."""
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span[1], -span[2])):
        if span[1] < span[2] and (not chosen or span[1] >= chosen[-1][2]) and WALL not in text[span[1] : span[2]]:
            chosen.append(span)
    return chosen


def mask(text: str, *, keep: frozenset[str] | None = None) -> Masked:
    """Masks personal data.

    Args:
        text: What a citizen wrote.
        keep: Telephone numbers, bankgiro numbers and e-mail addresses the city publishes, as written anywhere
            ("031-365 00 00", "goteborg@goteborg.se"): never masked. Left out: those of `published.py`.

    Returns:
        The masked text and what was found. `mask(mask(x).text).text == mask(x).text`.
    """
    published = kept(published_contacts() if keep is None else keep)
    view = view_of(text)
    found: list[Finding] = []

    def take(view: View, spans: Iterable[Span]) -> View:
        chosen = _apart(spans, view.text)
        for kind, start, end in chosen:
            found.append(Finding(cast(FindingKind, kind), view.starts[start], view.ends[end - 1]))
        return view.wall_off([(start, end) for _, start, end in chosen]) if chosen else view

    for _ in range(_MOST_ROUNDS):
        before = len(found)
        view = take(view, find_emails(view.text, published))
        view = take(view, find_lettered_numbers(view.text))
        view = take(view, find_numbers(view.text, published))
        view = take(view, find_plates(view.text))
        view = take(view, find_names(view.text))
        view = take(view, find_homes(view.text))
        if len(found) == before:
            break
    found.sort(key=lambda finding: finding.start)
    return Masked(replaced(text, found), tuple(found))


def replaced(text: str, findings: Iterable[Finding]) -> str:
    """The text with tokens in place of findings.

    Args:
        text: The original.
        findings: In order, not overlapping.
    """
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts += [text[at : finding.start], TOKENS[finding.kind]]
        at = finding.end
    return "".join([*parts, text[at:]])
