"""A phone number or an e-mail address that a citizen was asked for: found in the text, checked, and taken out of it. Pure."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Final, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from bot.privacy.masking import Finding, FindingKind, mask, replaced
from bot.privacy.view import view_of

ContactKind = Literal["phone", "email"]
KINDS: Final = frozenset({"phone", "email"})

# Said before the text, so that a number without its area code or country counts as one of a telephone and is hidden too.
_ASKED_FOR: Final = "Telefonnummer: "
_IDENTITY_FORM: Final = re.compile(r"\d{6} ?[-+] ?\d{4}")
_FEWEST_DIGITS: Final = 4
_COSTS: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.UAN,
    }
)


@dataclass(frozen=True)
class Given:
    """A contact detail, in the form it is kept: a number as +46…, an address as it is sent to."""

    kind: ContactKind
    value: str = field(repr=False)


@dataclass(frozen=True)
class Reading:
    """What an answer to the question for contact details holds.

    Args:
        text: the answer with everything personal masked.
        given: at most one number and one address, valid ones only.
        tried: it looks as if a number or an address was meant.
        masked: kinds of what was hidden besides numbers and addresses.
    """

    text: str
    given: tuple[Given, ...]
    tried: bool
    masked: tuple[FindingKind, ...]


def read(text: str) -> Reading:
    """Reads a citizen's answer.

    Args:
        text: as written, cleaned.
    """
    asked = _ASKED_FOR + text
    given: dict[ContactKind, Given] = {}
    findings: list[Finding] = []
    for finding in mask(asked).findings:
        detail = _detail(finding, asked[finding.start : finding.end])
        if detail is not None and detail.kind not in given:
            given[detail.kind] = detail
            finding = dataclasses.replace(finding, kind=detail.kind)
        findings.append(finding)
    plain = view_of(text).text
    tried = "@" in plain or sum(character.isdigit() for character in plain) >= _FEWEST_DIGITS
    others = tuple(sorted({finding.kind for finding in findings} - {"phone", "email"}))
    return Reading(replaced(asked, findings).removeprefix(_ASKED_FOR), tuple(given.values()), tried, others)


def valid_phone(written: str) -> str | None:
    """A telephone number that somebody can be called back on, as +46…; None when it is none.

    Args:
        written: in any script's digits; without a country's code it is a Swedish one.
    """
    plain = view_of(written).text
    try:
        number = phonenumbers.parse(plain, "SE")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) in _COSTS:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def valid_email(written: str) -> str | None:
    """An e-mail address in its normal form; None when it is none. Nobody is asked whether it exists."""
    try:
        return validate_email(written.strip().strip("<>"), check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def _detail(finding: Finding, written: str) -> Given | None:
    if finding.kind == "email":
        address = valid_email(written)
        return Given("email", address) if address else None
    if finding.kind == "phone" or (finding.kind == "personnummer" and _rather_a_mobile(written)):
        number = valid_phone(written)
        return Given("phone", number) if number else None
    return None


def _rather_a_mobile(written: str) -> bool:
    """Some mobile numbers are also identity numbers of 2007 and later: who was asked for a number and writes one means that."""
    plain = view_of(written).text
    digits = re.sub(r"\D", "", plain)
    return len(digits) == 10 and digits.startswith("07") and not _IDENTITY_FORM.fullmatch(plain.strip())
