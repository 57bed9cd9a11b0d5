"""Which number each choice has where choices are numbered in the text: the same for what is shown and what is understood.

The numbers go on from list to list until the citizen writes: two lists sent without a word from the citizen between them have no
number in common, whatever each is about and whoever said it.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import Capabilities, Choice, Offering


def offered(said: Offering, capabilities: Capabilities) -> tuple[Choice, ...]:
    """The choices that a message offers on this channel."""
    related = said.article_id is not None
    return () if related and not capabilities.related else tuple(said.choices)


def are_numbered(choices: tuple[Choice, ...], capabilities: Capabilities) -> bool:
    """Whether choices stand in the text with numbers: there are too many for buttons, or their titles are too long."""
    few = len(choices) <= capabilities.buttons
    return bool(choices) and not (few and all(len(choice.title) <= capabilities.button_title for choice in choices))


def first_number(before: Iterable[Offering], capabilities: Capabilities) -> int:
    """The number that the next list begins with.

    Args:
        before: what was offered since the citizen last wrote.
    """
    lists = (offered(said, capabilities) for said in before)
    return 1 + sum(len(choices) for choices in lists if are_numbered(choices, capabilities))
