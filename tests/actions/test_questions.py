"""The ways a message may be divided; which of them is right, retrieval decides."""

import pytest

from actions.questions import readings


@pytest.mark.parametrize(
    ("text", "language", "parts"),
    [
        ("Vad kostar tippen? När öppnar den?", "sv", ("Vad kostar tippen?", "När öppnar den?")),
        ("Vad kostar tippen?\nHur söker jag bygglov?", "sv", ("Vad kostar tippen?", "Hur söker jag bygglov?")),
        ("Hej! Jag har flyttat. Hur söker jag förskola? Vad kostar den?", "sv", ("Hur söker jag förskola?", "Vad kostar den?")),
        ("Hur söker jag förskola och vad kostar hemtjänst?", "sv", ("Hur söker jag förskola", "vad kostar hemtjänst?")),
        ("How do I apply and what does it cost?", "en", ("How do I apply", "what does it cost?")),
        ("how do i apply\nwhat does it cost", "en", ("how do i apply", "what does it cost")),
        ("Miten haen paikkaa ja paljonko se maksaa?", "fi", ("Miten haen paikkaa", "paljonko se maksaa?")),
        ("أين أسلم النفايات؟ كم يكلف ذلك؟", "ar", ("أين أسلم النفايات؟", "كم يكلف ذلك؟")),
        ("كيف أسجل طفلي وكم يكلف ذلك؟", "ar", ("كيف أسجل طفلي", "كم يكلف ذلك؟")),
        ("چطور ثبت نام کنم و هزینه آن چقدر است؟", "fa", ("چطور ثبت نام کنم", "هزینه آن چقدر است؟")),
        ("Sidee baan u codsadaa iyo imisa ayay ku kacdaa?", "so", ("Sidee baan u codsadaa", "imisa ayay ku kacdaa?")),
        ("¿Cómo lo solicito y cuánto cuesta?", "es", ("¿Cómo lo solicito", "cuánto cuesta?")),
        ("Jak złożyć wniosek i ile to kosztuje?", "pl", ("Jak złożyć wniosek", "ile to kosztuje?")),
        ("Kako da se prijavim i koliko to košta?", "bs", ("Kako da se prijavim", "koliko to košta?")),
        ("Як подати заявку і скільки це коштує?", "uk", ("Як подати заявку", "скільки це коштує?")),
        ("Nasıl başvururum ve ücreti ne kadar?", "tr", ("Nasıl başvururum", "ücreti ne kadar?")),
        ("Comment faire la demande et combien ça coûte ?", "fr", ("Comment faire la demande", "combien ça coûte ?")),
    ],
)
def test_two_questions_are_two_parts(text, language, parts):
    assert readings(text, language) == [parts]


def test_three_questions_are_three_parts():
    assert readings("Vad kostar tippen? När öppnar den? Var ligger den?", "sv") == [
        ("Vad kostar tippen?", "När öppnar den?", "Var ligger den?")
    ]


def test_each_conjunction_is_one_way_to_divide():
    assert readings("Hur söker jag förskola och fritids och vad kostar det?", "sv") == [
        ("Hur söker jag förskola", "fritids och vad kostar det?"),
        ("Hur söker jag förskola och fritids", "vad kostar det?"),
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Vad kostar tippen?", "sv"),
        ("hund och katt", "sv"),
        ("Hallå? Vad kostar tippen?", "sv"),
        ("Jag har flyttat. Hur söker jag förskola?", "sv"),
        ("Vad är A? Hur gör B det? Var finns C då? När kommer D hem?", "sv"),
        ("kan man lämna färg i tippen", "sv"),
        ("Vi har köpt hus. Det är fukt i källaren. Vem hjälper oss", "sv"),
        ("We are moving, how do we get a school place?", "en"),
        ("how do I apply i vad kostar", "zz"),
        ("", "sv"),
        ("???", "sv"),
        ("och och och", "sv"),
        ("?" * 2000, "ar"),
    ],
)
def test_one_question_stays_whole(text, language):
    assert readings(text, language) == []
