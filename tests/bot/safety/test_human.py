""" "Människa" works always, in any words."""

from __future__ import annotations

import pytest

from bot.safety.human import decide_human, wants_human

ASKED = """Jag vill prata med en människa
människa
MÄNNISKA!!
manniska tack
kan jag få snacka med nån riktig person
jag vill chatta med en handläggare
koppla mig till kundtjänst
finns det någon människa där
får man prata med en människa på medborgarkontoret på lördag?
jag vill inte prata med en robot
kan någon ringa upp mig
mänsklig kontakt tack
I want to talk to a human
human
real person please
can I speak to someone
connect me to an agent
haluan puhua ihmisen kanssa
ihminen
voinko jutella virkailijan kanssa
أريد التحدث مع شخص
إنسان
بدي احكي مع موظف
waxaan rabaa inaan qof la hadlo
qof
bini aadam ayaan rabaa
quiero hablar con una persona
chcę rozmawiać z człowiekiem
hoću razgovarati sa čovjekom
хочу поговорити з людиною
insanla konuşmak istiyorum
je veux parler à quelqu'un
میخواهم با یک انسان صحبت کنم
ich möchte mit einem Menschen sprechen""".splitlines()

NOT_ASKED = """mänskliga rättigheter
vad kostar det per person
hur blir jag kontaktperson
hur ansöker jag om personlig assistans
jag söker jobb som handläggare
hur många personer får bo i lägenheten
jag vill klaga på personalen på förskolan
var finns språkcafé där man kan prata svenska
vem är min handläggare
human rights office
someone parked in my spot
ihmisoikeudet
haluan hakea esikoulupaikkaa
حقوق الإنسان
أريد بطاقة مكتبة
waxaan rabaa guri
immisa qof ayaa ku nool Göteborg""".splitlines()


@pytest.mark.parametrize("text", ASKED)
def test_d3_a_human_is_asked_for_in_any_words(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize("text", NOT_ASKED)
def test_a_question_that_only_contains_the_word_is_a_question(text: str) -> None:
    assert not wants_human(text)


def test_the_rule_or_the_signal_is_enough() -> None:
    assert decide_human(True, {})
    assert decide_human(False, {"ask_human": 0.8})
    assert not decide_human(False, {"ask_human": 0.2, "faq": 0.8})
