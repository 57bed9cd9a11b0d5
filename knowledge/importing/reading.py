"""Opens files of unknown origin: bounded in size, in an encoding that fits."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

MAX_BYTES = 20 * 1024 * 1024  # a knowledge base of 10 000 articles in twelve languages is 60 MB; one file of a source is far less
MAX_TAGS = 60_000  # a page of ours has hundreds; hostile nesting takes the parser quadratic time, here four seconds
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9_-]{2,20})", re.IGNORECASE)


class Unreadable(ValueError):
    """A source that can't be read at all; the message is one sentence that says what to do."""


def read_bytes(path: Path) -> bytes:
    """A file's contents.

    Raises:
        Unreadable: when it is not there, no file, empty, over `MAX_BYTES` or may not be read.
    """
    try:
        if not path.is_file():
            raise Unreadable(f"{path} is {'a folder' if path.is_dir() else 'not there'}; name one file")
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path.name} has over {MAX_BYTES // 2**20} MB; split it")
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} can't be read: {error.strerror or error}") from error
    if not raw.strip():
        raise Unreadable(f"{path.name} is empty")
    return raw


def read_text(path: Path) -> str:
    """A text file's contents: by its byte order mark, else UTF-8, else what an HTML file declares, else Windows-1252.

    Raises:
        Unreadable: as `read_bytes`, and when the bytes are no text in any of these.
    """
    raw = read_bytes(path)
    declared = _DECLARED.search(raw[:4096])
    encodings = [name for mark, name in _BOMS if raw.startswith(mark)][:1] or ["utf-8"]
    if declared:
        encodings.append(declared[1].decode("ascii"))
    for encoding in (*encodings, "cp1252"):
        try:
            text = raw.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff")
    raise Unreadable(f"{path.name} is no text in UTF-8 or Windows-1252; save it as UTF-8")


def parse_html(markup: str) -> LexborHTMLParser:
    """HTML as browsers read it. Nothing in it is run or fetched.

    Raises:
        Unreadable: when it has more than `MAX_TAGS` tags.
    """
    if markup.count("<") > MAX_TAGS:
        raise Unreadable(f"a page has over {MAX_TAGS} tags; divide it")
    return LexborHTMLParser(markup)
