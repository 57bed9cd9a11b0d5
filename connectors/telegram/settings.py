"""Settings of one bot, and what they mean: whether Telegram can call us, and the secret it calls us with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.settings import ConfigurationError
from connectors.contract import AccountSettings, Context

API_URL = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_PORTS = (443, 80, 88, 8443)  # the only ones that Telegram calls


class TelegramSettings(AccountSettings):
    """What BotFather gave, and where the Bot API is.

    Args:
        token: of the bot, as BotFather shows it.
        mode: `auto` takes the webhook where PUBLIC_URL can be reached by Telegram, else polling.
        api_url: Telegram's own, a Bot API server of the city's own, or the simulator.
        webhook_secret: what Telegram must send with every delivery; left out, it is made from the token.
        max_connections: how many deliveries may come at once.
    """

    token: SecretStr
    mode: Literal["auto", "webhook", "polling"] = "auto"
    api_url: str = API_URL
    webhook_secret: SecretStr | None = None
    max_connections: int = Field(40, ge=1, le=100)

    @field_validator("token")
    @classmethod
    def _token_form(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value().strip()):
            raise ValueError("is not a bot's token; BotFather shows it in the form 123456789:AAE1x…")
        return SecretStr(value.get_secret_value().strip())

    @field_validator("webhook_secret")
    @classmethod
    def _secret_form(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("must have 16 to 256 characters of A-Z a-z 0-9 _ - (left out, it is made from the token)")
        return value

    @field_validator("api_url")
    @classmethod
    def _api_form(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError(f"is not an address; Telegram's own is {API_URL}")
        return value.rstrip("/")

    def secret(self) -> str:
        """The webhook's secret. Whoever knows the token rules the bot anyway: a secret made from it is no weaker."""
        if self.webhook_secret is not None:
            return self.webhook_secret.get_secret_value()
        digest = hmac.new(self.token.get_secret_value().encode(), b"fraga/telegram/webhook", hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def takes_webhook(settings: TelegramSettings, context: Context) -> bool:
    """Whether updates come by webhook; else they are fetched.

    Raises:
        ConfigurationError: the settings contradict each other; names the one at fault.
    """
    prefix = "TELEGRAM_" if context.account.name == "main" else f"TELEGRAM_{context.account.name.upper()}_"
    if context.production and not settings.api_url.startswith("https://"):
        raise ConfigurationError(f"{prefix}API_URL: production wants https, the token goes there; Telegram's own is {API_URL}")
    # A Bot API server of one's own may call any address, Telegram's calls only what it can reach.
    reachable = is_reachable(context.webhook_url) or settings.api_url != API_URL
    if settings.mode == "webhook" and not reachable:
        raise ConfigurationError(
            f"PUBLIC_URL: {prefix}MODE=webhook needs an https address on port 443, 80, 88 or 8443 that Telegram can reach; "
            f"without one: {prefix}MODE=polling"
        )
    return settings.mode == "webhook" or (settings.mode == "auto" and is_reachable(context.webhook_url))


def is_reachable(url: str) -> bool:
    """Whether Telegram would call this address: https, one of four ports, not a name or number of a private network."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return False
    host = parts.hostname or ""
    if parts.scheme != "https" or port not in _PORTS:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".test"))
