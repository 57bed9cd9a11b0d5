"""How many logins may fail from one network address."""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store import schema
from bot.store.engine import Connection, Store, Transaction
from handover.identity.keys import derive
from handover.settings import LoginSettings

_l = schema.login_address.c


class AddressThrottle:
    """Counts failed logins per network address, whatever the account. The address itself is not stored.

    Args:
        store: the store.
        secret_key: the setting SECRET_KEY; the addresses' hash is keyed by a key derived from it.
        settings: how many, in which time.
    """

    def __init__(self, store: Store, secret_key: str, settings: LoginSettings) -> None:
        self._is_sqlite = store.is_sqlite
        self._key, self._settings = derive(secret_key, "fraga/desk/network-address"), settings

    @property
    def _window(self) -> dt.timedelta:
        return dt.timedelta(minutes=self._settings.lock_minutes)

    async def locked_until(self, conn: Connection, address: str, now: dt.datetime) -> dt.datetime | None:
        """Until when nobody can log in from an address; None = it is free."""
        row = (await conn.execute(sa.select(schema.login_address).where(_l.address_hmac == self._hashed(address)))).one_or_none()
        if row is None or row.failures < self._settings.failures_per_address or row.since + self._window <= now:
            return None
        until: dt.datetime = row.since + self._window
        return until

    async def failed(self, tx: Transaction, address: str, now: dt.datetime) -> int:
        """Counts a failure; returns how many there are. The failure that reaches the limit begins the lock."""
        hashed = self._hashed(address)
        await tx.conn.execute(schema.login_address.delete().where(_l.since <= now - self._window))
        limit = self._settings.failures_per_address
        begun = sa.case((_l.failures + 1 == limit, now), else_=_l.since)
        counted = schema.login_address.update().where(_l.address_hmac == hashed).values(failures=_l.failures + 1, since=begun)
        failures = (await tx.conn.execute(counted.returning(_l.failures))).scalar_one_or_none()
        if failures is None:
            failures = 1
            insert = (sqlite.insert if self._is_sqlite else postgresql.insert)(schema.login_address).on_conflict_do_nothing()
            await tx.conn.execute(insert.values(address_hmac=hashed, failures=1, since=now))
        return int(failures)

    def _hashed(self, address: str) -> str:
        return hmac.new(self._key, network(address).encode(), "sha256").hexdigest()


def network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 of an IPv6 one, which is what a single subscriber has. Pure."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
