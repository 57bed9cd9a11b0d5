"""Settings of identity, from the environment and `.env`; see `.env.example`."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.settings import ROOT, ConfigurationError
from handover.rights import Role


class IdentitySettings(BaseSettings):
    """The second factor.

    Args:
        desk_totp_required: roles with commas between whose members can do nothing before they have set one up; left out, admin
            and supervisor in production and nobody in development.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    desk_totp_required: str | None = Field(None)

    def totp_roles(self, fraga_env: str) -> frozenset[str]:
        """Who must have a second factor.

        Raises:
            ConfigurationError: there is no such role.
        """
        given = self.desk_totp_required
        if given is None:
            given = "" if fraga_env == "development" else "admin,supervisor"
        roles = frozenset(part.strip() for part in given.split(",") if part.strip())
        if unknown := sorted(roles - set(get_args(Role))):
            known = ", ".join(get_args(Role))
            raise ConfigurationError(f"DESK_TOTP_REQUIRED: no such role: {', '.join(unknown)}; there are: {known}")
        return roles


class OidcSettings(BaseSettings):
    """Login by OpenID Connect; off without OIDC_ISSUER.

    Args:
        oidc_roles: value of the role claim → role at the desk.
        oidc_department_claim: left out, the departments are not the provider's to say, and its agents serve all.
        oidc_departments: value of that claim → key of `knowledge/departments.yml`.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scope: str = "openid email profile"
    oidc_role_claim: str = "groups"
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    oidc_department_claim: str = ""
    oidc_departments: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> OidcSettings:
        if not self.oidc_issuer:
            return self
        address = urlsplit(self.oidc_issuer)
        if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("OIDC_ISSUER must begin with https://, for example https://login.goteborg.example/realms/staff")
        given = {
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret.get_secret_value(),
            "OIDC_ROLES": self.oidc_roles,
        }
        lacking = [name for name, value in given.items() if not value]
        if lacking:
            raise ValueError(
                f"{', '.join(lacking)} is missing, OIDC_ISSUER is set; OIDC_ROLES is for example "
                '{"kundtjanst": "agent", "kundtjanst-ledning": "supervisor", "it-drift": "admin"}'
            )
        if self.oidc_departments and not self.oidc_department_claim:
            raise ValueError("OIDC_DEPARTMENT_CLAIM is missing, OIDC_DEPARTMENTS is set")
        return self


def load_identity() -> tuple[IdentitySettings, OidcSettings]:
    """Reads the settings: of the second factor, and of OpenID Connect.

    Raises:
        ConfigurationError: names each setting at fault.
    """
    try:
        return IdentitySettings(), OidcSettings()
    except ValidationError as invalid:
        faults = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}".lstrip(": ") for e in invalid.errors()]
        raise ConfigurationError("; ".join(faults)) from None
