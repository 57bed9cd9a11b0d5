"""Meta's webhooks before anybody reads them: the handshake, the signature, the outermost form. For both channels alike."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings import ConfigurationError
from connectors.contract import Answer, Rejected, Unreadable
from connectors.messenger import Messenger
from connectors.meta.connector import MetaConnector
from connectors.meta.webhook import kept_id
from connectors.simulator.messenger import PAGE_ID, MessengerSimulator
from connectors.simulator.whatsapp import PHONE_NUMBER_ID
from connectors.whatsapp import WhatsApp
from tests.connectors.making import PUBLIC, connector, delivery
from tests.connectors.meta.making import SECRET, SETTINGS, VERIFY, signed

BOTH: list[tuple[type[MetaConnector], dict[str, Any]]] = [
    (Messenger, {"page_id": PAGE_ID}),
    (WhatsApp, {"phone_number_id": PHONE_NUMBER_ID}),
]


@pytest.fixture(params=BOTH, ids=["messenger", "whatsapp"])
def channel(request: pytest.FixtureRequest) -> MetaConnector:
    made, own = request.param
    return connector(made, **SETTINGS, **own)


def asked(channel: MetaConnector, **query: str) -> Any:
    url = f"{PUBLIC}/hooks/{channel.provider}/main?" + "&".join(f"hub.{k}={v}" for k, v in query.items())
    return channel.handshake(delivery(url, method="GET"))


def test_the_address_is_ours(channel: MetaConnector) -> None:
    assert asked(channel, mode="subscribe", challenge="1158201444", verify_token=VERIFY) == Answer(200, "1158201444")


@pytest.mark.parametrize("token", ["", VERIFY[:-1], VERIFY + "x", VERIFY.upper(), "%C3%A5"])
def test_somebody_else_asks(channel: MetaConnector, token: str) -> None:
    with pytest.raises(Rejected) as rejected:
        asked(channel, mode="subscribe", challenge="1158201444", verify_token=token)
    assert rejected.value.status == 403


def test_nothing_but_a_challenge_is_said_back(channel: MetaConnector) -> None:
    for challenge in ("", "<script>", "a" * 500):
        with pytest.raises(Rejected):
            asked(channel, mode="subscribe", challenge=challenge, verify_token=VERIFY)


def test_a_get_that_asks_nothing_is_unsigned(channel: MetaConnector) -> None:
    assert asked(channel, verify_token=VERIFY, challenge="1") is None
    with pytest.raises(Rejected):
        channel.verify(delivery(f"{PUBLIC}/hooks/{channel.provider}/main", method="GET"))


def test_a_signed_delivery(channel: MetaConnector) -> None:
    assert channel.verify(signed(channel.provider, b'{"object":"page"}')) == channel.account


def test_the_signature_is_that_of_the_raw_bytes_as_meta_escapes_them(channel: MetaConnector) -> None:
    sim = MessengerSimulator(PUBLIC, app_secret=SECRET)
    sent = sim.sign({"text": "Vad kostar det att åka till tippen? https://goteborg.se 🦌"})
    assert b"\\u00e5" in sent.content
    assert b"https:\\/\\/" in sent.content
    channel.verify(delivery(PUBLIC, sent.content, x_hub_signature_256=sent.headers["X-Hub-Signature-256"]))
    with pytest.raises(Rejected):  # parsed and written anew it is not the same
        again = json.dumps(json.loads(sent.content)).encode()
        channel.verify(delivery(PUBLIC, again, x_hub_signature_256=sent.headers["X-Hub-Signature-256"]))


@pytest.mark.parametrize("given", [
    "", "sha256=", "sha256=" + "0" * 64, "deadbeef", "sha256=åäö", "sha1=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest(),
    hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest(),
    "sha256=" + hmac.new(b"another secret", b"{}", hashlib.sha256).hexdigest(),
    "sha256=" + hmac.new(SECRET.encode(), b"{ }", hashlib.sha256).hexdigest(),
])  # fmt: skip
def test_forged(channel: MetaConnector, given: str) -> None:
    with pytest.raises(Rejected) as rejected:
        channel.verify(delivery(PUBLIC, b"{}", x_hub_signature_256=given))
    assert rejected.value.status == 401


def test_the_old_header_does_not_count(channel: MetaConnector) -> None:
    old = "sha1=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest()
    with pytest.raises(Rejected):
        channel.verify(delivery(PUBLIC, b"{}", x_hub_signature=old))


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b'"x"', b"{", b"{}", b'{"object":"page"}', b'{"object":"page","entry":{}}', b'{"object":"user","entry":[]}',
    b'{"object":"instagram","entry":[{}]}', b"\xff\xfe", b"[" * 200_000,
])  # fmt: skip
def test_signed_but_not_of_the_documented_form(channel: MetaConnector, body: bytes) -> None:
    with pytest.raises(Unreadable):
        channel.parse(signed(channel.provider, body))


def test_odd_items_of_a_batch_are_passed_over(channel: MetaConnector) -> None:
    subject = "page" if channel.provider == "messenger" else "whatsapp_business_account"
    odd: list[Any] = [None, 1, "x", [], {}, {"id": None}, {"id": PAGE_ID}, {"id": PAGE_ID, "messaging": "x", "changes": 3},
           {"id": PAGE_ID, "messaging": [None, {}, {"message": None}, {"message": {}}, {"sender": 1, "message": {"mid": "m"}}, {"postback": {}}]},
           {"id": "1", "changes": [None, {}, {"field": "messages"}, {"field": "messages", "value": {"metadata": 1}},
            {"field": "messages", "value": {"metadata": {"phone_number_id": PHONE_NUMBER_ID}, "messages": [None, {}, {"id": "w"}],
             "statuses": [{}, {"id": "x"}, {"id": "x", "status": "sideways"}], "contacts": "x"}}]}]  # fmt: skip
    assert channel.parse(signed(channel.provider, {"object": subject, "entry": odd})) == []


def test_ids_are_kept_within_the_stores_column() -> None:
    assert kept_id("wamid.HBgLMTY1MDM4") == "wamid.HBgLMTY1MDM4"
    long, odd = "m_" + "a" * 300, "m_\x00å"
    assert kept_id(long) == kept_id(long) != kept_id(long + "b")
    assert len(kept_id(long)) < 100
    assert kept_id(odd).isascii()
    assert kept_id("") == ""


@pytest.mark.parametrize(("made", "own"), BOTH, ids=["messenger", "whatsapp"])
def test_a_missing_or_weak_setting_stops_the_start(made: type[MetaConnector], own: dict[str, Any]) -> None:
    complete = SETTINGS | own
    for name in complete:
        with pytest.raises(ValidationError, match=name):
            made.Settings(_env_file=None, **{k: v for k, v in complete.items() if k != name})
    for name in ("app_secret", "access_token", "verify_token"):
        with pytest.raises(ValidationError, match=name):
            made.Settings(_env_file=None, **complete | {name: "short"})
    with pytest.raises(ConfigurationError, match=f"{made.provider.upper()}_API_URL"):
        connector(made, production=True, **complete, api_url="http://graph.example")
