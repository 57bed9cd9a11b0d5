"""What each kind of update is to us; recorded payloads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract import Inbound, Rejected, Unreadable
from connectors.telegram.updates import UpdateReader
from tests.connectors.telegram.conftest import TOKEN, connector, delivery, recorded

ANNA = "7012345678"


def read(name: str) -> list[Inbound]:
    return UpdateReader().read(recorded(name))


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("text", "text", "Vad kostar det att lämna sopor på tippen?"),
        ("start", "start", ""),
        ("start_code", "text", "7KXW4MPB"),
        ("stop_at_bot", "text", "/stop"),
        ("formatted_forward", "text", "Se https://goteborg.se – gäller det mig?"),
        ("edited", "text", "Vad kostar det att lämna grus på tippen?"),
        ("text_beside_what_nobody_can_read", "text", "Fungerar det ändå?"),
        ("blocked", "gone", ""),
    ],
)
def test_what_a_citizen_does(name: str, kind: str, text: str) -> None:
    (inbound,) = read(name)
    assert (inbound.kind, inbound.text, inbound.address) == (kind, text, ANNA)
    assert inbound.provider_id.startswith(str(recorded(name)["update_id"]))
    assert inbound.language == ("sv" if kind != "gone" else None)


@pytest.mark.parametrize(
    ("name", "what", "caption"),
    [
        ("photo_caption", "image", "Är det här min soptunna?"), ("photo", "image", ""), ("voice", "voice", ""),
        ("document", "file", ""), ("location", "location", ""), ("contact", "contact", ""), ("sticker", "sticker", ""),
    ],
)  # fmt: skip
def test_what_we_cannot_read_says_what_it_is(name: str, what: str, caption: str) -> None:
    (inbound,) = read(name)
    assert (inbound.kind, inbound.what, inbound.text) == ("unsupported", what, caption)


@pytest.mark.parametrize("name", ["group_added", "group_message", "channel_post"])
def test_groups_and_channels_are_refused_and_nothing_said_there_is_kept(name: str) -> None:
    (inbound,) = read(name)
    assert (inbound.kind, inbound.what, inbound.text) == ("unsupported", "group", "")
    assert inbound.address.startswith("-100") and inbound.extra == {"leave": True}


@pytest.mark.parametrize(
    "name",
    ["pinned_notice", "edited_location", "unblocked", "group_left", "unknown_event", "newer_than_the_library", "from_a_bot"],
)
def test_what_needs_no_reaction(name: str) -> None:
    assert read(name) == []


def test_a_pressed_button() -> None:
    (inbound,) = read("press")
    assert (inbound.kind, inbound.payload, inbound.address) == ("press", "bZz0_-7hJk2Lm", ANNA)
    assert inbound.extra["callback"] == "30120019372456789" and inbound.extra["message_id"] == 120
    (old,) = read("press_of_old_message")
    assert old.payload == "bZz0_-7hJk2Lm" and "keyboard" not in old.extra


def test_an_edit_is_a_new_message_once() -> None:
    reader, edit = UpdateReader(), recorded("edited")
    (first,) = reader.read(recorded("text"))
    (second,) = reader.read(edit)
    assert second.provider_id == "512340014-1795428030" != first.provider_id
    assert reader.read(edit) == [second]  # delivered again: perhaps it could not be stored
    assert reader.read(edit | {"update_id": 512349999}) == []  # "edited", and nothing of the text changed
    same = recorded("text")
    same["edited_message"] = same.pop("message") | {"edit_date": 1795428999}
    reader = UpdateReader()
    assert reader.read(recorded("text")) and reader.read(same | {"update_id": 5}) == []


def test_an_album_is_one_message_and_its_repetition_is_read_again() -> None:
    reader = UpdateReader()
    (first,) = reader.read(recorded("album_first"))
    assert first.text == "Vad gör jag med de här?" and reader.read(recorded("album_second")) == []
    assert UpdateReader().read(recorded("album_second"))  # the other way round: the picture, then the caption
    reader = UpdateReader()
    assert (
        reader.read(recorded("album_second")) and reader.read(recorded("album_first")) and reader.read(recorded("album_second"))
    )


@pytest.mark.parametrize(
    "data",
    [
        None, [], 5, "text", {}, {"update_id": "7"}, {"update_id": True}, {"update_id": 1, "message": "text"},
        {"update_id": 1, "message": {"message_id": 1}}, {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 1, "message": {"message_id": 1, "date": 10**30, "chat": {"id": 1, "type": "private"}, "text": "x"}},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": "1' or '1", "type": "private"}, "text": "x"}},
    ],
)  # fmt: skip
def test_what_is_no_update(data: Any) -> None:
    with pytest.raises(Unreadable):
        made = UpdateReader().read(data)
        assert made == []
        raise Unreadable  # nothing in it for us is as good


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"update_id": 1e400}'])
def test_bodies_that_are_no_update(body: bytes) -> None:
    with pytest.raises(Unreadable):
        connector().parse(delivery(body, ""))


def test_a_text_that_is_no_text_is_left() -> None:
    odd = recorded("text")
    odd["message"]["text"] = {"not": "text"}
    assert UpdateReader().read(odd) == []


@pytest.mark.asyncio
async def test_only_telegram_knows_the_secret() -> None:
    made = connector()
    secret = made.settings.secret()
    body = recorded("text")
    assert made.verify(delivery(body, secret)) == made.account
    for wrong in (None, "", secret[:-1], secret + "x", secret.upper(), "å", TOKEN, "\udcff"):
        with pytest.raises(Rejected) as refused:
            made.verify(delivery(body, wrong))
        assert refused.value.status == 401
    for odd in (delivery(body, secret, method="GET"), delivery(body, secret, rest="more")):
        with pytest.raises(Rejected) as refused:
            made.verify(odd)
        assert refused.value.status == 404
    assert connector(webhook_secret="of-our-own-0123456789").verify(delivery(body, "of-our-own-0123456789"))
    assert json.loads(delivery(body, secret).body) == body
