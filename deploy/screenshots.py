"""Takes the pictures of docs/editors.md: the real console in Chromium, over the real services and a copy of the knowledge base.

    .venv/bin/python -m deploy.screenshots          needs `make setup`, and Chromium in the PATH or in CHROMIUM

Nothing of the project is changed but docs/images/editor-*.png: articles, index and database are copies in a temporary folder.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, async_playwright, expect
from pydantic import SecretStr

from bot.app import create_app, make_core
from bot.core import Core, utc_now
from bot.settings import ROOT, load_settings
from bot.store.migrate import upgrade
from handover import accounts
from knowledge import service
from knowledge.editing.settings import EditingSettings
from knowledge.settings import Settings
from tests.serving import serving

IMAGES = ROOT / "docs" / "images"
TOKEN, PASSWORD = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--lang=sv"]


class Editor:
    """A colleague who works over the API, so that there is something to see."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    async def arrives(cls, core: Core, url: str, name: str) -> Editor:
        account = accounts.NewAccount(f"{name.split()[0].lower()}@goteborg.example", name, "editor", PASSWORD)
        async with core.store.write() as tx:
            await accounts.create(tx, account, password_hash=accounts.hashed(account), actor="cli", now=utc_now())
        http = httpx.AsyncClient(base_url=f"{url}/desk/v1", timeout=120)
        login = await http.post("/login", json={"email": account.email, "password": PASSWORD})
        http.headers["X-CSRF-Token"] = login.raise_for_status().json()["csrf_token"]
        return cls(http)

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        return dict((await self._http.post(path, json=body)).raise_for_status().json())

    async def proposes(self, article_id: str, reason: str, old: str, new: str) -> dict[str, Any]:
        seen = (await self._http.get(f"/articles/{article_id}")).raise_for_status().json()
        article = seen["article"]
        swedish = article["answer"]["sv"].replace(old, new)
        if swedish == article["answer"]["sv"]:
            raise ValueError(f"{article_id} no longer says {old!r}; choose other words for the picture")
        article["answer"]["sv"] = swedish
        draft = await self.post(f"/articles/{article_id}/draft", article=article, base_hash=seen["hash"], version=None)
        return await self.post(f"/articles/changes/{draft['id']}/propose", version=draft["version"], reason=reason)

    async def aclose(self) -> None:
        await self._http.aclose()


async def logged_in(browser: Browser, url: str, email: str) -> Page:
    context = await browser.new_context(viewport={"width": 1400, "height": 900}, locale="sv-SE", color_scheme="light")
    page = await context.new_page()
    await page.goto(f"{url}/desk")
    await page.get_by_label("E-post").fill(email)
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await expect(page.get_by_role("table")).to_be_visible(timeout=30_000)
    return page


async def pictures(page: Page, url: str, proposal: dict[str, Any]) -> None:
    """One picture per part of the guide."""

    async def visit(path: str, seen: str) -> None:
        await page.goto(f"{url}/desk#/articles/{path}")
        await expect(page.get_by_text(seen).first).to_be_visible(timeout=30_000)

    async def take(name: str) -> None:
        await page.evaluate("document.getElementById('toasts').replaceChildren(); document.activeElement?.blur()")
        await page.screenshot(path=IMAGES / f"editor-{name}.png")

    await visit("", "artiklar")
    await page.get_by_label("Visa").select_option("attention")
    await expect(page.get_by_text("Ditt utkast").or_(page.get_by_text("förslag väntar")).first).to_be_visible()
    await take("list")
    await visit("avc-regler/edit", "Konkurrerande formuleringar")
    field = page.get_by_label("Svar", exact=True)
    await field.fill(f"{await field.input_value()} Ring 031-365 00 00 om du undrar.")
    await expect(page.get_by_text("är ett utskrivet nummer").first).to_be_visible()
    await expect(page.get_by_text("Utkastet är sparat")).to_be_visible()
    await take("write")
    await visit("forskola-ansokan/edit/ar", "Så har den svenska texten ändrats")
    await expect(page.get_by_role("complementary").get_by_text("Så här blir sms:et")).to_be_visible()
    await take("translate")
    await visit(f"changes/{proposal['id']}", "Det här ändras")
    await take("decide")


async def main() -> None:
    """Sets the scene and takes the pictures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with AsyncExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fraga-pictures-")))
        room = var / "knowledge-base"
        shutil.copytree(ROOT / "knowledge" / "articles", room / "articles")
        for table in ("departments.yml", "phones.yml"):
            shutil.copy(ROOT / "knowledge" / table, room / table)
        shutil.copytree(ROOT / "var" / "index", var / "index")
        (var / "encoder").symlink_to(ROOT / "var" / "encoder")
        editing = EditingSettings(_env_file=None, knowledge_token=SecretStr(TOKEN), editing_git="off")
        knowledge = service.create_app(Settings(var_dir=var, articles_dir=room / "articles"), editing=editing)
        address = await stack.enter_async_context(serving(knowledge))
        database = f"sqlite:///{var}/pictures.db"
        await asyncio.to_thread(upgrade, database)
        settings = load_settings(_env_file=None, var_dir=var, database_url=database, knowledge_url=address, knowledge_token=TOKEN, secret_key=TOKEN, rasa_token=TOKEN,
                                 start_grace_seconds=1, log_level="error")  # fmt: skip
        core = make_core(settings)
        url = await stack.enter_async_context(serving(create_app(core)))
        async with httpx.AsyncClient(base_url=address) as http:
            while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - another process's state
                await asyncio.sleep(0.5)
        anna, bo = [await Editor.arrives(core, url, name) for name in ("Anna Lindgren", "Bo Ek")]
        stack.push_async_callback(anna.aclose)
        stack.push_async_callback(bo.aclose)
        first = await anna.proposes("forskola-ansokan", "Tydligare om åldern", "vid start", "den dag det börjar")
        await bo.post(f"/articles/changes/{first['id']}/publish", version=first["version"])
        waiting = await bo.proposes("sfi", "Enligt vuxenutbildningens nya sida", "gratis", "kostnadsfri")
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS, env={**os.environ, "LANGUAGE": "sv"})
        await pictures(await logged_in(browser, url, "anna@goteborg.example"), url, waiting)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
