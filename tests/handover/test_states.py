"""The states of a handover, as the design has them."""

from __future__ import annotations

import itertools

import pytest

from handover.states import ENDED, OPEN, OWNER, TRANSITIONS, IllegalTransition, State, check, is_legal, owner_after
from handover.states_table import LEADS, PAGE, page

LEGAL = {
    ("offered", "offered"), ("offered", "declined"), ("offered", "queued"),
    ("queued", "claimed"), ("queued", "scheduled"), ("queued", "abandoned"),
    ("claimed", "queued"), ("claimed", "claimed"), ("claimed", "snoozed"), ("claimed", "scheduled"), ("claimed", "closing"),
    ("claimed", "returned"), ("claimed", "closed"),
    ("snoozed", "claimed"), ("snoozed", "queued"), ("snoozed", "closed"),
    ("scheduled", "claimed"), ("scheduled", "queued"), ("scheduled", "abandoned"),
    ("closing", "claimed"), ("closing", "queued"), ("closing", "returned"), ("closing", "closed"),
    ("closed", "queued"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "target"), list(itertools.product(State, State)))
def test_a_handover_goes_only_where_the_design_lets_it(source: State, target: State) -> None:
    assert is_legal(source, target) == ((source.value, target.value) in LEGAL)


def test_an_illegal_change_is_refused_by_name() -> None:
    with pytest.raises(IllegalTransition, match="from declined to claimed"):
        check(State.DECLINED, State.CLAIMED)


@pytest.mark.parametrize(
    ("owner", "states"),
    [
        ("bot", "offered declined scheduled returned abandoned"),
        ("queue", "queued"),
        ("agent", "claimed snoozed closing"),
        ("closed", "closed"),
    ],
)
def test_every_state_says_who_may_speak(owner: str, states: str) -> None:
    assert {state.value for state, who in OWNER.items() if who == owner} == set(states.split())


def test_a_citizen_who_ends_the_conversation_closes_it_from_every_state() -> None:
    assert {owner_after(state, citizen_ended=True) for state in State} == {"closed"}


def test_a_state_is_either_open_or_ended() -> None:
    assert set(State) == OPEN | ENDED
    assert not OPEN & ENDED


def test_the_page_of_the_states_is_what_they_say() -> None:
    assert LEADS.keys() == {(source, target) for source, targets in TRANSITIONS.items() for target in targets}
    assert page() == PAGE.read_text(encoding="utf-8")
