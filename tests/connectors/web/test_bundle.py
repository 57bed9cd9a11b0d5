"""The widget is many files to us, and one script that a page can pin by its hash."""

from __future__ import annotations

import base64
import gzip
import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import yaml
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from bot.settings import ROOT
from connectors.web.bundle import PARTS, WIDGET, Bundle, join, read_bundle, script_routes
from connectors.web.plugin import STATIC
from tests.connectors.web.conftest import Served

EMBED_LIMIT_BYTES = 40_000  # compressed; what a city page can be asked to carry


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle()


@pytest_asyncio.fixture
async def site(bundle: Bundle) -> AsyncIterator[httpx.AsyncClient]:
    """The script's routes before the folder, as the plugin puts them."""
    app = FastAPI()
    app.include_router(script_routes(bundle))
    app.mount("/widget", StaticFiles(directory=STATIC))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://site") as client:
        yield client


def test_no_file_of_the_widget_is_forgotten_or_joined_twice() -> None:
    assert sorted(PARTS) == sorted(path.name for path in WIDGET.iterdir() if path.is_file())


def test_the_parts_stand_in_the_given_order_and_whole(bundle: Bundle) -> None:
    script = bundle.body.decode()
    at = [script.index(f"/* {name} */") for name in PARTS]
    assert at == sorted(at)
    for name in PARTS:
        if name.endswith(".js"):
            assert (WIDGET / name).read_text(encoding="utf-8") in script, name
    assert PARTS[-1] == "element.js", "the element is made when everything it uses is there"


def test_everything_is_in_one_strict_scope(bundle: Bundle) -> None:
    lines = bundle.body.decode().splitlines()
    assert lines[:2] == ["(() => {", "'use strict';"]
    assert lines[-1] == "})();"


def test_a_style_sheet_survives_as_text(tmp_path: Path) -> None:
    style = 'a::after{content:"\\201C `${x}` \u2028 å"}\n'
    script = join([("style.css", style), ("dark.css", ":host{}"), ("end.js", "process.stdout.write(STYLE + DARK_STYLE);")])
    assert _node("-", script.body) == style + ":host{}"


def test_a_part_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"notes\.md"):
        join([("notes.md", "text")])


def test_the_integrity_is_that_of_the_bytes_and_changes_with_them(bundle: Bundle) -> None:
    digest = hashlib.sha384(bundle.body).digest()
    assert bundle.integrity == "sha384-" + base64.b64encode(digest).decode()
    assert read_bundle() == bundle
    changed = join([("one.js", "let a = 1;\n")]), join([("one.js", "let a = 2;\n")])
    assert changed[0].integrity != changed[1].integrity
    assert changed[0].etag != changed[1].etag


def test_the_joined_script_parses(bundle: Bundle) -> None:
    _node("--check", bundle.body)


def test_the_script_stays_small(bundle: Bundle) -> None:
    assert len(gzip.compress(bundle.body, 6)) <= EMBED_LIMIT_BYTES


def test_the_texts_carried_along_are_those_of_the_catalogue() -> None:
    script = (WIDGET / "texts.js").read_text(encoding="utf-8")
    carried = (
        script + "for (const [c, t] of Object.entries({...EMBEDDED, ...FIRST_WORDS})) for (const [k, v] of Object.entries(t)) "
    )
    lines = _node("-", (carried + "process.stdout.write(`${c}\\t${k}\\t${v}\\n`);").encode()).splitlines()
    assert len(lines) > 100
    texts = {code: yaml.safe_load((ROOT / "texts" / f"{code}.yml").read_text(encoding="utf-8"))
             for code in {line.split("\t")[0] for line in lines}}  # fmt: skip
    for code, key, text in (line.split("\t") for line in lines):
        assert text == texts[code][f"widget.{key}"], (code, key)


@pytest.mark.asyncio
async def test_the_script_is_served_to_be_asked_for_each_time(site: httpx.AsyncClient, bundle: Bundle) -> None:
    answer = await site.get("/widget/fraga.js")
    assert answer.content == bundle.body
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert (await site.head("/widget/fraga.js")).headers["etag"] == bundle.etag
    assert (await site.get("/widget/demo.css")).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(("tag", "status"), [("{}", 304), ("W/{}", 304), ('"old", {}', 304), ("*", 304), ('"old"', 200)])
async def test_a_browser_that_holds_the_script_gets_no_second_copy(
    site: httpx.AsyncClient, bundle: Bundle, tag: str, status: int
) -> None:
    answer = await site.get("/widget/fraga.js", headers={"If-None-Match": tag.format(bundle.etag)})
    assert answer.status_code == status
    assert answer.headers["etag"] == bundle.etag
    assert bool(answer.content) == (status == 200)


@pytest.mark.asyncio
async def test_the_published_hash_is_that_of_the_served_script(site: httpx.AsyncClient) -> None:
    script = await site.get("/widget/fraga.js")
    published = (await site.get("/widget/integrity.json")).json()
    digest = base64.b64encode(hashlib.sha384(script.content).digest()).decode()
    assert published == {"fraga.js": f"sha384-{digest}"}


@pytest.mark.asyncio
async def test_the_running_app_serves_the_script_before_the_folder(served: Served, bundle: Bundle) -> None:
    async with httpx.AsyncClient(base_url=served.url) as page:
        script = await page.get("/widget/fraga.js", headers={"Origin": "https://another.example"})
        published = (await page.get("/widget/integrity.json")).json()
        style = await page.get("/widget/demo.css")
    assert script.content == bundle.body
    assert script.headers["access-control-allow-origin"] == "*", "a page that pins the hash asks with CORS"
    assert published == {"fraga.js": bundle.integrity}
    assert style.status_code == 200


def _node(argument: str, script: bytes) -> str:
    node = shutil.which("node")
    assert node, "node is needed to check the widget's script"
    done = subprocess.run([node, argument], input=script, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
