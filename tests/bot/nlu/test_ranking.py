"""Classifier and retrieval side by side: who has the last word."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.ranking import KnowledgeIntentRanker, Thresholds, decide, retrieval_thresholds

LIMITS = Thresholds(intent=0.45, careful=0.35, found=0.2, sure=0.62)


def ranked(*pairs):
    """`("greet", 0.9), …` as Rasa ranks them."""
    return [{"name": name, "confidence": confidence} for name, confidence in pairs]


def found(probability):
    """One candidate."""
    return [{"article_id": "a", "title": "A", "probability": probability}]


@pytest.mark.parametrize(
    ("ranking", "candidates", "intent"),
    [
        (ranked(("greet", 0.9)), [], "greet"),
        (ranked(("greet", 0.9)), found(0.3), "greet"),
        (ranked(("smalltalk", 0.5)), found(0.9), "ask_faq"),
        (ranked(("out_of_scope", 0.8)), found(0.7), "ask_faq"),
        (ranked(("out_of_scope", 0.8)), found(0.1), "out_of_scope"),
        (ranked(("ask_faq", 0.9)), found(0.05), "ask_faq"),
        (ranked(("greet", 0.3)), found(0.25), "ask_faq"),
        (ranked(("greet", 0.3)), found(0.1), "nlu_fallback"),
        (ranked(("ask_faq", 0.3)), found(0.1), "nlu_fallback"),
        ([], [], "nlu_fallback"),
        (ranked(("ask_faq", 0.5), ("emergency_fire", 0.4)), found(0.99), "emergency_fire"),
        (ranked(("ask_human", 0.4), ("thanks", 0.3)), found(0.9), "ask_human"),
        (ranked(("ask_faq", 0.5), ("emergency_fire", 0.2)), found(0.9), "ask_faq"),
        (ranked(("ask_assessment", 0.6), ("ask_faq", 0.3)), found(0.95), "ask_assessment"),
        (ranked(("declare_appeal", 0.6)), found(0.95), "declare_appeal"),
    ],
    ids=[
        "chat", "chat beats a vague article", "a sure article beats vague chat", "an article that fits is in scope",
        "out of scope", "a question nobody can answer", "a vague article is worth asking about", "no idea",
        "weak question, no article", "nothing at all", "danger before everything", "human before retrieval",
        "a hint of danger is not danger", "a right is never answered straight", "an appeal is never answered straight",
    ],
)  # fmt: skip
def test_who_has_the_last_word(ranking, candidates, intent):
    assert decide(ranking, candidates, LIMITS)[0] == intent


@pytest.mark.parametrize(
    ("ranking", "probability", "intent"),
    [
        (ranked(("smalltalk", 0.8)), 0.3, "ask_faq"),
        (ranked(("smalltalk", 0.8)), 0.1, "smalltalk"),
        (ranked(("ask_assessment", 0.8)), 0.9, "ask_assessment"),
        (ranked(("smalltalk", 0.5), ("emergency_fire", 0.4)), 0.9, "emergency_fire"),
    ],
    ids=["a follow-up is no small talk", "nothing to show", "a right is never answered straight", "danger before everything"],
)
def test_a_follow_up_is_a_question_although_it_sounds_like_chat(ranking, probability, intent):
    assert decide(ranking, found(probability), LIMITS, follows=True)[0] == intent


def test_the_chosen_intent_is_first_in_the_ranking_and_once():
    message = Message({TEXT: "hej", "intent_ranking": ranked(("greet", 0.5), ("ask_faq", 0.2)), "candidates": found(0.9)})
    KnowledgeIntentRanker({}).process([message])
    assert message.get("intent")["name"] == "ask_faq"
    assert [entry["name"] for entry in message.get("intent_ranking")] == ["ask_faq", "greet"]


def test_with_knowledge_down_every_text_is_a_fallback():
    message = Message({TEXT: "hej", "intent_ranking": ranked(("greet", 0.99)), "knowledge_down": True})
    KnowledgeIntentRanker({}).process([message])
    assert message.get("intent")["name"] == "nlu_fallback"


def test_retrievals_thresholds_are_those_of_the_knowledge_room(tmp_path):
    (tmp_path / "settings.yml").write_text("answer: 0.7\nclarify: 0.3\nweights: {}\n")
    assert retrieval_thresholds(tmp_path / "settings.yml") == {"sure": 0.7, "found": 0.3}
    assert retrieval_thresholds(tmp_path / "missing.yml") == {}


def test_danger_of_several_kinds_is_danger_even_when_no_kind_is_sure():
    unsure = ranked(("emergency_violence", 0.33), ("emergency_danger", 0.29), ("ask_faq", 0.2))
    assert decide(unsure, found(0.9), LIMITS)[0] == "emergency_violence"
