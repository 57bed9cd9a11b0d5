""" "Människa" works always, in any words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

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
immisa qof ayaa ku nool Göteborg
koliko osoba smije stanovati u stanu
prava osoba s invaliditetom
ljudska prava
cuánto cuesta por persona
ayuda para una persona mayor
derechos humanos
droits humains
combien de personnes dans le logement
ma grand-mère est une personne âgée
ile osób może mieszkać w mieszkaniu
prawa człowieka
insan hakları
dairede kaç insan oturabilir
скільки людей може жити в квартирі
права людини
mafên mirovan
çend mirov dikarin di malekê de bimînin
مافی مرۆڤ
ክንደይ ሰብ ኣብ ሓደ ገዛ ክነብር ይኽእል
حقوق انسان
چند نفر می‌توانند در یک خانه زندگی کنند""".splitlines()


def asked_later() -> list[str]:
    by_language = yaml.safe_load((Path(__file__).parent / "corpus" / "human.yml").read_text(encoding="utf-8"))
    return [line for lines in by_language.values() for line in lines.splitlines()]


@pytest.mark.parametrize("text", ASKED + asked_later())
def test_d3_a_human_is_asked_for_in_any_words(text: str) -> None:
    assert wants_human(text)


def test_no_everyday_message_asks_for_a_human() -> None:
    texts = [
        line
        for path in sorted((Path(__file__).parent / "corpus").glob("everyday_*.yml"))
        for line in yaml.safe_load(path.read_text(encoding="utf-8"))["messages"].splitlines()
    ]
    appointment_with_staff = "أريد موعداً مع موظف"
    assert [text for text in texts if wants_human(text)] == [appointment_with_staff]


@pytest.mark.parametrize("word", ["persona", "osoba", "insan", "ሰብ", "مرۆڤ", "людина"])
def test_the_word_of_the_greeting_counts_alone_but_not_inside_another_sentence(word: str) -> None:
    assert wants_human(f" {word}! ")
    assert not wants_human(f"Linnégatan {word} parkering")


@pytest.mark.parametrize("text", NOT_ASKED)
def test_a_question_that_only_contains_the_word_is_a_question(text: str) -> None:
    assert not wants_human(text)


def test_the_rule_or_the_signal_is_enough() -> None:
    assert decide_human(True, {})
    assert decide_human(False, {"ask_human": 0.8})
    assert not decide_human(False, {"ask_human": 0.2, "faq": 0.8})
