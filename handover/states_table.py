# ruff: noqa: E501  (rows of a table)
"""The table of docs/agents-states.md: every change that `handover.states` allows, and what leads to it.

`python -m handover.states_table` writes it (`--check` only compares); a test holds the file against the states.
"""

from __future__ import annotations

import sys
from typing import Final

from bot.settings import ROOT
from handover.settings import load_settings
from handover.states import OWNER, TRANSITIONS, State

PAGE: Final = ROOT / "docs" / "agents-states.md"
BEGIN, END = "<!-- made by python -m handover.states_table -->", "<!-- end -->"
_S = State
_LIMITS: Final = load_settings().lifecycle

MEANING: Final = {
    _S.OFFERED: "the citizen has been shown what would be sent, and is asked",
    _S.DECLINED: "the citizen said no",
    _S.QUEUED: "waits for an agent",
    _S.CLAIMED: "an agent has it",
    _S.SNOOZED: "its agent has laid it aside until a time",
    _S.SCHEDULED: "an agent calls or answers by a time; meanwhile the bot speaks, and what is said to it stays between the two",
    _S.CLOSING: "sensitive, and its agent is done, or gives it back to the bot: somebody else must agree",
    _S.RETURNED: "given back to the bot",
    _S.CLOSED: "over",
    _S.ABANDONED: "the citizen left before anybody came, or does not want to be called any more",
}

LEADS: Final[dict[tuple[State, State], str]] = {
    (_S.OFFERED, _S.OFFERED): "asked again: a fresh preview",
    (_S.OFFERED, _S.DECLINED): "citizen: cancel, or end",
    (_S.OFFERED, _S.QUEUED): "citizen: consent, with or without the text",
    (_S.QUEUED, _S.CLAIMED): "agent: claim; one of any number wins",
    (
        _S.QUEUED,
        _S.SCHEDULED,
    ): f"citizen leaves a number or an address, and nobody can write with them: due within {_LIMITS.due_minutes:g} staffed minutes",
    (_S.QUEUED, _S.ABANDONED): "citizen: leave the queue, or end",
    (
        _S.CLAIMED,
        _S.QUEUED,
    ): f"agent: to another queue; console lost; silent for {_LIMITS.silent_requeue_minutes:g} min after a warning at "
    f"{_LIMITS.silent_minutes:g}. First in line",
    (_S.CLAIMED, _S.CLAIMED): "agent: to a colleague; supervisor: take over",
    (_S.CLAIMED, _S.SNOOZED): f"agent: snooze, at most {_LIMITS.snooze_days:g} days",
    (_S.CLAIMED, _S.SCHEDULED): f"agent: agree on a time, at most {_LIMITS.schedule_days:g} days ahead",
    (_S.CLAIMED, _S.CLOSING): f"agent: close, or return to the bot, of a sensitive one ({', '.join(sorted(_LIMITS.four_eyes))})",
    (_S.CLAIMED, _S.RETURNED): "agent: return to the bot, of one that is not sensitive",
    (_S.CLAIMED, _S.CLOSED): "agent: close, of one that is not sensitive; citizen: end",
    (
        _S.SNOOZED,
        _S.CLAIMED,
    ): "the time is up, or the citizen writes, and the agent is there; agent: take up again; supervisor: take over",
    (_S.SNOOZED, _S.QUEUED): "the time is up, or the citizen writes, and the agent is not there. First in line",
    (_S.SNOOZED, _S.CLOSED): "citizen: end",
    (_S.SCHEDULED, _S.CLAIMED): "agent: claim; one of any number wins",
    (_S.SCHEDULED, _S.QUEUED): "citizen asks for a human, and somebody is there, or it is about danger; citizen: do not call",
    (_S.SCHEDULED, _S.ABANDONED): "citizen: leave, or end; the contact details are deleted",
    (
        _S.CLOSING,
        _S.CLAIMED,
    ): "citizen writes, or a colleague does not agree, and the agent is there; agent: take up again; supervisor: take over",
    (_S.CLOSING, _S.QUEUED): "citizen writes, or a colleague does not agree, and the agent is not there. First in line",
    (_S.CLOSING, _S.RETURNED): "another agent or a supervisor agrees to the return",
    (_S.CLOSING, _S.CLOSED): "another agent or a supervisor agrees to the closing; citizen: end",
    (
        _S.CLOSED,
        _S.QUEUED,
    ): f"its agent or a supervisor within {_LIMITS.reopen_hours:g} h, the citizen within {_LIMITS.citizen_reopen_minutes:g} min "
    "(not after abuse, nor when they ended it). First in line",
}


def page() -> str:
    """The page with its tables made anew."""
    rows = ["", "| state | meaning | who may speak |", "|---|---|---|"]
    rows += [f"| `{state}` | {MEANING[state]} | {OWNER[state]} |" for state in State]
    rows += ["", "| from | to | what leads there |", "|---|---|---|"]
    order = list(State)
    rows += [f"| `{source}` | `{target}` | {LEADS[source, target]} |"
             for source in State for target in sorted(TRANSITIONS[source], key=order.index)]  # fmt: skip
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n\n{END}{rest.split(END, 1)[1]}"


if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv[1:]:
        same = made == PAGE.read_text(encoding="utf-8")
        sys.exit(0 if same else f"{PAGE.name} is not what the states say: python -m handover.states_table")
    PAGE.write_text(made, encoding="utf-8")
