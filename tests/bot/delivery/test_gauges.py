"""What Prometheus is told of the accounts."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from prometheus_client import REGISTRY

from bot.delivery.contract import TemporaryFailure
from bot.delivery.gauges import measure
from bot.plugins import Registry
from tests.bot.delivery.conftest import FakeChannel, Office

pytestmark = pytest.mark.asyncio


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"fraga_{name}", labels)


async def test_waiting_dead_held_and_the_oldest_per_account(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.others = [FakeChannel("quiet:main")]
    registry: Any = Registry(office.core, FastAPI(), None, outbox=office.worker())  # type: ignore[arg-type]
    registry.channels = {"fake:main": office.channel, "quiet:main": office.others[0]}
    old = await office.say(await office.conversation(), "hej")
    office.later(minutes=2)
    for state in ("dead", "dead", "ambiguous", "sending", "sent", "cancelled"):
        await office.set(await office.say(await office.conversation(), "hej"), state=state, lease_worker="somebody")
    office.later(seconds=30)
    await measure(registry)
    found = {state: gauge("undelivered_messages", account="fake:main", state=state) for state in ("waiting", "dead", "held")}
    assert found == {"waiting": 2, "dead": 2, "held": 1}
    assert gauge("oldest_waiting_seconds", account="fake:main") == 150
    assert gauge("undelivered_messages", account="quiet:main", state="dead") == 0
    assert gauge("account_rests_seconds", account="fake:main") == 0
    office.channel.does = [TemporaryFailure("429", 60, whole_account=True)]
    await office.set(old, state="sent", lease_worker=None)
    await office.say(await office.conversation(), "hej")
    await registry.outbox.deliver_next()
    await measure(registry)
    assert gauge("account_rests_seconds", account="fake:main") == 60
    del registry.channels["quiet:main"]
    await measure(registry)
    assert gauge("undelivered_messages", account="quiet:main", state="dead") is None

    def away(*_: object) -> Any:
        raise sa.exc.OperationalError("", {}, Exception("the server is restarting"))

    monkeypatch.setattr(office.core.store, "read", away)
    await measure(registry)  # /metrics answers all the same
    assert gauge("undelivered_messages", account="fake:main", state="dead") is None
    assert gauge("account_rests_seconds", account="fake:main") == 60
