"""What the SMS providers share: numbers, settings, what an SMS can show, and how a broken send is looked for."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import phonenumbers
import structlog
from pydantic import Field, field_validator
from starlette.datastructures import ImmutableMultiDict

from bot.settings import ConfigurationError
from connectors.contract import (
    AccountSettings,
    Capabilities,
    Connector,
    Context,
    OutcomeUnknown,
    Outgoing,
    Request,
    TemporaryFailure,
    Unreadable,
    send_request,
)
from connectors.rendering.sms import MOST_PARTS
from knowledge.sms import PART

_log = structlog.get_logger(__name__)
HOME = "SE"  # numbers without a country code are of this country
MOST_FIELDS = 200  # of a form: providers send some thirty
# Provider's and our clocks differ a little, and some give whole seconds.
CLOCK_SKEW = dt.timedelta(seconds=5)
ACCOUNT_REST_SECONDS = 60.0  # between tries by an account that the provider refuses
_DIALLED = re.compile(r"\+?[0-9][0-9 ()/.-]{2,30}")


def e164(number: str) -> str | None:
    """A telephone number in the form `+46701234567`; None for what can't be answered: a short code, a name, a hidden number."""
    if not _DIALLED.fullmatch(number.strip()):
        return None
    try:
        parsed = phonenumbers.parse(number, HOME)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class SmsSettings(AccountSettings):
    """What every SMS account needs.

    Args:
        number: ours, which citizens write to and see as the sender.
        api_url: base of the provider's API, without a slash at the end; another one for the simulator.
        per_second: messages that go out a second at most; 0 = as many as there are. The provider's own limit.
    """

    number: str
    api_url: str
    per_second: float = Field(10.0, ge=0)

    @field_validator("number")
    @classmethod
    def _number(cls, value: str) -> str:
        normal = e164(value)
        if normal is None:
            raise ValueError("is not a telephone number; for example +46701234567 (a name as sender gets no replies)")
        return normal

    @field_validator("api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        if not re.match(r"https?://\w", value):
            raise ValueError("is not an address; left out, it is the provider's own")
        return value.rstrip("/")


class SmsConnector(Connector):
    """A number that citizens send SMS to."""

    channel = "sms"
    capabilities = Capabilities(max_length=MOST_PARTS * PART["GSM-7"], sms=True, related=False)
    per_address_per_minute = 30
    can_look_up = True

    def __init__(self, context: Context, settings: Any) -> None:
        super().__init__(context, settings)
        self.per_second = settings.per_second
        if context.production and not settings.api_url.startswith("https://"):
            raise ConfigurationError(f"{self.setting('api_url')}: production wants https; the account's password goes there")

    def continue_link(self, code: str) -> str | None:
        """Opens an SMS to us with the code already written (RFC 5724)."""
        return f"sms:{self.settings.number}?body={code}"

    def setting(self, field: str) -> str:
        """A setting's name in the environment."""
        account = "" if self.account.name == "main" else f"{self.account.name}_"
        return f"{self.provider}_{account}{field}".upper()

    def now(self) -> dt.datetime:
        """The app's time."""
        now: dt.datetime = self.context.now() if self.context.now else dt.datetime.now(dt.UTC)
        return now

    def citizen(self, number: str) -> str | None:
        """The address of who wrote; None when nothing could be answered there, ourselves included."""
        address = e164(number)
        return None if address == self.settings.number else address


def form(request: Request) -> ImmutableMultiDict[str, str]:
    """The fields of a delivery by form.

    Raises:
        Unreadable: it is no form.
    """
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as fault:
        raise Unreadable(type(fault).__name__) from None
    return ImmutableMultiDict(pairs)


def answer_json(response: httpx.Response) -> dict[str, Any]:
    """The object of a provider's answer.

    Raises:
        OutcomeUnknown: something else answered (a proxy's page), so nobody knows what became of the request.
    """
    try:
        answer = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        answer = None
    if not isinstance(answer, dict):
        raise OutcomeUnknown(f"{response.status_code} without an object in it")
    return answer


async def look_up(http: httpx.AsyncClient, url: str, **kwargs: Any) -> dict[str, Any]:
    """Asks a provider what it has taken.

    Raises:
        TemporaryFailure: it can't be asked now.
    """
    try:
        response = await send_request(http, "GET", url, **kwargs)
        if response.status_code != 200:
            raise TemporaryFailure(f"look-up: {response.status_code}")
        return answer_json(response)
    except OutcomeUnknown as fault:  # of a question, not of a message
        raise TemporaryFailure(f"look-up: {fault}") from None


def account_fault(provider: str, answer: str) -> TemporaryFailure:
    """The provider refuses the account (password, credit, suspended), not the message: the operator must mend it.

    Nothing goes out by it for a while, and no message loses a try by it.
    """
    _log.error("account_refused", provider=provider, answer=answer, see=f"docs/channels/{provider}.md")
    return TemporaryFailure(f"{answer}: the account; see docs/channels/{provider}.md", ACCOUNT_REST_SECONDS, whole_account=True)


def with_key(url: str, outgoing: Outgoing) -> str:
    """The address for a part's delivery reports: it names the part, so that a report settles also a send that broke off."""
    return f"{url}{'&' if '?' in url else '?'}ref={quote(outgoing.key, safe='')}"
