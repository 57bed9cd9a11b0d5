"""Two questions in one message: where the first ends."""

from __future__ import annotations

import re

MOST = 2
FEWEST_WORDS = 2

# "and" before a question word begins a new question: "how do I apply and what does it cost".
_SENTENCE = re.compile(r"(?<=[?？؟])\s+|\n+")
_JOINT = re.compile(
    r"[,;]?\s+(?:"
    r"(?:och|samt)\s+(?:också\s+)?(?=(?:hur|var|vart|vad|när|vem|vilka|vilken|varför|kan|får|finns)\b)"
    r"|(?:and)\s+(?:also\s+)?(?=(?:how|where|what|when|who|which|why|can|is there|do i)\b)"
    r"|(?:ja|sekä)\s+(?=(?:miten|missä|mistä|mihin|mitä|mikä|milloin|kuka|paljonko|voinko|onko)\b)"
    r"|(?=وكيف\b|وأين\b|ومتى\b|وكم\b|وما\b|وهل\b)"
    r"|(?:iyo)\s+(?=(?:sidee|xaggee|maxaa|maxay|goorma|imisa|yaa|ma)\b)"
    r")",
    re.IGNORECASE,
)


def split(text: str) -> list[str]:
    """The questions of a message.

    Args:
        text: the message.

    Returns:
        Two parts when the message asks two things, else the message alone.
    """
    asked = "?" in text or "؟" in text or "？" in text
    sentences = [part.strip() for part in _SENTENCE.split(text)]
    questions = [part for part in sentences if part.endswith(("?", "؟", "？")) and _is_long_enough(part)]
    if len(questions) < MOST and asked:
        questions = [part.strip() for part in _JOINT.split(text) if _is_long_enough(part)]
    return questions if len(questions) == MOST else [text]


def _is_long_enough(part: str) -> bool:
    return len(part.split()) >= FEWEST_WORDS
