"""Settings of a service plan at Sinch."""

from __future__ import annotations

from pydantic import Field, SecretStr

from connectors.sms import SmsSettings

API_URL = "https://eu.sms.api.sinch.com"


class SinchSettings(SmsSettings):
    """What Sinch's dashboard shows, and the secret agreed with Sinch for callbacks.

    Args:
        service_plan_id: of the SMS API.
        api_token: of the same plan.
        hmac_secret: Sinch signs its callbacks with it; the account manager, or the plan's callback settings, set it.
        api_url: that of the plan's region; this is the EU's.
    """

    service_plan_id: str = Field(pattern=r"^[A-Za-z0-9_-]{4,64}$")
    api_token: SecretStr = Field(min_length=8)
    hmac_secret: SecretStr = Field(min_length=16)
    api_url: str = API_URL
