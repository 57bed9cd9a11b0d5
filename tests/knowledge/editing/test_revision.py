"""What an edit means for an article: its hash, its dates, its translations."""

import datetime as dt
from typing import Any

import pytest

from knowledge.article import Article, answer_hash
from knowledge.editing.difference import differences, word_difference
from knowledge.editing.revision import article_data, cleaned, content_hash, is_withdrawal, prepared
from tests.knowledge.conftest import AVC, TODAY
from tests.knowledge.conftest import article_data as article_form


def article(**changes: Any) -> Article:
    return Article.model_validate(AVC | changes)


def with_answers(before: Article, **answers: str) -> Article:
    return before.model_copy(update={"answer": before.answer | answers})


def test_the_hash_is_of_what_is_said_not_of_how_the_file_is_written() -> None:
    plain = article()
    reordered = Article.model_validate(dict(reversed(AVC.items())))
    spaced = with_answers(plain, sv=plain.answer["sv"] + "\n\n")
    assert content_hash(plain) == content_hash(reordered) == content_hash(spaced)
    assert content_hash(plain) != content_hash(with_answers(plain, sv="Något annat."))


def test_a_translation_left_behind_by_a_change_of_the_swedish_answer_is_stale() -> None:
    before = article()
    after = prepared(before, with_answers(before, sv="Det kostar."), frozenset(), TODAY)
    assert after.state_of("en") == "stale"
    assert after.translations["en"].of == answer_hash(before.answer["sv"])


def test_a_translation_that_was_rewritten_or_reviewed_in_the_same_edit_is_not() -> None:
    before = article()
    rewritten = prepared(before, with_answers(before, sv="Det kostar.", en="It costs."), frozenset(), TODAY)
    assert rewritten.state_of("en") == "drafted"
    reviewed = prepared(before, with_answers(before, sv="Det kostar."), frozenset({"en"}), TODAY)
    assert reviewed.state_of("en") == "reviewed"


def test_only_a_reviewer_makes_a_translation_reviewed() -> None:
    before = article()
    claimed = Article.model_validate(AVC | {"translations": {"en": {"state": "reviewed"}}})
    assert prepared(before, claimed, frozenset(), TODAY).state_of("en") == "drafted"


def test_a_reviewed_translation_whose_title_is_changed_must_be_read_again() -> None:
    before = prepared(None, article(), frozenset({"en"}), TODAY)
    assert before.state_of("en") == "reviewed"
    retitled = before.model_copy(update={"title": before.title | {"en": "Another title"}})
    assert prepared(before, retitled, frozenset(), TODAY).state_of("en") == "drafted"


def test_a_stale_translation_stays_stale_while_only_its_title_is_changed() -> None:
    before = prepared(article(), with_answers(article(), sv="Det kostar."), frozenset(), TODAY)
    retitled = before.model_copy(update={"title": before.title | {"en": "Another title"}})
    assert prepared(before, retitled, frozenset(), TODAY).state_of("en") == "stale"


def test_the_date_follows_the_swedish_text_and_nothing_else() -> None:
    before = article()
    asked = before.model_copy(update={"questions": before.questions | {"sv": [*before.questions["sv"], "ny fråga"]}})
    assert prepared(before, asked, frozenset(), TODAY).updated == before.updated
    assert prepared(before, with_answers(before, en="Other."), frozenset(), TODAY).updated == before.updated
    assert prepared(before, with_answers(before, sv="Annat."), frozenset(), TODAY).updated == TODAY
    chosen = with_answers(before, sv="Annat.").model_copy(update={"updated": dt.date(2026, 11, 21)})
    assert prepared(before, chosen, frozenset(), TODAY).updated == dt.date(2026, 11, 21)


def test_an_edit_that_changes_nothing_changes_nothing() -> None:
    before = article()
    same = Article.model_validate(cleaned(article_data(before)))
    assert content_hash(prepared(before, same, frozenset(), TODAY)) == content_hash(before)


def test_what_the_form_left_empty_is_no_part_of_the_article() -> None:
    form = article_form("ny", answer={"sv": " Ja. ", "en": "Yes.", "fi": "  "}, title={"sv": "T", "en": "T", "fi": ""},
                        questions={"sv": ["  a  b ", "", "a b", "c"], "fi": [""]}, translations={}, audience="")  # fmt: skip
    tidy = cleaned(form)
    assert tidy["answer"] == {"sv": "Ja.", "en": "Yes."}
    assert tidy["title"] == {"sv": "T", "en": "T"}
    assert tidy["questions"] == {"sv": ["a b", "c"]}
    assert tidy["translations"] == {"en": {"state": "drafted"}}
    assert tidy["audience"] is None


@pytest.mark.parametrize(
    "odd", [{"answer": 7}, {"questions": {"sv": "text"}}, {"translations": 1, "answer": {"sv": 3}}, {"answer": {5: []}}]
)
def test_data_of_another_type_are_left_for_the_model_to_refuse(odd: dict[str, Any]) -> None:
    assert cleaned(odd).keys() >= odd.keys()


def test_taking_out_of_use_is_told_from_every_other_change() -> None:
    before = article()
    out = before.model_copy(update={"status": "expired"})
    assert is_withdrawal(before, out)
    assert not is_withdrawal(before, with_answers(out, sv="Annat."))
    assert not is_withdrawal(out, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Det är gratis för dig.", "Det är nästan gratis för dig."),
        ("", "Nytt"),
        ("Bort", ""),
        ("a\n1. b", "a\n1. c\n2. d"),
        ("نص قديم هنا", "نص جديد هنا"),
    ],
)
def test_the_pieces_of_a_difference_give_back_both_texts(before: str, after: str) -> None:
    pieces = word_difference(before, after)
    assert "".join(text for kind, text in pieces if kind != "added") == before
    assert "".join(text for kind, text in pieces if kind != "removed") == after
    assert all(text for _, text in pieces)


def test_a_difference_names_the_fields_that_differ_and_no_other() -> None:
    before, after = article_data(article()), article_data(article(status="expired"))
    after["questions"] = {**after["questions"], "sv": [*after["questions"]["sv"][1:], "ny fråga"]}
    found = {item["field"]: item for item in differences(before, after)}
    assert found.keys() == {"status", "questions.sv"}
    assert (found["status"]["before"], found["status"]["after"]) == ("published", "expired")
    assert found["questions.sv"]["added"] == ["ny fråga"]
    assert found["questions.sv"]["removed"] == ["Vad kostar det på tippen?"]
    assert differences(before, before) == []


def test_a_difference_tells_what_was_reviewed_but_not_what_went_stale_by_itself() -> None:
    before = prepared(None, article(), frozenset(), TODAY)
    swedish = prepared(before, with_answers(before, sv="Det kostar."), frozenset(), TODAY)
    assert [item["field"] for item in differences(article_data(before), article_data(swedish))] == ["updated", "answer.sv"]
    reviewed = prepared(swedish, swedish, frozenset({"en"}), TODAY)
    (found,) = differences(article_data(swedish), article_data(reviewed))
    assert (found["field"], found["before"], found["after"]) == ("translations.en", {"state": "stale"}, {"state": "reviewed"})
