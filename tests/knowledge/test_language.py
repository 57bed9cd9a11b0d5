"""A message's language is found from what it says; words of any language leave the conversation's language alone."""

import pytest

from knowledge.language import LanguageDetector
from knowledge.language_model import build_word_model
from knowledge.settings import Settings


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    settings = Settings()
    return LanguageDetector(settings.tuning.languages, build_word_model(settings, print))


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
        ("Comment inscrire mon enfant à la maternelle ?", "fr"),
        ("Kako da upišem dijete u vrtić?", "bs"),
        ("Како да упишем дете у вртић?", "bs"),
        ("Ez çawa dikarim zarokê xwe li baxçeyê zarokan tomar bikim?", "ku"),
        ("چۆن منداڵەکەم لە باخچەی ساوایان تۆمار بکەم؟", "ckb"),
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
        ("moi", "sv", "fi"),
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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("soka forskola", "sv"),
        ("hamta sopor", "sv"),
        ("paivakotipaikka", "fi"),
        ("nasil basvuru yapabilirim", "tr"),
        ("jak zapisac dziecko", "pl"),
        ("necesito informacion", "es"),
        ("kako da upisem dijete", "bs"),
    ],
)
def test_letters_left_out_on_a_foreign_keyboard_do_not_hide_the_language(
    detector: LanguageDetector, text: str, language: str
) -> None:
    assert detector.detect(text).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("salam kifak bdi es2al", "ar"),
        ("marhaba, shu lazem a3mel la tefl", "ar"),
        ("salam man mikham bacham ro sabtenam konam", "fa"),
        ("mikham beporsam koja bayad beram", "fa"),
        ("salam man mikham", "fa"),
    ],
)
@pytest.mark.parametrize("hint", [None, "sv", "en"])
def test_arabic_and_persian_in_latin_letters_are_recognised(
    detector: LanguageDetector, text: str, language: str, hint: str | None
) -> None:
    found = detector.detect(text, hint)
    assert found.language == language
    assert found.probability >= 0.75


@pytest.mark.parametrize("text", ["salam", "shukran", "3ala", "salaam!"])
def test_a_lone_such_word_is_not_swedish_but_changes_no_conversation(detector: LanguageDetector, text: str) -> None:
    found = detector.detect(text)
    assert found.language != "sv"
    assert found.probability < 0.75


@pytest.mark.parametrize(
    "text",
    [
        "covid19 hemma",
        "ska 7an gå till Majorna",
        "buss16 mot Angered",
        "b2b företag",
        "hyra 3rok i Majorna",
        "mp3 och wifi på biblioteket",
        "jag vill ha sms",
    ],
)
def test_a_digit_in_a_word_is_not_arabic(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text, "sv").language == "sv"


@pytest.mark.parametrize(
    "text",
    ["Angered", "majorna", "Biskopsgården?", "Anna Kowalska", "Olena Kovalenko", "Storgatan 5", "södra vägen 12 B", "Nordstan",
     "ikea", "Göteborg Malmö", "212000-1355", "anna@example.org", "...", "\n\t", "🙂🙂"],
)  # fmt: skip
@pytest.mark.parametrize("hint", ["ar", "fi", "en", "uk", "sv"])
def test_names_places_and_addresses_keep_the_conversations_language(detector: LanguageDetector, text: str, hint: str) -> None:
    assert detector.detect(text, hint).language == hint


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("How do I apply for bostadsbidrag?", "sv", "en"),
        ("Miten haen bostadsanpassningsbidrag", "sv", "fi"),
        ("quiero pedir färdtjänst para mi madre", "sv", "es"),
        ("كيف اقدم على försörjningsstöd", "sv", "ar"),
        ("من student هستم، می‌تونم از socialen بگیرم försörjningsstöd؟", "sv", "fa"),
        ("Чи потрібен bygglov для eldstad?", "sv", "uk"),
        ("Vad betyder شكرا på svenska?", "ar", "sv"),
        ("Jag söker jobb som nurse på sjukhus", "en", "sv"),
    ],
)
def test_a_word_of_another_language_in_the_sentence_does_not_decide(
    detector: LanguageDetector, text: str, hint: str, language: str
) -> None:
    assert detector.detect(text, hint).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo kann ich meinen Müll entsorgen?", "de"),
        ("Как записать ребёнка в детский сад?", "ru"),
        ("Hvordan søger jeg en plads i børnehaven?", "da"),
        ("Hvordan søker jeg barnehageplass til jenta mi?", "nb"),
        ("Cum îmi înscriu copilul la grădiniță?", "ro"),
        ("我怎么给孩子报名幼儿园？", "zh"),
        ("保育園にはどうやって申し込みますか", "ja"),
        ("어린이집은 어떻게 신청하나요?", "ko"),
        ("ልጄን መዋዕለ ሕፃናት እንዴት አስመዘግባለሁ?", "am"),
        ("איך רושמים ילד לגן?", "he"),
        ("میں اپنے بچے کو اسکول میں کیسے داخل کروں؟", "ur"),
    ],
)
def test_a_language_without_texts_is_recognised_as_itself(detector: LanguageDetector, text: str, language: str) -> None:
    found = detector.detect(text, "sv")
    assert found.language == language
    assert found.probability > 0.75


def test_a_script_we_do_not_know_is_nobodys_language(detector: LanguageDetector) -> None:
    found = detector.detect("ကလေးထိန်းကျောင်း", "sv")
    assert (found.language, found.probability) == ("en", 0.5)


@pytest.mark.parametrize(
    "text", ["a" * 2000, "ord " * 500, "\u202eتسا\u202c", "<script>alert(1)</script>", "\x00", "ﷺ", "''''", "’"]
)
def test_any_text_gets_an_answer(detector: LanguageDetector, text: str) -> None:
    found = detector.detect(text)
    assert found.language
    assert 0 <= found.probability <= 1


def test_without_the_model_of_words_a_sentence_is_still_recognised() -> None:
    alone = LanguageDetector(Settings().tuning.languages)
    assert alone.detect("Hur söker jag plats i förskolan?").language == "sv"
    assert alone.detect("Miten haen päiväkotipaikkaa?").language == "fi"
