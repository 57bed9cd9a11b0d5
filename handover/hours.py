"""When is the desk staffed, and when next? Pure: the clock is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from holidays.countries.sweden import Sweden

from handover.settings import Hours, Span

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_AHEAD = 31  # a desk that does not open within a month has no opening worth promising

IsHoliday = Callable[[dt.date], bool]


def swedish_holidays() -> IsHoliday:
    """Public holidays, and the eves that are holidays in practice (midsummer, Christmas, New Year)."""
    calendar = Sweden(categories=("public", "de_facto"), include_sundays=False)
    return lambda day: day in calendar


def staffed_span(day: dt.date, hours: Hours, is_holiday: IsHoliday) -> Span | None:
    """From when to when the desk is staffed on a day, local time; None = not at all."""
    if day in hours.open_dates:
        return hours.open_dates[day]
    if day in hours.closed_dates or (hours.closed_on_holidays and is_holiday(day)):
        return None
    return hours.weekly.get(_WEEKDAYS[day.weekday()])  # type: ignore[call-overload, no-any-return]


def is_staffed(now: dt.datetime, hours: Hours, is_holiday: IsHoliday) -> bool:
    """Whether the desk is staffed at an aware moment."""
    local = now.astimezone(ZoneInfo(hours.timezone))
    span = staffed_span(local.date(), hours, is_holiday)
    return span is not None and span[0] <= local.time() < span[1]


def closing(now: dt.datetime, hours: Hours, is_holiday: IsHoliday) -> dt.datetime | None:
    """When the desk closes today; None when it is not staffed at an aware moment."""
    local = now.astimezone(ZoneInfo(hours.timezone))
    span = staffed_span(local.date(), hours, is_holiday)
    if span is None or not span[0] <= local.time() < span[1]:
        return None
    return dt.datetime.combine(local.date(), span[1], local.tzinfo)


def next_opening(now: dt.datetime, hours: Hours, is_holiday: IsHoliday) -> dt.datetime | None:
    """When the desk opens next, strictly after `now`.

    Returns:
        An aware local time; None when it does not open within a month.
    """
    zone = ZoneInfo(hours.timezone)
    local = now.astimezone(zone)
    for ahead in range(_DAYS_AHEAD):
        day = local.date() + dt.timedelta(days=ahead)
        span = staffed_span(day, hours, is_holiday)
        if span is not None:
            opens = dt.datetime.combine(day, span[0], zone)
            if opens > local:
                return opens
    return None


def after_staffed(now: dt.datetime, minutes: float, hours: Hours, is_holiday: IsHoliday) -> dt.datetime:
    """The moment by which the desk will have been staffed for so many minutes from now on, local time.

    A desk that does not open within a month is reckoned as if it were open: a time is still promised.
    """
    left, moment = dt.timedelta(minutes=minutes), now.astimezone(ZoneInfo(hours.timezone))
    for _ in range(_DAYS_AHEAD):
        closes = closing(moment, hours, is_holiday)
        if closes is not None:
            if moment + left <= closes:
                return moment + left
            left, moment = left - (closes - moment), closes
        opens = next_opening(moment, hours, is_holiday)
        if opens is None:
            break
        moment = opens
    return now.astimezone(ZoneInfo(hours.timezone)) + dt.timedelta(minutes=minutes)
