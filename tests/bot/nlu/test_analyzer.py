"""One call a message; what comes back is on the message; a dead service does not stop the turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.analysis import HttpSource, KnowledgeDown
from bot.nlu.analyzer import ANALYSIS, KnowledgeAnalyzer
from bot.nlu.embedding import EmbeddingFeaturizer, learn, stretch


def analyzer(knowledge: Any, **config: Any) -> KnowledgeAnalyzer:
    """The component, connected to the service of the test."""
    return KnowledgeAnalyzer({"entities": ["service"], **config}, HttpSource(knowledge.url))


def parsed(component: KnowledgeAnalyzer, text: str, **data: Any) -> Message:
    """The message after the component."""
    return component.process([Message({TEXT: text, **data})])[0]


def test_the_message_carries_language_candidates_and_tokens_after_one_call(knowledge):
    message = parsed(analyzer(knowledge), "Vad kostar tippen", metadata={"language": "sv"})
    output = message.as_dict(only_output_properties=True)
    assert len(knowledge.asked) == 1
    assert knowledge.asked[0]["language_hint"] == "sv" and knowledge.asked[0]["embedding"] is True
    assert output["language"] == "sv" and output["candidates"][0]["article_id"] == "avc-regler"
    assert output["knowledge_down"] is False
    assert [(t.text, t.lemma, t.start, t.end) for t in message.get(TOKENS_NAMES[TEXT])] == [
        ("Vad", "vad", 0, 3), ("kostar", "kostar", 4, 10), ("tippen", "tippen", 11, 17)
    ]  # fmt: skip


def test_whose_question_it_is_reaches_the_actions(knowledge):
    assert parsed(analyzer(knowledge), "deklarera skatt").as_dict(only_output_properties=True)["elsewhere"] == {
        "id": "skatteverket",
        "probability": 0.9,
    }
    assert parsed(analyzer(knowledge), "hej").get("elsewhere") is None


@pytest.mark.parametrize("about", [["avc-regler", "sfi"], []])
def test_what_was_talked_about_is_passed_on_as_app_said_it(knowledge, about):
    parsed(analyzer(knowledge), "vad kostar det", metadata={"language_hint": "sv", "about": about})
    assert knowledge.asked[0].get("about", []) == about
    assert ("about" in knowledge.asked[0]) == bool(about)  # as app's client writes it


def test_the_embedding_is_not_in_the_parse_data(knowledge):
    output = parsed(analyzer(knowledge), "tippen").as_dict(only_output_properties=True)
    assert ANALYSIS not in output and "embedding" not in str(output)


def test_only_entities_of_the_domain_pass(knowledge):
    knowledge.entities = [
        {"entity": "service", "value": "ÅVC", "start": 0, "end": 6},
        {"entity": "planet", "value": "Mars", "start": 0, "end": 6},
    ]
    entities = parsed(analyzer(knowledge), "tippen").get("entities")
    assert [(e["entity"], e["value"], e["extractor"]) for e in entities] == [("service", "ÅVC", "KnowledgeAnalyzer")]


def test_a_pressed_button_is_not_analyzed(knowledge):
    message = parsed(analyzer(knowledge), '/answer_article{"article_id": "avc-regler"}')
    assert knowledge.asked == [] and message.get(TOKENS_NAMES[TEXT])


@pytest.mark.parametrize("status", [422, 500, 503])
def test_a_failing_service_marks_the_message_and_lets_it_pass(knowledge, status):
    knowledge.status = status
    message = parsed(analyzer(knowledge), "Vad kostar tippen?", metadata={"language": "fi"})
    output = message.as_dict(only_output_properties=True)
    assert output["knowledge_down"] is True and output["candidates"] == [] and output["language"] == "fi"
    assert [t.text for t in message.get(TOKENS_NAMES[TEXT])] == ["Vad", "kostar", "tippen"]


def test_a_dead_service_is_reported_with_its_address():
    with pytest.raises(KnowledgeDown, match=r"127\.0\.0\.1:9 "):
        HttpSource("http://127.0.0.1:9").analyze("hej")


@pytest.mark.parametrize("text", ["?!", "😀", "…"])
def test_a_text_without_words_still_has_a_token(knowledge, text):
    knowledge.status = 500
    assert parsed(analyzer(knowledge), text).get(TOKENS_NAMES[TEXT])


def test_training_without_the_service_says_how_to_start_it(tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    component = KnowledgeAnalyzer({}, HttpSource("http://127.0.0.1:9"))
    with pytest.raises(RasaException, match="make rasa"):
        component.process_training_data(TrainingData([Message({TEXT: "hej", "intent": "greet"})]))


def test_training_skips_buttons_and_the_second_training_asks_for_nothing_new(knowledge, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))

    def train() -> TrainingData:
        data = TrainingData([Message({TEXT: text, "intent": "x"}) for text in ("hej", "tack så mycket", "/human", "hej")])
        return analyzer(knowledge).process_training_data(data)

    first = train()
    assert sorted({request["text"] for request in knowledge.asked} - {"hej", "tack så mycket"}) == [
        "Var ligger närmaste återvinningscentral?"
    ]
    assert [e.get(TEXT) for e in first.training_examples] == ["hej", "tack så mycket"]
    assert first.training_examples[1].get(TOKENS_NAMES[TEXT])[2].text == "mycket"
    asked_before = len(knowledge.asked)
    second = train()
    assert len(knowledge.asked) == asked_before + 1  # the probe
    assert np.array_equal(second.training_examples[0].get(ANALYSIS).embedding, first.training_examples[0].get(ANALYSIS).embedding)


def test_another_encoder_empties_the_cache(knowledge, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))

    def train() -> np.ndarray:
        data = analyzer(knowledge).process_training_data(TrainingData([Message({TEXT: "hej", "intent": "greet"})]))
        return data.training_examples[0].get(ANALYSIS).embedding

    before = train()
    knowledge.turn = -1.0
    assert np.allclose(train(), -before)


def test_features_are_centred_and_survive_saving(knowledge, tmp_path):
    component = analyzer(knowledge)
    data = TrainingData([parsed(component, text, intent="x") for text in ("hej", "tack", "ja", "nej tack")])
    storage, resource = LocalModelStorage(tmp_path), Resource("embedding")
    config = {"length": 6.0}

    class Context:
        node_name = "embedding"

    trained = EmbeddingFeaturizer.create(config, storage, resource, Context())
    trained.train(data)
    loaded = EmbeddingFeaturizer.load(config, storage, resource, Context())
    vectors = []
    for message in loaded.process(data.training_examples):
        _, sentence = message.get_dense_features(TEXT)
        assert sentence.features.shape == (1, 384)
        vectors.append(sentence.features[0])
    matrix = np.stack(vectors)
    assert np.allclose(matrix.mean(axis=0), 0, atol=1e-6)
    assert np.sqrt((matrix**2).sum(axis=1).mean()) == pytest.approx(6.0, abs=1e-4)


def test_a_message_without_analysis_has_zero_features(knowledge, tmp_path):
    knowledge.status = 500
    message = parsed(analyzer(knowledge), "hej du")

    class Context:
        node_name = "embedding"

    EmbeddingFeaturizer.create({}, LocalModelStorage(tmp_path), Resource("e"), Context()).process([message])
    sequence, sentence = message.get_dense_features(TEXT)
    assert sequence.features.shape == (2, 384) and not sentence.features.any()


def test_identical_sentences_do_not_divide_by_zero():
    same = np.ones((3, 384))
    assert np.isfinite(stretch(same[0], learn(same, 6.0))).all()
