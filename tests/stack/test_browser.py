"""A citizen on the demo page and agents at the desk, in Chromium, on the running assistant."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.stack.conftest import ADMIN, AGENTS, Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def citizen_page(chromium: Browser, stack: Stack) -> Page:
    """A citizen on the demo page with the chat open."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="sv-SE").new_page()
    page.goto(stack.url)
    page.locator("fraga-goteborg").get_by_role("button", name="Fråga Göteborg").first.click()
    expect(page.get_by_role("log")).to_contain_text("AI-tjänst")
    return page


def write(page: Page, text: str) -> None:
    """The citizen writes and sends."""
    box = page.locator("fraga-goteborg").get_by_role("textbox").first
    box.fill(text)
    box.press("Enter")


def agent_page(chromium: Browser, stack: Stack, account: tuple[str, str, str], theme: str = "light") -> Page:
    """An agent, logged in, in a browser of their own."""
    page = chromium.new_context(viewport={"width": 1360, "height": 900}, color_scheme=theme, locale="sv-SE").new_page()  # type: ignore[arg-type]
    page.goto(f"{stack.url}/desk")
    page.get_by_label("E-post").fill(account[0])
    page.get_by_label("Lösenord").fill(account[2])
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_role("heading", name="I kö")).to_be_visible()
    return page


def test_a_citizen_is_answered_reaches_a_human_and_comes_back(chromium: Browser, stack: Stack) -> None:
    citizen = citizen_page(chromium, stack)
    log = citizen.get_by_role("log")
    write(citizen, "Hur ansöker jag om bygglov?")
    expect(log).to_contain_text("startbesked")
    expect(log).to_contain_text("november 2026")

    write(citizen, "jag vill prata med en människa")
    citizen.get_by_role("button", name="Skicka och prata med en människa").click()
    expect(log).to_contain_text("kö")

    bo, cim = (agent_page(chromium, stack, account) for account in AGENTS)
    for agent in (bo, cim):
        expect(agent.get_by_text("bygglov").first).to_be_visible()
    bo.get_by_role("button", name="Ta över").first.click()
    expect(log).to_contain_text("Bo")
    expect(cim.get_by_role("button", name="Ta över")).to_have_count(0)

    transcript = bo.get_by_role("log")
    expect(transcript).to_contain_text("Hur ansöker jag om bygglov?")
    expect(bo.get_by_text("Vad boten förstod")).to_be_visible()
    bo.get_by_label("Meddelande till medborgaren").fill("Hej, det är Bo. <b>Vad</b> gäller det?")
    bo.get_by_label("Meddelande till medborgaren").press("Enter")
    expect(log).to_contain_text("Hej, det är Bo. <b>Vad</b> gäller det?")

    write(citizen, "Jag undrar om mitt kort")
    expect(transcript).to_contain_text("Jag undrar om mitt kort")

    citizen.reload()  # the conversation goes on where it was
    expect(citizen.get_by_role("log")).to_contain_text("Jag undrar om mitt kort")
    expect(citizen.get_by_role("log").get_by_text("Jag undrar om mitt kort", exact=True)).to_have_count(1)

    bo.get_by_role("button", name="Lämna till boten").click()
    bo.get_by_role("dialog").get_by_role("button", name="Lämna").first.click()
    write(citizen, "Hur ansöker jag om förskoleplats?")
    expect(citizen.get_by_role("log")).to_contain_text("180 dagar")
    for page in (citizen, bo, cim):
        page.context.close()


def test_the_conversation_survives_a_restart_of_the_app_and_a_double_click(chromium: Browser, stack: Stack) -> None:
    citizen = citizen_page(chromium, stack)
    write(citizen, "Vad kostar det att åka till tippen?")
    expect(citizen.get_by_role("log")).to_contain_text("Det är gratis för vuxna")
    stack.kill("bot.serve")
    write(citizen, "Vad kostar boendeparkering?")  # sent while the server is away
    stack.wait_until(lambda: bool(stack.services()))
    expect(citizen.get_by_role("log")).to_contain_text("boende", timeout=60_000)
    expect(citizen.get_by_role("log").get_by_text("Vad kostar boendeparkering?", exact=True)).to_have_count(1)
    stack.wait_complete()
    citizen.context.close()


def test_the_admin_turns_the_bot_off_and_citizens_see_why(chromium: Browser, stack: Stack) -> None:
    admin = agent_page(chromium, stack, ADMIN)
    admin.get_by_role("link", name="Administration").click()
    admin.get_by_label("Orsak").fill("Vi rättar ett fel i svaren.")
    admin.get_by_role("button", name="Stäng av boten").click()
    expect(admin.get_by_text("Boten är avstängd").first).to_be_visible()
    try:
        said = stack.open().send("vad kostar tippen")["messages"]
        assert "Vi rättar ett fel i svaren." in said[0]["text"]
        assert "112" in stack.open().send("det brinner hemma hos mig")["messages"][0]["text"]
    finally:
        admin.get_by_label("Orsak").fill("Felet är rättat.")
        admin.get_by_role("button", name="Slå på boten").click()
        expect(admin.get_by_text("Boten är på").first).to_be_visible()
    assert stack.open().send("vad kostar tippen")["messages"][0].get("article_id")
    admin.context.close()
