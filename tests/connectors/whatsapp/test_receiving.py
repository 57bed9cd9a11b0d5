"""What WhatsApp delivers, and what it means. Payloads have the form of Meta's documentation."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Inbound
from connectors.simulator.whatsapp import PHONE_NUMBER_ID
from connectors.whatsapp import WhatsApp
from tests.connectors.making import connector, payload
from tests.connectors.meta.making import SETTINGS, signed

NUMBER, USER_ID = "46701234567", "SE.13491208655302741918"
PRESSED = "bQ2hvaWNlLXR3by0x"


def whatsapp(**settings: Any) -> WhatsApp:
    return connector(WhatsApp, **SETTINGS, phone_number_id=PHONE_NUMBER_ID, **settings)


def parsed(name: str) -> list[Inbound]:
    request = signed("whatsapp", payload(__file__, f"{name}.json"))
    made = whatsapp()
    made.verify(request)
    return list(made.parse(request))


@pytest.mark.parametrize(("name", "address"), [
    ("text", USER_ID), ("text_id_in_contact", USER_ID), ("text_username", USER_ID), ("text_before_2026", NUMBER),
])  # fmt: skip
def test_a_text_and_whose_it_is(name: str, address: str) -> None:
    """Meta's id of the citizen where there is one: with and without a username it is the same address."""
    (inbound,) = parsed(name)
    assert (inbound.kind, inbound.address) == ("text", address)
    assert inbound.text in ("Hej", "Vad kostar det att åka till tippen?")
    assert inbound.provider_id.startswith("wamid.")
    assert inbound.extra["wamid"].startswith("wamid.")


def test_a_button_a_row_and_a_templates_button() -> None:
    assert [(i.kind, i.payload, i.text) for name in ("button_reply", "list_reply", "template_button") for i in parsed(name)] == [
        ("press", PRESSED, "Ja"), ("press", PRESSED, "Hur söker jag…"), ("text", "", "Jag vill fortsätta"),
    ]  # fmt: skip


def test_what_we_can_not_read_with_its_caption() -> None:
    assert [(i.kind, i.what, i.text) for i in parsed("others")] == [
        ("unsupported", "image", "Vad är det här?"), ("unsupported", "voice", ""), ("unsupported", "file", ""), ("unsupported", "file", ""),
        ("unsupported", "sticker", ""), ("unsupported", "location", ""), ("unsupported", "contact", ""), ("unsupported", "other", ""),
        ("unsupported", "other", ""), ("unsupported", "other", ""), ("start", "other", ""),
    ]  # fmt: skip


def test_reactions_system_notices_edits_groups_and_other_fields_are_left_out() -> None:
    assert parsed("nothing_to_answer") == []


def test_statuses_with_the_key_we_gave() -> None:
    found = parsed("status_only")
    assert [(i.kind, i.state, i.key, i.unreachable) for i in found] == [
        ("status", "sent", "0123456789abcdef0123456789abcdef.0", False), ("status", "delivered", "", False), ("status", "read", "", False),
        ("status", "read", "", False),
    ]  # fmt: skip
    assert len({i.provider_id for i in found}) == 1


def test_why_a_message_failed() -> None:
    undeliverable, late, unknown = parsed("failed")
    assert (undeliverable.state, undeliverable.unreachable) == ("failed", True)
    assert undeliverable.error == "Meta error 131026: undeliverable: not a WhatsApp user, or too old an app"
    assert (late.unreachable, unknown.unreachable) == (False, False)
    assert late.error is not None
    assert "131047" in late.error
    assert unknown.error == "failed without a reason"


def test_an_error_of_the_account_is_for_the_operator(capsys: pytest.CaptureFixture[str]) -> None:
    assert parsed("account_error") == []
    assert "whatsapp_account_error" in capsys.readouterr().out


def test_a_batch_in_its_order_without_other_numbers() -> None:
    assert [(i.address, i.text or i.state) for i in parsed("batch")] == [
        (USER_ID, "Ett"), ("SE.22222222222222222222", "Två"), ("", "delivered"), (USER_ID, "Tre"),
    ]  # fmt: skip


def test_a_link_writes_the_code() -> None:
    assert whatsapp().continue_link("2345BCDF") is None  # nobody told us the number
    assert whatsapp(number="+46317990000").continue_link("2345BCDF") == "https://wa.me/46317990000?text=2345BCDF"
