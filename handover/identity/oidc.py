"""Login by OpenID Connect: authorization code with PKCE, nonce and state. Authlib speaks the protocol."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import sqlalchemy as sa
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]
from cryptography.fernet import InvalidToken
from joserfc.errors import JoseError
from starlette.requests import Request

from bot.http import ApiError
from bot.store import schema
from bot.store.engine import Store
from handover import accounts
from handover.auth import NO_PASSWORD, Agent, agent_from
from handover.identity import sessions
from handover.identity.keys import cipher
from handover.identity.settings import OidcSettings
from handover.repository import write_audit
from handover.rights import Role

CALLBACK: Final = "/desk/v1/oidc/callback"
STATE_SECONDS: Final = 600  # how long somebody may take at the provider
_TIMEOUT_SECONDS: Final = 10.0
_STRENGTH: Final[tuple[Role, ...]] = ("editor", "agent", "supervisor", "admin")
_a = schema.agent.c
_log = structlog.get_logger(__name__)


class OidcRefused(Exception):
    """The login did not succeed; `code` is a key of the console's texts."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """What the mapping gives to somebody."""

    role: Role
    departments: tuple[str, ...]


def granted(claims: Mapping[str, Any], settings: OidcSettings) -> Grant | None:
    """Role and departments for the claims of a login; None = no role is given. With several roles the strongest holds. Pure."""
    roles = {settings.oidc_roles[value] for value in _values(claims, settings.oidc_role_claim) if value in settings.oidc_roles}
    if not roles:
        return None
    role = max(roles, key=_STRENGTH.index)
    given = _values(claims, settings.oidc_department_claim) if settings.oidc_department_claim else []
    departments = tuple(dict.fromkeys(settings.oidc_departments[value] for value in given if value in settings.oidc_departments))
    if settings.oidc_department_claim and not departments and role in ("agent", "supervisor"):
        return None  # no departments would mean all of them
    return Grant(role, departments)


def _values(claims: Mapping[str, Any], name: str) -> list[str]:
    value = claims.get(name)
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, Sequence) else []


def subject_hash(issuer: str, subject: str) -> str:
    """How an account is found again: the subject alone is unique only within its issuer."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


class Oidc:
    """One provider.

    Args:
        store: the store.
        settings: issuer, client and mapping.
        secret_key: a key derived from it encrypts the state between leaving and coming back.
        public_url: this server's public address.
    """

    def __init__(self, store: Store, settings: OidcSettings, secret_key: str, public_url: Callable[[], str]) -> None:
        self._store, self.settings, self._public_url = store, settings, public_url
        self._cipher = cipher(secret_key, "fraga/desk/oidc/state")
        self._client = OAuth().register(
            "desk",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={"scope": settings.oidc_scope, "code_challenge_method": "S256", "timeout": _TIMEOUT_SECONDS},
        )

    async def leave(self, request: Request) -> tuple[str, str]:
        """Where to send the browser, and what it must bring back in its cookie.

        Raises:
            OidcRefused: the provider is down, or is not the issuer that the settings name.
        """
        request.scope["session"] = {}
        try:
            await self._check_issuer()
            answer = await self._client.authorize_redirect(request, self._public_url().rstrip("/") + CALLBACK)
        except (httpx.HTTPError, AuthlibBaseError, RuntimeError, ValueError, KeyError) as fault:
            raise self._unavailable(fault) from None
        return answer.headers["location"], self._cipher.encrypt(json.dumps(request.scope["session"]).encode()).decode()

    async def arrive(self, request: Request, cookie: str | None) -> dict[str, Any]:
        """The claims of who comes back: state, PKCE, nonce, signature, issuer, audience and times are checked.

        Raises:
            OidcRefused: anything of it is wrong, or the provider refused or is down.
        """
        try:
            request.scope["session"] = json.loads(self._cipher.decrypt((cookie or "").encode(), ttl=STATE_SECONDS))
        except (InvalidToken, ValueError):
            raise OidcRefused("oidc_state") from None
        if request.query_params.get("error"):
            raise OidcRefused("oidc_denied")
        known = request.scope["session"].get(f"_state_desk_{request.query_params.get('state')}")
        if not known or not request.query_params.get("code"):
            raise OidcRefused("oidc_state")
        try:
            await self._check_issuer()
            token = await self._client.authorize_access_token(request, leeway=30)
        except (httpx.HTTPError, RuntimeError) as fault:
            raise self._unavailable(fault) from None
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as fault:
            _log.warning("oidc_login_refused", error=type(fault).__name__)
            raise OidcRefused("oidc_refused") from None
        claims = token.get("userinfo")
        if not claims or not claims.get("sub"):
            raise OidcRefused("oidc_refused")
        return dict(claims)

    async def account(self, claims: Mapping[str, Any], now: dt.datetime) -> Agent:
        """The account of who logged in: made at the first login, and given at each what the mapping gives now.

        Raises:
            OidcRefused: no role, no e-mail address, deactivated, or the address is a local account's.
        """
        grant = granted(claims, self.settings)
        subject = subject_hash(self.settings.oidc_issuer, str(claims["sub"]))
        async with self._store.write() as tx:
            row = (await tx.conn.execute(sa.select(schema.agent).where(_a.oidc_subject == subject))).one_or_none()
            if grant is None:
                if row is not None:
                    await sessions.end_all(tx, row.id)
            elif row is None:
                return await self._made(tx, claims, grant, subject, now)
            elif row.active:
                values = {"role": grant.role, "departments": list(grant.departments)}
                if (row.role, list(row.departments)) != (grant.role, list(grant.departments)):
                    detail = {"fields": sorted(values)}
                    await write_audit(tx, actor="oidc", action="agent.changed", target=row.id, now=now, detail=detail)
                await tx.conn.execute(schema.agent.update().where(_a.id == row.id).values(**values))
                return await accounts.get(tx.conn, row.id)
        raise OidcRefused("oidc_no_role" if grant is None else "oidc_deactivated")

    async def _made(self, tx: Any, claims: Mapping[str, Any], grant: Grant, subject: str, now: dt.datetime) -> Agent:
        email, name = str(claims.get("email") or "").strip().lower(), str(claims.get("name") or "").strip()
        # An address that the provider does not vouch for could be anybody's.
        if not accounts.is_email(email) or claims.get("email_verified") is False:
            raise OidcRefused("oidc_no_email")
        account = accounts.NewAccount(email, (name or email.split("@")[0])[:100], grant.role, "", grant.departments)
        try:
            agent_id = await accounts.create(tx, account, password_hash=NO_PASSWORD, actor="oidc", now=now)
        except accounts.AccountExists:
            raise OidcRefused("oidc_exists") from None
        await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(oidc_subject=subject))
        row = (await tx.conn.execute(sa.select(schema.agent).where(_a.id == agent_id))).one()
        return agent_from(row)

    async def logout_url(self, back: str) -> str | None:
        """Where the browser goes to log out of the provider too; None when that has no such page or does not answer."""
        try:
            made = await self._client.create_logout_url(post_logout_redirect_uri=back, client_id=self.settings.oidc_client_id)
        except (httpx.HTTPError, AuthlibBaseError, RuntimeError, ValueError, KeyError):
            return None
        return str(made["url"])

    async def _check_issuer(self) -> None:
        metadata = await self._client.load_server_metadata()
        if metadata.get("issuer", "").rstrip("/") != self.settings.oidc_issuer.rstrip("/"):
            raise ValueError("the provider names another issuer than OIDC_ISSUER")

    def _unavailable(self, fault: Exception) -> OidcRefused:
        _log.error("oidc_provider_unavailable", error=type(fault).__name__)
        return OidcRefused("oidc_unavailable")


def not_set_up() -> ApiError:
    """404."""
    return ApiError(404, "not_found", "OpenID Connect is not set up here: see OIDC_ISSUER")
