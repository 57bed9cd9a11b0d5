"""What Twilio delivers: signed over the exact address, checked by its own library."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError
from twilio.request_validator import RequestValidator

from bot.settings import ConfigurationError
from connectors.contract import Inbound, Rejected, Request, Unreadable
from connectors.simulator.twilio import TwilioSimulator
from connectors.twilio.codes import UNREACHABLE
from connectors.twilio.connector import Twilio
from tests.connectors.making import PUBLIC, connector, delivery, payload

TOKEN = "0123456789abcdef" * 2
SID, ACCOUNT = "SM1f0e8ae6ade43cb3c0ce4525424e404f", "AC" + "a" * 32
SETTINGS = {"account_sid": ACCOUNT, "auth_token": TOKEN, "number": "+46766860001"}
URL = f"{PUBLIC}/hooks/twilio/main"


def twilio(**settings: object) -> Twilio:
    return connector(Twilio, **(SETTINGS | settings))


def signed(url: str, body: bytes, *, token: str = TOKEN, signed_url: str | None = None) -> Request:
    """A delivery with the signature that Twilio's own library makes."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return delivery(url, body, x_twilio_signature=RequestValidator(token).compute_signature(signed_url or url, fields))


@pytest.mark.parametrize("name", ["sms.form", "mms.form", "delivered.form"])
def test_what_twilio_signed_is_taken(name: str) -> None:
    body = payload(__file__, name)
    assert twilio().verify(signed(URL, body)).key == "twilio:main"
    assert twilio().verify(signed(f"{URL}/status?ref=m1.0", body)).key == "twilio:main"
    # With a port that goes without saying, or with the overrides after #: Twilio is not of one mind about either.
    assert twilio().verify(signed(URL, body, signed_url=URL.replace("example.se", "example.se:443")))
    assert twilio().verify(signed(URL, body, signed_url=f"{URL}#rc=5&rp=all"))


def test_the_published_example_of_the_documentation() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    simulated = TwilioSimulator(url, auth_token="12345")._signed(url, fields).headers["X-Twilio-Signature"]
    assert simulated == RequestValidator("12345").compute_signature(url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def _tampered() -> list[Request]:
    body = payload(__file__, "sms.form")
    good = signed(URL, body)
    signature = good.headers["x-twilio-signature"]
    return [
        delivery(URL, body),
        delivery(URL, body, x_twilio_signature=""),
        delivery(URL, body, x_twilio_signature=signature[:-2] + "A="),
        delivery(URL, body, x_twilio_signature="å" * 28),
        delivery(URL, body.replace(b"tippen", b"bussen"), x_twilio_signature=signature),
        delivery(URL, body + b"&Extra=1", x_twilio_signature=signature),
        delivery(URL, b"", x_twilio_signature=signature),
        delivery(f"{URL}?x=1", body, x_twilio_signature=signature),
        delivery(f"{URL}/status", body, x_twilio_signature=signature),
        delivery(URL.replace("/main", "/other"), body, x_twilio_signature=signature),
        delivery(URL.replace("https", "http"), body, x_twilio_signature=signature),
        signed(URL, body, token="f" * 32),
        delivery(URL, b"\xff\xfe", x_twilio_signature=signature),
        delivery(URL, b"&".join(b"a%d=1" % n for n in range(500)), x_twilio_signature=signature),
        delivery(URL, b"[]", x_twilio_signature=signature, content_type="application/json"),
    ]


@pytest.mark.parametrize("request_", _tampered())
def test_what_was_tampered_with_is_refused(request_: Request) -> None:
    with pytest.raises(Rejected) as rejected:
        twilio().verify(request_)
    assert rejected.value.status == 401


def test_another_account_with_the_same_token() -> None:
    body = payload(__file__, "sms.form").replace(ACCOUNT.encode(), b"AC" + b"b" * 32)
    with pytest.raises(Rejected) as rejected:
        twilio().verify(signed(URL, body))
    assert rejected.value.status == 404


def test_an_sms() -> None:
    (inbound,) = twilio().parse(delivery(URL, payload(__file__, "sms.form")))
    assert inbound == Inbound("text", SID, "+46701740605", "Vad kostar tippen? 👍")


@pytest.mark.parametrize(
    ("content_type", "what"),
    [("image%2Fjpeg", "image"), ("audio%2Famr", "voice"), ("video%2Fmp4", "file"), ("text%2Fx-vcard", "contact"),
     ("text%2Fvcard%3B+charset%3Dutf-8", "contact"), ("application%2Fpdf", "file"), ("", "file")],
)  # fmt: skip
def test_an_mms(content_type: str, what: str) -> None:
    body = payload(__file__, "mms.form").replace(b"image%2Fjpeg", content_type.encode())
    (inbound,) = twilio().parse(delivery(URL, body))
    assert (inbound.kind, inbound.what, inbound.address, inbound.provider_id) == ("unsupported", what, "+46701740605", SID)


@pytest.mark.parametrize(
    ("status", "state"),
    [("queued", "sent"), ("sending", "sent"), ("sent", "sent"), ("delivered", "delivered"), ("read", "read"),
     ("undelivered", "failed"), ("failed", "failed"), ("canceled", "failed"), ("scanned", None)],
)  # fmt: skip
def test_what_became_of_ours(status: str, state: str | None) -> None:
    body = payload(__file__, "delivered.form").replace(b"delivered", status.encode())
    found = twilio().parse(delivery(f"{URL}/status?ref=m1.0", body))
    assert [(i.kind, i.provider_id, i.state, i.key, i.error) for i in found] == (
        [("status", SID, state, "m1.0", None)] if state else []
    )


@pytest.mark.parametrize(
    ("code", "unreachable"),
    [("30003", False), ("30004", True), ("30005", True), ("30006", True), ("30007", False), ("30008", False), ("21610", True),
     ("", False), ("x", False), ("30034", False)],
)  # fmt: skip
def test_codes_of_failed_deliveries(code: str, unreachable: bool) -> None:
    body = payload(__file__, "undelivered.form").replace(b"30005", code.encode())
    (status,) = twilio().parse(delivery(f"{URL}/status", body))
    assert (status.state, status.error, status.unreachable) == ("failed", code or None, unreachable)
    assert unreachable == (code.isdecimal() and int(code) in UNREACHABLE)


@pytest.mark.parametrize("sender", ["Telia", "71234", "%2B46766860001", "", "whatsapp%3A%2B46701740605", "messenger%3A123456789"])
def test_whoever_can_not_be_answered_is_left_out(sender: str) -> None:
    assert twilio().parse(delivery(URL, f"MessageSid={SID}&From={sender}&Body=Hej&NumMedia=0")) == []


@pytest.mark.parametrize("body", [b"", b"Body=Hej&From=%2B46701740605", f"MessageSid={SID}&Body=Hej".encode(), b"{}", b"\xff"])
def test_what_is_not_of_the_documented_form(body: bytes) -> None:
    with pytest.raises(Unreadable):
        twilio().parse(delivery(URL, body))


def test_the_answer_is_twiml_that_says_nothing() -> None:
    answer = twilio().answer(delivery(URL))
    assert answer.status == 200 and answer.content_type.startswith("text/xml") and "<Response/>" in answer.body


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"account_sid": "AC1"}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"auth_token": "short"}, "auth_token"),
        ({"messaging_service_sid": "SM" + "0" * 32}, "messaging_service_sid"),
        ({"number": "Göteborg"}, "number"),
        ({"connection_overrides": "rc=5 rp"}, "connection_overrides"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        twilio(**settings)
    assert [error["loc"] for error in invalid.value.errors()] == [(named,)]


def test_production_wants_https() -> None:
    with pytest.raises(ConfigurationError, match="TWILIO_API_URL"):
        twilio(production=True, api_url="http://127.0.0.1:8000/sim/twilio")
