"""The parts of the SweFAQ benchmark that need no encoder, with invented answers."""

import json

import numpy as np
import pytest

from benchmarks import intents, swefaq
from benchmarks.swefaq import Scores, best_share, bm25, fused, hits, lexical, passages, read_questions

ANSWERS = [
    "Bygglov söker du hos stadsbyggnadskontoret. Det tar tio veckor.",
    "Soporna hämtas varannan vecka. Kärlet ska stå vid vägen.",
    "Parkeringstillstånd för rörelsehindrade söker du digitalt.",
]


def scores(right, dense, words):
    """One question's scores; the parts not named are nought."""
    nothing = np.zeros(len(dense), np.float32)
    first = np.array(dense, np.float32)
    return Scores(right, first, first, first, np.array(words, np.float32), nothing)


def test_rows_are_read_as_they_are_published(tmp_path):
    path = tmp_path / "dev.jsonl"
    row = {"category_id": 7, "question": "När hämtas soporna?", "candidate_answers": ANSWERS, "label": 1, "meta": {}}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")

    [question] = read_questions(path)

    assert (question.group, question.text, question.right) == ("7", "När hämtas soporna?", 1)
    assert question.answers == tuple(ANSWERS)


def test_passages_overlap():
    assert passages("Ett. Två. Tre.") == ["Ett. Två.", "Två. Tre."]


def test_a_short_text_is_one_passage():
    assert passages("Bara en mening.") == ["Bara en mening."]
    assert passages("") == [""]


def test_words_find_the_answer_that_has_them():
    for method in (bm25, lexical):
        assert int(np.argmax(method("När hämtas soporna?", ANSWERS))) == 1
        assert not method("xyzzy", ANSWERS).any()


def test_bm25_prefers_the_shorter_of_two_answers_with_the_word():
    short, long = bm25(
        "bygglov", ["Bygglov söker du här.", "Bygglov söker du här, och mycket annat också, som vi nu räknar upp."]
    )

    assert short > long > 0


def test_each_question_is_answered_alone():
    """Two questions may choose the same answer: nothing is taken."""
    both = [scores(0, [0.9, 0.1], [0, 0]), scores(1, [0.9, 0.1], [0, 0])]

    assert hits(both, lambda item: item.dense) == [True, False]


def test_the_share_is_the_smallest_of_the_best():
    tuning = [scores(0, [0.4, 0.5], [1.0, 0.0]), scores(0, [0.6, 0.5], [0.0, 0.0])]

    assert best_share(tuning, lambda item: item.dense) == 0.1
    assert hits(tuning, fused(lambda item: item.dense, 0.1)) == [True, True]


@pytest.mark.parametrize("benchmark", [swefaq, intents])
def test_without_the_data_it_says_so_and_stops(benchmark, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmark", "--data", str(tmp_path)])

    benchmark.main()

    assert "skipped: no " in capsys.readouterr().out
