"""A sitemap's pages are read from where they were saved; nothing outside the folder, nothing from the network."""

from pathlib import Path

import pytest

from knowledge.importing.entry import About
from knowledge.importing.reading import Unreadable
from knowledge.importing.sitemap import read_sitemap, saved_file
from tests.knowledge.importing.conftest import SOURCES


def test_pages_are_matched_and_missing_ones_listed() -> None:
    found = read_sitemap(SOURCES / "sitemap.xml", SOURCES / "saved", About())
    assert [(entry.title, entry.url, entry.year) for entry in found.entries] == [
        ("Får jag odla i parken?", "https://example.org/odling", 2024),
        ("Simskola", "https://example.org/simskola/", None),
    ]
    assert found.left_out == ["missing: https://example.org/inte-sparad", "missing: https://example.org/../../sitemap.xml"]


def test_an_index_leads_to_its_sitemaps() -> None:
    found = read_sitemap(SOURCES / "sitemap_index.xml", SOURCES / "saved", About())
    assert len(found.entries) == 2
    assert found.left_out[0] == "missing: the sitemap https://example.org/sitemap-borta.xml"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a/b", "a/b.html"),
        ("https://example.org/a/b/", "a/b/index.html"),
        ("https://example.org/a/b", "example.org/a/b.html"),
        ("https://example.org/a/b", "a-b.html"),
        ("https://example.org/a/b", "a_b.htm"),
        ("https://example.org/", "index.html"),
        ("https://example.org", "example.org/index.html"),
        ("https://example.org/sm%C3%A5barn", "småbarn.html"),
        ("https://example.org/a.html", "a.html"),
        ("https://example.org/a?id=3", "a?id=3.html"),
    ],
)
def test_how_saved_pages_are_called(tmp_path: Path, address: str, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    assert saved_file(address, tmp_path) == path.resolve()


@pytest.mark.parametrize(
    "address", ["https://example.org/../secret", "https://example.org/%2e%2e/secret", "https://example.org//etc/passwd", "https://example.org/a%00b",
                "https://example.org/link", "https://example.org/" + "x" * 5000]
)  # fmt: skip
def test_no_address_leads_out_of_the_folder(tmp_path: Path, address: str) -> None:
    (tmp_path / "secret.html").write_text("x", encoding="utf-8")
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    assert saved_file(address, folder) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<urlset><url>", "no XML"),
        ("<html></html>", "no sitemap"),
        ('<?xml version="1.0" encoding="nonsense"?><urlset/>', "no XML"),
    ],
)
def test_what_is_no_sitemap_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "sitemap.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Unreadable, match=reason):
        read_sitemap(path, tmp_path, About())


def test_entities_are_refused() -> None:
    with pytest.raises(Unreadable, match="entities"):
        read_sitemap(SOURCES / "bomb.xml", SOURCES, About())


def test_a_broken_page_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"\0\0")
    (tmp_path / "b.html").write_text("<h1>B</h1><p>Text.</p>", encoding="utf-8")
    path = tmp_path / "sitemap.xml"
    path.write_text(
        "<urlset><url><loc>https://x.se/a</loc></url><url/><url><loc>https://x.se/b</loc></url></urlset>", encoding="utf-8"
    )
    found = read_sitemap(path, tmp_path, About())
    assert [entry.title for entry in found.entries] == ["B"] and len(found.left_out) == 1


def test_the_folder_of_pages_must_be_there() -> None:
    with pytest.raises(Unreadable, match="--pages"):
        read_sitemap(SOURCES / "sitemap.xml", SOURCES / "nowhere", About())
