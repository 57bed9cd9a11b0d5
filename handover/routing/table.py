"""The decision table of docs/agents-routing.md: every row is a case, and its outcome is what the rules say of it.

`python -m handover.routing` writes it; a test holds the file against the rules.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Final

from bot.settings import ROOT
from handover.routing.model import AtDesk, Waiting
from handover.routing.rules import Rules, level, next_for, offered, overflow_due, plan, priority_of
from handover.settings import load_departments, load_settings

PAGE: Final = ROOT / "docs" / "agents-routing.md"
BEGIN, END = "<!-- made by python -m handover.routing -->", "<!-- end -->"
_NOW: Final = dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)


def rows() -> list[tuple[str, str, str]]:
    """Question, case, and what the rules answer, with the settings as they stand."""
    settings = load_settings()
    rules = Rules(settings.queue, settings.routing)
    general = settings.queue.default_department
    secret = min(settings.routing.never_overflow)
    other = next(key for key in load_departments(general).queues() if key not in {general, *settings.routing.never_overflow})
    limits, told = settings.routing, settings.queue
    departments = load_departments(general)
    found: list[tuple[str, str, str]] = []

    for case, key in (
        ("the article, flow or page names a department with a queue", other),
        ("one without a queue", "boplats"),
        ("none", None),
    ):
        found.append(
            ("Which queue?", case, "that department's" if departments.route(key) == key else f"`{departments.route(key)}`")
        )

    for case, reason, children, earlier in (
        ("emergency", "emergency", False, False),
        ("nearest article about children at risk", "asked", True, False),
        (f"an agent had them within {limits.repeated_days:g} days", "asked", False, True),
        ("otherwise", "asked", False, False),
    ):
        found.append(("Priority", case, str(priority_of(reason, about_children=children, earlier=earlier, queue=told))))

    def waits(minutes: float = 0, **values: object) -> Waiting:
        one = Waiting("a", other, "sv", told.priority_ordinary, _NOW - dt.timedelta(minutes=minutes))
        return dataclasses.replace(one, **values)  # type: ignore[arg-type]

    def minutes_kept(one: Waiting, agent: AtDesk, colleague: AtDesk) -> str:
        step, least = dt.timedelta(seconds=30), None
        for number in range(200):
            if next_for(agent, [one], [agent, colleague], _NOW + number * step, rules) is not None:
                least = number / 2
                break
        return "never offered" if least is None else "offered at once" if least == 0 else f"offered after {least:g} min"

    names = {
        3: "first of all",
        2: "after the emergencies",
        1: "before everybody with less wait",
        0: "by own citizens, priority, language, time",
    }
    for case, one in (
        ("emergency", waits(priority=told.priority_emergency)),
        ("put back: agent lost, or passed on", waits(priority=told.priority_requeued)),
        (f"waited {limits.patience_minutes:g} min", waits(limits.patience_minutes)),
        ("all others", waits()),
    ):
        found.append(("Level in the line", case, names[level(one, _NOW, rules)]))

    secrets = ", ".join(f"`{key}`" for key in sorted(limits.never_overflow))
    me, colleague = AtDesk("me", frozenset({other})), AtDesk("colleague", frozenset({other}))
    for case, first, second in (
        (
            "own earlier citizen, or priority of children",
            waits(last_agent="me"),
            waits(5, id="b", priority=told.priority_children),
        ),
        ("higher priority, or longer wait", waits(priority=told.priority_repeated), waits(5, id="b")),
        ("a language I speak, or longer wait", waits(), waits(limits.language_minutes + 1, id="b", language="so")),
        ("longer wait, all else alike", waits(5), waits(id="b")),
        (
            f"waited {limits.patience_minutes:g} min, or own earlier citizen",
            waits(limits.patience_minutes),
            waits(id="b", last_agent="me"),
        ),
    ):
        got = offered(me, [second, first], [me], _NOW, rules)[0][0]
        found.append(("Which of two am I offered first?", case, case.split(",")[0] if got == first else case.split(" or ")[1]))

    speaker, skilled = (
        dataclasses.replace(colleague, languages=frozenset({"so"})),
        dataclasses.replace(colleague, skills=frozenset({"crisis"})),
    )
    for case, one, mate in (
        ("nobody suits better", waits(), colleague),
        ("a colleague with room had this citizen before", waits(last_agent="colleague"), colleague),
        ("that colleague is full", waits(last_agent="colleague"), dataclasses.replace(colleague, claimed=4)),
        ("a colleague at work speaks their language, I do not", waits(language="so"), speaker),
        ("that colleague is on a break", waits(language="so"), dataclasses.replace(speaker, on_break=True)),
        ("a colleague at work has the skill, I have not", waits(skill="crisis"), skilled),
        ("emergency, whatever a colleague can", waits(language="so", priority=told.priority_emergency), speaker),
        ("another department's", waits(department=secret), colleague),
    ):
        found.append(("When am I offered somebody?", case, minutes_kept(one, me, mate)))
    for case, agent in (
        ("I have as many conversations as I should", dataclasses.replace(me, claimed=4)),
        ("I am on a break", dataclasses.replace(me, on_break=True)),
        ("my console is closed", dataclasses.replace(me, present=False)),
    ):
        found.append(("When am I offered somebody?", case, minutes_kept(waits(), agent, colleague)))

    for case, one, own_open, general_open, at_work in (
        (f"waited {limits.overflow_minutes:g} min", waits(limits.overflow_minutes), True, True, True),
        ("waited less, the department's agents are at work", waits(), True, True, True),
        ("none of them is at work", waits(), True, True, False),
        ("the department is closed, the general queue is open", waits(), False, True, True),
        ("the general queue is closed", waits(limits.overflow_minutes), True, False, False),
        (f"a department with secrets ({secrets})", waits(99, department=secret), True, True, False),
    ):
        due = overflow_due(one, _NOW, rules, own_open=own_open, general_open=general_open, own_at_work=at_work)
        found.append((f"May the general queue (`{general}`) take it too?", case, "yes" if due else "no"))

    outcomes = {
        "known": "the agent who had them",
        "speaker": "an agent who speaks their language",
        "canned": "another agent, with ready-made answers in their language",
        "interpreter": "offered a call-back with an interpreter; keeps the place",
        "absent": "told that nobody is there; may leave contact details; keeps the place",
        "closed": "told when the desk opens; may leave contact details; keeps the place",
    }
    away = dataclasses.replace(speaker, present=False)
    for case, one, staff, is_open in (
        ("outside the hours", waits(), [me], False),
        ("open, no agent of the queue at work", waits(), [away], True),
        ("the agent who had them is at work", waits(last_agent="me"), [me], True),
        ("an agent at work speaks the language", waits(language="so"), [me, speaker], True),
        ("none does, ready-made answers exist in it", waits(language="so"), [me, away], True),
        ("none does, and none exist", waits(language="ti"), [me], True),
    ):
        found.append(("What can the citizen expect?", case, outcomes[plan(one, staff, rules, is_open=is_open)]))
    return found


def table() -> str:
    """The rows as Markdown, one table per question."""
    lines: list[str] = []
    last = ""
    for question, case, answer in rows():
        if question != last:
            lines += ["", f"### {question}", "", "| case | rule |", "|---|---|"]
        lines.append(f"| {case} | {answer} |")
        last = question
    return "\n".join(lines).strip()


def page(path: Path = PAGE) -> str:
    """The page with the table as the rules make it now."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"
