"""The parts of the intent benchmark that need no encoder, with invented sentences."""

import numpy as np
import pytest

from benchmarks.intent_features import IntentModel, configured, parts_of
from benchmarks.intents import Judged, auroc, auroc_interval, choose, crossed, rates, read_massive

PIPELINE = [
    {"name": "bot.nlu.embedding.EmbeddingFeaturizer", "length": 12.0},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 4},
    {"name": "LogisticRegressionClassifier", "max_iter": 200, "tol": 0.001},
]
SENTENCES = ["väck mig klockan 7", "ställ klockan på 6", "spela musik", "spela en låt"]
INTENTS = ["alarm", "alarm", "music", "music"]
ROWS = [Judged(True, True, p) for p in (0.9, 0.8, 0.7, 0.6)] + [Judged(False, False, p) for p in (0.5, 0.4, 0.3, 0.2)]


def test_the_assistants_own_pipeline_is_read():
    parts = configured()

    assert [item["analyzer"] for item in parts.counts] == ["word", "char_wb"]
    assert parts.length > 0


def test_a_pipeline_without_an_embedding_is_refused():
    with pytest.raises(StopIteration):
        parts_of(PIPELINE[1:])


@pytest.mark.parametrize("counts", [False, True])
def test_a_trained_model_knows_its_sentences(counts):
    vectors = np.array([[1, 0.1], [0.9, 0], [0, 1], [0.1, 0.9]], np.float32)

    model = IntentModel(parts_of(PIPELINE), counts).fit(SENTENCES, vectors, INTENTS)
    names, probabilities = model.predict(SENTENCES, vectors)

    assert names == INTENTS
    assert (probabilities > 0.5).all()


def test_with_counts_words_decide_where_vectors_say_nothing():
    same = np.ones((4, 2), np.float32)

    names, _ = IntentModel(parts_of(PIPELINE), counts=True).fit(SENTENCES, same, INTENTS).predict(["spela nu"], same[:1])

    assert names == ["music"]


def test_quotation_marks_in_massive_are_characters(tmp_path):
    path = tmp_path / "sv-SE.dev.tsv"
    path.write_text(
        'id\tpartition\tscenario\tintent\tutt\tannot_utt\n1\tdev\tplay\tplay_music\tspela "abba\tx\n', encoding="utf-8"
    )

    assert read_massive(path) == (['spela "abba'], ["play_music"])


def test_a_right_intent_below_the_threshold_is_no_answer():
    assert rates(ROWS, 0.75) == ([True, True, False, False], [True] * 4)


def test_the_threshold_parts_what_can_be_parted():
    assert 0.5 < choose(ROWS, balanced=True) <= 0.6


def test_every_row_is_judged_once():
    inside, outside, thresholds = crossed(ROWS, balanced=True)

    assert (len(inside), len(outside), len(thresholds)) == (4, 4, 2)


def test_auroc_of_rows_that_part_is_one():
    assert auroc(ROWS) == 1.0
    assert auroc_interval(ROWS) == (1.0, 1.0)
    assert auroc(ROWS[:4]) == 0.5
