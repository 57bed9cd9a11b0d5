"""Who is at the desk: passwords, lockout, sessions, and what each role may do."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.http import ApiError
from bot.store import schema
from bot.store.engine import Connection, Store, Transaction
from handover import rights
from handover.identity.second_factor import SecondFactor
from handover.identity.throttle import AddressThrottle
from handover.repository import write_audit
from handover.rights import Permission, Role
from handover.settings import LoginSettings

_COMMON: Final = ("password", "lösenord", "losenord", "qwerty", "goteborg", "göteborg", "gothenburg", "123456", "abcdef",
                  "welcome", "sommar", "vinter")  # fmt: skip
_LEAST_DIFFERENT: Final = 6
NO_PASSWORD: Final = "!"  # noqa: S105 — the hash of no password
_SEEN_EVERY: Final = dt.timedelta(minutes=1)  # a session's last sign of life is written at most so often

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
    second_factor: bool = False

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return self.active and rights.may(self.role, permission)

    def serves(self, department: str) -> bool:
        """Whether a department's queue is this agent's; an agent without departments serves all, an admin too."""
        return rights.serves(self.role, self.departments, department)

    def within_reach(self, department: str, claimed_by: str | None, overflow: str | None = None) -> bool:
        """Whether a handover is in a department of this agent's (or was opened to one), or their own wherever it is. All else
        is closed to them."""
        return self.serves(department) or claimed_by == self.id or (overflow is not None and self.serves(overflow))


@dataclass(frozen=True)
class Session:
    """An open login."""

    agent: Agent
    csrf_token: str
    token_hash: str
    expires_at: dt.datetime
    last_seen_at: dt.datetime
    method: str
    must_enrol: bool  # the role must have a second factor and the account has none: nothing else is open until it has


@dataclass(frozen=True)
class Login:
    """A successful login; `token` goes into the cookie and is kept nowhere else."""

    agent: Agent
    token: str
    csrf_token: str
    expires_at: dt.datetime
    method: str
    must_enrol: bool


def agent_from(row: sa.Row[tuple[object, ...]]) -> Agent:
    """An agent from a row that has the columns of `agent`."""
    m = row._mapping
    return Agent(m["id"], m["email"], m["name"], m["role"], tuple(m["departments"]), tuple(m["languages"]), m["active"],
                 m["totp_confirmed_at"] is not None)  # fmt: skip


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


class _WrongCode(Exception):
    """The second factor's code is wrong or used."""


class Gate:
    """Logs in and out, and recognises sessions.

    Args:
        store: the store.
        settings: lengths and limits.
        throttle: counts failures per network address.
        factor: checks second factors.
        totp_roles: who must have one.
    """

    def __init__(
        self, store: Store, settings: LoginSettings, throttle: AddressThrottle, factor: SecondFactor, totp_roles: frozenset[str]
    ) -> None:
        self._store, self._settings, self._throttle = store, settings, throttle
        self._factor, self._totp_roles = factor, totp_roles
        # A verification takes 64 MB and a core; a crowd of guesses must not take the machine.
        self._hashing = asyncio.Semaphore(2)

    @property
    def idle(self) -> dt.timedelta:
        """How long a session lives without anything done in it."""
        return dt.timedelta(minutes=self._settings.idle_minutes)

    def must_have_second_factor(self, agent: Agent) -> bool:
        """Whether the agent's role must have one."""
        return agent.role in self._totp_roles

    async def login(
        self, email: str, password: str, now: dt.datetime, *, address: str, client: str = "", code: str | None = None
    ) -> Login:
        """Opens a session.

        Args:
            address: the network address it comes from.
            client: the browser, in words.
            code: of the second factor, or for recovery.

        Raises:
            ApiError: 401 for a wrong address or password (not telling which), `code_required` when both are right and the account
                has a second factor, `bad_code` when that is wrong or used; 429 while the account or the network address is
                locked.
        """
        email = email.strip().lower()
        async with self._store.read() as conn:
            shut = await self._throttle.locked_until(conn, address, now)
            if shut is not None:
                raise _locked(shut, now)
            row = (await conn.execute(sa.select(schema.agent).where(_a.email == email))).one_or_none()
        if row is not None and row.password_hash == NO_PASSWORD:
            row = None  # logs in by OpenID Connect: guesses here count for the network address only
        if row is not None and row.locked_until is not None and row.locked_until > now:
            raise _locked(row.locked_until, now)
        async with self._hashing:  # also for an unknown address: the time must not tell
            matches = await asyncio.to_thread(_verify, row.password_hash if row else _nobodys_hash(), password)
        if row is None or not row.active or not matches:
            await self._failed(row.id if row is not None and row.active else None, address, now)
            raise _refused()
        agent = agent_from(row)
        if agent.second_factor and not code:
            raise ApiError(401, "code_required", "give the code of your authenticator app too")
        try:
            return await self._open(agent, row.password_hash, now, client=client, code=code or "")
        except _WrongCode:
            await self._failed(agent.id, address, now)
            raise ApiError(401, "bad_code", "the code is wrong, too old, or used already") from None

    async def open_external(self, agent: Agent, now: dt.datetime, *, client: str) -> Login:
        """Opens a session for somebody whom the OpenID Connect provider vouches for; a second factor is its matter.

        Raises:
            ApiError: 401, the account was deactivated this moment.
        """
        async with self._store.write() as tx:
            if (await tx.conn.execute(sa.select(_a.active).where(_a.id == agent.id))).scalar_one_or_none() is not True:
                raise _refused()
            return await self._admit(tx, agent, now, client=client, method="oidc")

    async def check_code(self, agent: Agent, code: str, now: dt.datetime) -> None:
        """Uses up a code of somebody who is logged in; wrong ones count as wrong passwords do.

        Raises:
            ApiError: 422 `bad_code`, 429 `locked`.
        """
        async with self._store.write() as tx:
            until = (await tx.conn.execute(sa.select(_a.locked_until).where(_a.id == agent.id))).scalar_one()
            if until is not None and until > now:
                raise _locked(until, now)
            spent = await self._factor.spend(tx, agent.id, code, now=now)
        if spent is None:
            await self._failed(agent.id, None, now)
            raise ApiError(422, "bad_code", "the code is wrong, too old, or used already")

    async def _failed(self, agent_id: str | None, address: str | None, now: dt.datetime) -> None:
        async with self._store.write() as tx:
            if address is not None and await self._throttle.failed(tx, address, now) == self._settings.failures_per_address:
                await write_audit(tx, actor="system", action="login.address_locked", target="", now=now)
            if agent_id is None:
                return
            counted = schema.agent.update().where(_a.id == agent_id).values(failed_logins=_a.failed_logins + 1)
            failures = (await tx.conn.execute(counted.returning(_a.failed_logins))).scalar_one()
            until = lock_after_failure(failures, now, self._settings)
            await write_audit(tx, actor=agent_id, action="login.failed", target=agent_id, now=now, detail={"failures": failures})
            if until is not None:
                await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(locked_until=until))

    async def _open(self, agent: Agent, verified_hash: str, now: dt.datetime, *, client: str, code: str) -> Login:
        async with self._store.write() as tx:
            # The lock may have come while the password was being checked: a guess made in parallel does not slip through.
            opened = await tx.conn.execute(
                schema.agent.update()
                .where(_a.id == agent.id, _a.active, _a.password_hash == verified_hash)
                .where(sa.or_(_a.locked_until.is_(None), _a.locked_until <= now))
                .where(_a.totp_confirmed_at.is_not(None) if agent.second_factor else _a.totp_confirmed_at.is_(None))
                .values(failed_logins=0, locked_until=None)
            )
            if opened.rowcount != 1:
                raise _refused()
            method = await self._factor.spend(tx, agent.id, code, now=now) if agent.second_factor else "password"
            if method is None:
                raise _WrongCode  # nothing of this transaction stays, not the cleared count of failures either
            return await self._admit(tx, agent, now, client=client, method=method)

    async def _admit(self, tx: Transaction, agent: Agent, now: dt.datetime, *, client: str, method: str) -> Login:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires = now + dt.timedelta(hours=self._settings.session_hours)
        over = sa.or_(_s.expires_at <= now, _s.last_seen_at <= now - self.idle)
        await tx.conn.execute(schema.agent_session.delete().where(over))
        await tx.conn.execute(
            schema.agent_session.insert().values(
                token_hash=token_hash(token), id=schema.new_id(), agent_id=agent.id, csrf_token=csrf, created_at=now,
                last_seen_at=now, expires_at=expires, method=method, client=client[:80],
            )
        )  # fmt: skip
        await write_audit(tx, actor=agent.id, action="login", target=agent.id, now=now)
        lacks = self.must_have_second_factor(agent) and not agent.second_factor and method != "oidc"
        return Login(agent, token, csrf, expires, method, lacks)

    async def logout(self, session: Session, now: dt.datetime) -> None:
        """Ends the session; consoles open in it are cut."""
        async with self._store.write() as tx:
            await tx.conn.execute(schema.agent_session.delete().where(_s.token_hash == session.token_hash))
            await write_audit(tx, actor=session.agent.id, action="logout", target=session.agent.id, now=now)
            tx.notify("desk", type="session", agent_id=session.agent.id)

    async def session(self, token: str | None, now: dt.datetime, *, acts: bool = False) -> Session | None:
        """The session of a cookie; None when it is missing, forged, ended, expired, or its agent is no longer active.

        Args:
            acts: the agent does something, which keeps the session from expiring for want of it.
        """
        if not token or len(token) > 200:
            return None
        async with self._store.read() as conn:
            found = await self._find_session(conn, token_hash(token), now)
        if acts and found is not None and now - found.last_seen_at >= _SEEN_EVERY:
            async with self._store.write() as tx:
                seen = schema.agent_session.update().where(_s.token_hash == found.token_hash)
                await tx.conn.execute(seen.values(last_seen_at=now))
        return found

    async def _find_session(self, conn: Connection, hashed: str, now: dt.datetime) -> Session | None:
        query = (
            sa.select(schema.agent, _s.csrf_token, _s.expires_at, _s.last_seen_at, _s.method)
            .join(schema.agent_session, _s.agent_id == _a.id)
            .where(_s.token_hash == hashed, _s.expires_at > now, _s.last_seen_at > now - self.idle, _a.active)
        )
        row = (await conn.execute(query)).one_or_none()
        if row is None:
            return None
        agent = agent_from(row)
        lacks = self.must_have_second_factor(agent) and not agent.second_factor and row.method != "oidc"
        return Session(agent, row.csrf_token, hashed, row.expires_at, row.last_seen_at, row.method, lacks)


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
