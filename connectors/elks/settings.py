"""Settings of an account at 46elks."""

from __future__ import annotations

import ipaddress

from pydantic import Field, SecretStr, field_validator

from connectors.sms import SmsSettings

API_URL = "https://api.46elks.com"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(value: str) -> list[Network]:
    """The networks in a list with commas.

    Raises:
        ValueError: one of them is none.
    """
    return [ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip()]


class ElksSettings(SmsSettings):
    """What 46elks gave us, and what we gave 46elks.

    Args:
        username: API username.
        password: API password.
        webhook_key: our own secret in the addresses that 46elks calls; 46elks signs nothing.
        networks: addresses or networks that 46elks calls from, with commas; empty = any.
        keep_texts: false = 46elks is asked not to keep what the messages say. It can then not be asked about a broken send.
    """

    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    webhook_key: SecretStr = Field(min_length=24)
    networks: str = ""
    keep_texts: bool = True
    api_url: str = API_URL
    # 46elks takes more, and sends at most a hundred a minute: the queue had better be ours, where emergencies are seen.
    per_second: float = Field(1.6, ge=0)

    @field_validator("networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            parse_networks(value)
        except ValueError:
            raise ValueError("is no list of addresses or networks, for example 176.10.154.199,85.24.146.0/24") from None
        return value
