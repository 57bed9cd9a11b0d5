"""What staff at another desk read. In Swedish: they are the city's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from handover.desks.contract import Case

AUTHORS = {"citizen": "Medborgaren", "bot": "AI-tjänsten", "agent": "Handläggare", "system": "AI-tjänsten"}
FINISHED = {
    "left": "Medborgaren väntar inte längre och får inga fler svar härifrån.",
    "ended": "Medborgaren har avslutat samtalet och får inga fler svar härifrån.",
    "elsewhere": "En kollega har tagit samtalet i stadens egen handläggarvy. Svar härifrån når inte medborgaren.",
    "returned": "Den automatiska AI-tjänsten svarar medborgaren igen. Svar härifrån når inte fram.",
    "closed": "Samtalet är avslutat. Svar härifrån når inte medborgaren.",
}  # fmt: skip
LATE = "Ditt senaste meddelande nådde inte medborgaren: samtalet är inte längre hos er."
FILES = "Bilagan nådde inte medborgaren. Skriv svaret som text."
WITHDRAWN = "Medborgaren har tagit tillbaka sitt ja till att lämna vidare det som skrevs tidigare. Läs och använd det inte."
NO_TEXT = "Medborgaren ville inte lämna vidare det som skrivits tidigare."


def transcript(messages: Iterable[dict[str, Any]]) -> str:
    """What the citizen was shown and agreed to pass on, line by line."""
    return "\n".join(f"{AUTHORS[one['author']]} ({one['language']}): {one['text']}" for one in messages)


def heading(case: Case) -> str:
    """What the case is about, before the transcript."""
    lines = [
        f"Ärende {case.reference} från Fråga Göteborg",
        f"Gäller: {case.topic}" if case.topic else "",
        f"Förvaltning: {case.department_name}",
        f"Medborgarens språk: {case.language}",
        "BRÅDSKANDE" if case.urgent else "",
        f"Svar senast: {case.due:%Y-%m-%d %H:%M}" if case.due else "",
        *(f"{'Telefon' if one.kind == 'phone' else 'E-post'}: {one.value}" for one in case.contacts),
    ]
    return "\n".join(line for line in lines if line)
