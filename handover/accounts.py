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
from handover.auth import Agent, agent_from, check_password, hash_password
from handover.identity import sessions
from handover.repository import write_audit
from handover.rights import Role

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


def is_email(address: str) -> bool:
    """Whether it has the form of an address. Pure."""
    return bool(_EMAIL.fullmatch(address)) and len(address) <= 200


def checked(account: NewAccount, *, queues: Sequence[str], least: int) -> NewAccount:
    """The account with its address in lower case, if everything about it is in order. Pure.

    Raises:
        AccountRefused: address, name or department.
        WeakPassword: password.
    """
    email, name = account.email.strip().lower(), account.name.strip()
    if not is_email(email):
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
        await sessions.end_all(tx, agent_id)
    else:
        tx.notify("desk", type="session", agent_id=agent_id)  # an open console hears of what they may hear of from now on
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


async def by_email(conn: Connection, email: str) -> Agent:
    """Reads the account of an address.

    Raises:
        AccountRefused: there is none.
    """
    row = (await conn.execute(sa.select(schema.agent).where(_a.email == email.strip().lower()))).one_or_none()
    if row is None:
        raise AccountRefused("there is no account with this e-mail address; `list` shows all")
    return agent_from(row)


async def unlock(tx: Transaction, agent_id: str, *, actor: str, now: dt.datetime, password_hash: str | None = None) -> None:
    """Lifts an account's lock. A new password ends its sessions."""
    values: dict[str, Any] = {"failed_logins": 0, "locked_until": None}
    if password_hash:
        values["password_hash"] = password_hash
        await sessions.end_all(tx, agent_id)
    await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(**values))
    detail = {"fields": ["lock", *(["password"] if password_hash else [])]}
    await write_audit(tx, actor=actor, action="agent.reset", target=agent_id, now=now, detail=detail)


async def forget_addresses(tx: Transaction, *, actor: str, now: dt.datetime) -> None:
    """Forgets the failed logins of every network address."""
    await tx.conn.execute(schema.login_address.delete())
    await write_audit(tx, actor=actor, action="login.addresses_reset", target="", now=now)


async def overview(conn: Connection, *, now: dt.datetime, failures_before_lock: int) -> list[tuple[str, ...]]:
    """All accounts for the command line, by address: address, name, role, departments, and what keeps it out."""
    rows = await conn.execute(sa.select(schema.agent).order_by(_a.email))

    def state(row: sa.Row[Any]) -> str:
        if not row.active:
            return "deactivated"
        if row.locked_until is not None and row.locked_until > now:
            return f"locked until {row.locked_until:%Y-%m-%d %H:%M} UTC"
        return f"{row.failed_logins} of {failures_before_lock} failures" if row.failed_logins else "active"

    return [(row.email, row.name, row.role, ",".join(row.departments) or "all", state(row)) for row in rows]


async def listed(conn: Connection, *, present_since: dt.datetime) -> list[dict[str, Any]]:
    """All accounts as an admin sees them, by name. Agents of other desks (`chatwoot:12`) have none: they are names only."""
    rows = await conn.execute(sa.select(schema.agent).where(~_a.email.contains(":")).order_by(_a.name, _a.id))
    return [public(agent_from(row)) | {"present": row.present_at is not None and row.present_at > present_since} for row in rows]


def public(agent: Agent) -> dict[str, Any]:
    """An account as the API shows it."""
    return {
        "id": agent.id, "email": agent.email, "name": agent.name, "role": agent.role, "active": agent.active,
        "departments": list(agent.departments), "languages": list(agent.languages), "second_factor": agent.second_factor,
    }  # fmt: skip


def hashed(account: NewAccount) -> str:
    """The hash of the account's password (slow on purpose: call it off the event loop)."""
    return hash_password(account.password)
