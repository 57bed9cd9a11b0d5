"""Stamping records what a translation translates and touches nothing else."""

from pathlib import Path

import pytest

from knowledge.article import ORIGINAL, answer_hash, load_article
from knowledge.stamping import stamp_file, stamp_text
from tests.knowledge.conftest import article_data, write_article

TEXT = """
id: x
# the editor's own remark
answer:
  sv: Det är gratis.
translations:
  en: {state: drafted}              # by the writer
  fi: {state: reviewed, of: "000000000000"}
next: []
"""


def article(tmp_path: Path, **translations: object):  # type: ignore[no-untyped-def]
    answers = dict.fromkeys(translations, "It is free.") | {"sv": "Det är gratis."}
    return load_article(write_article(tmp_path, article_data("x", answer=answers, translations=translations)))


def test_only_unstamped_translations_are_stamped_without_a_filter(tmp_path: Path) -> None:
    both = article(tmp_path, en={"state": "drafted"}, fi={"state": "reviewed", "of": "0" * 12})
    text, count = stamp_text(TEXT, both, None, renew=False)
    assert count == 1
    assert text == TEXT.replace("{state: drafted}", f'{{state: drafted, of: "{answer_hash("Det är gratis.")}"}}')


def test_a_filter_renews_a_stale_one(tmp_path: Path) -> None:
    both = article(tmp_path, en={"state": "drafted"}, fi={"state": "reviewed", "of": "0" * 12})
    text, count = stamp_text(TEXT, both, "fi", renew=True)
    assert count == 1 and "000000000000" not in text and "en: {state: drafted}  " in text


def test_a_hash_of_digits_only_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "avfall" / "x.yml"
    stamped = article(tmp_path, en={"state": "drafted"})
    path.write_text(path.read_text(encoding="utf-8").replace("en:\n    state: drafted", "en: {state: drafted}"), encoding="utf-8")
    assert stamp_file(path, stamped, None, renew=False) == 1
    again = load_article(path)
    assert again.translations["en"].of == answer_hash(again.answer[ORIGINAL])
    assert stamp_file(path, again, None, renew=False) == 0


def test_a_form_that_cannot_be_edited_is_refused(tmp_path: Path) -> None:
    spread = article(tmp_path, en={"state": "drafted"})
    path = tmp_path / "avfall" / "x.yml"
    before = path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="on one line"):
        stamp_file(path, spread, None, renew=False)
    assert path.read_text(encoding="utf-8") == before


def test_a_draft_without_a_swedish_text_is_left_alone(tmp_path: Path) -> None:
    english = article_data(
        "x", status="draft", title={"en": "T"}, answer={"en": "It is free."}, translations={"en": {"state": "drafted"}}
    )
    path = write_article(tmp_path, english)
    assert stamp_file(path, load_article(path), None, renew=False) == 0
