"""A sitemap beside a folder of saved pages: each address is read from its file. Nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from knowledge.importing.entry import About, Reading
from knowledge.importing.pages import read_page
from knowledge.importing.reading import Unreadable, read_bytes

MAX_ADDRESSES = 50_000  # sitemaps.org allows no more in one file


def read_sitemap(path: Path, pages: Path, given: About) -> Reading:
    """Reads every page that a sitemap, or the sitemaps of a sitemap index, names and that was saved.

    Args:
        path: the sitemap.
        pages: the folder of saved pages, called as `saved_file` says. An index's sitemaps lie there or beside the index.
        given: the language, before what a page says; each page's address is the sitemap's.

    Raises:
        Unreadable: when the file is no sitemap, declares entities, or `pages` is no folder.
    """
    if not pages.is_dir():
        raise Unreadable(f"{pages} is no folder; name the folder of the saved pages with --pages")
    found = Reading()
    addresses, children = _locations(path)
    for child in children:
        file = saved_file(child, path.parent) or _beside(child, path.parent) or saved_file(child, pages)
        if file is None:
            found.left_out.append(f"missing: the sitemap {child}")
            continue
        more, deeper = _locations(file)
        addresses += more
        found.left_out += [f"{deep}: an index inside an index is not read" for deep in deeper]
    for address, changed in dict.fromkeys(addresses):
        file = saved_file(address, pages)
        if file is None:
            found.left_out.append(f"missing: {address}")
            continue
        try:
            page = read_page(file, About(given.language, address, year=changed))
        except Unreadable as error:
            found.left_out.append(f"{address}: {error}")
            continue
        found.entries += [replace(entry, where=f"{address}, {entry.where}") for entry in page.entries]
        found.left_out += [f"{address}: {line}" for line in page.left_out]
        if not page.entries and not page.left_out:
            found.left_out.append(f"{address}: no text")
    return found


def saved_file(address: str, folder: Path) -> Path | None:
    """The file in which a page was saved, or None.

    The address's path is the file's: `/a/b/` or `/a/b` is `a/b/index.html`, `a/b.html`, `a/b.htm` or `a/b`, below the folder or
    below a folder named as the host (as wget lays them); `?x=1` is part of the name (`a/b?x=1.html`). A folder without subfolders
    may hold them as `a-b.html` or `a_b.html`.
    """
    parts = urlsplit(address)
    path = unquote(parts.path).strip("/")
    if parts.query:
        path = f"{path}?{parts.query}"
    flat = [path.replace("/", sign) for sign in "-_"] if "/" in path else []
    names = [name for base in [path, *flat] for name in _names(base)]
    top = folder.resolve()
    for name in [*names, *(f"{parts.hostname}/{name}" for name in names)]:
        try:
            file = (top / name).resolve()
            if file.is_relative_to(top) and file.is_file():
                return file
        except (OSError, ValueError):  # a name that no file can have
            continue
    return None


def _names(path: str) -> list[str]:
    return (
        [f"{path}/index.html", f"{path}/index.htm", f"{path}.html", f"{path}.htm", path] if path else ["index.html", "index.htm"]
    )


def _beside(address: str, folder: Path) -> Path | None:
    return saved_file(Path(urlsplit(address).path).name, folder)


def _locations(path: Path) -> tuple[list[tuple[str, int | None]], list[str]]:
    """The pages, with the year they last changed, and the sitemaps that a file names."""
    try:
        root: Element = ElementTree.fromstring(read_bytes(path), forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable(f"{path.name} declares a document type or entities, which a sitemap has not; it is not read") from error
    except (ParseError, ValueError, LookupError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{path.name} is no XML: {error}") from error
    kind = _local(root.tag)
    if kind not in ("urlset", "sitemapindex"):
        raise Unreadable(f"{path.name} is no sitemap: its root is <{kind}>, not <urlset> or <sitemapindex>")
    pages: list[tuple[str, int | None]] = []
    sitemaps: list[str] = []
    for item in root:
        values = {_local(child.tag): (child.text or "").strip() for child in item}
        address = values.get("loc", "")
        if not address:
            continue
        if kind == "sitemapindex":
            sitemaps.append(address)
        else:
            year = re.match(r"20\d\d", values.get("lastmod", ""))
            pages.append((address, int(year[0]) if year else None))
    if len(pages) > MAX_ADDRESSES:
        raise Unreadable(f"{path.name} names over {MAX_ADDRESSES} pages; split it")
    return pages, sitemaps


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
