"""Every word of the validator has a place beside a field and a key of the console."""

import ast
from pathlib import Path
from typing import Any

import pytest

from knowledge import translations, validation
from knowledge.article import ORIGINAL
from knowledge.editing.editor import Editor
from knowledge.editing.findings import placed
from knowledge.validation import Finding
from tests.knowledge.conftest import AVC, article_data

SAMPLES = {"field": "answer", "where": "answer.fi", "language": "fi"}


def said_by_the_validator() -> list[tuple[str, str]]:
    """The (rule, message) pairs in the validator's source, with something in every placeholder."""
    found = []
    for module in (validation, translations):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) in (2, 3):
                rule, message = node.value.elts[:2]
                if isinstance(rule, ast.Constant) and isinstance(message, ast.Constant | ast.JoinedStr):
                    found.append((str(rule.value), _filled(message)))
    return found


def _filled(message: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(message, ast.Constant):
        return str(message.value)
    parts = []
    for part in message.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            assert isinstance(part, ast.FormattedValue)
            parts.append(SAMPLES.get(part.value.id, "x") if isinstance(part.value, ast.Name) else "x")
    return "".join(parts)


@pytest.mark.parametrize(("rule", "message"), said_by_the_validator())
def test_each_message_is_recognised(rule: str, message: str) -> None:
    found = placed(Finding(Path("x.yml"), rule, message))
    assert found.key, message
    assert found.field and "{" not in found.field


def test_the_messages_are_really_found_in_the_source() -> None:
    assert len(said_by_the_validator()) > 30


@pytest.mark.parametrize(
    ("changes", "field", "key"),
    [
        ({"answer": AVC["answer"] | {"en": "word " * 81}}, "answer.en", "too_long"),
        ({"short": AVC["short"] | {"sv": "x" * 307}}, "short.sv", "short_too_long"),
        ({"review_by": "2028-11-20"}, "review_by", "review_too_far"),
        ({"questions": AVC["questions"] | {"sv": ["en fråga"]}}, "questions.sv", "few_phrasings"),
        ({"sources": []}, "sources", "no_source"),
        ({"answer": AVC["answer"] | {"sv": "Ring 031-365 00 00."}}, "answer.sv", "raw_number"),
        ({"next": ["finns-inte"]}, "next", "next_unknown"),
        ({"area": "finns-inte"}, "area", "no_such_area"),
        ({"updated": "i går"}, "updated", "format_date_from_datetime_parsing"),
        ({"sources": [{"url": "https://goteborg.se/"}]}, "sources.0.title", "format_missing"),
    ],
)
def test_a_fault_stands_beside_its_field(editor: Editor, changes: dict[str, Any], field: str, key: str) -> None:
    checked = editor.check(AVC | changes, [])
    assert checked["valid"] is False
    assert (field, key) in [(item["field"], item["key"]) for item in checked["findings"] if item["fault"]]


def test_what_a_draft_lacks_is_said_but_does_not_hinder(editor: Editor) -> None:
    checked = editor.check(AVC | {"sources": [], "status": "draft"}, [])
    assert checked["valid"] is True
    assert ("sources", "no_source", False) in [(item["field"], item["key"], item["fault"]) for item in checked["findings"]]


def test_a_phrasing_that_another_article_has_is_a_warning(editor: Editor) -> None:
    phrasings = [*AVC["questions"][ORIGINAL], "hur SÖKER jag  plats i förskola?"]
    checked = editor.check(AVC | {"questions": AVC["questions"] | {"sv": phrasings}}, [])
    assert checked["valid"] is True
    (found,) = [item for item in checked["findings"] if item["key"] == "phrasing_elsewhere"]
    assert found["params"]["article"] == "forskola-ansokan"


def test_a_new_article_is_checked_like_any_other(editor: Editor) -> None:
    checked = editor.check(article_data("ny-artikel"), [])
    assert (checked["valid"], checked["file_hash"]) == (True, None)
    assert {item["field"] for item in checked["changes"]} >= {"title.sv", "answer.sv", "questions.sv", "status"}
