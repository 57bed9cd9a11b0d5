"""The context beside a conversation: in short, answers to insert, and what another board may not see yet."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from tests.bot.scripted import analysis, article, candidate
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.conftest import HUMAN, press

pytestmark = pytest.mark.asyncio
QUESTION, AGAIN = "متى يتم تفريغ القمامة؟", "و السجاد القديم؟"


async def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png")


async def talked(consoles: Consoles) -> None:
    """A citizen who writes Arabic got one answer and one don't-know, and waits for a human."""
    script = consoles.office.script
    script.analyses[QUESTION] = analysis(
        "ar", 0.99, {}, candidate("sopor", 0.83, "تفريغ القمامة"), candidate("kompost", 0.3, "السماد")
    )
    script.analyses[AGAIN] = analysis("ar", 0.99, {}, candidate("grovavfall", 0.42, "النفايات الكبيرة"))
    for key, title in (("sopor", "Sophämtning"), ("grovavfall", "Grovavfall")):
        script.articles[f"{key}:sv"] = article(key, title=title)
        script.articles[f"{key}:ar"] = article(key, title=f"{title} بالعربية", answer="يتم التفريغ يوم الثلاثاء.", language="ar",
                                               translation_state="reviewed")  # fmt: skip
    script.rasa = lambda body: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered"}] if (
        body["message"] == QUESTION) else [{"type": "text", "key": "dont_know", "outcome": "unanswered"}]  # fmt: skip
    script.analyses[HUMAN] = analysis("ar", 0.99, {"ask_human": 0.99})
    citizen = await consoles.office.citizen(language="ar")
    await citizen.send(QUESTION)
    await citizen.send(AGAIN)
    question = await consoles.office.asks_for_human(citizen)
    struck = next(line["seq"] for line in question["preview"]["messages"] if line["author"] == "bot")
    body = {"client_message_id": "agree", "payload": question["buttons"][0]["payload"], "struck": [struck]}
    await citizen.http.post("/chat/v1/messages", params={"wait": 15}, json=body, headers=citizen.auth)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_in_short_and_an_answer_inserted_with_one_press(consoles: Consoles, scheme: str) -> None:
    await talked(consoles)
    page = await consoles.open("Anna Lindgren", scheme=scheme)
    await page.get_by_role("button", name="Ta nästa").click()
    beside = page.get_by_role("complementary", name="Sammanhang")
    await expect(beside.get_by_role("heading", name="I korthet")).to_be_visible()
    await expect(beside.locator(".gist q", has_text=QUESTION)).to_be_visible()
    await expect(beside.locator(".gist li", has_text=AGAIN).filter(has_text="boten förstod inte")).to_be_visible()
    await expect(beside.get_by_text("Meddelanden som medborgaren tog bort: 1.")).to_be_visible()
    first = beside.locator(".suggested > li").first
    await first.get_by_text("Läs").click()
    await expect(first.get_by_text("Svaret om grovavfall.")).to_be_visible()  # the Swedish beside it
    assert await violations(page) == []
    await picture(page, f"context-{scheme}")
    await first.get_by_role("button", name="Infoga").press("Enter")
    field = page.get_by_label("Meddelande till medborgaren")
    await expect(field).to_have_value("Grovavfall بالعربية\nيتم التفريغ يوم الثلاثاء.\nhttps://goteborg.se")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await beside.scroll_into_view_if_needed()
    await picture(page, f"context-phone-{scheme}")


async def test_what_another_board_may_not_see_yet_is_said(consoles: Consoles) -> None:
    office = consoles.office
    centre = await office.staff("Kontakt Agent", departments=("kontaktcenter",))
    citizen, handover_id = await office.in_queue("Jag har förlorat jobbet")
    page = await consoles.page()
    await office.staff("Soci Agent", departments=("social",))
    await page.get_by_label("E-post").fill("soci@goteborg.example")
    await page.get_by_label("Lösenord").fill("ett-mycket-bra-l0sen")
    await page.get_by_role("button", name="Logga in").click()
    await expect(page.get_by_text("Ansluten")).to_be_visible()
    await centre.claim(handover_id)
    await centre.post(f"/handovers/{handover_id}/transfer", department="social")
    await page.locator(".card-open").click()
    await expect(page.get_by_text("Medborgaren har inte sagt ja till att det som skrevs tidigare får läsas här.")).to_be_visible()
    await expect(page.get_by_text("Jag har förlorat jobbet")).to_have_count(0)
    assert await violations(page) == []
    await picture(page, "context-pending")
    question = [m for m in (await citizen.read())["messages"] if m.get("preview")][-1]
    await press(citizen, question, 0)
    await expect(page.get_by_role("log").get_by_text("Jag har förlorat jobbet")).to_be_visible()  # without anybody's doing
