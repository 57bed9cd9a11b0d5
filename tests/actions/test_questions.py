"""Where one question ends and the next begins."""

import pytest

from actions.questions import split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Vad kostar tippen? När öppnar den?", ["Vad kostar tippen?", "När öppnar den?"]),
        ("Vad kostar tippen?\nHur söker jag bygglov?", ["Vad kostar tippen?", "Hur söker jag bygglov?"]),
        ("Hur söker jag förskola och vad kostar hemtjänst?", ["Hur söker jag förskola", "vad kostar hemtjänst?"]),
        ("How do I apply and what does it cost?", ["How do I apply", "what does it cost?"]),
        ("Miten haen paikkaa ja paljonko se maksaa?", ["Miten haen paikkaa", "paljonko se maksaa?"]),
        ("أين أسلم النفايات؟ كم يكلف ذلك؟", ["أين أسلم النفايات؟", "كم يكلف ذلك؟"]),
        ("Sidee baan u codsadaa iyo imisa ayay ku kacdaa?", ["Sidee baan u codsadaa", "imisa ayay ku kacdaa?"]),
    ],
)
def test_two_questions_are_two_parts(text, parts):
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Vad kostar tippen?",
        "hund och katt",
        "Kan jag lämna färg och lack på tippen?",
        "Hallå? Vad kostar tippen?",
        "Jag har flyttat. Hur söker jag förskola?",
        "Vad kostar A? Hur gör B det? Var finns C då?",
        "var är den och hur gör jag",
    ],
)
def test_one_question_stays_whole(text):
    assert split(text) == [text]
