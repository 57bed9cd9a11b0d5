"""Settings of an account that sends e-mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from bot.privacy.contact_details import valid_email
from bot.settings import ROOT
from connectors.contract import AccountSettings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class EmailSettings(AccountSettings):
    """The mail server, and from whom the mail comes.

    Args:
        port: left out, the usual one of the TLS mode.
        tls: `starttls` | `tls` | `none`; never less than what is set, and `none` is refused in production.
        ca_file: certificates of an authority of the city's own, beside the system's.
        contact_addresses: who is told of a call-back, per department: `kontaktcenter=kc@example.org,forskola=…`.
        transcripts_per_hour: of one conversation, and to one address.
        address_days: how long the address is kept that a citizen had a transcript sent to.
    """

    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    from_address: str
    from_name: str = Field("Fråga Göteborg", max_length=100)
    contact_addresses: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    transcripts_per_hour: int = Field(3, ge=1)
    address_days: float = Field(7.0, gt=0)  # a dead letter can be sent again as long as that
    per_second: float = Field(5.0, ge=0)

    @property
    def server_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.tls]

    @property
    def domain(self) -> str:
        """Where the mail comes from: in `Message-ID` and the greeting to the server."""
        return self.from_address.rpartition("@")[2]

    @field_validator("from_address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        address = valid_email(value)
        if address is None or not address.isascii():
            raise ValueError("is no e-mail address in plain letters, for example fraga@example.org")
        return address

    @field_validator("from_name")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("has control characters")
        return value.strip()

    @field_validator("ca_file")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @field_validator("contact_addresses", mode="before")
    @classmethod
    def _per_department(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        known = yaml.safe_load((ROOT / "knowledge" / "departments.yml").read_text(encoding="utf-8"))
        found: dict[str, str] = {}
        for part in (part.strip() for part in value.split(",") if part.strip()):
            department, _, written = (piece.strip() for piece in part.partition("="))
            address = valid_email(written)
            if department not in known or address is None:
                raise ValueError(f"{part!r} is not department=address, with a department of knowledge/departments.yml")
            found[department] = address
        return found

    @model_validator(mode="after")
    def _both_or_none(self) -> EmailSettings:
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("USER and PASSWORD: give both or none")
        return self
