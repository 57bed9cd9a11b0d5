"""Two changes of one article made into one."""

from typing import Any

from handover.editing.merge import merge

BASE: dict[str, Any] = {
    "id": "x", "status": "published", "updated": "2026-11-01", "review_by": "2027-01-01", "sources": [{"url": "https://a"}],
    "title": {"sv": "T", "en": "T"}, "answer": {"sv": "Ett", "en": "One"}, "questions": {"sv": ["a", "b", "c"]},
    "translations": {"en": {"state": "drafted", "of": "1"}},
}  # fmt: skip


def changed(**fields: Any) -> dict[str, Any]:
    return BASE | fields


def test_each_side_keeps_what_only_it_changed() -> None:
    current = changed(answer={"sv": "Ett", "en": "Uno"}, review_by="2027-02-02")
    proposed = changed(answer={"sv": "Två", "en": "One"}, status="expired")
    merged = merge(BASE, current, proposed)
    assert merged.conflicts == []
    assert merged.article["answer"] == {"sv": "Två", "en": "Uno"}
    assert (merged.article["review_by"], merged.article["status"]) == ("2027-02-02", "expired")
    assert sorted(merged.theirs) == ["answer.en", "review_by"]


def test_what_both_changed_differently_is_a_conflict_and_keeps_the_proposals_word() -> None:
    merged = merge(BASE, changed(answer={"sv": "Deras", "en": "One"}), changed(answer={"sv": "Min", "en": "One"}))
    (conflict,) = merged.conflicts
    assert (conflict.field, conflict.base, conflict.current, conflict.proposed) == ("answer.sv", "Ett", "Deras", "Min")
    assert merged.article["answer"]["sv"] == "Min"


def test_what_both_changed_alike_is_none() -> None:
    same = changed(answer={"sv": "Lika", "en": "One"})
    merged = merge(BASE, same, same)
    assert (merged.conflicts, merged.theirs, merged.article) == ([], [], same)


def test_phrasings_of_both_are_kept_and_removals_of_both_are_made() -> None:
    merged = merge(BASE, changed(questions={"sv": ["a", "b", "d"]}), changed(questions={"sv": ["b", "c", "e"], "fi": ["f"]}))
    assert merged.article["questions"] == {"sv": ["b", "d", "e"], "fi": ["f"]}
    assert merged.conflicts == []


def test_a_language_that_one_removed_and_the_other_changed_is_a_conflict() -> None:
    merged = merge(BASE, changed(answer={"sv": "Ett"}), changed(answer={"sv": "Ett", "en": "Other"}))
    (conflict,) = merged.conflicts
    assert (conflict.field, conflict.current) == ("answer.en", None)


def test_the_later_date_of_the_text_counts() -> None:
    assert merge(BASE, changed(updated="2026-11-09"), changed(updated="2026-11-05")).article["updated"] == "2026-11-09"
