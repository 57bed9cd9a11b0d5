"""A message's language is found from what it says; words of any language leave the conversation's language alone."""

import pytest

from knowledge.language import LanguageDetector
from knowledge.settings import Settings


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector(Settings().tuning.languages)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hur söker jag förskoleplats?", "sv"),
        ("hur gor jag for att fa en soptunna", "sv"),
        ("vad kostar tippen", "sv"),
        ("How do I apply for preschool?", "en"),
        ("where is the library", "en"),
        ("Miten haen päiväkotipaikkaa?", "fi"),
        ("haluan puhua ihmisen kanssa", "fi"),
        ("كيف أسجل طفلي في الروضة؟", "ar"),
        ("اريد مساعدة", "ar"),
        ("Sideen u codsadaa xannaanada carruurta?", "so"),
        ("waxaan rabaa inaan qof la hadlo", "so"),
        ("چطور برای مهدکودک ثبت نام کنم؟", "fa"),
        ("¿Cómo solicito una plaza en la guardería?", "es"),
        ("Jak zapisać dziecko do przedszkola?", "pl"),
        ("Як записати дитину до садочка?", "uk"),
        ("Çocuğumu anaokuluna nasıl kaydettiririm?", "tr"),
        ("ንቆልዓይ ኣብ ኣጸደ ህጻናት ከመይ ገይረ የመዝግቦ?", "ti"),
    ],
)
def test_a_sentence_is_recognised(detector: LanguageDetector, text: str, language: str) -> None:
    found = detector.detect(text)
    assert found.language == language
    assert found.probability > 0.5


@pytest.mark.parametrize(
    "text", ["BankID", "sfi", "SFI?", "ok", "Frölunda", "12345", "", "👍", "Mohammed Ali", "031-365 00 00", "https://goteborg.se"]
)
@pytest.mark.parametrize("hint", ["so", "fi", "en", "ar"])
def test_words_of_any_language_keep_the_conversations_language(detector: LanguageDetector, text: str, hint: str) -> None:
    assert detector.detect(text, hint).language == hint


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("hej", "en", "sv"),
        ("tack", "en", "sv"),
        ("thanks", "sv", "en"),
        ("kiitos", "sv", "fi"),
        ("mahadsanid", "sv", "so"),
        ("شكرا", "sv", "ar"),
        ("Tack, men hur söker jag bygglov?", "ar", "sv"),
        ("Hur får jag BankID?", "en", "sv"),
        ("I need help with BankID", "sv", "en"),
        ("Can I talk to someone about sfi?", "sv", "en"),
    ],
)
def test_a_clear_word_changes_the_language_at_once(detector: LanguageDetector, text: str, hint: str, language: str) -> None:
    assert detector.detect(text, hint).language == language


def test_a_hint_we_do_not_know_is_ignored(detector: LanguageDetector) -> None:
    assert detector.detect("ok", "xx").language == "sv"


def test_masked_values_say_nothing(detector: LanguageDetector) -> None:
    assert detector.detect("[telefon]", "fi").language == "fi"
