"""A real SMTP server (aiosmtpd) that can be told to refuse, to say "later" and to break off; and the app that sends by it."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import email.policy
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.email.settings import EmailSettings
from tests.bot.conftest import core, script

__all__ = ["core", "script"]
USER, PASSWORD = "fraga", "ett-lösenord-för-prov"
BREAK = "break"  # an answer of `PostOffice`: the connection is cut instead


@dataclass
class PostOffice:
    """What the server does, and what it got.

    Args:
        mail, rcpt, data: answers to the next commands, first first; when there are none left, all is well.
    """

    port: int = 0
    mail: list[str] = field(default_factory=list)
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    got: list[Envelope] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    sessions: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        self.greetings.append(hostname)
        return responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self._next(server, self.mail)
        if answer.startswith("2"):
            envelope.mail_from, envelope.mail_options = address, options
        return answer

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self._next(server, self.rcpt)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._next(server, self.data)
        if answer.startswith("2") or answer == BREAK:  # broken off after it was taken: what nobody can know on our side
            self.got.append(envelope)
            self.secured.append(session.ssl is not None)
        return answer

    def _next(self, server: SMTP, answers: list[str]) -> str:
        answer = answers.pop(0) if answers else "250 2.0.0 OK"
        if answer == BREAK:
            assert server.transport is not None
            server.transport.abort()
        return answer

    def letters(self) -> list[EmailMessage]:
        """What was taken, parsed as a reader's program does."""
        return [email.message_from_bytes(bytes(taken.content or b""), policy=email.policy.default) for taken in self.got]  # type: ignore[misc,arg-type]

    async def gets(self, count: int, seconds: float = 60.0) -> list[EmailMessage]:
        """Waits until so many letters have come."""
        async with asyncio.timeout(seconds):
            while len(self.got) < count:
                await asyncio.sleep(0.02)
        return self.letters()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A certificate of this machine's own, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    yield folder / "cert.pem", folder / "key.pem"


def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@asynccontextmanager
async def open_office(
    *, starttls: ssl.SSLContext | None = None, secure: ssl.SSLContext | None = None, **kwargs: Any
) -> AsyncIterator[PostOffice]:
    """A server while the block runs.

    Args:
        starttls: it offers STARTTLS.
        secure: it speaks TLS from the first byte.
    """
    office = PostOffice()

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))

    loop = asyncio.get_running_loop()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        office.port = listening.getsockname()[1]
        server = await loop.create_server(
            lambda: SMTP(office, loop=loop, hostname="post.example.org", tls_context=starttls, authenticator=authenticate,
                         enable_SMTPUTF8=True, **kwargs),
            sock=listening, ssl=secure,
        )  # fmt: skip
        try:
            yield office
        finally:
            server.close()


@pytest_asyncio.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A server that takes everything."""
    async with open_office() as opened:
        yield opened


def settings(office: PostOffice | None = None, **values: Any) -> EmailSettings:
    """The settings of an account, without any file or environment."""
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": office.port if office else 1,
        "tls": "none",
        "from_address": "fraga@example.org",
    }
    return EmailSettings(_env_file=None, _env_prefix="NOT_SET_", **given | values)
