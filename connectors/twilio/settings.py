"""Settings of an account at Twilio."""

from __future__ import annotations

from pydantic import Field, SecretStr

from connectors.sms import SmsSettings

API_URL = "https://api.twilio.com"


class TwilioSettings(SmsSettings):
    """What Twilio's console shows.

    Args:
        account_sid: begins with AC.
        auth_token: the primary one: it signs what Twilio delivers, and opens the API.
        messaging_service_sid: begins with MG; if given, messages go out by it instead of by `number`.
        connection_overrides: how often Twilio tries again when our webhook does not answer; it stands after # in the address.
        api_url: Twilio's own, or that of another region (https://api.dublin.ie1.twilio.com).
    """

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = Field(min_length=32)
    messaging_service_sid: str = Field("", pattern=r"^(MG[0-9a-fA-F]{32})?$")
    connection_overrides: str = Field("rc=5&rp=all", pattern=r"^[a-z0-9=&,.]*$")
    api_url: str = API_URL
