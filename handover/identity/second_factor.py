"""The second factor of local accounts: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

import pyotp
import segno
import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from bot.store import schema
from bot.store.engine import Transaction
from handover.identity.keys import cipher, derive
from handover.repository import write_audit

_a, _r = schema.agent.c, schema.recovery_code.c
_STEP_SECONDS: Final = 30
_DRIFT: Final = 1  # steps that a telephone's clock may be off, each way
_RECOVERY_CODES: Final = 10
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 signs without those that look alike (I and 1, O and 0)
ISSUER: Final = "Fråga Göteborg"


class AlreadyEnrolled(ValueError):
    """The account has a second factor: it is taken away before another is set up."""


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs. Shown once, to its owner.

    Args:
        secret: base32, to type.
        qr: a picture of the same, as a `data:` address; drawn here, no third party sees it.
    """

    secret: str
    qr: str


class SecondFactor:
    """Sets up, checks and takes away second factors.

    Args:
        secret_key: the setting SECRET_KEY. Two keys are derived from it: one encrypts the secrets, one hashes recovery codes.
    """

    def __init__(self, secret_key: str) -> None:
        self._cipher = cipher(secret_key, "fraga/desk/totp/encrypt")
        self._hash_key = derive(secret_key, "fraga/desk/recovery-code")

    async def begin(self, tx: Transaction, agent_id: str, *, email: str) -> Enrolment:
        """Makes a new secret. It counts from its first right code on; until then a new one takes its place.

        Raises:
            AlreadyEnrolled: there is a confirmed one.
        """
        secret = pyotp.random_base32()
        made = await tx.conn.execute(
            schema.agent.update()
            .where(_a.id == agent_id, _a.totp_confirmed_at.is_(None))
            .values(totp_secret=self._cipher.encrypt(secret.encode()), totp_last_step=None)
        )
        if made.rowcount != 1:
            raise AlreadyEnrolled("the account has a second factor already")
        uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
        # Dark on white with its margin whatever the page's colours: that is what cameras read.
        return Enrolment(secret, segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))

    async def confirm(self, tx: Transaction, agent_id: str, code: str, *, now: dt.datetime) -> list[str] | None:
        """The first code of the app: from now on the login asks for one.

        Returns:
            Recovery codes, kept nowhere in clear; None when the code is wrong or nothing was begun.
        """
        if await self._spend_code(tx, agent_id, code, now=now, confirmed=False) is None:
            return None
        await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(totp_confirmed_at=now))
        codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(_RECOVERY_CODES)]
        await tx.conn.execute(schema.recovery_code.delete().where(_r.agent_id == agent_id))
        await tx.conn.execute(
            schema.recovery_code.insert().values([{"agent_id": agent_id, "code_hash": self._hashed(one)} for one in codes])
        )
        await write_audit(tx, actor=agent_id, action="second_factor.set", target=agent_id, now=now)
        return [f"{one[:5]}-{one[5:]}" for one in codes]

    async def spend(
        self, tx: Transaction, agent_id: str, code: str, *, now: dt.datetime
    ) -> Literal["totp", "recovery"] | None:  # fmt: skip
        """Uses up a code, of the app or for recovery. Neither works a second time.

        Returns:
            Which it was; None when it is wrong or used.
        """
        if re.fullmatch(r"\d{6}", code.replace(" ", "")):
            return await self._spend_code(tx, agent_id, code, now=now, confirmed=True)
        mine = sa.and_(_r.agent_id == agent_id, _r.code_hash == self._hashed(code), _r.used_at.is_(None))
        used = await tx.conn.execute(schema.recovery_code.update().where(mine).values(used_at=now))
        if used.rowcount != 1:
            return None
        await write_audit(tx, actor=agent_id, action="second_factor.recovery_code_used", target=agent_id, now=now)
        return "recovery"

    async def _spend_code(
        self, tx: Transaction, agent_id: str, code: str, *, now: dt.datetime, confirmed: bool
    ) -> Literal["totp"] | None:  # fmt: skip
        row = (await tx.conn.execute(sa.select(_a.totp_secret, _a.totp_confirmed_at).where(_a.id == agent_id))).one_or_none()
        if row is None or row.totp_secret is None or (row.totp_confirmed_at is not None) is not confirmed:
            return None
        try:
            totp = pyotp.TOTP(self._cipher.decrypt(row.totp_secret).decode())
        except InvalidToken:  # SECRET_KEY has changed: recovery codes are of no use either, `reset --second-factor` is
            return None
        given, current = code.replace(" ", "").encode(), int(now.timestamp()) // _STEP_SECONDS
        for step in range(current - _DRIFT, current + _DRIFT + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), given):
                unused = sa.or_(_a.totp_last_step.is_(None), _a.totp_last_step < step)
                spent = await tx.conn.execute(schema.agent.update().where(_a.id == agent_id, unused).values(totp_last_step=step))
                return "totp" if spent.rowcount == 1 else None
        return None

    def _hashed(self, code: str) -> str:
        plain = re.sub(r"[\s-]", "", code).upper()
        return hmac.new(self._hash_key, plain.encode(), "sha256").hexdigest()


async def take_away(tx: Transaction, agent_id: str, *, actor: str, now: dt.datetime) -> None:
    """Takes the second factor away, with its recovery codes."""
    nothing = {"totp_secret": None, "totp_confirmed_at": None, "totp_last_step": None}
    await tx.conn.execute(schema.agent.update().where(_a.id == agent_id).values(**nothing))
    await tx.conn.execute(schema.recovery_code.delete().where(_r.agent_id == agent_id))
    await write_audit(tx, actor=actor, action="second_factor.removed", target=agent_id, now=now)
