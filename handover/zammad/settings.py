"""Settings of Zammad, read under `ZAMMAD_`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from handover.desks.settings import OtherDeskSettings


class Settings(OtherDeskSettings):
    """See docs/desks.md for where each is found.

    Args:
        token: access token of an agent with rights to create in the groups.
        webhook_secret: the webhook's "HMAC SHA1 signature token".
        group: takes what `groups` has no entry for.
        groups: department → group.
        due_hours: how long after the next opening an answer is due, where no time was agreed on.
        due_field: name of a date-and-time attribute of tickets that is set to it; none = it stands in the text alone.
        closed_states: states that mean that it is answered for good.
        search_seconds: how long a new ticket may take to be found by Zammad's search.
        name: as citizens and staff call the desk.
    """

    token: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = Field(min_length=16)
    group: str = Field(min_length=1)
    groups: dict[str, str] = Field(default_factory=dict)
    look_seconds: float = Field(120.0, ge=1)
    due_hours: float = Field(8.0, gt=0)
    due_field: str = Field("", pattern=r"^[a-z0-9_]*$")
    closed_states: Annotated[frozenset[str], NoDecode] = frozenset({"closed", "merged"})
    search_seconds: float = Field(90.0, ge=0)
    name: str = Field("Kontaktcenter", min_length=1, max_length=100)

    @field_validator("closed_states", mode="before")
    @classmethod
    def _states(cls, value: Any) -> Any:
        return frozenset(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    def named_departments(self) -> frozenset[str]:
        """Every department that the settings name."""
        return self.departments | frozenset(self.groups)
