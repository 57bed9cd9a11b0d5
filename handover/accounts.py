"""Accounts of the staff: made, listed, changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store import schema
from bot.store.engine import Connection, Transaction
from handover.auth import Agent, Role, agent_from, check_password, hash_password
from handover.repository import write_audit

_a = schema.agent.c
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class AccountRefused(ValueError):
    """The account can't be made or changed like that; the message says why."""


class AccountExists(AccountRefused):
    """Somebody has this address already."""


@dataclass(frozen=True)
class NewAccount:
    """What is needed for an account. `departments` empty = all."""

    email: str
    name: str
    role: Role
    password: str
    departments: Sequence[str] = ()
    languages: Sequence[str] = ("sv",)


def checked(account: NewAccount, *, queues: Sequence[str], least: int) -> NewAccount:
    """The account with its address in lower case, if everything about it is in order. Pure.

    Raises:
        AccountRefused: address, name or department.
        WeakPassword: password.
    """
    email, name = account.email.strip().lower(), account.name.strip()
    if not _EMAIL.fullmatch(email) or len(email) > 200:
        raise AccountRefused("the e-mail address is not one, give for example anna@goteborg.example")
    if not 1 <= len(name) <= 100:
        raise AccountRefused("the name must have 1 to 100 characters")
    check_departments(account.departments, queues)
    check_password(account.password, email=email, name=name, least=least)
    return NewAccount(email, name, account.role, account.password, tuple(account.departments), tuple(account.languages))


def check_departments(departments: Sequence[str], queues: Sequence[str]) -> None:
    """Refuses departments that have no queue.

    Raises:
        AccountRefused: names them.
    """
    unknown = sorted(set(departments) - set(queues))
    if unknown:
        raise AccountRefused(f"no such queue: {', '.join(unknown)}; there are: {', '.join(queues)}")


async def create(tx: Transaction, account: NewAccount, *, password_hash: str, actor: str, now: dt.datetime) -> str:
    """Stores a checked account and returns its id.

    Raises:
        AccountExists: the address is taken.
    """
    taken = sa.select(_a.id).where(_a.email == account.email)
    if (await tx.conn.execute(taken)).scalar_one_or_none():
        raise AccountExists("there is already an account with this e-mail address")
    agent_id = schema.new_id()
    try:
        await tx.conn.execute(
            schema.agent.insert().values(
                id=agent_id, email=account.email, name=account.name, password_hash=password_hash, role=account.role,
                departments=list(account.departments), languages=list(account.languages), active=True, failed_logins=0,
                created_at=now,
            )
        )  # fmt: skip
    except IntegrityError:  # PostgreSQL: two at the same moment
        raise AccountExists("there is already an account with this e-mail address") from None
    await write_audit(tx, actor=actor, action="agent.created", target=agent_id, now=now, detail={"role": account.role})
    return agent_id


async def change(
    tx: Transaction, agent_id: str, *, actor: str, now: dt.datetime, password_hash: str | None = None, **values: Any
) -> Agent:
    """Changes an account. A deactivation or a new password ends its sessions.

    Raises:
        LookupError: there is no such account.
        AccountRefused: it would leave the desk without an active admin.
    """
    # What is kept of the change names the fields, not their values.
    detail = {"fields": sorted([*values, *(["password"] if password_hash else [])])}
    if password_hash:
        values |= {"password_hash": password_hash, "failed_logins": 0, "locked_until": None}
    changed = await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(**values))
    if changed.rowcount != 1:
        raise LookupError(agent_id)
    admins = sa.select(sa.func.count()).select_from(schema.agent).where(_a.role == "admin", _a.active)
    if not (await tx.conn.execute(admins)).scalar_one():
        raise AccountRefused("there must be at least one active admin")
    if password_hash or values.get("active") is False:
        await tx.conn.execute(schema.agent_session.delete().where(schema.agent_session.c.agent_id == agent_id))
        tx.notify("desk", type="session", agent_id=agent_id)
    await write_audit(tx, actor=actor, action="agent.changed", target=agent_id, now=now, detail=detail)
    return await get(tx.conn, agent_id)


async def get(conn: Connection, agent_id: str) -> Agent:
    """Reads one account.

    Raises:
        LookupError: there is none with this id.
    """
    row = (await conn.execute(sa.select(schema.agent).where(_a.id == agent_id))).one_or_none()
    if row is None:
        raise LookupError(agent_id)
    return agent_from(row)


async def listed(conn: Connection, *, present_since: dt.datetime) -> list[dict[str, Any]]:
    """All accounts as an admin sees them, by name."""
    rows = await conn.execute(sa.select(schema.agent).order_by(_a.name, _a.id))
    return [public(agent_from(row)) | {"present": row.present_at is not None and row.present_at > present_since} for row in rows]


def public(agent: Agent) -> dict[str, Any]:
    """An account as the API shows it."""
    return {
        "id": agent.id, "email": agent.email, "name": agent.name, "role": agent.role, "active": agent.active,
        "departments": list(agent.departments), "languages": list(agent.languages),
    }  # fmt: skip


def hashed(account: NewAccount) -> str:
    """The hash of the account's password (slow on purpose: call it off the event loop)."""
    return hash_password(account.password)
