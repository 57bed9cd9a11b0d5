"""Switches on the accounts that CHANNELS names; a missing secret stops the start with the setting's name."""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections.abc import Callable

import httpx
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.settings import ROOT, ConfigurationError
from connectors.contract import Account, Connector, Context, Renderer

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


class GatewaySettings(BaseSettings):
    """Settings of the gateway itself."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    channels: str = ""  # "elks:main,telegram:main"; a dotted module name is allowed for the provider
    channel_messages_per_minute: int = Field(20, ge=0)  # of one sender; 0 = no limit
    channel_account_per_minute: int = Field(6000, ge=0)  # of one account
    continue_minutes: float = Field(15.0, gt=0)  # how long a code to continue elsewhere holds
    conversation_reuse_hours: float = Field(24.0, gt=0)  # a message after this long opens a new conversation


def parse_names(channels: str) -> list[tuple[str, str]]:
    """Module and account of each name in CHANNELS.

    Raises:
        ConfigurationError: a name is not `provider:account`, or stands twice.
    """
    found: list[tuple[str, str]] = []
    for name in (part.strip() for part in channels.split(",")):
        if not name:
            continue
        provider, _, account = name.partition(":")
        account = account or "main"
        if not provider or not _NAME.fullmatch(account):
            raise ConfigurationError(f"CHANNELS: {name!r} is not of the form provider:account, for example elks:main")
        if (provider, account) in found:
            raise ConfigurationError(f"CHANNELS: {name!r} stands there twice")
        found.append((provider, account))
    return found


def connector_class(provider: str) -> type[Connector]:
    """The class of a provider: a folder of `connectors`, or any module by its dotted name.

    Raises:
        ConfigurationError: there is no such provider.
    """
    module_name = provider if "." in provider else f"connectors.{provider}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name and module_name.startswith(missing.name):
            raise ConfigurationError(f"CHANNELS: there is no provider {provider!r}") from None
        raise
    found = getattr(module, "CONNECTOR", None)
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise ConfigurationError(f"CHANNELS: {provider!r} is not a channel that pushes (its module names no CONNECTOR)")
    return found


def build(
    channels: str,
    *,
    public_url: str,
    production: bool,
    renderer: Renderer,
    http: Callable[[], httpx.AsyncClient],
    now: Callable[[], dt.datetime] | None = None,
) -> dict[str, Connector]:
    """The connectors of all accounts, by key.

    Raises:
        ConfigurationError: names every setting that is missing or wrong.
    """
    built: dict[str, Connector] = {}
    faults: list[str] = []
    for provider, name in parse_names(channels):
        made = connector_class(provider)
        account = Account(made.provider, name)
        prefix = f"{made.provider}_" if name == "main" else f"{made.provider}_{name}_"
        try:
            settings = made.Settings(_env_prefix=prefix.upper())
        except ValidationError as invalid:
            faults += [f"{prefix}{'_'.join(map(str, e['loc']))}".upper() + f": {e['msg']}" for e in invalid.errors()]
            continue
        url = f"{public_url.rstrip('/')}/hooks/{made.provider}/{name}"
        built[account.key] = made(Context(account, url, renderer, http(), production, now), settings)
    if faults:
        raise ConfigurationError("; ".join(faults))
    return built
