"""Remembers to whom a template went, so that it goes once in each silence, also after a restart and with several processes."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.core import Core
from bot.privacy.addresses import AddressBook
from bot.store import schema
from connectors.contract import TemporaryFailure

_log = structlog.get_logger(__name__)
_a = schema.address.c


class Prompts:
    """The column `address.prompted_at`.

    Args:
        account: key of the channel account.
    """

    def __init__(self, core: Core, account: str) -> None:
        self._core, self._account = core, account
        self._book = AddressBook(core.settings.secret_key.get_secret_value())

    async def claim(self, address: str, since: dt.datetime | None) -> bool:
        """Whether the template is to go now; noted before it goes: better one too few than two.

        Args:
            address: of the citizen.
            since: when they last wrote.

        Raises:
            TemporaryFailure: the store can't be written; nothing has gone out.
        """
        first = _a.prompted_at.is_(None) if since is None else sa.or_(_a.prompted_at.is_(None), _a.prompted_at <= since)
        try:
            return await self._set(address, self._core.now(), first)
        except SQLAlchemyError as fault:
            raise TemporaryFailure(f"store: {type(fault).__name__}") from None

    async def release(self, address: str) -> None:
        """It did not go after all."""
        try:
            await self._set(address, None)
        except SQLAlchemyError as fault:
            _log.warning("prompt_not_released", account=self._account, error=type(fault).__name__)

    async def _set(self, address: str, value: dt.datetime | None, *where: sa.ColumnElement[bool]) -> bool:
        mine = _a.lookup_hmac == self._book.lookup(self._account, address)
        async with self._core.store.write() as tx:
            changed = await tx.conn.execute(schema.address.update().where(mine, *where).values(prompted_at=value))
        return changed.rowcount == 1
