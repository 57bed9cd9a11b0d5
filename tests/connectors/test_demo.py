"""`connectors.simulator` as a plugin: the page of phones, over the real app and gateway; never in production."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.app import create_app
from bot.core import Core
from bot.settings import ConfigurationError
from connectors.simulator.plugin import is_this_machine
from tests.bot.conftest import core, script
from tests.bot.scripted import Script, analysis, article
from tests.serving import free_port, serving

__all__ = ["core", "script"]
pytestmark = pytest.mark.asyncio
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--lang=sv"]
ARABIC = "كم تكلفة الزيارة"


@pytest.fixture
def database_url(tmp_path: Any, migrated_sqlite: Any) -> str:
    """SQLite alone: the demo's own pages are looked at here."""
    path = tmp_path / "fraga.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest_asyncio.fixture
async def url(core: Core, script: Script) -> AsyncIterator[str]:
    listening, address = free_port()
    core.settings.plugins = "connectors.web,connectors.simulator,connectors.gateway,handover"
    core.settings.public_url = address
    buttons = [
        {"title": title, "payload": f'/answer_article{{"article_id": "{title.lower()}"}}'} for title in ("Bygglov", "Parkering")
    ]
    script.articles |= {name: article(name, short=f"Svaret om {name}.") for name in ("bygglov", "parkering")}
    script.articles["ar"] = article(
        "ar", language="ar", requested_language="ar", title="الزيارة", answer="الزيارة تكلف 100 كرون.\nGöteborg: 031-365 00 00"
    )
    script.analyses[ARABIC] = analysis("ar")
    script.rasa = lambda body: (
        [{"type": "answer", "article_ids": [body["message"].split('"')[3]], "outcome": "answered"}] if body["message"].startswith("/answer")
        else [{"type": "answer", "article_ids": ["ar"], "outcome": "answered"}] if body["message"] == ARABIC
        else [{"type": "clarify", "key": "clarify.intro", "outcome": "clarification", "buttons": buttons}]
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as environment:
        environment.setattr(os, "environ", dict(os.environ))  # what the plugin sets stays here
        app = create_app(core)
    async with serving(app, listening):
        yield address


async def _phone(http: httpx.AsyncClient, provider: str) -> dict[str, Any]:
    phones = (await http.get("/demo/channels/state")).json()["phones"]
    return next(phone for phone in phones if phone["provider"] == provider)


async def test_every_provider_s_phone_writes_presses_and_sees_what_became_of_it(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        providers = [phone["provider"] for phone in (await http.get("/demo/channels/state")).json()["phones"]]
        assert {"elks", "twilio", "sinch", "telegram", "messenger", "whatsapp"} <= set(providers)
        for provider in providers:
            assert (await http.post(f"/demo/channels/{provider}/messages", json={"text": "hur gör jag"})).json() == {
                "state": "taken"
            }
            phone = await _until(http, provider, lambda phone: len(phone["messages"]) >= 2)
            if phone["messages"][-1]["buttons"]:
                await http.post(f"/demo/channels/{provider}/presses", json={"choice": 1})
            else:
                await http.post(f"/demo/channels/{provider}/messages", json={"text": "2"})
            phone = await _until(http, provider, lambda phone: "Svaret om parkering." in phone["messages"][-1]["text"])
            if phone["channel"] == "sms":
                assert phone["parts"] >= 2 and phone["cost"].endswith(str(phone["parts"] * 52)[-2:])
        async with asyncio.timeout(60):  # until no more reports come
            status = 0
            while status != 204:
                version = (await http.get("/demo/channels/state")).json()["version"]
                status = (await http.get(f"/demo/channels/state?version={version}")).status_code


async def test_a_fault_is_lived_through_and_wrong_requests_are_told_so(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        await http.post("/demo/channels/telegram/faults", json={"kind": "server_error"})
        await http.post("/demo/channels/telegram/messages", json={"text": "hur gör jag"})
        phone = await _until(http, "telegram", lambda phone: phone["waiting"])
        assert phone["fault"] == "server_error" and len(phone["messages"]) == 1
        assert (await http.post("/demo/channels/pigeon/messages", json={"text": "x"})).status_code == 404
        assert (await http.post("/demo/channels/elks/messages", json={"text": " "})).status_code == 422
        assert (await http.post("/demo/channels/elks/presses", json={"choice": 0})).status_code == 422
        assert (await http.get("/demo/channels/static/..%2fdemo.py")).status_code == 404


async def test_it_is_refused_in_production_elsewhere_and_in_the_wrong_order(core: Core) -> None:
    core.settings.plugins = "connectors.simulator,connectors.gateway"
    core.settings.fraga_env = "production"
    with pytest.raises(ConfigurationError, match="development only"):
        create_app(core)
    core.settings.fraga_env, core.settings.public_url = "development", "https://fraga.goteborg.se"
    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        create_app(core)
    assert (
        is_this_machine("http://127.0.0.1:8100") and is_this_machine("http://[::1]:1") and not is_this_machine("http://10.0.0.1")
    )


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
async def test_the_page_in_a_browser(url: str) -> None:
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page: Page = await browser.new_page(viewport={"width": 390, "height": 800}, locale="sv-SE")
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{url}/demo/channels")
        telegram = page.get_by_role("region", name="Telegram")
        await telegram.get_by_label("Meddelande, Telegram").fill("hur gör jag")
        await telegram.get_by_role("button", name="Skicka", exact=True).click()
        await telegram.get_by_role("button", name="Parkering").click()
        await expect(telegram.get_by_text("Svaret om parkering.")).to_be_visible(timeout=20_000)
        sms = page.get_by_role("region", name="SMS")
        await sms.get_by_label("Meddelande, SMS").fill("<b>hej</b>")
        await page.keyboard.press("Enter")
        await expect(sms.get_by_text("<b>hej</b>")).to_be_visible()
        await expect(sms.get_by_text("SMS-delar")).to_be_visible(timeout=20_000)
        whatsapp = page.get_by_role("region", name="WhatsApp")
        await whatsapp.get_by_label("Meddelande, WhatsApp").fill(ARABIC)
        await page.keyboard.press("Enter")
        said = whatsapp.get_by_text("الزيارة تكلف").first
        await expect(said).to_be_visible(timeout=20_000)
        assert await said.evaluate("node => getComputedStyle(node).unicodeBidi") == "plaintext"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not faults
        await browser.close()


async def _until(http: httpx.AsyncClient, provider: str, holds: Any) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while not holds(phone := await _phone(http, provider)):
            await asyncio.sleep(0.05)
    return phone
