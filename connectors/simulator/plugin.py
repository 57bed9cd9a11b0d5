"""The plugin `connectors.simulator`: every channel in this very app, with simulated providers and phones to try them with.

For development only. It points all channel settings at the simulators, so that no real provider is ever called, and stands
before `connectors.gateway` in PLUGINS.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from urllib.parse import urlsplit

import structlog

from bot.plugins import Registry
from bot.settings import ConfigurationError
from connectors.simulator.base import Simulator
from connectors.simulator.demo import Demo
from connectors.simulator.providers import PROVIDERS, channels

_log = structlog.get_logger(__name__)


def register(registry: Registry) -> None:
    """Mounts the simulators and the page `/demo/channels`, and switches on an account of each provider.

    Raises:
        ConfigurationError: not in development, not on this machine, or registered after the gateway.
    """
    settings = registry.core.settings
    if settings.fraga_env != "development":
        raise ConfigurationError("PLUGINS: connectors.simulator is for development only (FRAGA_ENV); take it out")
    if registry.channels:
        raise ConfigurationError("PLUGINS: connectors.simulator must stand before connectors.gateway")
    if not is_this_machine(settings.public_url):
        raise ConfigurationError(
            "PUBLIC_URL: the simulated providers call it, so it must be this machine, http://127.0.0.1:<APP_PORT>"
        )
    simulators: dict[str, Simulator] = {}
    seed = secrets.randbits(32)  # another one at each start: numbers of messages that were seen before would be duplicates
    for provider in PROVIDERS.values():
        made = provider.make(
            f"{settings.public_url.rstrip('/')}/hooks/{provider.name}/main", hang_seconds=20.0, now=registry.core.now, seed=seed
        )
        simulators[provider.name] = made
        registry.add_routes(made.router())
        registry.on_stop.append(made.aclose)
        os.environ.update(provider.environment(made, settings.public_url.rstrip("/")))
    os.environ["CHANNELS"] = channels(PROVIDERS)
    registry.add_routes(Demo(registry.core, simulators).router())
    _log.info("channels_simulated", page=f"{settings.public_url.rstrip('/')}/demo/channels")


def is_this_machine(url: str) -> bool:
    """Whether an address is a loopback one."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
