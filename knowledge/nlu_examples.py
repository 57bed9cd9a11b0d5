"""Which phrasings Rasa is shown as examples of `ask_faq`: some of every article, and those that sound like something else.

A question how to apply lies near "I hereby apply" in the embedding; unless the classifier is shown many such questions as
questions, it takes them for applications. Follow-ups are shown too: "and at the weekend?" is no farewell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from knowledge.follow_up import follow_up_settings
from knowledge.index import EncodesText, VectorCache
from knowledge.settings import Settings
from knowledge.signals import Signals

# What questions may sound like without being it. Neither emergencies nor the wish for a human: a phrasing near those may be that.
CONFUSABLE = ("ask_assessment", "declare_appeal", "declare_application", "goodbye", "repeat", "smalltalk")
EACH = 40  # phrasings per intent

Questions = Mapping[str, Mapping[str, list[str]]]


def easily_mistaken(settings: Settings, questions: Questions, encoder: Callable[[], EncodesText]) -> list[str]:
    """Follow-ups, and the phrasings that lie nearest to the examples of other intents.

    Args:
        settings: Rasa's data, and where vectors are kept.
        questions: article → language → phrasings.
        encoder: called only if some text has no vector yet.

    Returns:
        Texts, each once; none without Rasa's data.
    """
    examples = Signals.read_examples(settings.nlu_dir)
    intents = [name for name in CONFUSABLE if name in examples]
    if not intents:
        return []
    texts = sorted({text for phrasings in questions.values() for own in phrasings.values() for text in own})
    cache = VectorCache(settings.index_dir / f"vectors-{settings.encoder_slug}", settings.encoder_name)
    vectors = cache.vectors(encoder, texts, "query")
    chosen: dict[str, None] = dict.fromkeys(text for own in follow_up_settings().examples.values() for text in own)
    for name in intents:
        nearness = (vectors @ cache.vectors(encoder, examples[name], "query").T).max(axis=1)
        chosen |= dict.fromkeys(texts[row] for row in np.argsort(-nearness, kind="stable")[:EACH].tolist())
    return list(chosen)
