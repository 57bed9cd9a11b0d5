"""What Messenger delivers, and what it means. Payloads have the form of Meta's documentation."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from connectors.contract import Inbound
from connectors.messenger import Messenger
from connectors.simulator.messenger import PAGE_ID
from tests.connectors.making import connector, payload
from tests.connectors.meta.making import SETTINGS, signed

PSID = "7301928374650192"
PRESSED = "bQ2hvaWNlLXR3by0x"


def messenger(**settings: Any) -> Messenger:
    return connector(Messenger, **SETTINGS, page_id=PAGE_ID, **settings)


def parsed(name: str) -> list[Inbound]:
    request = signed("messenger", payload(__file__, f"{name}.json"))
    made = messenger()
    made.verify(request)
    return list(made.parse(request))


def test_a_text() -> None:
    (inbound,) = parsed("text")
    assert (inbound.kind, inbound.address, inbound.text) == ("text", PSID, "Vad kostar det att åka till tippen?")
    assert inbound.provider_id.startswith("m_AG5Hz2Uq7")


def test_a_quick_reply_is_a_press() -> None:
    (inbound,) = parsed("quick_reply")
    assert (inbound.kind, inbound.address, inbound.payload, inbound.text) == ("press", PSID, PRESSED, "2")


def test_get_started_greets_and_an_ice_breaker_asks_its_question() -> None:
    assert [(i.kind, i.text) for i in parsed("get_started")] == [("start", "")]
    assert [(i.kind, i.text) for i in parsed("ice_breaker")] == [("text", "När töms soporna?")]


def test_a_link_with_a_code_continues_a_conversation() -> None:
    first, second = parsed("link_with_code")  # a new citizen presses Get Started, a known one only comes; other links say nothing
    assert (first.kind, first.text) == (second.kind, second.text) == ("text", "2345BCDF")
    assert messenger().continue_link("2345BCDF") == f"https://m.me/{PAGE_ID}?ref=kod-2345BCDF"


def test_a_postback_without_mid_has_the_same_id_at_every_delivery() -> None:
    body = json.loads(payload(__file__, "get_started.json"))
    del body["entry"][0]["messaging"][0]["postback"]["mid"]
    (once,), (again,) = (messenger().parse(signed("messenger", body)) for _ in range(2))
    assert once == again
    assert once.provider_id.startswith("postback:")
    body["entry"][0]["messaging"][0]["timestamp"] += 1
    assert messenger().parse(signed("messenger", body))[0].provider_id != once.provider_id


def test_what_we_can_not_read_with_its_caption() -> None:
    assert [(i.kind, i.what, i.text) for i in parsed("attachments")] == [
        ("unsupported", "image", ""), ("unsupported", "voice", ""), ("unsupported", "file", "Här är blanketten"), ("unsupported", "sticker", ""),
        ("unsupported", "sticker", ""), ("unsupported", "location", ""), ("unsupported", "other", ""), ("text", "other", "Se https://goteborg.se"),
        ("unsupported", "other", ""), ("unsupported", "other", ""),
    ]  # fmt: skip


def test_receipts_by_id_and_by_watermark() -> None:
    until = dt.datetime.fromtimestamp(1764000000.250, dt.UTC)
    assert [(i.provider_id, i.address, i.state, i.until) for i in parsed("receipts")] == [
        ("m_one", "", "delivered", None), ("m_two", "", "delivered", None), ("", PSID, "delivered", until),
        ("", PSID, "read", until + dt.timedelta(milliseconds=500)),
    ]  # fmt: skip


def test_only_our_own_echo_counts() -> None:
    assert parsed("echoes") == [Inbound("status", "m_ours", state="sent", key="0123456789abcdef0123456789abcdef.0")]


def test_reactions_edits_deletions_and_unknown_events_are_left_out() -> None:
    assert parsed("nothing_to_answer") == []


def test_a_batch_in_its_order_without_other_pages_and_other_apps() -> None:
    assert [i.text or i.state for i in parsed("batch")] == ["Ett", "Två", "read", "Tre"]


@pytest.mark.parametrize("watermark", [None, "x", [], -(10**30), 10**30, True])
def test_a_watermark_that_is_none(watermark: object) -> None:
    body = {
        "object": "page",
        "entry": [{"id": PAGE_ID, "messaging": [{"sender": {"id": "1"}, "read": {"watermark": watermark}}]}],
    }
    assert all(i.until is not None for i in messenger().parse(signed("messenger", body)))


def test_a_payload_that_is_not_ours_is_what_its_title_says() -> None:
    body = json.loads(payload(__file__, "quick_reply.json"))
    message = body["entry"][0]["messaging"][0]["message"]
    message |= {"text": "Ja tack", "quick_reply": {"payload": "FROM_ANOTHER_APP"}}
    (inbound,) = messenger().parse(signed("messenger", body))
    assert (inbound.kind, inbound.text) == ("text", "Ja tack")
