"""All settings, from the environment and `.env`. A wrong or missing one stops the start with its name and an example."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.store.engine import store_url

ROOT = Path(__file__).resolve().parent.parent


class ConfigurationError(Exception):
    """The settings can't be used; the message names the setting and gives an example."""


class RateLimits(BaseSettings):
    """How much one citizen, or one network address, may write. Numbers are per minute; 0 = no limit."""

    model_config = SettingsConfigDict(env_prefix="RATE_", env_file=ROOT / ".env", extra="ignore")

    messages_per_conversation: int = 3000
    conversations_per_address: int = 3000


class Settings(BaseSettings):
    """Settings of the app and its supervisor; see `.env.example` for what each means."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    fraga_env: Literal["development", "production"] = "development"
    var_dir: Path = ROOT / "var"
    app_host: str = "127.0.0.1"
    app_port: int = Field(8000, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: str = "127.0.0.1"
    database_url: str = ""  # default: SQLite under var_dir
    redis_url: str | None = None
    knowledge_url: str = "http://127.0.0.1:8001"
    rasa_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055"
    plugins: str = "connectors.web,connectors.gateway,handover"
    secret_key: SecretStr = SecretStr("")  # encrypts addresses, keys the look-up hashes
    rasa_token: SecretStr = SecretStr("")  # app → rasa, internal
    knowledge_token: SecretStr = SecretStr("")  # app → knowledge, for editing; made from SECRET_KEY when it is left out
    secrets_generated: bool = False  # written by `make run` beside the secrets it makes up
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    knowledge_timeout_seconds: float = 3.0
    rasa_timeout_seconds: float = 10.0
    turn_retry_minutes: float = 10.0  # how long a turn that met a dead service is tried again
    conversation_idle_hours: float = 24.0
    about_minutes: float = 30.0  # how long a follow-up ("and for children?") may refer to the last answer; 0 = never
    episode_turns: int = 8  # Rasa slows with the length of its tracker: begin a new one after this many turns
    start_grace_seconds: float = 60.0  # how long new conversations wait for knowledge and Rasa to load
    contact_days: float = Field(30.0, gt=0)  # how long a number left for a call-back is kept
    ambiguous_send: Literal["resend", "hold"] = "hold"  # a send whose outcome a crash left unknown
    rate: RateLimits = Field(default_factory=RateLimits)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value:
            store_url(value)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.var_dir / 'fraga.db'}"
        for name in ("secret_key", "rasa_token"):
            if len(getattr(self, name).get_secret_value()) < 32:
                raise ValueError(
                    f"{name.upper()} is missing or shorter than 32 characters; "
                    "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
                )
        if not self.knowledge_token.get_secret_value():
            key = self.secret_key.get_secret_value().encode()
            self.knowledge_token = SecretStr(hmac.new(key, b"knowledge editing", "sha256").hexdigest())
        if self.fraga_env == "production" and self.secrets_generated:
            raise ValueError("SECRETS_GENERATED=true: production wants secrets of your own, not those `make run` made up")
        return self

    @property
    def plugin_names(self) -> list[str]:
        """Modules to load, in order."""
        return [name.strip() for name in self.plugins.split(",") if name.strip()]


def load_settings(**overrides: object) -> Settings:
    """Reads the settings.

    Raises:
        ConfigurationError: names each setting at fault.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as invalid:
        faults = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}".lstrip(": ") for e in invalid.errors()]
        raise ConfigurationError("; ".join(faults)) from None
