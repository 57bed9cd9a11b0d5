"""Bodies of the staffing routes."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Duty = Literal["available", "break", "away"]
_Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=32)]
_Notice = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=20_000)


class DutyBody(_Body):
    """What the agent says of themselves."""

    duty: Duty


class ProfileBody(_Body):
    """What routing knows of an agent; None = the desk's default."""

    capacity: int | None = Field(None, ge=1, le=50)
    skills: list[_Word] = Field(default_factory=list, max_length=20)


class HoursBody(_Body):
    """Opening hours of a department (None = the common ones); `hours` None = back to the settings file's."""

    department: str | None = Field(None, max_length=48)
    hours: dict[str, Any] | None


class DepartmentBody(_Body):
    """A department's queue open or closed, and whether it overflows; None = as it is."""

    queue: bool | None = None
    overflow: bool | None = None


class BannerBody(_Body):
    """The notice to citizens; without texts it is taken away."""

    texts: dict[str, _Notice] = Field(max_length=50)
    until: AwareDatetime | None = None


def later(moment: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether an end lies ahead, or there is none."""
    return moment is None or moment > now
