"""All simulated providers: how each account is made, and the settings by which a connector finds it instead of the real one.

Used wherever the product is tried without a provider: the demo (`plugin.py`), the contract tests, the benchmarks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors.simulator.base import Simulator
from connectors.simulator.elks import ElksSimulator
from connectors.simulator.messenger import MessengerSimulator
from connectors.simulator.sinch import SinchSimulator
from connectors.simulator.telegram import TelegramSimulator
from connectors.simulator.twilio import TwilioSimulator
from connectors.simulator.whatsapp import NUMBER as WHATSAPP_NUMBER
from connectors.simulator.whatsapp import WhatsAppSimulator


@dataclass(frozen=True)
class Provider:
    """One simulated provider.

    Args:
        name: as in CHANNELS and `/sim/<name>`.
        title: as people call it.
        channel: the citizen's word for what it carries: `sms`, `telegram`.
        make: makes an account, given the address that its webhooks go to; further arguments are the simulator's.
        settings: the connector's settings for an account, without the prefix; given the simulator and the address of its API.
        phone: the address of the n-th citizen (0, 1, …).
        picture: options of `citizen_sends` for a picture.
    """

    name: str
    title: str
    channel: str
    make: Callable[..., Any]
    settings: Callable[[Any, str], Mapping[str, str]]
    phone: Callable[[int], str]
    picture: Mapping[str, str] = field(default_factory=lambda: {"media": "image"})

    def environment(self, simulator: Simulator, api_url: str) -> dict[str, str]:
        """The settings of account `main` as they stand in the environment.

        Args:
            api_url: where `simulator.router()` is served, without a slash at the end.
        """
        found = self.settings(simulator, f"{api_url}/sim/{self.name}")
        return {f"{self.name}_{name}".upper(): value for name, value in found.items()}


def _number(citizen: int) -> str:
    return f"+46701740{605 + citizen:03d}" if citizen < 95 else f"+4673{citizen:07d}"


def _elks(webhook_url: str, **options: Any) -> ElksSimulator:
    key = secrets.token_urlsafe(24)
    return ElksSimulator(f"{webhook_url}?key={quote(key)}", password=secrets.token_urlsafe(16), **options)


def _elks_settings(sim: ElksSimulator, api_url: str) -> dict[str, str]:
    key = sim.webhook_url.partition("?key=")[2]
    return {"username": sim.username, "password": sim.password, "number": sim.number, "webhook_key": key, "api_url": api_url}


def _twilio(webhook_url: str, **options: Any) -> TwilioSimulator:
    return TwilioSimulator(f"{webhook_url}#rc=5&rp=all", auth_token=secrets.token_hex(16), **options)


def _twilio_settings(sim: TwilioSimulator, api_url: str) -> dict[str, str]:
    return {"account_sid": sim.account_sid, "auth_token": sim.auth_token, "number": sim.number, "api_url": api_url}


def _sinch(webhook_url: str, **options: Any) -> SinchSimulator:
    return SinchSimulator(webhook_url, api_token=secrets.token_hex(16), hmac_secret=secrets.token_hex(16), **options)


def _sinch_settings(sim: SinchSimulator, api_url: str) -> dict[str, str]:
    return {"service_plan_id": sim.service_plan_id, "api_token": sim.api_token, "hmac_secret": sim.hmac_secret,
            "number": sim.number, "api_url": api_url}  # fmt: skip


def _telegram(_webhook_url: str, **options: Any) -> TelegramSimulator:
    return TelegramSimulator(token=f"110201543:{secrets.token_urlsafe(26)}", **options)  # its webhook is set by the connector


def _telegram_settings(sim: TelegramSimulator, api_url: str) -> dict[str, str]:
    return {"token": sim.token, "api_url": api_url, "mode": "webhook"}


def _meta_secrets() -> dict[str, str]:
    return {
        "app_secret": secrets.token_hex(16),
        "access_token": "EAA" + secrets.token_hex(24),
        "verify_token": secrets.token_hex(16),
    }


def _messenger_settings(sim: MessengerSimulator, api_url: str) -> dict[str, str]:
    return {**_meta_settings(sim), "page_id": sim.page_id, "api_url": api_url}


def _whatsapp_settings(sim: WhatsAppSimulator, api_url: str) -> dict[str, str]:
    return {**_meta_settings(sim), "phone_number_id": sim.phone_number_id, "number": WHATSAPP_NUMBER, "api_url": api_url}


def _meta_settings(sim: MessengerSimulator | WhatsAppSimulator) -> dict[str, str]:
    return {"app_secret": sim.app_secret, "access_token": sim.access_token, "verify_token": sim.verify_token}


PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider("elks", "46elks", "sms", _elks, _elks_settings, _number, {"media": "https://example.org/bild.jpg"}),
        Provider("twilio", "Twilio", "sms", _twilio, _twilio_settings, _number, {"media": "image/jpeg"}),
        Provider("sinch", "Sinch", "sms", _sinch, _sinch_settings, _number, {"media": "image/jpeg"}),
        Provider("telegram", "Telegram", "telegram", _telegram, _telegram_settings, lambda n: str(7_100_000 + n),
                 {"media": "photo"}),
        Provider("whatsapp", "WhatsApp", "whatsapp", lambda url, **o: WhatsAppSimulator(url, **_meta_secrets() | o),
                 _whatsapp_settings, lambda n: _number(n).lstrip("+")),
        Provider("messenger", "Messenger", "messenger", lambda url, **o: MessengerSimulator(url, **_meta_secrets() | o),
                 _messenger_settings, lambda n: str(5_020_000_000 + n)),
    )
}  # fmt: skip


def channels(names: Iterable[str]) -> str:
    """CHANNELS for one account of each provider."""
    return ",".join(f"{name}:main" for name in names)
