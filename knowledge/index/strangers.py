"""The questions that are somebody else's (`elsewhere/`), as the index needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from knowledge.elsewhere import Group, load_elsewhere
from knowledge.index.vector_cache import key_of


@dataclass
class Strangers:
    """Every phrasing of every group, in order.

    Attributes:
        names: ids of the groups.
        group: number of each phrasing's group.
        languages: of each phrasing.
        texts: the phrasings.
    """

    names: list[str] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @cached_property
    def keys(self) -> list[bytes]:
        """Under which their vectors are kept."""
        return [key_of("query", text) for text in self.texts]


def elsewhere_files(folder: Path) -> list[Path]:
    """The groups' files, in a fixed order."""
    return sorted(folder.glob("*.yml"))


class ElsewhereFiles:
    """The groups' files, read again only when one says something else.

    Args:
        folder: with one file per group; none is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[list[bytes], Strangers] | None = None

    def load(self) -> Strangers:
        """All groups.

        Raises:
            ValueError: naming the file that is not a group.
        """
        contents = [path.name.encode() + b"\0" + path.read_bytes() for path in elsewhere_files(self._folder)]
        if self._read is None or self._read[0] != contents:
            self._read = contents, _flat(load_elsewhere(self._folder))
        return self._read[1]


def _flat(groups: list[Group]) -> Strangers:
    flat = Strangers(names=[group.key for group in groups])
    for number, group in enumerate(groups):
        for code, texts in group.questions.items():
            flat.texts += texts
            flat.languages += [code] * len(texts)
            flat.group += [number] * len(texts)
    return flat
