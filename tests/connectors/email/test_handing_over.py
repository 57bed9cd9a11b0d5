"""One mail to a real mail server: what each of its answers, and each break of the connection, means for us."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from pathlib import Path

import pytest

from connectors.contract import OutcomeUnknown, PermanentFailure, TemporaryFailure
from connectors.email import smtp
from connectors.email.settings import EmailSettings
from connectors.email.smtp import Envelope, hand_over
from tests.connectors.email.conftest import BREAK, PASSWORD, USER, PostOffice, open_office, settings, tls

pytestmark = pytest.mark.asyncio
NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
CONTENT = b"Subject: Prov\r\n\r\n.En rad med punkt\r\nslut\r\n"


def mail(recipient: str = "anna@example.org", *, utf8: bool = False, since: dt.datetime = NOW) -> Envelope:
    return Envelope(recipient, CONTENT, utf8, since)


async def send(where: EmailSettings, envelope: Envelope | None = None, now: dt.datetime = NOW) -> None:
    await hand_over(where, envelope or mail(), now)


async def test_a_mail_is_handed_over_as_it_is(office: PostOffice) -> None:
    await send(settings(office))
    (got,) = office.got
    assert (got.mail_from, got.rcpt_tos) == ("fraga@example.org", ["anna@example.org"])
    assert got.content == CONTENT
    assert office.greetings == ["example.org"]  # not this machine's own name


@pytest.mark.parametrize(
    "answer", ["450 4.2.0 <anna@example.org>: greylisted, come back", "451 4.7.1 later, anna@example.org", "452 4.2.2 full"]
)
@pytest.mark.parametrize("command", ["rcpt", "data"])
async def test_later_means_later_for_this_recipient_alone(office: PostOffice, command: str, answer: str) -> None:
    getattr(office, command).append(answer)
    with pytest.raises(TemporaryFailure) as failed:
        await send(settings(office))
    assert failed.value.retry_after and not failed.value.whole_account
    assert "anna" not in str(failed.value) and answer[:3] in str(failed.value)
    await send(settings(office))
    assert len(office.got) == 1


async def test_the_longer_a_mail_has_waited_the_more_seldom_it_is_tried(office: PostOffice) -> None:
    office.rcpt += ["450 later"] * 3
    waits = []
    for hours in (0, 1, 20):
        with pytest.raises(TemporaryFailure) as failed:
            await send(settings(office), now=NOW + dt.timedelta(hours=hours))
        waits.append(failed.value.retry_after)
    assert waits == [60.0, 1800.0, 1800.0]


@pytest.mark.parametrize(("command", "answer"), [("rcpt", "550 5.1.1 <anna@example.org> unknown user"), ("rcpt", "553 no"),
                                                 ("data", "554 5.7.1 spam, says anna@example.org"), ("mail", "552 5.3.4 too large")])  # fmt: skip
async def test_no_means_no_and_the_reason_holds_no_address(office: PostOffice, command: str, answer: str) -> None:
    getattr(office, command).append(answer)
    with pytest.raises(PermanentFailure) as failed:
        await send(settings(office))
    assert answer[:3] in str(failed.value) and "anna" not in str(failed.value)
    assert not office.got


@pytest.mark.parametrize("answer", ["421 4.3.2 shutting down", "550 5.7.1 sender not allowed", "530 5.7.0 log in first"])
async def test_what_the_server_says_about_us_rests_the_account_and_kills_no_mail(office: PostOffice, answer: str) -> None:
    office.mail.append(answer)
    with pytest.raises(TemporaryFailure) as failed:
        await send(settings(office))
    assert failed.value.whole_account and failed.value.retry_after


async def test_a_break_before_the_text_is_simply_tried_again(office: PostOffice) -> None:
    for command in (office.mail, office.rcpt):
        command.append(BREAK)
        with pytest.raises(TemporaryFailure):
            await send(settings(office))
    assert not office.got


async def test_a_break_after_the_text_leaves_the_outcome_unknown(office: PostOffice) -> None:
    office.data.append(BREAK)
    with pytest.raises(OutcomeUnknown) as failed:
        await send(settings(office))
    assert len(office.got) == 1 and "anna" not in str(failed.value)


async def test_a_server_that_falls_silent_after_the_text_leaves_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_office() as office:
        silent = asyncio.Event()

        async def handle_DATA(*_: object) -> str:
            await silent.wait()
            return "250 at last"

        monkeypatch.setattr(office, "handle_DATA", handle_DATA)
        monkeypatch.setattr(smtp, "WHOLE_SECONDS", 0.5)
        with pytest.raises(OutcomeUnknown):
            await send(settings(office))
        silent.set()


async def test_a_server_that_is_not_there_rests_the_account() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        with pytest.raises(TemporaryFailure) as failed:
            await send(settings(port=taken.getsockname()[1]))
    assert failed.value.whole_account


async def test_a_server_that_never_greets_rests_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(TemporaryFailure) as failed:
            await send(settings(port=mute.getsockname()[1]))
    assert failed.value.whole_account


async def test_starttls_and_login(certificate: tuple[Path, Path]) -> None:
    async with open_office(starttls=tls(certificate), auth_required=True) as office:
        await send(settings(office, tls="starttls", ca_file=certificate[0], user=USER, password=PASSWORD))
        assert office.secured == [True]


async def test_tls_from_the_first_byte(certificate: tuple[Path, Path]) -> None:
    async with open_office(secure=tls(certificate)) as office:
        await send(settings(office, tls="tls", ca_file=certificate[0]))
        assert len(office.got) == 1


async def test_nothing_goes_out_in_the_open_when_the_server_offers_no_tls(office: PostOffice) -> None:
    with pytest.raises(TemporaryFailure) as failed:
        await send(settings(office, tls="starttls"))
    assert failed.value.whole_account and not office.got


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: tuple[Path, Path], mode: str) -> None:
    context = tls(certificate)
    async with open_office(**{"starttls" if mode == "starttls" else "secure": context}) as office:
        with pytest.raises(TemporaryFailure) as failed:
            await send(settings(office, tls=mode))
        assert failed.value.whole_account and not office.got


async def test_a_wrong_password_rests_the_account_and_is_not_told(certificate: tuple[Path, Path]) -> None:
    async with open_office(starttls=tls(certificate), auth_required=True) as office:
        with pytest.raises(TemporaryFailure) as failed:
            await send(settings(office, tls="starttls", ca_file=certificate[0], user=USER, password="wrong-one"))
        assert failed.value.whole_account and "wrong-one" not in str(failed.value) and USER not in str(failed.value)


async def test_an_address_in_other_letters_needs_a_server_that_knows_them(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(settings(office), mail("åsa@xn--gteborg-90a.se", utf8=True))
    assert office.got[0].rcpt_tos == ["åsa@xn--gteborg-90a.se"]
    assert "SMTPUTF8" in office.got[0].mail_options

    async def plain_EHLO(server: object, session: object, envelope: object, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname  # type: ignore[attr-defined]
        return [response for response in responses if "SMTPUTF8" not in response]

    monkeypatch.setattr(office, "handle_EHLO", plain_EHLO)
    with pytest.raises(PermanentFailure):
        await send(settings(office), mail("åsa@example.org", utf8=True))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"from_address": "no address"}, "from_address"),
        ({"from_address": "åsa@example.org"}, "from_address"),
        ({"from_name": "Fråga\r\nBcc: all@example.org"}, "from_name"),
        ({"contact_addresses": "nobody=kc@example.org"}, "contact_addresses"),
        ({"contact_addresses": "kontaktcenter=no address"}, "contact_addresses"),
        ({"ca_file": "/no/such/file.pem"}, "ca_file"),
        ({"user": "only"}, "PASSWORD"),
        ({"tls": "maybe"}, "tls"),
    ],
)
async def test_a_wrong_setting_is_named(values: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        settings(**values)
