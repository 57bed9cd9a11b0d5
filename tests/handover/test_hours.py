"""When the desk is staffed: Gothenburg's clock, weekends, holidays, the operator's exceptions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot.settings import ConfigurationError
from handover.hours import is_staffed, next_opening, swedish_holidays
from handover.settings import DEPARTMENTS_FILE, SETTINGS_FILE, Hours, load_departments, load_settings

HOURS = Hours.model_validate({
    "timezone": "Europe/Stockholm",
    "weekly": {day: ["08:00", "17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "closed_dates": ["2026-12-23"],
    "open_dates": {"2026-12-25": ["10:00", "12:00"]},
})  # fmt: skip
HOLIDAYS = swedish_holidays()


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "staffed"),
    [
        ("2026-11-23 06:59", False),  # 07:59 in Gothenburg
        ("2026-11-23 07:00", True),
        ("2026-11-23 15:59", True),
        ("2026-11-23 16:00", False),
        ("2026-07-06 06:00", True),  # summer time: 08:00
        ("2026-11-22 10:00", False),  # Sunday
        ("2026-06-19 10:00", False),  # midsummer's eve
        ("2026-12-23 10:00", False),  # closed by the operator
        ("2026-12-25 09:30", True),  # opened by the operator, on a holiday
        ("2026-05-14 10:00", False),  # Ascension Day, a Thursday
    ],
)
def test_staffed(moment: str, staffed: bool) -> None:
    assert is_staffed(utc(moment), HOURS, HOLIDAYS) is staffed


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 06:00", "2026-11-23T08:00:00+01:00"),
        ("2026-11-23 07:00", "2026-11-24T08:00:00+01:00"),  # open now: the next time is tomorrow
        ("2026-11-27 20:00", "2026-11-30T08:00:00+01:00"),  # over the weekend
        ("2026-12-22 20:00", "2026-12-25T10:00:00+01:00"),
        ("2026-12-30 17:00", "2027-01-04T08:00:00+01:00"),  # New Year's Eve and Day, then a weekend
        ("2026-10-23 20:00", "2026-10-26T08:00:00+01:00"),  # the night the clocks go back lies between
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    opening = next_opening(utc(moment), HOURS, HOLIDAYS)
    assert opening is not None
    assert opening.isoformat() == opens


def test_a_desk_that_never_opens_promises_nothing() -> None:
    never = Hours.model_validate({"timezone": "Europe/Stockholm", "weekly": {}})
    assert next_opening(utc("2026-11-23 06:00"), never, HOLIDAYS) is None


def test_the_settings_that_are_delivered_are_in_order() -> None:
    settings = load_settings()
    departments = load_departments(settings.queue.default_department)
    assert "kontaktcenter" in departments.queues()
    assert departments.route("parkering-goteborg") == "kontaktcenter"  # no queue of its own
    assert departments.route("forskola") == "forskola"
    assert departments.name("forskola", "fi") == "Preschool administration"


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    wrong = tmp_path / "settings.yml"
    delivered = SETTINGS_FILE.read_text(encoding="utf-8")
    wrong.write_text(delivered.replace('["08:00", "17:00"]', '["17:00", "08:00"]', 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"hours\.weekly\.monday.*before the second"):
        load_settings(wrong)
    with pytest.raises(ConfigurationError, match="default_department: 'framtiden' has no queue"):
        load_departments("framtiden", DEPARTMENTS_FILE)
