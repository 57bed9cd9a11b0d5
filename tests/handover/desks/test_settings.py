"""A desk that is not set up stops the start with the names of its settings."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.settings import ConfigurationError
from handover.chatwoot import webhook
from handover.desks.contract import Hint, Rejected, Unreadable
from handover.desks.settings import build
from tests.handover.desks.conftest import chatwoot_environment, zammad_environment

QUEUES = ("kontaktcenter", "social")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKS", "chatwoot,zammad")
    with pytest.raises(ConfigurationError) as fault:
        build(QUEUES, production=False)
    for name in ("CHATWOOT_URL", "CHATWOOT_API_TOKEN", "CHATWOOT_BOT_TOKEN", "CHATWOOT_BOT_SECRET", "ZAMMAD_TOKEN",
                 "ZAMMAD_WEBHOOK_SECRET", "ZAMMAD_GROUP"):  # fmt: skip
        assert name in str(fault.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DESKS", "freshdesk", "DESKS"),
        ("DESKS", "chatwoot,chatwoot", "DESKS"),
        ("CHATWOOT_DEPARTMENTS", "social,bygg", "CHATWOOT_DEPARTMENTS: no such queue: bygg"),
        ("CHATWOOT_TEAMS", '{"nobody": 1}', "CHATWOOT_DEPARTMENTS: no such queue: nobody"),
        ("CHATWOOT_URL", "desk.example.org", "CHATWOOT_URL"),
        ("CHATWOOT_BOT_SECRET", "short", "CHATWOOT_BOT_SECRET"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    for key, good in (chatwoot_environment("https://c.example") | {"DESKS": "chatwoot", name: value}).items():
        monkeypatch.setenv(key, good)
    with pytest.raises(ConfigurationError, match=told):
        build(QUEUES, production=False)


def test_production_wants_https(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (zammad_environment("http://z.example") | {"DESKS": "zammad"}).items():
        monkeypatch.setenv(key, value)
    with pytest.raises(ConfigurationError, match="ZAMMAD_URL: must be https"):
        build(QUEUES, production=True)


def test_a_desk_takes_the_departments_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = chatwoot_environment("https://c.example") | {"DESKS": "chatwoot", "CHATWOOT_DEPARTMENTS": "kontaktcenter"}
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    desk = build(QUEUES, production=True)["chatwoot"]
    assert desk.takes("kontaktcenter")
    assert not desk.takes("social")


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"event": "conversation_resolved", "id": 4, "inbox_id": 7}', Hint("4")),
        (b'{"event": "conversation_resolved", "id": 4, "inbox_id": 8}', None),
        (b'{"event": "message_created", "message_type": "incoming", "conversation": {"id": 4}}', None),
        (
            b'{"event": "message_created", "message_type": "outgoing", "sender": {"type": "agent_bot"}, "conversation": {"id": 4}}',
            None,
        ),
        (b'{"event": "message_created", "message_type": "outgoing", "sender": null, "conversation": {"id": 4}}', None),
        (
            b'{"event": "message_created", "message_type": "outgoing", "sender": {"type": "user"}, "conversation": {"id": 4}}',
            Hint("4"),
        ),
        (b'{"event": "message_created", "message_type": "outgoing", "private": true, "sender": {"type": "user"}}', None),
        (b'{"event": "webwidget_triggered"}', None),
    ],
)
def test_what_a_chatwoot_webhook_is_about(body: bytes, hint: Hint | None) -> None:
    assert webhook.read(body, 7) == hint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"event": "conversation_opened", "inbox_id": 7}',
        b"[" * 100_000,
        b'{"event": "conversation_opened", "inbox_id": 7, "id": Infinity}',
    ],
)
def test_an_unreadable_webhook_is_no_crash(body: bytes) -> None:
    with pytest.raises(Unreadable):
        webhook.read(body, 7)


@pytest.mark.parametrize("stamp", ["", "x", "²", "-1", "9" * 400])
def test_a_strange_time_is_refused(stamp: str) -> None:
    import hashlib
    import hmac

    signature = hmac.new(b"secret", stamp.encode() + b".{}", hashlib.sha256).hexdigest()
    headers = {webhook.SIGNATURE: f"sha256={signature}", webhook.TIMESTAMP: stamp}
    with pytest.raises(Rejected):
        webhook.verify(headers, b"{}", dt.datetime(2026, 11, 23, tzinfo=dt.UTC), ["secret"])
