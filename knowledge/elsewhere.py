"""Questions that are somebody else's: the tax agency's, another city's, nobody's. Phrasings of `elsewhere/<id>.yml`.

They are indexed beside the articles' phrasings and compete with them: a question that is nearer to one of these is not answered
with an article that merely shares its words ("preschool fee in Malmö"), and gets a pointer to where it belongs.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge.article import read_yaml

PREFIX = "elsewhere/"  # in the index, before the id of a group: no article's id has a slash
ANOTHER_CITY = PREFIX + "annan-kommun"
NOBODY = "ovrigt"  # recipes, jokes, homework: there is nowhere to point to


class Group(BaseModel):
    """One file: an authority, a kind of business, or nobody.

    Attributes:
        id: the file's name.
        name: the authority's own name.
        url: its site.
        questions: phrasings per language.
    """

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str | None = None
    url: str | None = None
    questions: dict[str, list[str]]

    @property
    def key(self) -> str:
        """Its id in the index."""
        return PREFIX + self.id


def load_elsewhere(folder: Path) -> list[Group]:
    """All groups, by id; none when the folder does not exist.

    Args:
        folder: with one file per group.

    Raises:
        ValueError: naming the file that is not a group.
    """
    groups = []
    for path in sorted(folder.glob("*.yml")) if folder.is_dir() else []:
        try:
            group = Group.model_validate(read_yaml(path))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        if group.id != path.stem:
            raise ValueError(f"{path.name}: id is {group.id}")
        groups.append(group)
    return groups


def is_elsewhere(key: str) -> bool:
    """Whether an id of the index is a group's, not an article's."""
    return key.startswith(PREFIX)
