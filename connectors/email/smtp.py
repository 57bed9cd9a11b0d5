"""One mail to the mail server, one command at a time, so that it is always known whether the mail was handed over.

Up to the text of the mail nothing has happened: any fault is tried again. From there until the server's answer the outcome is
unknown. What the server says about itself (busy, wrong password, no TLS) rests the whole account; what it says about one
recipient is that recipient's alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import re
from dataclasses import dataclass

import aiosmtplib
import structlog

from connectors.contract import OutcomeUnknown, PermanentFailure, TemporaryFailure
from connectors.email.settings import EmailSettings

_log = structlog.get_logger(__name__)
COMMAND_SECONDS = 15.0
WHOLE_SECONDS = 25.0  # less than the outbox allows a call: only here is it known how far it came
_LEAST_WAIT_SECONDS, _MOST_WAIT_SECONDS = 60.0, 1800.0
_MISCONFIGURED_SECONDS = 300.0
_ENHANCED = re.compile(r"\A[245]\.\d{1,3}\.\d{1,3}\b")
_SERVICE_CLOSES = 421
_TOO_LARGE = 552


@dataclass(frozen=True)
class Envelope:
    """A mail ready to go.

    Args:
        recipient: one address, in plain letters unless `utf8`.
        content: header and body with their line ends.
        utf8: the address has other letters before the @: the server must know SMTPUTF8.
        since: when the mail was first to be sent.
    """

    recipient: str
    content: bytes
    utf8: bool
    since: dt.datetime


async def hand_over(settings: EmailSettings, envelope: Envelope, now: dt.datetime) -> None:
    """Gives a mail to the mail server.

    Raises:
        TemporaryFailure: it did not take it, and may do so later.
        PermanentFailure: it never will.
        OutcomeUnknown: the connection broke, or time ran out, after the text went out.
    """
    client = aiosmtplib.SMTP(
        hostname=settings.host, port=settings.server_port, use_tls=settings.tls == "tls", start_tls=settings.tls == "starttls",
        username=settings.user or None, password=settings.password.get_secret_value() or None, local_hostname=settings.domain,
        timeout=COMMAND_SECONDS, cert_bundle=str(settings.ca_file) if settings.ca_file else None,
    )  # fmt: skip
    age = (now - envelope.since).total_seconds()
    session = _Session(client, settings)
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await session.send(envelope)
    except aiosmtplib.SMTPResponseException as answer:
        raise _judged(answer, session.stage, age) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as fault:
        raise _broken(fault, session.stage) from None
    finally:
        await _leave(client)


class _Session:
    """The commands of one mail; `stage` is the one at hand."""

    def __init__(self, client: aiosmtplib.SMTP, settings: EmailSettings) -> None:
        self._client, self._settings, self.stage = client, settings, "connect"

    async def send(self, envelope: Envelope) -> None:
        client, options, encoding = self._client, [], "ascii"
        await client.connect()  # greets, secures and logs in, as the settings say
        if envelope.utf8:
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            if not client.supports_extension("smtputf8"):
                raise PermanentFailure("the mail server does not know SMTPUTF8")
            options, encoding = ["SMTPUTF8", "BODY=8BITMIME"], "utf-8"
        self.stage = "sender"
        await client.mail(self._settings.from_address, options=options, encoding=encoding)
        self.stage = "recipient"
        await client.rcpt(envelope.recipient, encoding=encoding)
        self.stage = "data"
        await client.data(envelope.content)


def _judged(answer: aiosmtplib.SMTPResponseException, stage: str, age: float) -> Exception:
    """What the server's refusal means."""
    said = _said(answer, stage)
    about_us = stage in ("connect", "sender") and answer.code != _TOO_LARGE
    if about_us or answer.code == _SERVICE_CLOSES:
        return _account_rests(said, mends_itself=answer.code // 100 == 4)
    if answer.code // 100 == 5:
        return PermanentFailure(said)
    if answer.code // 100 == 4:  # full, or greylisted: soon again, then more and more seldom; the outbox gives up after a day
        return TemporaryFailure(said, min(max(age / 2, _LEAST_WAIT_SECONDS), _MOST_WAIT_SECONDS))
    return OutcomeUnknown(said) if stage == "data" else _account_rests(said, mends_itself=False)  # not SMTP any more


def _broken(fault: Exception, stage: str) -> Exception:
    """What a broken connection, or a server that lacks what we need, means."""
    said = f"{stage}: {type(fault).__name__}"
    if stage == "data":
        return OutcomeUnknown(said)
    reachable = isinstance(fault, aiosmtplib.SMTPServerDisconnected | aiosmtplib.SMTPConnectError | TimeoutError)
    return _account_rests(said, mends_itself=reachable)


def _account_rests(said: str, *, mends_itself: bool) -> TemporaryFailure:
    """It is no mail's fault: all wait, none loses a try.

    Args:
        mends_itself: false for what an operator has to see to: password, certificate, sender.
    """
    if not mends_itself:
        _log.error("mail_server_refuses", reason=said)
    return TemporaryFailure(said, _LEAST_WAIT_SECONDS if mends_itself else _MISCONFIGURED_SECONDS, whole_account=True)


def _said(answer: aiosmtplib.SMTPResponseException, stage: str) -> str:
    """The numbers of an answer; its words often repeat the address."""
    enhanced = _ENHANCED.match(answer.message)
    return f"{stage}: {answer.code}" + (f" {enhanced.group()}" if enhanced else "")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Says goodbye if there is somebody to say it to; whatever comes of it, the mail's fate is settled."""
    if client.is_connected:
        with contextlib.suppress(Exception):
            await client.quit(timeout=2.0)
    client.close()
