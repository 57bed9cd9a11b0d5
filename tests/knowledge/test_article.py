"""An article knows what may be shown, in which language, and how far its translations have come."""

import datetime as dt
from pathlib import Path

import pytest

from knowledge.article import Article, answer_hash, load_article, load_knowledge_base
from knowledge.settings import Settings
from knowledge.writing import article_text
from tests.knowledge.conftest import TODAY, article_data, write_article


def article(**changes: object) -> Article:
    return Article.model_validate(article_data("x", **changes))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, True),
        ({"status": "draft"}, False),
        ({"status": "expired"}, False),
        ({"review_by": "2026-11-23"}, True),
        ({"review_by": "2026-11-22"}, False),
    ],
)
def test_only_published_articles_within_their_review_date_are_shown(changes: dict[str, object], shown: bool) -> None:
    assert article(**changes).is_answerable(TODAY) is shown


def test_a_translation_of_an_older_swedish_text_is_stale() -> None:
    stamped = {"en": {"state": "reviewed", "of": answer_hash("Det är gratis.")}}
    assert article(translations=stamped).state_of("en") == "reviewed"
    changed = article(translations=stamped, answer={"sv": "Det kostar.", "en": "It is free."})
    assert changed.state_of("en") == "stale"
    assert changed.state_of("sv") == "original"
    assert changed.state_of("fi") == "missing"


def test_line_breaks_do_not_make_a_translation_stale() -> None:
    assert answer_hash("Det är\n  gratis.\n") == answer_hash("Det är gratis.")


def test_a_missing_language_is_answered_in_english() -> None:
    assert article().language_for("so") == "en"
    assert article(answer={"sv": "Ja."}, title={"sv": "T"}).language_for("so") == "sv"


def test_references_become_numbers_and_names(settings: Settings) -> None:
    base = load_knowledge_base(settings.articles_dir)
    assert base.render("Ring {phone:sos}.", "sv") == "Ring 112."
    assert base.render("{department:forskola}", "en") == "Preschool administration"
    assert base.render("{department:forskola}", "fi") == "Preschool administration"
    with pytest.raises(KeyError):
        base.render("{phone:nobody}", "sv")


def test_one_broken_file_does_not_silence_the_others(settings: Settings) -> None:
    (settings.articles_dir / "avfall" / "broken.yml").write_text("id: [unclosed", encoding="utf-8")
    base = load_knowledge_base(settings.articles_dir)
    assert set(base.articles) == {"avc-regler", "forskola-ansokan", "sfi"}
    assert [item.path.name for item in base.faulty] == ["broken.yml"]


def test_an_id_used_twice_is_set_aside(settings: Settings) -> None:
    write_article(settings.articles_dir, article_data("sfi", "another-area"))
    base = load_knowledge_base(settings.articles_dir)
    assert len(base.faulty) == 1 and "already the id" in base.faulty[0].reasons[0]


def test_an_unknown_field_is_refused_by_name(tmp_path: Path) -> None:
    path = write_article(tmp_path, article_data("x", titel={"sv": "T"}))
    with pytest.raises(ValueError, match="titel"):
        load_article(path)


def test_dates_are_dates() -> None:
    assert article().updated == dt.date(2026, 11, 20)


def test_sensitive_is_written_only_where_it_is_so_and_comes_back(tmp_path: Path) -> None:
    for sensitive in (True, False):
        article = load_article(write_article(tmp_path, article_data("x", sensitive=sensitive)))
        text = article_text(article)
        assert ("sensitive: true\n" in text, "sensitive" in text) == (sensitive, sensitive)
        (path := tmp_path / "again.yml").write_text(text, encoding="utf-8")
        assert load_article(path) == article
    assert load_article(write_article(tmp_path, article_data("y"))).sensitive is False, "an older article says nothing of it"
    with pytest.raises(ValueError, match="sensitive"):
        load_article(write_article(tmp_path, article_data("z", sensitive="perhaps")))
