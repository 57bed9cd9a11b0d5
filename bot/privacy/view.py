"""A plain view of a text in which personal data can be recognised however it was typed, and the way back.

Full-width, Arabic-Indic, circled and mathematical digits become 0-9; every dash becomes `-`; invisible characters go.
Each character of the view remembers which characters of the original it stands for.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WALL: Final = "\ue000"
"""One character of the view that stands for something already masked."""

TOKENS: Final = {
    "personnummer": "[personnummer]",
    "email": "[e-post]",
    "phone": "[telefon]",
    "card": "[kortnummer]",
    "account": "[kontonummer]",
    "plate": "[regnr]",
    "address": "[adress]",
    "name": "[namn]",
}
"""What stands in the masked text, by kind of finding."""

_TOKEN: Final = re.compile("|".join(re.escape(token) for token in TOKENS.values()))


@dataclass(frozen=True)
class View:
    """The plain text and, per character, where it began and ended in the original.

    Attributes:
        text: The plain text.
        starts: Per character of `text`, index of the first original character.
        ends: Per character of `text`, index after the last original character.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def wall_off(self, spans: Sequence[tuple[int, int]]) -> "View":
        """Replaces spans by walls, so that nothing looks into them again.

        Args:
            spans: Ascending, not overlapping, not empty; indices into `text`.

        Returns:
            A shorter view.
        """
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for start, end in spans:
            parts += [self.text[at:start], WALL]
            starts += [*self.starts[at:start], self.starts[start]]
            ends += [*self.ends[at:start], self.ends[end - 1]]
            at = end
        parts.append(self.text[at:])
        starts += self.starts[at:]
        ends += self.ends[at:]
        return View("".join(parts), starts, ends)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Me") or character == "\u034f":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character in "\u2212\u00ad\u2043":
        return "-"
    if category == "Zs" or character == "\t":
        return " "
    if character in "\u2028\u2029\x85\r\v\f":
        return "\n"
    if category == "Co":
        return "\ue001"  # a wall typed by a citizen is no wall
    return "".join(
        str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in unicodedata.normalize("NFKC", character)
    )


def view_of(text: str) -> View:
    """Makes the plain view of a text.

    Args:
        text: What the citizen wrote, possibly masked already.

    Returns:
        The view; masks that stand in the text are walls in it.
    """
    walls = {match.start(): match.end() for match in _TOKEN.finditer(text)}
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    index = 0
    while index < len(text):
        if index in walls:
            characters.append(WALL)
            starts.append(index)
            index = walls[index]
            ends.append(index)
            continue
        character = text[index]
        if unicodedata.combining(character) and characters:
            composed = unicodedata.normalize("NFC", characters[-1] + character)
            if len(composed) == 1:
                characters[-1] = composed
            ends[-1] = index + 1
            index += 1
            continue
        for plain in character if character.isascii() and character not in "\t\r\v\f" else _plain(character):
            characters.append(plain)
            starts.append(index)
            ends.append(index + 1)
        index += 1
    return View("".join(characters), starts, ends)
