"""What Sinch delivers: signed with body, nonce and time; checked against Sinch's own library."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from sinch.domains.sms.sinch_events.v1 import SmsSinchEvent

from bot.settings import ConfigurationError
from connectors.contract import Inbound, Rejected, Request, Unreadable
from connectors.simulator.base import Webhook
from connectors.simulator.sinch import SinchSimulator
from connectors.sinch.connector import Sinch
from connectors.sinch.signature import Nonces
from tests.connectors.making import NOON, PUBLIC, connector, delivery, payload

SECRET = "hmac-secret-" + "s" * 12
SETTINGS = {"service_plan_id": "plan0123", "api_token": "token-0123456789", "hmac_secret": SECRET, "number": "+46766860002"}
URL = f"{PUBLIC}/hooks/sinch/main"
PAYLOADS = ("mo_text.json", "mo_media.json", "mo_binary.json", "recipient_report.json", "batch_report.json")


def sinch(**settings: Any) -> Sinch:
    return connector(Sinch, **(SETTINGS | settings))


def headers(
    body: bytes, *, secret: str = SECRET, at: dt.datetime | str = NOON, nonce: str = "n1", **changed: str
) -> dict[str, str]:
    timestamp = at if isinstance(at, str) else str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), body + f".{nonce}.{timestamp}".encode(), hashlib.sha256)
    name = "x-sinch-webhook-signature"
    return {name: base64.b64encode(mac.digest()).decode(), f"{name}-nonce": nonce, f"{name}-timestamp": timestamp,
            f"{name}-algorithm": "HmacSHA256"} | {f"{name}-{key}".rstrip("-"): value for key, value in changed.items()}  # fmt: skip


def signed(body: bytes, **options: Any) -> Request:
    return delivery(URL, body, **headers(body, **options))


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_sinch_signed_is_taken_and_its_own_library_agrees(name: str) -> None:
    body = payload(__file__, name)
    assert sinch().verify(signed(body)).key == "sinch:main"
    assert SmsSinchEvent(SECRET).validate_authentication_header(headers(body), body)
    assert not SmsSinchEvent(SECRET).validate_authentication_header(headers(body, secret="another"), body)
    assert SmsSinchEvent(SECRET).parse_event(body)  # the payloads are of the form that the library knows


def test_the_simulator_signs_as_the_library_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Webhook] = []

    async def deliver(self: SinchSimulator, make: Callable[[], Webhook]) -> None:
        made.append(make())

    monkeypatch.setattr(SinchSimulator, "deliver", deliver)
    asyncio.run(SinchSimulator(URL, hmac_secret=SECRET, now=lambda: NOON).citizen_sends("+46701740605", "Hej på dig 👍"))
    (webhook,) = made
    assert SmsSinchEvent(SECRET).validate_authentication_header(dict(webhook.headers), webhook.content)
    assert sinch().verify(delivery(URL, webhook.content, **webhook.headers))


def test_times_in_seconds_or_iso() -> None:
    body = payload(__file__, "mo_text.json")
    for at in (NOON, "2026-11-23T12:00:00Z", "2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00"):
        assert sinch().verify(signed(body, at=at))


@pytest.mark.parametrize(
    ("minutes", "good"), [(0, True), (4.9, True), (-4.9, True), (5.1, False), (-5.1, False), (60 * 24 * 365, False)]
)
def test_the_window_is_five_minutes(minutes: float, good: bool) -> None:
    request = signed(payload(__file__, "mo_text.json"), at=NOON + dt.timedelta(minutes=minutes))
    if good:
        sinch().verify(request)
        return
    with pytest.raises(Rejected) as rejected:
        sinch().verify(request)
    assert rejected.value.status == 401


def _tampered() -> list[Request]:
    body = payload(__file__, "mo_text.json")
    good = headers(body)
    name = "x-sinch-webhook-signature"
    without = [
        delivery(URL, body, **{k: v for k, v in good.items() if k != f"{name}{part}"}) for part in ("", "-nonce", "-timestamp")
    ]
    return [
        *without,
        delivery(URL, body),
        delivery(URL, body.replace(b"tippen", b"bussen"), **good),
        delivery(URL, body + b" ", **good),
        delivery(URL, b"", **good),
        delivery(URL, body, **(good | {f"{name}-nonce": "n2"})),
        delivery(URL, body, **(good | {f"{name}-timestamp": str(int(NOON.timestamp()) + 1)})),
        delivery(URL, body, **(good | {f"{name}-algorithm": "HmacSHA1"})),
        delivery(URL, body, **(good | {name: "å"})),
        delivery(URL, body, **(good | {name: ""})),
        signed(body, secret="another-secret-0123"),
        signed(body, at="soon"),
        signed(body, at="9" * 30),
        signed(body, nonce="n" * 500),
    ]


@pytest.mark.parametrize("request_", _tampered())
def test_what_was_tampered_with_is_refused(request_: Request) -> None:
    with pytest.raises(Rejected) as rejected:
        sinch().verify(request_)
    assert rejected.value.status == 401


def test_what_was_taken_is_not_taken_again_but_what_failed_may_come_again() -> None:
    made = sinch()
    request = signed(payload(__file__, "mo_text.json"))
    made.verify(request)
    made.verify(request)  # the first time we could not store it: it must pass again
    made.answer(request)
    with pytest.raises(Rejected):
        made.verify(request)
    made.verify(signed(payload(__file__, "mo_text.json"), nonce="n2"))


def test_nonces_are_forgotten_when_their_time_is_over_and_do_not_fill_the_memory() -> None:
    nonces = Nonces()
    nonces.add("first", NOON)
    nonces.add("second", NOON + dt.timedelta(minutes=9))
    assert "first" in nonces and "second" in nonces
    nonces.add("third", NOON + dt.timedelta(minutes=11))
    assert "first" not in nonces and "second" in nonces
    for number in range(30_000):
        nonces.add(str(number), NOON + dt.timedelta(minutes=11))
    assert len(nonces._seen) == 20_000 and "29999" in nonces


def test_an_sms() -> None:
    (inbound,) = sinch().parse(delivery(URL, payload(__file__, "mo_text.json")))
    assert inbound == Inbound("text", "01FC66621XXXXX119Z8PMV1QPQ", "+46701740605", "Vad kostar tippen? 👍")


@pytest.mark.parametrize(
    ("content_type", "what"), [("image/jpeg", "image"), ("audio/amr", "voice"), ("video/mp4", "file"), ("", "file")]
)
def test_an_mms(content_type: str, what: str) -> None:
    body = payload(__file__, "mo_media.json").replace(b"image/jpeg", content_type.encode())
    (inbound,) = sinch().parse(delivery(URL, body))
    assert (inbound.kind, inbound.what, inbound.text) == ("unsupported", what, "Vad är det här?")


def test_a_binary_message_is_something_we_can_not_read() -> None:
    (inbound,) = sinch().parse(delivery(URL, payload(__file__, "mo_binary.json")))
    assert (inbound.kind, inbound.what, inbound.text) == ("unsupported", "other", "")


@pytest.mark.parametrize("sender", ["Telia", "71234", "46766860002", "", "0"])
def test_whoever_can_not_be_answered_is_left_out(sender: str) -> None:
    body = payload(__file__, "mo_text.json").replace(b"46701740605", sender.encode())
    assert sinch().parse(delivery(URL, body)) == []


@pytest.mark.parametrize(
    ("sender", "address"), [("358401234567", "+358401234567"), ("+46701740605", "+46701740605"), ("0701740605", "+46701740605")]
)
def test_numbers_are_always_of_one_form(sender: str, address: str) -> None:
    (inbound,) = sinch().parse(delivery(URL, payload(__file__, "mo_text.json").replace(b"46701740605", sender.encode())))
    assert inbound.address == address


@pytest.mark.parametrize(
    ("status", "code", "state", "unreachable"),
    [
        ("Queued", 400, "sent", False), ("Dispatched", 401, "sent", False), ("Delivered", 0, "delivered", False),
        ("DELIVERED", 0, "delivered", False), ("Unknown", 34, "sent", False), ("Aborted", 402, "failed", True),
        ("Aborted", 404, "failed", False), ("Aborted", 413, "failed", False), ("Rejected", 34, "failed", False),
        ("Deleted", 34, "failed", True), ("Failed", 27, "failed", False), ("Expired", 406, "failed", False),
        ("Cancelled", 407, "failed", False),
    ],
)  # fmt: skip
def test_what_became_of_ours(status: str, code: int, state: str, unreachable: bool) -> None:
    for name in ("recipient_report.json", "batch_report.json"):
        body = (
            payload(__file__, name).replace(b'"Delivered"', json.dumps(status).encode()).replace(b'"code":0', b'"code":%d' % code)
        )
        (found,) = sinch().parse(delivery(URL, body))
        assert (found.kind, found.provider_id, found.key) == ("status", "01FC66621XXXXX119Z8PMV1QPA", "m1.0")
        assert (found.state, found.unreachable) == (state, unreachable)
        assert found.error == (f"{status.lower()} {code}" if state == "failed" else None)


@pytest.mark.parametrize(
    "body",
    [b'{"type":"mo_voice","id":"1"}', b'{"type":"delivery_report_sms","batch_id":"b","statuses":[]}',
     b'{"type":"recipient_delivery_report_sms","batch_id":"b","status":"Teleported","code":1}',
     b'{"type":"delivery_report_sms","batch_id":"b","statuses":[7,{"status":null}]}'],
)  # fmt: skip
def test_what_is_new_to_us_changes_nothing(body: bytes) -> None:
    assert sinch().parse(delivery(URL, body)) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b"{}", b'{"type":7}', b"\xff", b'{"type":"mo_text"}', b'{"type":"mo_text","id":"1","from":7,"body":"x"}',
     b'{"type":"mo_text","id":"1","from":"46701740605"}', b'{"type":"delivery_report_sms","batch_id":"b"}',
     b'{"type":"recipient_delivery_report_sms","status":"Delivered"}', b"[" * 5000],
)  # fmt: skip
def test_what_is_not_of_the_documented_form(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sinch().parse(delivery(URL, body))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"service_plan_id": "../x"}, "service_plan_id"),
        ({"api_token": ""}, "api_token"),
        ({"hmac_secret": ""}, "hmac_secret"),
        ({"hmac_secret": "short"}, "hmac_secret"),
        ({"number": "Goteborg"}, "number"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        sinch(**settings)
    assert [error["loc"] for error in invalid.value.errors()] == [(named,)]


def test_production_wants_https() -> None:
    with pytest.raises(ConfigurationError, match="SINCH_API_URL"):
        sinch(production=True, api_url="http://127.0.0.1:8000/sim/sinch")
