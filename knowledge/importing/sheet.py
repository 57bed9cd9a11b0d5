"""A sheet of questions and answers: CSV in the forms that spreadsheets write, and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException

from knowledge.exporting import COLUMNS
from knowledge.importing.entry import About, Entry, Reading, answer_and_links, one_line
from knowledge.importing.faq import language_code
from knowledge.importing.reading import Unreadable, read_bytes, read_text

MAX_ROWS = 20_000
MAX_COLUMNS = 64
MAX_UNPACKED = 100 * 1024 * 1024  # bytes; what an XLSX, which is a ZIP file, may grow to
_HEADERS = {
    "id": ("id", "artikel", "artikel-id", "article"),
    "area": ("area", "område"),
    "department": ("department", "förvaltning", "avdelning"),
    "title": ("title", "titel", "rubrik"),
    "question": ("question", "fråga"),
    "answer": ("answer", "svar"),
    "short": ("short", "short answer", "kort", "kort svar", "kortsvar", "sms"),
    "language": ("language", "lang", "språk"),
    "url": ("url", "link", "länk", "webbadress", "källa", "source"),
    "source_title": ("source title", "källans namn"),
    "phrasings": ("phrasings", "formuleringar", "andra frågor", "varianter"),
}
_COLUMN = {name: column for column, names in _HEADERS.items() for name in names}
_FORMULA = re.compile(r"^\s*[=@]|^\s*[+-]\s*[A-Za-z.]+[(|!]")  # "- " and "+46" begin texts too
_PROTECTED = re.compile(r"^'+[=+\-@\t\r]")


class _Formula(str):
    """A cell that calculates its value: what it shows depends on the program that shows it."""


def read_csv(path: Path, given: About) -> Reading:
    """Reads a comma, semicolon or tab separated file in UTF-8 (with or without mark), UTF-16 or Windows-1252.

    Raises:
        Unreadable: when it is none, has no header row of ours, or over `MAX_ROWS` rows.
    """
    text = read_text(path)
    first = next(line for line in text.splitlines() if line.strip())
    # A separator inside a header is not thinkable; the one that gives most of our columns is it.
    separator = max(";,\t", key=lambda sign: len(_columns(next(csv.reader([first], delimiter=sign)))))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Unreadable(f"{path.name} is no CSV file: {error} (is a quotation mark left open?)") from error
    return _entries(path.name, enumerate(([_csv_cell(cell) for cell in row] for row in rows), 1), given)


def read_xlsx(path: Path, given: About) -> Reading:
    """Reads the first sheet of an XLSX workbook that has our columns. Nothing is calculated and no link followed.

    Raises:
        Unreadable: when it is no workbook, is too large once unpacked, or no sheet has our columns.
    """
    raw = read_bytes(path)
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(f"{path.name} has a password or is in the old XLS form; save it as XLSX without password")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(item.file_size for item in packed.infolist())
        if size > MAX_UNPACKED:
            raise Unreadable(f"{path.name} unpacks to {size // 2**20} MB; at most {MAX_UNPACKED // 2**20} MB are read")
        sheets = list(_sheets(raw))
    except Unreadable:
        raise
    except Exception as error:  # what a broken workbook makes openpyxl raise is open-ended
        if isinstance(error, DefusedXmlException) or isinstance(error.__context__, DefusedXmlException):
            raise Unreadable(f"{path.name} declares entities, which a workbook has not; it is not read") from error
        reason = " ".join(str(error).split())[:200]
        raise Unreadable(f"{path.name} is no XLSX workbook that can be read ({type(error).__name__}: {reason})") from error
    for name, rows in sheets:
        header = next((row for row in rows if any(row)), ())
        if _is_header(_columns(header)):
            found = _entries(path.name, enumerate(rows, 1), given)
            found.remarks += [
                f"sheet {other} is not read" for other, other_rows in sheets if other != name and any(map(any, other_rows))
            ]
            return found
    raise Unreadable(f"{path.name}: {_NO_HEADER}")


def _sheets(raw: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # a file's own word for its size may be a million empty rows
            rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
            yield sheet.title, [[_cell(cell) for cell in row] for row in rows]
    finally:
        book.close()


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        return _Formula(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _unprotected(str(value))


def _unprotected(cell: str) -> str:
    """Takes off the apostrophe that our export, and other careful ones, put before what a spreadsheet would calculate."""
    return cell[1:] if _PROTECTED.match(cell) else cell


def _csv_cell(cell: str) -> str:
    return _Formula(cell) if _FORMULA.match(cell) else _unprotected(cell)


def _columns(header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        column = _COLUMN.get(" ".join(str(name).casefold().replace("_", " ").replace("\ufeff", "").split()))
        if column is not None:
            found.setdefault(column, place)
    return found


def _is_header(columns: dict[str, int]) -> bool:
    return "answer" in columns and ("title" in columns or "question" in columns)


_NO_HEADER = (
    "the first row must name the columns question (or title) and answer; "
    "also id, area, department, short, language, url, phrasings"
)


def _entries(name: str, rows: Iterator[tuple[int, list[str]]], given: About) -> Reading:
    filled = [(number, row) for number, row in rows if any(cell.strip() for cell in row)]
    if not filled or not _is_header(columns := _columns(filled[0][1])):
        raise Unreadable(f"{name}: {_NO_HEADER}")
    if len(filled) > MAX_ROWS:
        raise Unreadable(f"{name} has over {MAX_ROWS} rows; split it")
    found = Reading()
    header = filled[0][1]
    ours = {*columns.values(), *(place for place, cell in enumerate(header) if cell.strip() in COLUMNS)}
    unused = [cell.strip() for place, cell in enumerate(header) if cell.strip() and place not in ours]
    if unused:
        found.remarks.append(f"columns that mean nothing here: {', '.join(unused[:10])}")
    for number, row in filled[1:]:
        cells = {column: row[place] if place < len(row) else "" for column, place in columns.items()}
        formulas = [column for column, cell in cells.items() if isinstance(cell, _Formula)]
        entry = _entry(f"row {number}", cells, given)
        if formulas:
            found.left_out.append(f"row {number}: a formula in {', '.join(formulas)}; paste it as text")
        elif not entry.title or not entry.answer:
            found.left_out.append(f"row {number} has no {'answer' if entry.title else 'question'}")
        else:
            found.entries.append(entry)
    return found


def _entry(where: str, cells: dict[str, str], given: About) -> Entry:
    url = cells.get("url", "").strip() or given.url
    question, title = one_line(cells.get("question", "")), one_line(cells.get("title", ""))
    listed = cells.get("phrasings", "")
    phrasings = [one_line(text) for text in listed.split("\n" if "\n" in listed.strip() else "|")]
    answer, links = answer_and_links(cells.get("answer", ""), url)
    return Entry(
        where=where,
        title=title or question,
        answer=answer,
        id=cells.get("id", "").strip(),
        area=cells.get("area", "").strip(),
        department=cells.get("department", "").strip(),
        language=language_code(cells.get("language", "")) or cells.get("language", "").strip() or given.language,
        short=one_line(cells.get("short", "")),
        url=url,
        source_title=one_line(cells.get("source_title", "")) or given.title,
        phrasings=tuple(text for text in ([question] if title else []) + phrasings if text),
        links=links,
    )
