"""Which other desks are switched on, and what all of them have: `DESKS=chatwoot,zammad`."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.settings import ROOT, ConfigurationError
from handover.desks.contract import OtherDesk

AVAILABLE = ("chatwoot", "zammad")


class DesksSettings(BaseSettings):
    """The switch."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    desks: str = ""


class OtherDeskSettings(BaseSettings):
    """What every other desk's settings have. A field without a default is required.

    Args:
        url: where it is, without a slash at the end.
        departments: keys of those whose handovers go there; none = all.
        look_seconds: how often an open case is looked at when no webhook came.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    url: str
    departments: Annotated[frozenset[str], NoDecode] = frozenset()
    look_seconds: float = Field(30.0, ge=1)

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("give an address, for example https://desk.example.org")
        return value.rstrip("/")

    @field_validator("departments", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return frozenset(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def build(queues: Collection[str], *, production: bool) -> dict[str, OtherDesk]:
    """The other desks that DESKS names.

    Args:
        queues: keys of the departments with a queue.
        production: addresses must be https.

    Raises:
        ConfigurationError: names every setting that is missing or wrong.
    """
    built: dict[str, OtherDesk] = {}
    faults: list[str] = []
    for name in (part.strip() for part in DesksSettings().desks.split(",")):
        if not name:
            continue
        if name not in AVAILABLE or name in built:
            raise ConfigurationError(f"DESKS: {name!r} stands there twice, or is none of {', '.join(AVAILABLE)}")
        module = importlib.import_module(f"handover.{name}.desk")
        prefix = f"{name.upper()}_"
        try:
            settings = module.Settings(_env_prefix=prefix)
        except ValidationError as invalid:
            faults += [f"{prefix}{'_'.join(map(str, e['loc']))}".upper() + f": {e['msg']}" for e in invalid.errors()]
            continue
        if unknown := settings.named_departments() - {*queues}:
            faults.append(f"{prefix}DEPARTMENTS: no such queue: {', '.join(sorted(unknown))}")
        if production and not settings.url.startswith("https://"):
            faults.append(f"{prefix}URL: must be https in production")
        built[name] = module.Desk(settings)
    if faults:
        raise ConfigurationError("; ".join(faults))
    return built
