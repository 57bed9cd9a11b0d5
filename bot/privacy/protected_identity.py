"""Recognises that a message may come from somebody with protected personal data (skyddad identitet).

Then no free text is stored and the citizen is shown a telephone number instead (row D6 of the requirements).
"""

from functools import cache
from pathlib import Path
from typing import Final

from bot.safety.phrases import PhraseBook, in_every_script, read_phrases, words

_NOT_TYPOS: Final = ("gömma", "identity", "hinding", "binding", "skyddar", "address")


@cache
def _book() -> PhraseBook:
    loaded = read_phrases(Path(__file__).with_name("protected_identity.yml"))
    rows = [(language, phrase) for language, phrases in loaded.items() for phrase in in_every_script(language, phrases)]
    return PhraseBook(rows, not_typos=_NOT_TYPOS)


def mentions_protected_identity(text: str) -> bool:
    """Whether a message says that the sender's identity or whereabouts are protected.

    Deliberately cautious: a general question about the topic ("vad är skyddad identitet?") counts as well. Whoever asks
    may be asking for their own sake, and being wrong costs a telephone number shown in vain, not somebody's safety.

    Args:
        text: The citizen's message, in any language.

    Returns:
        True if no free text of this conversation may be stored from now on.
    """
    return bool(_book().find(words(text)))
