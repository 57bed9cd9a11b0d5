"""Finds e-mail addresses and licence plates in the plain view of a text."""

import re
from collections.abc import Iterator
from typing import Final

from bot.privacy.cues import cue_before, mentions, words
from bot.privacy.numbers import Kept, Span

_LOCAL: Final = r"[\w.+%'-]{1,64}"
_PLAIN: Final = re.compile(rf"(?<![\w.+%'-]){_LOCAL} ?@ ?(?:[\w-]{{1,63}}(?:\.| \. )){{1,6}}[^\W\d_]{{2,24}}")
_LONG: Final = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_AT: Final = r"(?:[(\[{<] ?(?:at|@|snabel-?a|ät|miukumauku|arroba) ?[)\]}>]|(?<= )(?:snabel-?a|miukumauku|arroba)(?= ))"
_DOT: Final = r"(?:\.| ?[(\[{] ?(?:punkt|dot|piste|punto|نقطة|dhibic|\.) ?[)\]}] ?| (?:punkt|dot|piste|punto|نقطة|dhibic) )"
_SPELT: Final = re.compile(rf"(?<![\w.+%'-]){_LOCAL} ?{_AT} ?[\w-]{{1,63}}(?:{_DOT}[\w-]{{2,24}}){{1,5}}", re.IGNORECASE)
_BARE: Final = re.compile(
    rf"(?<![\w.+%'-]){_LOCAL} at (?:[\w-]{{1,63}} (?:punkt|dot|piste|punto) [\w-]{{2,24}}"
    r"|(?:gmail|hotmail|outlook|yahoo|icloud|live|telia|msn|proton|protonmail|bredband2|comhem)\.[a-z]{2,3})",
    re.IGNORECASE,
)

_PLATE: Final = re.compile(r"(?<![\w-])([A-Za-z]{3})([ -]?)(\d{2}[A-Za-z0-9])(?![\w]|-\d)")
_PLATE_LETTERS: Final = re.compile(r"[A-HJ-PR-UW-Z]{3}")
_PLATE_END: Final = re.compile(r"\d\d[A-HJ-NPR-UW-Z0-9]")


def find_emails(text: str, keep: Kept) -> Iterator[Span]:
    """Finds e-mail addresses, also spelt out ("anna (at) exempel punkt se").

    Args:
        text: Plain text of the view.
        keep: Addresses the city publishes.

    Yields:
        Kind, start and end.
    """
    for pattern in (_PLAIN, _SPELT, _BARE):
        for match in pattern.finditer(text):
            if match.group().replace(" ", "").casefold() not in keep.emails:
                yield "email", match.start(), match.end()
    for match in _LONG.finditer(text):
        start = match.start()
        while start and not text[start - 1].isspace() and text[start - 1] not in "<>,;:()[]\ue000":
            start -= 1
            if match.start() - start > 320:
                break
        if text[start : match.end()].casefold() not in keep.emails and start < match.start():
            yield "email", start, match.end()


def _shouting(text: str, start: int, end: int) -> bool:
    """Whether the word before or after is in capitals too: then three capitals are a word, not a plate."""
    before = re.search(r"([^\W\d_]+)[ \n]*$", text[max(0, start - 30) : start])
    after = re.match(r"[ \n]*([^\W\d_]+)", text[end : end + 30])
    return any(match is not None and len(match[1]) > 2 and match[1].isupper() for match in (before, after))


def find_plates(text: str) -> Iterator[Span]:
    """Finds Swedish licence plates: ABC 123 and ABC 12D.

    Without a cue word ("regnr", "min bil") a plate must be in capitals and must not be a known abbreviation.

    Args:
        text: Plain text of the view.

    Yields:
        Kind, start and end.
    """
    for match in _PLATE.finditer(text):
        letters, end = match[1].upper(), match[3].upper()
        if not _PLATE_LETTERS.fullmatch(letters) or not _PLATE_END.fullmatch(end):
            continue
        if letters.casefold() in words("not_plates"):
            continue
        # "abc12d är min bil": the cue may follow, but not in the next sentence.
        after = text[match.end() : match.end() + 25].partition(".")[0]
        cued = cue_before("plate", text, match.start(), 25) or mentions("plate", after)
        in_capitals = match[1].isupper() and (match[3].isupper() or match[3].isdigit())
        if cued or (in_capitals and not _shouting(text, *match.span())):
            yield "plate", match.start(), match.end()
