"""A saved page becomes its questions, or itself; what is not its text does not."""

from pathlib import Path

import pytest

from knowledge.importing.entry import About, Entry
from knowledge.importing.pages import is_question, read_page
from knowledge.importing.reading import Unreadable
from tests.knowledge.importing.conftest import SOURCES


def page(tmp_path: Path, body: str, head: str = "") -> Path:
    path = tmp_path / "page.html"
    path.write_text(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
    return path


def titles(entries: list[Entry]) -> list[str]:
    return [entry.title for entry in entries]


def test_question_headings_folds_and_definitions_become_entries() -> None:
    found = read_page(SOURCES / "questions.html", About(url="https://example.org/odling"))
    assert titles(found.entries) == [
        "Hur får jag en odlingslott?",
        "Vad gäller på lotten?",
        "Får jag ha ett växthus?",
        "Får jag elda?",
        "Kan jag byta lott?",
    ]
    answers = {entry.title: entry.answer for entry in found.entries}
    assert answers["Hur får jag en odlingslott?"] == (
        "Du ställer dig i kö.\nKön är gratis.\n\nSå går det till\n\n1. Välj område.\n2. Anmäl dig."
    )
    assert answers["Vad gäller på lotten?"] == "- Odla utan gift.\n- Läs reglerna.\n- Liten: 50 m²\n- Stor: 100 m²"
    assert answers["Kan jag byta lott?"] == "Ja, en gång om året."
    assert found.entries[1].links == (("https://example.org/regler", "reglerna"),)
    assert {(entry.language, entry.url) for entry in found.entries} == {("sv", "https://example.org/odling")}


def test_what_is_left_out_of_a_page_is_said() -> None:
    found = read_page(SOURCES / "questions.html", About())
    assert any("Tom fråga?" in line for line in found.left_out)
    assert any("words outside the questions" in line for line in found.left_out)


def test_a_text_beside_the_questions_is_an_article_of_its_own(tmp_path: Path) -> None:
    long = "Staden har fyrahundra lekplatser i alla stadsdelar. " * 6
    found = read_page(page(tmp_path, f"<h1>Lekplatser</h1><p>{long}</p><h2>Får hundar vara där?</h2><p>Nej.</p>"), About())
    assert titles(found.entries) == ["Får hundar vara där?", "Lekplatser"]
    assert found.left_out == []


def test_a_page_without_questions_is_one_entry_without_its_boilerplate() -> None:
    (entry,) = read_page(SOURCES / "page.html", About()).entries
    assert entry.title == "Lekplatser"
    assert entry.answer.startswith("Staden har 400 lekplatser.") and entry.answer.endswith("så lagas det.")
    assert not any(word in entry.answer for word in ("Meny", "Sidfot", "Sök"))


def test_markup_in_json_goes_before_headings() -> None:
    found = read_page(SOURCES / "graph.html", About())
    assert titles(found.entries) == ["Hur skaffar jag bibliotekskort?", "Får barn ha eget kort?"]
    assert found.entries[0].url == "https://example.org/bibliotek" and found.entries[0].year == 2024
    assert found.left_out == ["a JSON-LD block that is no JSON"]


def test_microdata_is_read() -> None:
    (entry,) = read_page(SOURCES / "microdata.html", About()).entries
    assert (entry.title, entry.answer, entry.language) == ("May my dog run free?", "Only in the dog parks.", "en")


def test_the_command_line_goes_before_what_the_page_says() -> None:
    entry = read_page(SOURCES / "graph.html", About(language="en", url="https://example.org/library")).entries[0]
    assert (entry.language, entry.url) == ("en", "https://example.org/library")


def test_nothing_of_a_script_or_a_hidden_instruction_to_a_browser_is_kept(tmp_path: Path) -> None:
    body = (
        '<h2 onclick="steal()">Är det <img src=x onerror="steal()">farligt?</h2><p>Nej.<script>steal()</script>'
        '<a href="javascript:steal()">Läs</a><iframe srcdoc="steal()"></iframe><svg><text>steal</text></svg>'
        "<template>steal</template><style>steal</style><noscript>steal</noscript></p>"
    )
    (entry,) = read_page(page(tmp_path, body), About()).entries
    assert (entry.title, entry.answer, entry.links) == ("Är det farligt?", "Nej.Läs", ())


def test_a_fold_ends_where_it_is_closed(tmp_path: Path) -> None:
    body = "<h1>T</h1><details><summary>A?</summary><p>a</p><details><summary>B?</summary><p>b</p></details></details><p>c</p>"
    found = read_page(page(tmp_path, body), About())
    assert [(entry.title, entry.answer) for entry in found.entries] == [("A?", "a"), ("B?", "b")]


def test_links_are_complete_and_safe(tmp_path: Path) -> None:
    body = (
        '<h1>Får jag?</h1><p><a href="/a b">a</a> <a href="https://u:p@example.org/">p</a> <a href="http://[">x</a> '
        '<a href="mailto:a@example.org">m</a> <a href="#top">t</a> <a href="http://example.org/">h</a></p>'
    )
    (entry,) = read_page(page(tmp_path, body), About(url="https://example.org/x")).entries
    assert [title for _, title in entry.links] == ["a"]


def test_a_page_that_nests_fifty_thousand_deep_is_read_and_a_hostile_one_refused(tmp_path: Path) -> None:
    (entry,) = read_page(page(tmp_path, "<h1>T</h1>" + "<div>" * 50_000 + "text"), About()).entries
    assert entry.answer == "text"
    with pytest.raises(Unreadable, match="60000 tags"):
        read_page(page(tmp_path, "<h1>T</h1>" + "<div><b><i>" * 50_000 + "text"), About())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_page_in_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes("<html><body><h1>Är ån öppen?</h1><p>Ja – på våren.</p></body></html>".encode(encoding))
    (entry,) = read_page(path, About()).entries
    assert (entry.title, entry.answer) == ("Är ån öppen?", "Ja – på våren.")


def test_a_declared_encoding_is_used(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(
        '<html><head><meta charset="iso-8859-2"></head><body><h1>Co z tą łodzią?</h1><p>Nic.</p></body></html>'.encode(
            "iso-8859-2"
        )
    )
    assert read_page(path, About()).entries[0].title == "Co z tą łodzią?"


@pytest.mark.parametrize("content", [b"", b"   \n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"just words"])
def test_what_is_no_page_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"page\.html"):
        read_page(path, About())


def test_question_marks_of_other_scripts_count() -> None:
    assert (
        is_question("كم يكلّف؟") and is_question("Vad kostar det? ") and is_question("»Är det så?»") and not is_question("Kontakt")
    )
