"""A department with hours of its own, and days on which all are closed."""

from __future__ import annotations

import datetime as dt

import pytest

from handover import hours
from handover.settings import Hours
from handover.staffing.opening import Opening
from tests.handover.conftest import Office
from tests.handover.test_staffing import ALWAYS, beat

DAY, NEXT = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
SPAN = ["08:00", "17:00"]
WEEKLY = dict.fromkeys(("monday", "tuesday"), SPAN)


def opened(own: dict[str, object], common: dict[str, object]) -> list[bool]:
    """Whether the department is staffed on a Monday and on the Tuesday after."""
    base: dict[str, object] = {"timezone": "Europe/Stockholm", "weekly": WEEKLY}
    made = Opening(Hours.model_validate(base | common), {"social": Hours.model_validate(base | own)}).of("social")
    return [hours.staffed_span(day, made, lambda _: False) is not None for day in (DAY, NEXT)]


@pytest.mark.parametrize(
    ("own", "common", "staffed"),
    [
        ({}, {"closed_dates": [DAY]}, [False, True]),
        ({"closed_dates": [NEXT]}, {"closed_dates": [DAY]}, [False, False]),
        ({"open_dates": {DAY: SPAN}}, {"closed_dates": [DAY]}, [True, True]),  # it says that it opens
        ({}, {"closed_dates": [DAY], "open_dates": {DAY: SPAN}}, [True, True]),
    ],
)
def test_a_day_closed_for_all_closes_it_too_unless_it_opens_then(
    own: dict[str, object], common: dict[str, object], staffed: list[bool]
) -> None:
    assert opened(own, common) == staffed


@pytest.mark.asyncio
async def test_a_common_closed_day_set_in_the_console_closes_every_queue(office: Office) -> None:
    admin, agent = await office.staff("Adam Admin", role="admin"), await office.staff("Anna Agent")
    await beat(agent, office)
    today = office.core.now().astimezone(dt.timezone(dt.timedelta(hours=1))).date().isoformat()
    await admin.post("/hours", department="kontaktcenter", hours=ALWAYS)
    shown = await admin.post("/hours", department=None, hours=ALWAYS | {"closed_dates": [today]})
    assert shown.json()["departments"]["kontaktcenter"]["closed_dates"] == []  # its own are not changed by it
    (kontaktcenter,) = [one for one in (await admin.get("/overview")).json()["departments"] if one["key"] == "kontaktcenter"]
    assert kontaktcenter["staffed_now"] is False
