"""Who is at the desk: passwords, lockout, sessions, and what each role may do."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.http import ApiError
from bot.store import schema
from bot.store.engine import Connection, Store
from handover.repository import write_audit
from handover.settings import LoginSettings

Role = Literal["agent", "editor", "admin"]
Permission = Literal["desk", "admin", "edit", "read"]

# The one place that says which role may do what.
_MAY: Final[dict[Permission, frozenset[str]]] = {
    "desk": frozenset({"agent", "admin"}),  # queue, conversations, notes
    "admin": frozenset({"admin"}),  # the bot's switch, agents, settings
    "edit": frozenset({"editor", "admin"}),  # proposals of articles, and decisions on them
    "read": frozenset({"agent", "editor", "admin"}),  # the articles that are in use
}

_COMMON: Final = ("password", "lösenord", "losenord", "qwerty", "goteborg", "göteborg", "gothenburg", "123456", "abcdef",
                  "welcome", "sommar", "vinter")  # fmt: skip
_LEAST_DIFFERENT: Final = 6

_a, _s = schema.agent.c, schema.agent_session.c
_hasher = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low memory)


class WeakPassword(ValueError):
    """The password is refused; the message says why and never repeats it."""


@dataclass(frozen=True)
class Agent:
    """A member of staff, without the password."""

    id: str
    email: str
    name: str
    role: Role
    departments: tuple[str, ...]
    languages: tuple[str, ...]
    active: bool

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return self.active and self.role in _MAY[permission]

    def serves(self, department: str) -> bool:
        """Whether a department's queue is this agent's; an agent without departments serves all, an admin too."""
        return self.role == "admin" or not self.departments or department in self.departments


@dataclass(frozen=True)
class Session:
    """An open login."""

    agent: Agent
    csrf_token: str
    token_hash: str
    expires_at: dt.datetime


@dataclass(frozen=True)
class Login:
    """A successful login; `token` goes into the cookie and is kept nowhere else."""

    agent: Agent
    token: str
    csrf_token: str
    expires_at: dt.datetime


def agent_from(row: sa.Row[tuple[object, ...]]) -> Agent:
    """An agent from a row that has the columns of `agent`."""
    m = row._mapping
    return Agent(m["id"], m["email"], m["name"], m["role"], tuple(m["departments"]), tuple(m["languages"]), m["active"])


def check_password(password: str, *, email: str, name: str, least: int) -> None:
    """Refuses a password that is guessed first.

    Args:
        least: shortest length allowed, in characters.

    Raises:
        WeakPassword: it is short, monotonous, or made of the name, the address or a word everybody uses.
    """
    if len(password) < least:
        raise WeakPassword(f"the password must have at least {least} characters")
    if len(set(password)) < _LEAST_DIFFERENT:
        raise WeakPassword(f"the password must have at least {_LEAST_DIFFERENT} different characters")
    lowered = password.lower()
    own = [part for part in (email.split("@")[0], *name.split()) if len(part) >= 4]
    rest = lowered
    for word in (*_COMMON, *(part.lower() for part in own)):
        rest = rest.replace(word, "")
    if len(rest) < least // 2:
        raise WeakPassword("the password is made of a name, the address or a word that is tried first")


def lock_after_failure(failures: int, now: dt.datetime, settings: LoginSettings) -> dt.datetime | None:
    """Until when an account is locked after so many failures in a row. Pure.

    Returns:
        None while there are attempts left; the lock begins again at every further failure.
    """
    if failures < settings.failures_before_lock:
        return None
    return now + dt.timedelta(minutes=settings.lock_minutes)


def hash_password(password: str) -> str:
    """The argon2id hash that is stored."""
    return _hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


class Gate:
    """Logs in and out, and recognises sessions.

    Args:
        store: the store.
        settings: lengths and limits.
    """

    def __init__(self, store: Store, settings: LoginSettings) -> None:
        self._store, self._settings = store, settings
        # A verification takes 64 MB and a core; a crowd of guesses must not take the machine.
        self._hashing = asyncio.Semaphore(2)

    async def login(self, email: str, password: str, now: dt.datetime) -> Login:
        """Opens a session.

        Raises:
            ApiError: 401 for a wrong address or password (not telling which), 429 while the account is locked.
        """
        email = email.strip().lower()
        async with self._store.read() as conn:
            row = (await conn.execute(sa.select(schema.agent).where(_a.email == email))).one_or_none()
        if row is not None and row.locked_until is not None and row.locked_until > now:
            raise _locked(row.locked_until, now)
        async with self._hashing:  # also for an unknown address: the time must not tell
            matches = await asyncio.to_thread(_verify, row.password_hash if row else _nobodys_hash(), password)
        if row is None or not row.active:
            raise _refused()
        if not matches:
            await self._failed(row.id, now)
            raise _refused()
        return await self._open(agent_from(row), row.password_hash, now)

    async def _failed(self, agent_id: str, now: dt.datetime) -> None:
        async with self._store.write() as tx:
            counted = schema.agent.update().where(_a.id == agent_id).values(failed_logins=_a.failed_logins + 1)
            failures = (await tx.conn.execute(counted.returning(_a.failed_logins))).scalar_one()
            until = lock_after_failure(failures, now, self._settings)
            await write_audit(tx, actor=agent_id, action="login.failed", target=agent_id, now=now, detail={"failures": failures})
            if until is not None:
                await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(locked_until=until))

    async def _open(self, agent: Agent, verified_hash: str, now: dt.datetime) -> Login:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires = now + dt.timedelta(hours=self._settings.session_hours)
        async with self._store.write() as tx:
            # The lock may have come while the password was being checked: a guess made in parallel does not slip through.
            opened = await tx.conn.execute(
                schema.agent.update()
                .where(_a.id == agent.id, _a.active, _a.password_hash == verified_hash)
                .where(sa.or_(_a.locked_until.is_(None), _a.locked_until <= now))
                .values(failed_logins=0, locked_until=None)
            )
            if opened.rowcount != 1:
                raise _refused()
            await tx.conn.execute(schema.agent_session.delete().where(_s.expires_at <= now))
            await tx.conn.execute(
                schema.agent_session.insert().values(
                    token_hash=token_hash(token), agent_id=agent.id, csrf_token=csrf, created_at=now, expires_at=expires
                )
            )
            await write_audit(tx, actor=agent.id, action="login", target=agent.id, now=now)
        return Login(agent, token, csrf, expires)

    async def logout(self, session: Session, now: dt.datetime) -> None:
        """Ends the session; consoles open in it are cut."""
        async with self._store.write() as tx:
            await tx.conn.execute(schema.agent_session.delete().where(_s.token_hash == session.token_hash))
            await write_audit(tx, actor=session.agent.id, action="logout", target=session.agent.id, now=now)
            tx.notify("desk", type="session", agent_id=session.agent.id)

    async def session(self, token: str | None, now: dt.datetime) -> Session | None:
        """The session of a cookie; None when it is missing, forged, ended, expired, or its agent is no longer active."""
        if not token or len(token) > 200:
            return None
        async with self._store.read() as conn:
            return await find_session(conn, token_hash(token), now)


async def find_session(conn: Connection, hashed: str, now: dt.datetime) -> Session | None:
    """The live session of a hashed token."""
    query = (
        sa.select(schema.agent, _s.csrf_token, _s.expires_at)
        .join(schema.agent_session, _s.agent_id == _a.id)
        .where(_s.token_hash == hashed, _s.expires_at > now, _a.active)
    )
    row = (await conn.execute(query)).one_or_none()
    return Session(agent_from(row), row.csrf_token, hashed, row.expires_at) if row else None


def token_hash(token: str) -> str:
    """What is stored of a session's token. It is random (256 bits), so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_csrf(session: Session, given: str | None) -> None:
    """Refuses a write that does not carry the session's own token.

    Raises:
        ApiError: 403.
    """
    if not given or not hmac.compare_digest(given.encode(), session.csrf_token.encode()):
        raise ApiError(403, "csrf", "the header X-CSRF-Token is missing or not this session's")


def check_permission(agent: Agent, permission: Permission) -> None:
    """Refuses what the agent's role does not allow.

    Raises:
        ApiError: 403.
    """
    if not agent.may(permission):
        raise ApiError(403, "forbidden", "your role does not allow this")


def _refused() -> ApiError:
    return ApiError(401, "bad_credentials", "the e-mail address or the password is wrong")


def _locked(until: dt.datetime, now: dt.datetime) -> ApiError:
    seconds = max(1, int((until - now).total_seconds()))
    return ApiError(429, "locked", "too many failed attempts; the account is locked for a while",
                    headers={"Retry-After": str(seconds)})  # fmt: skip
