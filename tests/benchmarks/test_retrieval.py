"""The parts of the retrieval benchmark that need no model, with invented texts and answers."""

import json
import math

import numpy as np
import pytest

from benchmarks.retrieval import Bench, better_variants, renew
from benchmarks.retrieval_figures import answered, compare, difference, groups_of, key, not_ahead, table, threshold_for
from benchmarks.retrieval_systems import Answer, Question, Text, best_of, bm25, run

TEXTS = [
    Text(article="sopor", language="sv", kind="phrasing", text="När hämtas soporna?"),
    Text(article="sopor", language="sv", kind="answer", text="Soporna hämtas varannan vecka."),
    Text(article="bygglov", language="sv", kind="phrasing", text="Hur söker jag bygglov?"),
    Text(article="elsewhere/skatteverket", language="sv", kind="phrasing", text="När kommer skatteåterbäringen?"),
]
QUESTIONS = [
    Question(text="sopor när", language="sv", expected=["sopor"]),
    Question(text="bygglov", language="sv", expected=["bygglov", "annat"]),
    Question(text="pizza", language="fi", expected=[]),
    Question(text="roskat", language="fi", expected=["sopor"]),
]


def answer(article, confidence=0.9, outside=False):
    return Answer(article=article, confidence=confidence, outside=outside, ms=1.0)


OURS = [answer("sopor"), answer("bygglov"), answer("sopor", 0.1), answer("sopor", 0.2)]
PEER = [answer("sopor", 5.0), answer("sopor", 4.0), answer("bygglov", 4.5), answer(None, 0.0)]


@pytest.mark.parametrize("whole", [True, False])
def test_bm25_finds_the_article_with_the_words(whole):
    ask = bm25(TEXTS, whole_articles=whole)

    article, score, outside = ask("vilken dag hämtas soporna", "sv")

    assert (article, outside) == ("sopor", False)
    assert score > 0
    assert ask("xyzzy", "sv") == (None, 0.0, False)


def test_a_text_of_no_article_may_be_the_best():
    article, _, outside = bm25(TEXTS, whole_articles=False)("när kommer skatteåterbäringen", "sv")

    assert (article, outside) == ("sopor", True)


def test_a_score_that_says_nothing_names_no_article():
    assert best_of(["sopor", "elsewhere/x"], np.array([0.0, 2.0], np.float32)) == (None, 0.0, True)


def test_every_question_is_answered_and_timed():
    answers = run(lambda text, language: (text, 1.0, False), QUESTIONS)

    assert [item["article"] for item in answers] == [question["text"] for question in QUESTIONS]
    assert all(item["ms"] >= 0 for item in answers)


def test_the_threshold_lets_as_many_through():
    keys = [(True, 0.3), (False, 0.9), (True, 0.8)]

    assert threshold_for(keys, 2) == (True, 0.3)
    assert threshold_for(keys, 3) == (False, 0.9)
    assert threshold_for(keys, 0) == (True, math.inf)


def test_without_an_article_nothing_is_answered():
    assert answered([answer(None), answer("sopor", 0.1, True)], (False, -math.inf)) == [False, True]
    assert key(answer("a", 0.1)) > key(answer("b", 0.9, True)) > key(answer(None))


def test_a_peer_answers_as_many_in_scope_questions_as_ours():
    found = compare(QUESTIONS, {"ours": OURS, "peer": PEER}, groups_of(QUESTIONS, {}), 0.6)["all"]

    assert found["ours"].first.share == 1.0
    assert (found["ours"].covered.hits, found["peer"].covered.hits) == (2, 2)
    assert (found["ours"].wrong.hits, found["peer"].wrong.hits) == (0, 2)  # bygglov, and pizza, which has no answer
    assert found["peer"].ahead.value == pytest.approx(2 / 3)
    assert found["peer"].fewer.value == pytest.approx(-2 / 4)


def test_a_system_is_left_out_where_it_did_not_answer():
    found = compare(QUESTIONS, {"ours": OURS, "peer": [*PEER[:2], None, None]}, groups_of(QUESTIONS, {}), 0.6)

    assert "peer" in found["sv"]
    assert "peer" not in found["fi"]
    assert "| fi | 1.000 [0.207–1.000] | – |" in table(found, ["ours", "peer"], lambda item: str(item.first))


def test_questions_whose_article_is_in_another_language_are_told_apart():
    groups = groups_of(QUESTIONS, {"sv": {"sopor", "bygglov"}, "fi": {"bygglov"}})

    assert groups["all, article in the question's language"] == [0, 1, 2]
    assert groups["fi"] == [2, 3]


def test_a_difference_is_of_the_same_questions():
    found = difference([True] * 30 + [False] * 10, [True] * 20 + [False] * 20)

    assert found.value == 0.25
    assert 0 < found.low < 0.25 < found.high
    assert found.p == pytest.approx(2 / 1024)
    assert difference([True], [True]).p == 1.0


def test_no_proof_of_being_ahead_is_said():
    groups = groups_of(QUESTIONS, {})

    lines = not_ahead(compare(QUESTIONS, {"ours": OURS, "same": OURS}, groups, 0.6))

    assert lines[0].startswith("all, same: level")


def test_kept_answers_are_of_the_same_questions(tmp_path):
    bench = Bench(tmp_path, TEXTS, QUESTIONS)
    kept = {"answers": [], "texts": "other", "questions": bench._digests["questions"]}
    (tmp_path / "peer.json").write_text(json.dumps(kept))

    assert bench.kept("peer") == kept | {"current": False}
    assert bench.kept("nobody") is None
    assert Bench(tmp_path, TEXTS, QUESTIONS[:1]).kept("peer") is None


def test_the_better_variant_stands_for_the_peer():
    found = {"ours": {"answers": OURS}, "bm25-article": {"answers": PEER}, "bm25-phrasing": {"answers": OURS}}

    kept = better_variants(found, QUESTIONS)

    assert list(kept) == ["ours", "bm25"]
    assert kept["bm25"] == {"answers": OURS, "note": "documents: phrasings"}


def test_only_the_tables_of_a_page_are_renewed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- retrieval -->\nold\n<!-- /retrieval -->\nafter\n")

    renew(page, "new \\1")

    assert page.read_text() == "before\n<!-- retrieval -->\nnew \\1\n<!-- /retrieval -->\nafter\n"
    page.write_text("nothing")
    with pytest.raises(SystemExit):
        renew(page, "new")
