"""What helps an agent answer, in the console: canned replies, articles, wrong answers, breaks, the overview and the admin's pages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from bot.store import schema
from tests.bot.scripted import analysis, article, candidate
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.conftest import new_conversation

pytestmark = pytest.mark.asyncio


def answers(consoles: Consoles) -> None:
    """The bot answers with one article; the search knows another."""
    script = consoles.office.script
    script.rasa = lambda _: [{"type": "answer", "article_ids": ["fel"], "outcome": "answered", "probability": 0.9}]
    script.articles |= {"fel": article("fel"), "ratt": article("ratt", answer="Så här gör du.")}
    script.analyses["Rätt fråga"] = analysis("sv", 0.99, None, candidate("ratt", 0.9))


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_canned_reply_and_an_article_by_the_keyboard_and_a_wrong_answer_to_the_editors(
    consoles: Consoles, scheme: str
) -> None:
    answers(consoles)
    page = await consoles.open("Anna Lindgren", scheme=scheme)
    citizen, handover_id = await consoles.office.in_queue("Hur gör jag?")
    await expect(page.get_by_role("button", name="Ta över", exact=True)).to_be_visible()
    await page.keyboard.press("Alt+n")
    field = page.get_by_label("Meddelande till medborgaren")
    await expect(field).to_be_focused()
    await field.press_sequentially("/hej")
    await expect(page.locator(".slash li")).to_have_count(1)
    await expect(field).to_have_attribute("aria-activedescendant", await page.locator(".slash li").get_attribute("id") or "")
    assert await violations(page) == []
    await field.press("Enter")  # takes the reply, sends nothing
    await expect(field).to_have_value("Hej! Jag heter Anna Lindgren och arbetar på Göteborgs Stad. "
                                      "Jag läser det du har skrivit och svarar strax.")  # fmt: skip
    await field.press("Enter")
    await expect(page.locator(".message.agent:not(.pending)")).to_contain_text("Jag heter Anna")

    await page.keyboard.press("Alt+s")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("searchbox").fill("Rätt fråga")
    await dialog.get_by_role("searchbox").press("Enter")
    await dialog.get_by_role("button", name="Om ratt").click()
    await expect(dialog.get_by_text("Så här gör du.")).to_be_visible()
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Infoga").click()
    await expect(field).to_have_value("Om ratt\nSå här gör du.\nhttps://goteborg.se")

    await page.get_by_role("button", name="Fel svar?").first.click()
    await expect(dialog.get_by_label("Frågan")).to_have_value("Hur gör jag?")
    await dialog.get_by_label("Sök rätt artikel").fill("Rätt fråga")
    await dialog.get_by_label("Sök rätt artikel").press("Enter")
    await dialog.get_by_role("button", name="Om ratt").click()
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Skicka till redaktörerna").click()
    await expect(page.get_by_text("Redaktörerna har fått det.")).to_be_visible()
    (report,) = await consoles.office.audited("answer.reported")
    assert report.detail == {"article_id": "fel", "proposed": "ratt"}
    assert (await citizen.read())["messages"][-1]["author"] == "agent"
    assert handover_id


async def test_a_break_and_the_limit_with_a_supervisors_override(consoles: Consoles) -> None:
    page = await consoles.open("Siv Samordnare", role="supervisor")
    for number in range(5):
        await consoles.office.in_queue(f"Fråga {number}")
    await page.get_by_label("Mitt läge").select_option("break")
    await expect(page.get_by_role("button", name="Ta nästa")).to_be_disabled()
    await page.get_by_role("button", name="Ta över", exact=True).first.click()
    await expect(page.get_by_text("Ställ om till Tillgänglig")).to_be_visible()
    await page.get_by_label("Mitt läge").select_option("available")
    for number in range(4):
        await expect(page.get_by_role("button", name="Ta över", exact=True)).to_have_count(5 - number)
        await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_role("button", name="Ta över", exact=True)).to_have_count(1)
    await page.get_by_role("button", name="Ta nästa").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Du har redan 4 samtal")
    await dialog.get_by_role("button", name="Ta över ändå").click()
    await expect(page.get_by_text("Ingen väntar just nu.")).to_be_visible()
    await expect(page.get_by_role("button", name="Aviseringar på skrivbordet")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_overview_and_the_admins_pages_can_be_used_and_fit_a_phone(consoles: Consoles, scheme: str) -> None:
    page = await consoles.open("Adam Admin", role="admin", scheme=scheme)
    await consoles.office.in_queue("Hej")
    await page.get_by_role("link", name="Läget").click()
    await expect(page.get_by_role("row", name="Kontaktcenter")).to_be_visible()
    assert await violations(page) == []
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await fits(page)

    await page.get_by_role("link", name="Färdiga svar").click()
    await expect(page.get_by_role("row", name="Hälsning")).to_be_visible()
    assert await fits(page)
    await page.get_by_role("button", name="Nytt svar").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Genväg").fill("hej")
    await dialog.get_by_label("Rubrik").fill("Ny")
    await dialog.get_by_label("Text på svenska").fill("Text {namn}")
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Spara").click()
    await expect(page.get_by_text("Okänt i måsvingar: {namn}")).to_be_visible()
    await expect(dialog.get_by_label("Rubrik")).to_have_value("Ny")  # what was written is still there
    await dialog.get_by_label("Text på svenska").fill("Text")
    await dialog.get_by_label("Genväg").fill("ny")
    await dialog.get_by_role("button", name="Spara").click()
    await expect(page.get_by_role("button", name="Ändra: Ny")).to_be_focused()
    assert await violations(page) == []

    await page.get_by_role("link", name="Administration").click()
    await page.get_by_label("Text på svenska").fill("Lång kö i dag")
    await page.get_by_role("button", name="Visa meddelandet").click()
    await expect(page.get_by_text("Visas nu.")).to_be_visible()
    await page.get_by_label("Lördag: Öppet").check()
    await page.get_by_label("Lördag: Stänger").fill("12:00")
    await page.get_by_role("button", name="Spara tiderna").click()
    await expect(page.get_by_role("button", name="Ta bort egna tider")).to_be_visible()
    await page.get_by_role("button", name="Ändra konto: Adam Admin").click()
    await dialog.get_by_label("Samtal samtidigt").fill("7")
    await dialog.get_by_label("Finska").check()
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Spara").click()
    await expect(page.get_by_text("Kontot är sparat.")).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)
    listed = await (await page.request.get(f"{consoles.office.url}/desk/v1/agents")).json()
    assert [(one["capacity"], one["languages"]) for one in listed["agents"]] == [(7, ["sv", "fi"])]


async def test_an_editor_takes_a_reported_question_into_the_right_article(editors: Consoles) -> None:
    office = editors.office
    agent = await office.staff("Anna Agent")
    conversation = await new_conversation(office.core, "Får jag slänga en soffa?")
    async with office.core.store.write() as tx:
        await tx.conn.execute(schema.answer_report.insert().values(
            id=schema.new_id(), message_id=(await tx.conn.execute(sa.select(schema.message.c.id))).scalars().first(), article_id=None,
            proposed_article_id="avc-regler", language="sv", question="Får jag slänga en soffa?", note="", state="open",
            agent_id=agent.id, created_at=office.core.now(),
        ))  # fmt: skip
    assert conversation
    page = await editors.editor("Eva Editor")
    await page.get_by_role("link", name="Fel svar").click()
    assert await violations(page) == []
    await page.get_by_role("button", name="Lägg till frågan i artikeln").click()
    await expect(page.get_by_text("Frågan står i ditt utkast.")).to_be_visible()
    eva = (await office.audited("answer.report_done"))[0].actor
    kept = sa.select(schema.article_change.c.content).where(schema.article_change.c.author_id == eva)
    assert "Får jag slänga en soffa?" in (await office.scalar(kept))["article"]["questions"]["sv"]
    await page.get_by_role("link", name="Fel svar").click()
    await expect(page.get_by_text("Inga rapporter väntar.")).to_be_visible()
