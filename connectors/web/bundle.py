"""Joins the parts of the widget into the one script that pages embed, and serves it.

There is no build step: the server reads the parts when it starts. A page may pin the script by its hash (subresource
integrity), so the same parts always give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

WIDGET = Path(__file__).parent / "widget"
SCRIPT_NAME = "fraga.js"

# A part may use, while the script loads, only what stands before it; element.js makes the element and comes last.
PARTS = (
    "settings.js",
    "texts.js",
    "text_format.js",
    "store.js",
    "transport.js",
    "event_link.js",
    "conversation.js",
    "dom.js",
    "style.css",
    "dark.css",
    "stylesheet.js",
    "message_view.js",
    "log_view.js",
    "status_view.js",
    "suggestions.js",
    "composer.js",
    "mailing.js",
    "ending.js",
    "continuing.js",
    "transcript.js",
    "menu.js",
    "dialog.js",
    "element.js",
)


@dataclass(frozen=True)
class Bundle:
    """The joined script.

    Attributes:
        body: the script, UTF-8.
        integrity: what a page writes in its `integrity` attribute: `sha384-` and the hash in base64.
        etag: the HTTP entity tag, quotes included.
    """

    body: bytes
    integrity: str
    etag: str


def join(parts: Sequence[tuple[str, str]]) -> Bundle:
    """Joins parts into one script in one strict scope of its own.

    Args:
        parts: (file name, text) in order. A `.css` file becomes a constant of its text, named after it: `dark.css` →
            `DARK_STYLE`, `style.css` → `STYLE`.

    Returns:
        The script with its hash. The same parts give the same bytes.

    Raises:
        ValueError: a part is neither .js nor .css.
    """
    scripts = [f"/* {name} */\n{_as_script(name, text)}" for name, text in parts]
    body = "\n".join(["(() => {", "'use strict';", *scripts, "})();", ""]).encode()
    digest = hashlib.sha384(body).digest()
    return Bundle(body, f"sha384-{base64.b64encode(digest).decode()}", f'"{digest.hex()[:32]}"')


def read_bundle(folder: Path = WIDGET) -> Bundle:
    """Reads the widget's parts and joins them.

    Raises:
        OSError: a part is missing.
    """
    return join([(name, (folder / name).read_text(encoding="utf-8")) for name in PARTS])


def script_routes(bundle: Bundle) -> APIRouter:
    """`/widget/fraga.js` and `/widget/integrity.json`. To be added before the folder that is served at `/widget`."""
    router = APIRouter(prefix="/widget", include_in_schema=False)
    # no-cache = keep it, but ask each time: a page that embeds the chat never runs an old one after a release.
    fresh = {"Cache-Control": "no-cache", "ETag": bundle.etag}

    @router.api_route(f"/{SCRIPT_NAME}", methods=["GET", "HEAD"])
    async def script(request: Request) -> Response:
        if _holds(request.headers.get("if-none-match", ""), bundle.etag):
            return Response(status_code=304, headers=fresh)
        return Response(bundle.body, media_type="text/javascript", headers=fresh)

    @router.get("/integrity.json")
    async def integrity() -> Response:
        body = json.dumps({SCRIPT_NAME: bundle.integrity})
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})

    return router


def _as_script(name: str, text: str) -> str:
    stem, _, kind = name.rpartition(".")
    if kind == "js":
        return text
    if kind == "css":
        constant = "STYLE" if stem == "style" else f"{stem.upper()}_STYLE"
        return f"const {constant} = {json.dumps(text, ensure_ascii=False)};\n"
    raise ValueError(f"a part is a .js or a .css file, not {name!r}")


def _holds(if_none_match: str, etag: str) -> bool:
    """Whether a browser's (or a compressing proxy's weak) tag is the current one."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
