"""Sheets as spreadsheets write them; what would calculate or explode is refused."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from knowledge.importing import sheet
from knowledge.importing.entry import About, Reading
from knowledge.importing.reading import Unreadable
from knowledge.importing.sheet import read_csv, read_xlsx
from tests.knowledge.importing.conftest import SOURCES


def csv_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return path


def workbook(tmp_path: Path, *rows: list[object], title: str = "Frågor", before: list[list[object]] | None = None) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    if before is not None:
        for row in before:
            page.append(row)
        page = book.create_sheet(title)
    for row in rows:
        page.append(row)
    path = tmp_path / "sheet.xlsx"
    book.save(path)
    return path


def pairs(found: Reading) -> list[tuple[str, str]]:
    return [(entry.title, entry.answer) for entry in found.entries]


def test_a_swedish_sheet_is_read_and_what_is_left_out_is_said() -> None:
    found = read_csv(SOURCES / "sheet.csv", About())
    first, second = found.entries
    assert first.title == "Får jag fiska i Säveån?" and first.phrasings == ("fiskekort", "fiska i ån")
    assert (first.area, first.department, first.url) == ("fritid", "kretslopp-vatten", "https://example.org/fiske")
    assert (second.title, second.answer, second.short) == ('Var är "badtunnan"?', "I hamnen;\n- kajen\n- bryggan", "I hamnen.")
    assert found.left_out == ["row 4 has no answer", "row 5: a formula in answer; paste it as text"]
    assert found.remarks == ["columns that mean nothing here: Ansvarig"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_separator_and_encoding_are_found(tmp_path: Path, encoding: str, sign: str) -> None:
    text = f'question{sign}answer\r\n"Är ån öppen, i år;?"{sign}"Ja, på\tvåren; och hösten."\r\n'
    assert pairs(read_csv(csv_file(tmp_path, text, encoding), About())) == [("Är ån öppen, i år;?", "Ja, på våren; och hösten.")]


def test_a_title_beside_a_question_is_the_title(tmp_path: Path) -> None:
    (entry,) = read_csv(csv_file(tmp_path, "title,question,answer,phrasings\nT,Q?,A,x | y\n"), About()).entries
    assert (entry.title, entry.phrasings) == ("T", ("Q?", "x", "y"))


def test_phrasings_on_lines_may_hold_a_bar(tmp_path: Path) -> None:
    (entry,) = read_csv(csv_file(tmp_path, 'question,answer,phrasings\nQ?,A,"x | y\nz"\n'), About()).entries
    assert entry.phrasings == ("x | y", "z")


def test_a_row_goes_before_the_command_line(tmp_path: Path) -> None:
    found = read_csv(
        csv_file(tmp_path, "question,answer,language,url\nQ?,A,en,https://example.org/a\nR?,A,,\n"),
        About("fi", "https://example.org/b"),
    )
    assert [(entry.language, entry.url) for entry in found.entries] == [
        ("en", "https://example.org/a"),
        ("fi", "https://example.org/b"),
    ]


@pytest.mark.parametrize("cell", ["=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "+SUM(A1)", "-cmd|'x'", ' =HYPERLINK("x")'])
def test_a_cell_that_calculates_is_refused(tmp_path: Path, cell: str) -> None:
    quoted = cell.replace('"', '""')
    found = read_csv(csv_file(tmp_path, f'question,answer\n"{quoted}",A\nQ?,"{quoted}"\n'), About())
    assert found.entries == [] and len(found.left_out) == 2 and all("formula" in line for line in found.left_out)


@pytest.mark.parametrize("text", ["- Ring oss", "+46 31 365 00 00", "-5 grader", "'citat'", "- E6 norrut"])
def test_a_text_that_only_looks_like_a_formula_is_kept(tmp_path: Path, text: str) -> None:
    assert pairs(read_csv(csv_file(tmp_path, f'question,answer\nQ?,"{text}"\n'), About())) == [("Q?", text)]


def test_a_protecting_apostrophe_is_taken_off(tmp_path: Path) -> None:
    assert pairs(read_csv(csv_file(tmp_path, "question,answer\nQ?,'=1+1\nR?,''-x\n"), About())) == [("Q?", "=1+1"), ("R?", "'-x")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a;b\n1;2\n", "the first row must name"),
        ("question\nQ?\n", "the first row must name"),
        ('question,answer\nQ?,"open\nA\n', "quotation mark"),
        ("question,answer\nQ?,A\0B\n", "no text"),
    ],
)
def test_what_is_no_sheet_of_ours_is_one_sentence(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_csv(csv_file(tmp_path, text), About())


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_ROWS", 3)
    rows = [["question", "answer"], *([f"Q{n}?", "A"] for n in range(3))]
    with pytest.raises(Unreadable, match="over 3 rows"):
        read_csv(csv_file(tmp_path, "\n".join(",".join(row) for row in rows)), About())
    with pytest.raises(Unreadable, match="over 3 rows"):
        read_xlsx(workbook(tmp_path, *rows), About())


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(Unreadable, match="over 20 MB"):
        read_csv(path, About())


def test_a_workbook_is_read_from_the_sheet_that_has_our_columns(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        [None, None],
        ["Fråga", "Svar", "Område", "Ansvarig"],
        ["Hur gammal?", 6, "fritid", None],
        ["Formel?", "=1+1", "fritid", None],
        [None, None, None, None],
        ["Text?", "'=1+1", "fritid", None],
        before=[["Anteckningar"], ["ring Eva"]],
    )
    found = read_xlsx(path, About())
    assert [(entry.where, entry.title, entry.answer) for entry in found.entries] == [
        ("row 3", "Hur gammal?", "6"),
        ("row 6", "Text?", "=1+1"),
    ]
    assert found.left_out == ["row 4: a formula in answer; paste it as text"]
    assert found.remarks == ["columns that mean nothing here: Ansvarig", "sheet Sheet is not read"]


def repacked(path: Path, name: str, change: bytes) -> Path:
    """A workbook with one of its parts replaced."""
    changed = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, change if item.filename == name else old.read(item))
    return changed


# openpyxl reads XML through defusedxml only where that is installed: this holds on to it.
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<%b xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&b;</%b>'
)


@pytest.mark.parametrize(
    ("part", "root"),
    [("xl/worksheets/sheet1.xml", b"worksheet"), ("xl/workbook.xml", b"workbook")],
)
def test_entities_in_a_workbook_are_refused(tmp_path: Path, part: str, root: bytes) -> None:
    path = repacked(workbook(tmp_path, ["question", "answer"], ["Q?", "A"]), part, BOMB % (root, root))
    with pytest.raises(Unreadable, match="declares entities"):
        read_xlsx(path, About())


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_UNPACKED", 2**20)
    path = repacked(workbook(tmp_path, ["question", "answer"], ["Q?", "A"]), "docProps/app.xml", b" " * 2**21)
    assert path.stat().st_size < 2**17
    with pytest.raises(Unreadable, match="unpacks to"):
        read_xlsx(path, About())


def test_a_workbook_that_claims_to_be_endless_is_read_to_its_end(tmp_path: Path) -> None:
    with zipfile.ZipFile(workbook(tmp_path, ["question", "answer"], ["Q?", "A"])) as packed:
        part = packed.read("xl/worksheets/sheet1.xml")
    claim = part.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert claim != part
    path = repacked(tmp_path / "sheet.xlsx", "xl/worksheets/sheet1.xml", claim)
    assert pairs(read_xlsx(path, About())) == [("Q?", "A")]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 broken", b"question,answer\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"sheet\.xlsx") as caught:
        read_xlsx(path, About())
    assert "\n" not in str(caught.value)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "a")
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(packed.getvalue())
    with pytest.raises(Unreadable, match="no XLSX workbook"):
        read_xlsx(path, About())
