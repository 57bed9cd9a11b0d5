"""Citizen and agent, each in a browser of their own: the citizen opens a closed conversation again, the agent takes one back."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.bot.scripted import article
from tests.browser.console.citizen import Citizen, citizen_of
from tests.browser.console.conftest import Consoles

pytestmark = pytest.mark.asyncio
NAME = "Anna Lindgren"
AGAIN = "Fortsätt samtalet"


async def writes(page: Page, citizen: Citizen, text: str) -> None:
    """The agent writes, and the citizen reads it."""
    field = page.get_by_label("Meddelande till medborgaren")
    await expect(field).to_be_focused()
    await field.fill(text)
    await field.press("Enter")
    await expect(citizen.log.locator(".row.agent", has_text=text)).to_be_visible()


async def together(consoles: Consoles, *texts: str) -> tuple[Page, Citizen]:
    """An agent and a citizen who write with each other."""
    page = await consoles.open(NAME)
    citizen = await (await citizen_of(consoles)).open()
    await citizen.asks_for_a_human(*texts)
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(citizen.widget.locator(".strip.agent")).to_have_text(f"Medarbetare: {NAME}")
    await writes(page, citizen, "Hej, jag är Anna.")
    return page, citizen


async def closes(page: Page, reason: str = "solved") -> None:
    await page.locator(".actions").get_by_role("button", name="Avsluta", exact=True).click()
    await page.get_by_role("dialog").get_by_label("Orsak").select_option(reason)
    await page.get_by_role("dialog").get_by_role("button", name="Avsluta samtalet").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()


async def test_a_closed_conversation_is_opened_again_by_the_citizen_and_goes_on_where_it_was(consoles: Consoles) -> None:
    page, citizen = await together(consoles, "När töms soporna?")
    await closes(page)
    await expect(citizen.widget.get_by_text("Samtalet är avslutat", exact=True)).to_be_visible()
    await expect(citizen.input).to_be_hidden()
    await citizen.page.reload()  # they come back to the page
    await citizen.button(AGAIN).focus()
    await citizen.page.keyboard.press("Enter")
    await expect(citizen.log.get_by_text("Samtalet är öppet igen.")).to_be_visible()
    await expect(citizen.widget.locator(".strip[role=status]:visible").first).to_contain_text("Din plats i kön: 1")
    await expect(citizen.input).to_be_focused()
    await citizen.page.keyboard.type("En sak till!")
    await citizen.page.keyboard.press("Enter")

    await expect(page.locator(".card-row").get_by_text("Åter i kön")).to_be_visible()
    await page.get_by_role("button", name="Ta nästa").click()
    log = page.get_by_role("log")
    for said in ("När töms soporna?", "Hej, jag är Anna.", "En sak till!"):
        await expect(log.get_by_text(said, exact=True)).to_have_count(1)
    await writes(page, citizen, "Ja, vad undrar du?")
    await expect(citizen.widget.locator(".strip.agent")).to_have_text(f"Medarbetare: {NAME}")
    await citizen.say("Tack, det var allt.")
    await expect(log.get_by_text("Tack, det var allt.")).to_be_visible()


async def test_not_after_abuse_not_after_half_an_hour_and_not_when_the_citizen_ended_it(consoles: Consoles) -> None:
    page, citizen = await together(consoles)
    await closes(page, "abuse")
    await expect(citizen.button("Börja ett nytt samtal")).to_be_visible()
    await expect(citizen.button(AGAIN)).to_have_count(0)

    await citizen.button("Börja ett nytt samtal").click()
    await expect(citizen.log.locator(".row")).to_have_count(1)
    await citizen.asks_for_a_human()
    await page.get_by_role("button", name="Ta nästa").click()
    await writes(page, citizen, "Hej igen.")
    await closes(page)
    await expect(citizen.button(AGAIN)).to_be_visible()
    consoles.office.clock.forward(minutes=31)
    await citizen.button(AGAIN).click()
    await expect(citizen.button("Börja ett nytt samtal")).to_be_focused()
    await expect(citizen.button(AGAIN)).to_have_count(0)

    await citizen.button("Börja ett nytt samtal").click()
    await expect(citizen.log.locator(".row")).to_have_count(1)
    await citizen.asks_for_a_human()
    await citizen.button("Meny").click()
    await citizen.button("Avsluta samtalet").click()
    await citizen.button("Ja, avsluta").click()
    await expect(citizen.button("Börja ett nytt samtal")).to_be_focused()
    await expect(citizen.button(AGAIN)).to_have_count(0)


async def test_without_a_connection_the_button_stays_and_works_later(consoles: Consoles) -> None:
    page, citizen = await together(consoles)
    await closes(page)
    await expect(citizen.button(AGAIN)).to_be_visible()
    await citizen.page.route("**/chat/v1/reopen", lambda route: route.abort(), times=1)
    await citizen.button(AGAIN).click()
    await expect(citizen.alert).not_to_be_empty()
    await citizen.button(AGAIN).dblclick()
    await expect(citizen.log.get_by_text("Samtalet är öppet igen.")).to_have_count(1)
    await expect(citizen.alert).to_be_empty()
    await expect(citizen.input).to_be_focused()


async def test_an_agent_takes_a_conversation_back_from_the_bot_and_the_citizen_sees_a_human(consoles: Consoles) -> None:
    script = consoles.office.script
    script.rasa = lambda _: [{"type": "answer", "article_ids": ["sopor"], "outcome": "answered", "probability": 0.9}]
    script.articles["sopor"] = article("sopor", answer="Soporna töms på tisdag.")
    page, citizen = await together(consoles)
    await page.get_by_role("button", name="Lämna till boten").click()
    await page.get_by_role("dialog").get_by_role("button", name="Lämna till boten").click()
    await expect(page.get_by_text("Du har inga samtal.")).to_be_visible()
    what = citizen.widget.locator("#what")
    await expect(what).to_have_text("AI-assistent")
    await expect(citizen.widget.locator(".strip.agent:visible")).to_have_count(0)
    answers = citizen.log.locator(".row.bot", has_text="Soporna töms på tisdag.")
    await citizen.say("Bara mellan oss")
    await expect(answers).to_have_count(1)

    await page.locator("summary", has_text="Nyligen avslutade").click()
    await page.locator(".others .card-open").click()
    await page.locator(".actions").get_by_role("button", name="Ta tillbaka").click()
    await page.get_by_role("dialog").get_by_role("button", name="Ta tillbaka").click()
    await expect(citizen.log.get_by_text(f"Nu skriver du med en människa: {NAME}.")).to_have_count(2)  # the claim, and now
    await expect(what).to_have_text("Medarbetare")
    await expect(citizen.widget.locator(".strip.agent")).to_have_text(f"Medarbetare: {NAME}")
    await expect(citizen.button("Prata med en människa")).to_have_count(0)

    await writes(page, citizen, "Jag tar över här igen.")  # it is open, the field is ready
    await expect(page.get_by_role("log").get_by_text("Bara mellan oss")).to_have_count(0)
    await citizen.say("Vad bra!")
    await expect(page.get_by_role("log").get_by_text("Vad bra!")).to_be_visible()
    await expect(answers).to_have_count(1)  # the bot keeps silent
