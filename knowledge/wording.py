"""Wording that an article must or must not have, per language: amounts, "may have changed", promises, opening hours.

A pattern stands here only where it is sure; a language without one is not checked for that rule.
"""

from __future__ import annotations

import re

AMOUNT = re.compile(
    r"\d\s*(?:kr\b|kronor|öre\b|sek\b|kruunua|kruunun|kroner|koron|coronas?\b|couronnes?\b|krun[aeu]\b|kron\b|крон|کرون(?!ا))"
    r"|(?:sek|kr)\s*\d|كرون",
    re.IGNORECASE,
)
YEAR = re.compile(r"\b20\d\d\b")

MAY_CHANGE = {
    "sv": re.compile(r"ändra", re.IGNORECASE),
    "en": re.compile(r"chang", re.IGNORECASE),
    "fi": re.compile(r"muuttu|muutta", re.IGNORECASE),
    "ar": re.compile("تغي|يتغير|تتغير"),
    "so": re.compile(r"beddel|doorso", re.IGNORECASE),
    "fa": re.compile("تغییر|عوض شد"),
    "es": re.compile(r"cambi|varia|modific", re.IGNORECASE),
    "pl": re.compile(r"zmien|zmian", re.IGNORECASE),
    "bs": re.compile(r"promijen|mijenja|izmijen", re.IGNORECASE),
    "uk": re.compile(r"змін", re.IGNORECASE),
    "tr": re.compile(r"değiş", re.IGNORECASE),
    "fr": re.compile(r"chang|modifi|évolu", re.IGNORECASE),
}

# The right to appeal is no promise of a benefit: where a language says both with the same words, it is let through.
PROMISE = {
    "sv": re.compile(r"\bdu har rätt till\b", re.IGNORECASE),
    "en": re.compile(r"\byou (?:are|'re) entitled to\b", re.IGNORECASE),
    "fi": re.compile(r"\bsinulla on oikeus\b", re.IGNORECASE),
    "ar": re.compile("يحق لك الحصول"),
    "so": re.compile(r"\bxaq ayaad u leedahay\b", re.IGNORECASE),
    "fa": re.compile("شما مستحق"),
    "es": re.compile(
        r"\b(?:tienes?|usted tiene) derecho a(?:l|\s+(?:un|una|el|la|los|las|ayuda|recibir|obtener))\b", re.IGNORECASE
    ),
    "pl": re.compile(r"\bmasz prawo do (?!odwoł)|\bprzysługuje (?:ci|panu|pani)\b", re.IGNORECASE),
    "bs": re.compile(r"\bimat?[eš] pravo na (?!žalb|prigovor)", re.IGNORECASE),
    "uk": re.compile(r"\bма(?:єте|єш) право на (?!оскарж|апеляц)", re.IGNORECASE),
    "tr": re.compile(r"\bhak sahibi(?:siniz|sin)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:vous avez|tu as) droit (?:à|au|aux)\b", re.IGNORECASE),
}

_CLOCK = r"(?:kl\.?\s*|klo\s*|الساعة\s*|ساعت\s*|saat\s*|godz\.?\s*)?\d{1,2}(?:[.:]\d{2})?\s*(?:[ap]\.?m\.?)?"
OPENING = re.compile(  # a range from 0 is an age
    r"(?:öppet|öppnar|öppettider|stänger|bemanna\w*|telefontid\w*|\bopen\b|opens|closes|opening hours"
    r"|auki|avoinna|aukeaa|مفتوح|furan|abiert[oa]|\babre\b|otwart[eya]|czynn[eya]|otvoren[oai]?\b|відчинен|працює|\baçık|ouvert)"
    rf"[^.\n]{{0,60}}?(?:(?:kl\.?|klo|at|الساعة|saacad\w*|ساعت|saat|godz\.?)\s*\d{{1,2}}|(?!0\s*[-–]){_CLOCK}\s*[-–]\s*{_CLOCK}\b(?!\s*(?:kr|år|dag)))",
    re.IGNORECASE,
)
