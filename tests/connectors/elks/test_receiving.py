"""What 46elks delivers: whose it is, and what it says. Payloads are those of its documentation."""

from __future__ import annotations

import base64

import pytest
from pydantic import ValidationError

from bot.settings import ConfigurationError
from connectors.contract import Inbound, Rejected, Unreadable
from connectors.elks.connector import Elks
from tests.connectors.making import PUBLIC, connector, delivery, payload

KEY = "key-" + "k" * 28
SETTINGS = {"username": "u1", "password": "p1", "webhook_key": KEY, "number": "+46 70-686 00 00"}
URL = f"{PUBLIC}/hooks/elks/main"


def elks(**settings: object) -> Elks:
    return connector(Elks, **(SETTINGS | settings))


def basic(password: str, user: str = "elks") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_key_in_the_address_or_as_password() -> None:
    assert elks().verify(delivery(f"{URL}?key={KEY}")).key == "elks:main"
    assert elks().verify(delivery(URL, authorization=basic(KEY))).key == "elks:main"
    assert elks().verify(delivery(URL, authorization=basic(KEY, user=""))).key == "elks:main"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (URL, {}),
        (f"{URL}?key=", {}),
        (f"{URL}?key={KEY[:-1]}", {}),
        (f"{URL}?key={KEY}x", {}),
        (f"{URL}?KEY={KEY}", {}),
        (f"{URL}?key=%C3%A5", {}),
        (URL, {"authorization": basic("wrong")}),
        (URL, {"authorization": basic("", user=KEY)}),
        (URL, {"authorization": f"Bearer {KEY}"}),
        (URL, {"authorization": "Basic %%%"}),
        (URL, {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}),
    ],
)
def test_without_the_key_nothing_is_taken(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(Rejected) as rejected:
        elks().verify(delivery(url, payload(__file__, "sms.form"), **headers))
    assert rejected.value.status == 401


def test_only_from_the_networks_named() -> None:
    made = elks(networks="176.10.154.199, 85.24.146.0/24,2001:9b0:2:902::199")
    for client in ("176.10.154.199", "85.24.146.132", "2001:9b0:2:902::199", "::ffff:176.10.154.199"):
        made.verify(delivery(f"{URL}?key={KEY}", client=client))
    for client in ("176.10.154.198", "127.0.0.1", "", "testclient", "::1"):
        with pytest.raises(Rejected) as rejected:
            made.verify(delivery(f"{URL}?key={KEY}", client=client))
        assert rejected.value.status == 403
    with pytest.raises(Rejected) as rejected:  # the key is asked for first
        made.verify(delivery(URL, client="127.0.0.1"))
    assert rejected.value.status == 401


def test_an_sms() -> None:
    (inbound,) = elks().parse(delivery(URL, payload(__file__, "sms.form")))
    assert inbound == Inbound("text", "sf8425555e5d8db61dda7a7b3f1b91bdb", "+46706861004", "Hello how are you?")


def test_an_mms_is_a_picture_with_its_caption() -> None:
    (inbound,) = elks().parse(delivery(URL, payload(__file__, "mms.form")))
    assert (inbound.kind, inbound.what, inbound.text) == ("unsupported", "image", "Vad är det här? 🦌")


@pytest.mark.parametrize(("name", "state"), [("delivered.form", "delivered"), ("failed.form", "failed"), ("unknown.form", None)])
def test_what_became_of_ours(name: str, state: str | None) -> None:
    found = elks().parse(delivery(f"{URL}/delivery?key={KEY}&ref=m1.0", payload(__file__, name)))
    assert [(i.kind, i.provider_id, i.state, i.key, i.unreachable) for i in found] == (
        [("status", "s70df59406a1b4643b96f3f91e0bfb7b0", state, "m1.0", False)] if state else []
    )


@pytest.mark.parametrize("sender", ["Telia", "71234", "112", "%2B46706860000", "0706860000", "", "Anonymous", "%2B4670"])
def test_whoever_can_not_be_answered_is_left_out(sender: str) -> None:
    """Names, short codes, hidden numbers, and our own number: an answer would go nowhere, or round in a circle."""
    assert elks().parse(delivery(URL, f"direction=incoming&id=s1&from={sender}&to=%2B46706860000&message=Hej")) == []


@pytest.mark.parametrize(
    ("sender", "address"),
    [("%2B46701234567", "+46701234567"), ("0701234567", "+46701234567"), ("0046701234567", "+46701234567"),
     ("%2B358401234567", "+358401234567"), ("%2B460701234567", "+46701234567")],
)  # fmt: skip
def test_numbers_are_always_of_one_form(sender: str, address: str) -> None:
    (inbound,) = elks().parse(delivery(URL, f"id=s1&from={sender}&message="))
    assert inbound.address == address and inbound.text == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"message=Hej&from=%2B46701234567", b"id=s1", b"id=s1&direction=outgoing&from=%2B46701234567",
     b'{"id": "s1"}', "å=ä".encode(), b"&".join(b"a%d=1" % n for n in range(300)) + b"&id=s1&from=1"],
)  # fmt: skip
def test_what_is_not_of_the_documented_form(body: bytes) -> None:
    with pytest.raises(Unreadable):
        elks().parse(delivery(URL, body))


def test_the_answer_says_nothing_to_the_citizen() -> None:
    answer = elks().answer(delivery(URL))
    assert (answer.status, answer.body) == (204, "")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"webhook_key": "short"}, "webhook_key"),
        ({"webhook_key": ""}, "webhook_key"),
        ({"password": ""}, "password"),
        ({"number": "Göteborg"}, "number"),
        ({"number": "71234"}, "number"),
        ({"networks": "176.10.154.0/99"}, "networks"),
        ({"api_url": "api.46elks.com"}, "api_url"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        elks(**settings)
    assert [error["loc"] for error in invalid.value.errors()] == [(named,)]


def test_production_wants_https() -> None:
    with pytest.raises(ConfigurationError, match="ELKS_API_URL"):
        elks(production=True, api_url="http://127.0.0.1:8000/sim/elks")
    elks(production=True)
