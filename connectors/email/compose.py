"""A mail as it goes over the wire: the same bytes at every try."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from email_validator import validate_email

from connectors.email.settings import EmailSettings
from connectors.email.smtp import Envelope


@dataclass(frozen=True)
class Letter:
    """What a mail says.

    Args:
        key: makes the `Message-ID`; the same at every try, so that a mail that came twice is recognised as one.
        html: None = plain text alone.
    """

    key: str
    subject: str
    language: str
    written: dt.datetime
    plain: str
    html: str | None = None


def envelope(settings: EmailSettings, letter: Letter, address: str) -> Envelope:
    """Puts a letter into its envelope.

    Args:
        address: one that `bot.privacy.contact_details.valid_email` made.

    Raises:
        ValueError: a header would not be on one line; nothing of a citizen's stands in any.
    """
    checked = validate_email(address, check_deliverability=False)
    recipient = checked.ascii_email or checked.normalized
    utf8 = checked.ascii_email is None
    # Sent as 7 bit, so that every server can pass it on as it is.
    mail = EmailMessage(policy=(SMTPUTF8 if utf8 else SMTP).clone(cte_type="7bit"))
    mail["From"] = Address(settings.from_name, addr_spec=settings.from_address)
    username, _, domain = recipient.rpartition("@")
    mail["To"] = Address(username=username, domain=domain)
    mail["Subject"] = letter.subject
    mail["Date"] = letter.written
    mail["Message-ID"] = f"<{letter.key}@{settings.domain}>"
    # Nobody reads what comes back: no out-of-office answers, please (RFC 3834, and Exchange's own word for it).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.plain)
    if letter.html is not None:
        mail.add_alternative(letter.html, subtype="html")
        mail.set_boundary(f"=_{letter.key}")
    mail["Content-Language"] = letter.language  # last: setting the content takes away what describes it
    return Envelope(recipient, bytes(mail), utf8, letter.written)
