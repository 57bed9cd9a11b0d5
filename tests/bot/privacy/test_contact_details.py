"""What a citizen answers who is asked for a number or an address."""

from __future__ import annotations

import pytest

from bot.privacy.contact_details import read, valid_email, valid_phone


@pytest.mark.parametrize(
    ("text", "kind", "value", "left"),
    [
        ("070-174 06 05", "phone", "+46701740605", "[telefon]"),
        ("0701740605", "phone", "+46701740605", "[telefon]"),
        ("Ring mig på 031-711 00 31 efter fem", "phone", "+46317110031", "Ring mig på [telefon] efter fem"),
        ("+46 (0)70 174 06 05", "phone", "+46701740605", "[telefon]"),
        ("0046701740605", "phone", "+46701740605", "[telefon]"),
        ("+358 40 123 4567", "phone", "+358401234567", "[telefon]"),
        ("٠٧٠١٧٤٠٦٠٥", "phone", "+46701740605", "[telefon]"),
        ("anna.svensson@example.org", "email", "anna.svensson@example.org", "[e-post]"),
        ("Min adress är Anna@Example.ORG, tack", "email", "Anna@example.org", "Min adress är [e-post], tack"),
        ("åsa@göteborg.se", "email", "åsa@göteborg.se", "[e-post]"),
    ],
)
def test_it_is_found_checked_and_taken_out(text: str, kind: str, value: str, left: str) -> None:
    answer = read(text)
    assert [(detail.kind, detail.value) for detail in answer.given] == [(kind, value)]
    assert answer.text == left
    assert answer.masked == ()


def test_a_number_and_an_address_are_both_kept_and_of_two_numbers_the_first() -> None:
    answer = read("070-174 06 05 eller 070-174 06 06, anna@example.org")
    assert {detail.value for detail in answer.given} == {"+46701740605", "anna@example.org"}
    assert answer.text == "[telefon] eller [telefon], [e-post]"


def test_a_mobile_number_that_could_be_an_identity_number_is_a_number_unless_it_is_written_as_an_identity() -> None:
    assert [detail.value for detail in read("0701012395").given] == ["+46701012395"]
    assert read("0701012395").text == "[telefon]"
    for written in ("070101-2395", "20070101-2395", "200701012395"):
        assert not read(written).given
        assert read(written).text == "[personnummer]"


@pytest.mark.parametrize(
    "text", ["123", "070-174", "0701740605123", "anna@", "anna@exempel", "a@b@c.se", "031-365 00 00", "112", "0939-123456789"]
)
def test_what_is_none_is_tried_again(text: str) -> None:
    answer = read(text)
    assert not answer.given
    assert answer.tried or text in ("123", "112")


@pytest.mark.parametrize("text", ["nej tack", "vad kostar det?", "jag har 2 barn"])
def test_something_else_is_not_an_attempt(text: str) -> None:
    answer = read(text)
    assert (answer.given, answer.tried, answer.text) == ((), False, text)


def test_other_personal_data_is_hidden_as_always() -> None:
    answer = read("070-174 06 05, personnummer 811218-9876")
    assert answer.text == "[telefon], personnummer [personnummer]"
    assert answer.masked == ("personnummer",)


def test_a_value_is_in_no_repr() -> None:
    assert "701740605" not in repr(read("070-174 06 05"))


@pytest.mark.parametrize(
    "address",
    ["anna@example.org\r\nBcc: x@example.org", "anna@example.org, x@example.org", '"a b"@example.org', "anna@localhost", "@", ""],
)
def test_no_address_ends_a_line_or_begins_another(address: str) -> None:
    assert valid_email(address) is None


@pytest.mark.parametrize("number", ["", "x", "0900-123 45 67", "020-22 22 22", "0771-11 43 00"])
def test_no_number_that_nobody_is_called_back_on(number: str) -> None:
    assert valid_phone(number) is None
