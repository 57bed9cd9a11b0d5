"""Takes the pictures of docs/agents.md: the real console in Chromium, over the real app with a scripted bot.

    .venv/bin/python -m deploy.screenshots_desk [FOLDER]     needs Chromium in the PATH or in CHROMIUM

Nothing of the project is changed but docs/images/desk-*.png (or those in FOLDER); the database is a temporary one. What citizens
write is made up; the answers are the knowledge base's own.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import yaml
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.app import create_app
from bot.core import Core
from bot.events import Hub
from bot.settings import ROOT, load_settings
from bot.store.engine import Store
from bot.store.migrate import upgrade
from bot.texts import Catalogue
from tests.bot.scripted import Script, analysis, candidate
from tests.conftest import Clock
from tests.connectors.web.conftest import Browser as Citizen
from tests.handover.conftest import PASSWORD, Office, Staff, press
from tests.handover.test_deliveries import letter
from tests.serving import serving

IMAGES = ROOT / "docs" / "images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--lang=sv"]
FINNISH = "Miten haen kotipalvelua äidilleni?"
OTHERS = (("hemtjanst-under-65", 0.04), ("avc-regler", 0.02))
HUMAN = {"sv": "Det var inte det jag undrade. Kan jag få prata med någon?", "fi": "Haluaisin puhua ihmisen kanssa.",
         "ar": "أريد التحدث مع موظف."}  # fmt: skip
QUESTIONS = [
    ("sv", "Hur sorterar jag glödlampor?", "avc-regler"),
    ("ar", "كيف أتقدم بطلب للحصول على روضة أطفال؟", "forskola-ansokan"),
    ("sv", "Vad kostar parkering i Majorna?", "avc-regler"),
]


def article(article_id: str, language: str) -> dict[str, Any]:
    """An article of the knowledge base as its service gives it."""
    found = next((ROOT / "knowledge" / "articles").rglob(f"{article_id}.yml"))
    kept = yaml.safe_load(found.read_text(encoding="utf-8"))
    code = language if language in kept["answer"] else "sv"
    names = yaml.safe_load((ROOT / "knowledge" / "departments.yml").read_text(encoding="utf-8"))
    return {
        "article_id": article_id, "area": kept["area"], "department": kept["department"], "department_name": names[kept["department"]]["name"]["sv"],
        "status": "published", "updated": str(kept["updated"]), "review_by": str(kept["review_by"]), "live_only": False,
        "sensitive": kept.get("sensitive", False),
        "volatile": [], "language": code, "requested_language": language, "translation_state": "original", "short": "", "next": [],
        "title": kept["title"][code], "answer": kept["answer"][code], "links": [], "titles": kept["title"],
        "sources": [{"url": one["url"], "title": one["title"], "year": one.get("year")} for one in kept["sources"]],
    }  # fmt: skip


class Scene:
    """A Monday morning at the desk."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def asks(self, language: str, question: str, article_id: str, probability: float = 0.93) -> Citizen:
        """A citizen whose question the bot answered, and who then wanted a human."""
        script = self.office.script
        others = [candidate(other, share, article(other, "sv")["title"]) for other, share in OTHERS if other != article_id]
        own = candidate(article_id, probability, article(article_id, "sv")["title"])
        script.analyses[question] = analysis(language, 0.98, None, own, *others)
        wish = HUMAN[language]
        script.analyses[wish] = analysis(language, 0.98, {"ask_human": 0.99})
        for known in (article_id, *(other for other, _ in OTHERS)):
            for code in ("sv", "en", language):
                script.articles[f"{known}:{code}"] = article(known, code)
        script.rasa = lambda _: [
            {"type": "answer", "article_ids": [article_id], "outcome": "answered", "probability": probability}
        ]
        citizen = await self.office.citizen(language=language)
        await citizen.send(question)
        replies = (await citizen.send(wish)).json()["messages"]
        await press(citizen, next(reply for reply in replies if reply.get("buttons")))
        return citizen

    async def set(self) -> Staff:
        """Who works, who waits."""
        await self.office.staff("Adam Admin", role="admin")
        await self.office.staff("Siv Samordnare", role="supervisor")
        await self.office.staff("Eva Editor", role="editor")
        bo = await self.office.staff("Bo Ek", departments=("kontaktcenter",))
        anna = await self.office.staff("Anna Lindgren")
        await bo.post("/me/duty", duty="break")
        for number, (language, question, article_id) in enumerate(QUESTIONS):
            await self.asks(language, question, article_id)
            self.office.clock.forward(minutes=3 - number)
        return anna


async def logged_in(browser: Browser, office: Office, name: str, *, scheme: str = "light", width: int = 1400) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale="sv-SE", color_scheme="dark" if scheme == "dark" else "light"
    )
    page = await context.new_page()
    page.on("pageerror", lambda error: print("page error:", error))
    await page.goto(f"{office.url}/desk")
    await page.get_by_label("E-post").fill(f"{name.split()[0].lower()}@goteborg.example")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await expect(page.get_by_role("banner")).to_contain_text(name, timeout=60_000)
    return page


async def pictures(browser: Browser, scene: Scene, folder: Path) -> None:
    """One picture per part of the guide."""
    office = scene.office
    expect.set_options(timeout=60_000)

    async def take(page: Page, name: str, *, blur: bool = True) -> None:
        away = "document.activeElement?.blur()" if blur else ""
        await page.evaluate(f"document.getElementById('toasts').replaceChildren(); {away}")
        await page.screenshot(path=folder / f"desk-{name}.png")
        print(name)

    anna = await scene.set()
    door = await browser.new_page(viewport={"width": 1400, "height": 900}, locale="sv-SE")
    await door.goto(f"{office.url}/desk")
    await expect(door.get_by_role("button", name="Logga in")).to_be_visible()
    await take(door, "login")
    await door.close()
    page = await logged_in(browser, office, "Anna Lindgren")
    await expect(page.get_by_role("button", name="Ta över", exact=True)).to_have_count(3)
    await take(page, "queue")

    citizen = await scene.asks("fi", FINNISH, "hemtjanst")
    row = page.locator(".card-row", has_text=HUMAN["fi"])
    await row.get_by_role("button", name="Ta över", exact=True).click()
    field = page.get_by_label("Meddelande till medborgaren")
    await expect(field).to_be_focused()
    await anna.write(await office.handover_of(citizen), "Hei! Nimeni on Anna Lindgren.")
    office.script.analyses["Kuinka kauan se kestää?"] = analysis("fi", 0.98)
    await citizen.send("Kuinka kauan se kestää?")
    await expect(page.get_by_role("log").get_by_text("Kuinka kauan se kestää?")).to_be_visible()
    await take(page, "conversation")
    await field.press_sequentially("/")
    await expect(page.locator(".slash li").first).to_be_visible()
    await take(page, "slash", blur=False)
    await field.press("Escape")
    await field.fill("")
    await page.get_by_role("button", name="Färdiga svar").click()
    await expect(page.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()
    await page.get_by_role("dialog").get_by_role("searchbox").fill("språk")
    await take(page, "replies", blur=False)
    await page.get_by_role("dialog").get_by_role("button", name="Avbryt").click()
    office.script.analyses["hemtjänst"] = office.script.analyses[FINNISH]
    await page.get_by_role("button", name="Sök artikel").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("searchbox").fill("hemtjänst")
    await dialog.get_by_role("button", name="Sök", exact=True).click()
    await dialog.get_by_role("listitem").first.get_by_role("button").click()
    await expect(dialog.get_by_role("button", name="Infoga")).to_be_visible()
    await take(page, "article", blur=False)
    await dialog.get_by_role("button", name="Avbryt").click()
    await page.get_by_role("button", name="Fel svar?").first.click()
    await dialog.get_by_label("Sök rätt artikel").fill("hemtjänst")
    await dialog.get_by_role("button", name="Sök", exact=True).click()
    await dialog.get_by_role("listitem").nth(1).get_by_role("button").click()
    await take(page, "wrong", blur=False)
    await dialog.get_by_role("button", name="Skicka till redaktörerna").click()
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Infoga").first.click()
    await field.press("Enter")
    await expect(field).to_have_value("")
    for key, name in (("r", "return"), ("t", "transfer"), ("z", "snooze")):
        await field.press(f"Alt+{key}")
        await expect(dialog.get_by_role("button", name="Avbryt")).to_be_visible()
        await take(page, name, blur=False)
        await dialog.get_by_role("button", name="Avbryt").click()
        await field.focus()
    dark = await logged_in(browser, office, "Anna Lindgren", scheme="dark")
    await dark.locator(".card-open").first.click()
    await expect(dark.get_by_role("log")).to_contain_text("Nimeni")
    await take(dark, "dark")
    await dark.context.close()
    phone = await logged_in(browser, office, "Anna Lindgren", width=390)
    await phone.locator(".card-open").first.click()
    await expect(phone.get_by_role("log")).to_contain_text("Nimeni")
    await phone.screenshot(path=folder / "desk-phone.png", full_page=True)
    await phone.context.close()
    await page.get_by_label("Mitt läge").select_option("break")
    await expect(page.get_by_role("button", name="Ta nästa")).to_be_disabled()
    await page.get_by_role("link", name="Läget").click()
    await expect(page.get_by_text("Övertagna")).to_be_visible()
    await take(page, "day")

    await page.goto(f"{office.url}/desk#account")
    await expect(page.get_by_role("heading", name="Tvåstegsinloggning")).to_be_visible()
    await take(page, "factor")
    await letter(office, "dead")
    waits = await scene.asks("sv", "Vad kostar färdtjänst?", "fardtjanst-priser")
    handover_id = await office.handover_of(waits)
    await anna.post("/me/duty", duty="available")
    await anna.claim(handover_id)
    await anna.post(f"/handovers/{handover_id}/schedule", due_at="2026-11-23T14:00:00Z", kind="written")

    siv = await logged_in(browser, office, "Siv Samordnare")
    due = siv.get_by_role("heading", name="Att återkoppla")
    await expect(due).to_be_visible()
    await due.evaluate("one => one.scrollIntoView({ block: 'start' })")
    await take(siv, "due")
    await siv.get_by_role("link", name="Leveranser").click()
    await expect(siv.get_by_role("button", name="Kasta").first).to_be_visible()
    await take(siv, "deliveries")
    await siv.get_by_role("link", name="Läget").click()
    await expect(siv.get_by_role("heading", name="Pågående samtal")).to_be_visible()
    await take(siv, "overview")
    await siv.get_by_role("link", name="Färdiga svar").click()
    await expect(siv.get_by_role("row", name="Hälsning")).to_be_visible()
    await take(siv, "replies-list")
    await siv.get_by_role("button", name="Ändra: Hälsning").click()
    await expect(siv.get_by_label("Text på svenska")).to_be_visible()
    await take(siv, "replies-edit")

    adam = await logged_in(browser, office, "Adam Admin")
    await adam.get_by_role("link", name="Administration").click()
    await expect(adam.get_by_role("row", name=re.compile("^Bo Ek"))).to_be_visible()
    await adam.get_by_role("heading", name="Meddelande i chatten").scroll_into_view_if_needed()
    await take(adam, "admin")
    await adam.get_by_role("heading", name="Förvaltningar").evaluate("one => one.scrollIntoView({ block: 'start' })")
    await take(adam, "departments")
    await adam.get_by_role("heading", name="Öppettider").evaluate("one => one.scrollIntoView({ block: 'start' })")
    await take(adam, "hours")
    await adam.get_by_role("button", name="Ändra konto: Bo Ek").click()
    await expect(adam.get_by_label("Samtal samtidigt")).to_be_visible()
    await take(adam, "account")

    eva = await logged_in(browser, office, "Eva Editor")
    await eva.goto(f"{office.url}/desk#/articles/reports")
    await expect(eva.get_by_text(FINNISH)).to_be_visible()
    await take(eva, "reports")


async def main(folder: Path) -> None:
    """Sets the scene and takes the pictures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with AsyncExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fraga-desk-pictures-")))
        database = f"sqlite:///{var}/desk.db"
        await asyncio.to_thread(upgrade, database)
        settings = load_settings(_env_file=None, var_dir=var, database_url=database, secret_key="x" * 40, rasa_token="y" * 40,
                                 plugins="connectors.web,handover", log_level="error")  # fmt: skip
        hub, script, clock = Hub(), Script(), Clock()
        store = Store(database, publish=hub.publish)
        core = Core(settings, store, Catalogue.load(ROOT / "texts"), script.knowledge_client(), script.rasa_client(), hub, clock)
        core.started.set()
        app = create_app(core)
        url = await stack.enter_async_context(serving(app))
        office = Office(url, core, script, clock, app.state.registry)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS, env={**os.environ, "LANGUAGE": "sv"})
        await pictures(browser, Scene(office), folder)
        await browser.close()
        for client in office.clients:
            await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
