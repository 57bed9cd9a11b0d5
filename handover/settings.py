"""The desk's settings: `handover/settings.yml` and the departments that have a queue."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.settings import ROOT, ConfigurationError

SETTINGS_FILE = Path(__file__).parent / "settings.yml"
DEPARTMENTS_FILE = ROOT / "knowledge" / "departments.yml"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _span(value: object) -> object:
    if isinstance(value, list) and len(value) == 2:
        opens, closes = (dt.time.fromisoformat(str(clock)) for clock in value)
        if opens >= closes:
            raise ValueError('the first time must be before the second, for example ["08:00", "17:00"]')
        return (opens, closes)
    raise ValueError('give two times, for example ["08:00", "17:00"]')


Span = Annotated[tuple[dt.time, dt.time], BeforeValidator(_span)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hours(_Part):
    """When the desk is staffed, in local time."""

    timezone: str
    weekly: dict[Weekday, Span]
    closed_on_holidays: bool = True
    closed_dates: frozenset[dt.date] = frozenset()
    open_dates: dict[dt.date, Span] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {name!r}, give for example Europe/Stockholm") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)


class QueueSettings(_Part):
    """Order of the queue and what is offered to be sent."""

    default_department: str
    priority_ordinary: int
    priority_repeated: int
    priority_children: int
    priority_requeued: int
    priority_emergency: int
    preview_messages: int = Field(ge=1, le=500)


class RoutingSettings(_Part):
    """Who is offered whom (docs/agents-routing.md). Minutes are those a handover has waited."""

    capacity: int = Field(ge=1, le=50)
    sticky_minutes: float = Field(ge=0)
    sticky_days: float = Field(ge=0)
    language_minutes: float = Field(ge=0)
    skill_minutes: float = Field(ge=0)
    overflow_minutes: float = Field(ge=0)
    patience_minutes: float = Field(gt=0)
    repeated_days: float = Field(ge=0)
    never_overflow: frozenset[str] = frozenset()
    canned_languages: frozenset[str] = frozenset()
    skills: dict[str, str] = Field(default_factory=dict)
    children_articles: frozenset[str] = frozenset()


class WaitSettings(_Part):
    """The estimate of the wait: what is believed before anything was seen, and when nothing is said."""

    full_minutes: float = Field(gt=0)
    free_minutes: float = Field(gt=0)
    prior_claims: float = Field(gt=0)
    half_life_minutes: float = Field(gt=0)
    quantiles: tuple[float, float]
    longest_minutes: int = Field(ge=2)

    @field_validator("quantiles")
    @classmethod
    def _ordered(cls, pair: tuple[float, float]) -> tuple[float, float]:
        if not 0 < pair[0] < pair[1] < 1:
            raise ValueError("give two shares between 0 and 1, the smaller first, for example [0.2, 0.8]")
        return pair


class PresenceSettings(_Part):
    """When an agent counts as present, and when their claims go back to the queue."""

    present_seconds: int = Field(ge=5)
    heartbeat_seconds: int = Field(ge=1)
    requeue_minutes: float = Field(gt=0)
    sweep_seconds: float = Field(gt=0)


class LifecycleSettings(_Part):
    """Snoozed, scheduled, reopened, closed by two, and an agent who is silent."""

    snooze_reasons: tuple[str, ...] = Field(min_length=1)
    snooze_days: float = Field(gt=0)
    schedule_days: float = Field(gt=0)
    due_minutes: float = Field(gt=0)
    reopen_hours: float = Field(ge=0)
    citizen_reopen_minutes: float = Field(ge=0)
    silent_minutes: float = Field(gt=0)
    silent_requeue_minutes: float = Field(gt=0)
    told_probability: float = Field(0.5, ge=0, le=1)
    four_eyes: frozenset[Literal["emergency", "protected", "children"]] = frozenset()

    @model_validator(mode="after")
    def _ordered(self) -> LifecycleSettings:
        if self.silent_requeue_minutes <= self.silent_minutes:
            raise ValueError("silent_requeue_minutes must be more than silent_minutes: the agent is warned first")
        return self


class LoginSettings(_Part):
    """Passwords, lockout and the length of a session."""

    session_hours: float = Field(gt=0)
    idle_minutes: float = Field(120, gt=0)
    failures_before_lock: int = Field(ge=1)
    failures_per_address: int = Field(50, ge=1)
    lock_minutes: float = Field(gt=0)
    min_password_length: int = Field(ge=8)


class MessageSettings(_Part):
    """Limits of what an agent writes, in characters."""

    max_length: int = Field(ge=1)
    max_note_length: int = Field(ge=1)


class DeskSettings(_Part):
    """All settings of the desk."""

    hours: Hours
    department_hours: dict[str, Hours] = Field(default_factory=dict)
    boards: dict[str, str] = Field(default_factory=dict)
    queue: QueueSettings
    routing: RoutingSettings
    wait: WaitSettings
    presence: PresenceSettings
    lifecycle: LifecycleSettings
    login: LoginSettings
    messages: MessageSettings
    close_reasons: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _common_hours(cls, given: object) -> object:
        """A department's own hours say only what differs from the common ones."""
        if isinstance(given, dict) and isinstance(given.get("hours"), dict) and isinstance(given.get("department_hours"), dict):
            own = {key: {**given["hours"], **rest} if isinstance(rest, dict) else rest
                   for key, rest in given["department_hours"].items()}  # fmt: skip
            return given | {"department_hours": own}
        return given

    def hours_of(self, department: str) -> Hours:
        """When a department's queue is staffed: its own hours, or the common ones."""
        return self.department_hours.get(department, self.hours)

    def board(self, department: str) -> str:
        """The board (nämnd) that a department answers to: secrecy applies between boards, not within one."""
        return self.boards.get(department, department)


class Departments:
    """Names of the departments, and which of them have a queue at the desk.

    Args:
        rows: `knowledge/departments.yml` as read.
        default: key of the department that takes what no other does.

    Raises:
        ConfigurationError: the default has no queue.
    """

    def __init__(self, rows: dict[str, dict[str, object]], default: str) -> None:
        self._names = {key: dict(row["name"]) for key, row in rows.items() if isinstance(row.get("name"), dict)}  # type: ignore[call-overload]
        self._queues = tuple(key for key, row in rows.items() if row.get("desk") is True)
        if default not in self._queues:
            raise ConfigurationError(f"queue.default_department: {default!r} has no queue; one of {', '.join(self._queues)}")
        self._default = default
        self.closed: frozenset[str] = frozenset()  # queues that an admin has closed (`handover.staffing.queues`)

    def queues(self) -> tuple[str, ...]:
        """Keys of the departments with a queue, in the order of the file."""
        return self._queues

    def route(self, department: str | None) -> str:
        """The queue a question about `department` goes to: its own, if it is open, or else the default."""
        return department if department in self._queues and department not in self.closed else self._default

    def name(self, key: str, language: str) -> str:
        """The department's name in a language, else in English for other languages than Swedish, else the key."""
        names = self._names.get(key, {})
        return str(names.get(language) or names.get("en" if language != "sv" else "sv") or names.get("sv") or key)


def load_settings(path: Path = SETTINGS_FILE) -> DeskSettings:
    """Reads the desk's settings.

    Raises:
        ConfigurationError: names the file and each field at fault.
    """
    try:
        return DeskSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as invalid:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors())
        raise ConfigurationError(f"{path.name}: {faults}") from None


def load_departments(default: str, path: Path = DEPARTMENTS_FILE) -> Departments:
    """Reads the departments.

    Raises:
        ConfigurationError: the default department has no queue.
    """
    return Departments(yaml.safe_load(path.read_text(encoding="utf-8")), default)
