"""How the accounts stand, for Prometheus; measured when it asks."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.core import Core
from bot.delivery import letters
from bot.plugins import Registry

_log = structlog.get_logger(__name__)


async def measure(registry: Registry) -> None:
    """Sets the gauges of all accounts; without a database they are left out rather than wrong."""
    core: Core = registry.core
    try:
        async with core.store.read() as conn:
            counted = await letters.accounts(conn)
    except SQLAlchemyError as fault:
        _log.warning("deliveries_not_measured", error=type(fault).__name__)
        counted = None
    standing = registry.outbox.standing() if registry.outbox else {}
    now = core.now()
    for gauge in (metrics.UNDELIVERED, metrics.OLDEST_WAITING, metrics.ACCOUNT_RESTS):
        gauge.clear()  # an account that has nothing any more, or is switched off, is not shown for ever
    for key, pace in standing.items():
        metrics.ACCOUNT_RESTS.labels(account=key).set(pace.rests_seconds)
    if counted is None:
        return
    for key in {*counted, *registry.channels}:
        account = counted.get(key, letters.Account())
        for state, number in (("waiting", account.waiting), ("dead", account.dead), ("held", account.held)):
            metrics.UNDELIVERED.labels(account=key, state=state).set(number)
        waited = (now - account.oldest_waiting).total_seconds() if account.oldest_waiting else 0.0
        metrics.OLDEST_WAITING.labels(account=key).set(max(0.0, waited))
