"""An editor's day in the console: find, write, propose; another publishes; nothing is lost, doubled or seen by the wrong people."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, Route, expect

from knowledge.article import answer_hash
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.editing.conftest import Newsroom
from tests.knowledge.conftest import AVC, PRESCHOOL

pytestmark = pytest.mark.asyncio
TITLE = AVC["title"]["sv"]
NASTY = '<img src=x onerror="document.title=1"> <script>alert(1)</script> åäö 🙂'


async def edit_article(page: Page, title: str = TITLE) -> None:
    """From the list to the form of an article."""
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name=re.compile("^(Redigera|Fortsätt)")).click()
    await expect(page.get_by_label("Svar", exact=True)).to_be_visible()


async def propose(page: Page, reason: str = "Nämndens beslut") -> None:
    """Sends what is in the form."""
    await page.get_by_role("button", name="Föreslå ändringen").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Varför ändras artikeln?").fill(reason)
    await dialog.get_by_role("button", name="Skicka förslaget").click()
    await expect(page.get_by_text("En annan redaktör avgör.")).to_be_visible()


async def saved(page: Page) -> None:
    await expect(page.get_by_text("Utkastet är sparat")).to_be_visible()


async def test_one_finds_writes_and_proposes_another_publishes_and_citizens_get_the_new_answer(
    editors: Consoles, newsroom: Newsroom
) -> None:
    anna, bo = await editors.editor("Anna Lindgren"), await editors.editor("Bo Ek")
    await anna.get_by_label("Sök i titlar").fill("grovsopor bil")  # a phrasing says it, no title does
    await expect(anna.get_by_text("1 av 3 artiklar")).to_be_visible()
    await edit_article(anna)
    await anna.get_by_label("Svar", exact=True).fill(
        "Det är gratis för alla.\n\n1. Ta med körkort.\n2. Ring {phone:kontaktcenter}."
    )
    preview = anna.get_by_role("complementary")
    await expect(preview.get_by_role("listitem").filter(has_text="Ring 031-365 00 00.")).to_be_visible()
    await expect(preview.get_by_text("10 av högst 80 ord")).to_be_visible()
    await expect(anna.get_by_text("blir engelska inaktuella")).to_be_visible()
    await propose(anna)
    await expect(anna.get_by_role("button", name="Publicera")).to_have_count(0)

    await bo.reload()
    await bo.get_by_role("navigation", name="Delar av").get_by_role("link", name="Förslag").click()
    await bo.get_by_role("link", name=TITLE).click()
    await expect(bo.get_by_text("Nämndens beslut")).to_be_visible()
    await expect(bo.locator("ins", has_text="alla")).to_be_visible()
    await bo.get_by_role("button", name="Publicera").click()
    await expect(bo.get_by_text("Medborgare får det nya svaret nu.")).to_be_visible()
    answer = await newsroom.answer()
    assert answer and answer.startswith("Det är gratis för alla.")
    await expect(bo.get_by_text("Anna Lindgren, godkänt av Bo Ek")).to_be_visible()


async def test_a_fault_stands_beside_its_field_and_must_be_corrected_first(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)
    field = page.get_by_label("Svar", exact=True)
    await field.fill("Ring 031-365 00 00. " + "Ord. " * 90)
    await expect(page.get_by_text("031-365 00 00 är ett utskrivet nummer.").first).to_be_visible()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("tab", name="Uppgifter").click()
    await page.get_by_role("button", name="Föreslå ändringen").click()
    await expect(page.get_by_text("Rätta felen först")).to_be_visible()
    await expect(page.get_by_label("Svar", exact=True)).to_be_focused()  # back at the first of them
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_phrasing_that_finds_the_neighbour_is_told_and_taken_away(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)
    field = page.get_by_label("Formuleringar")
    await expect(page.get_by_text("Ingen granne vinner.")).to_be_visible()
    await field.fill("\n".join([*AVC["questions"]["sv"], "Hur söker jag plats i förskola?"]))
    await expect(page.get_by_text("grannen vinner")).to_be_visible()
    await expect(page.get_by_text(f"Närmast: {PRESCHOOL['title']['sv']}")).to_be_visible()
    await page.get_by_role("button", name="Ta bort: Hur söker jag plats i förskola?").click()
    await expect(page.get_by_text("Ingen granne vinner.")).to_be_visible()
    assert "förskola" not in await field.input_value()


async def test_a_translation_is_written_beside_the_swedish_text_that_it_is_of(
    editors: Consoles, newsroom: Newsroom, edit: Callable[..., Path]
) -> None:
    edit(AVC, translations={"en": {"state": "reviewed", "of": answer_hash("Äldre.")}})
    page = await editors.editor("Anna Lindgren")
    await page.get_by_label("Visa").select_option("stale")
    await page.get_by_role("link", name=TITLE).click()
    await page.get_by_role("tab", name="Engelska Inaktuell").click()
    await expect(page.get_by_text("Den svenska texten har ändrats sedan översättningen gjordes.")).to_be_visible()
    await page.get_by_role("link", name="Översätt").click()
    await expect(page.get_by_text("Det är gratis för dig som bor i Göteborg.")).to_be_visible()
    await page.get_by_label("Svar", exact=True).fill("It is free for everybody in Gothenburg. Call {phone:kontaktcenter}.")
    await page.get_by_label("Jag har läst översättningen").check()
    await expect(page.get_by_role("tab", name="Engelska Granskad")).to_be_visible()
    await page.get_by_label("Lägg till språk").select_option("ar")
    await expect(page.get_by_label("Titel", exact=True)).to_be_focused()
    for label in ("Titel", "Svar", "Formuleringar"):
        await expect(page.get_by_label(label, exact=True)).to_have_attribute("dir", "rtl")
    await page.get_by_label("Svar", exact=True).fill("الزيارة مجانية.")
    await expect(page.get_by_role("complementary").locator("[dir=rtl]", has_text="الزيارة مجانية.")).to_be_visible()


async def test_what_is_written_survives_the_death_of_the_browser(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)
    await page.get_by_label("Svar", exact=True).fill("Påbörjat svar.")
    await saved(page)
    context = page.context
    cookies = await context.cookies()
    await context.close()
    again = await editors.page()
    await again.context.add_cookies(
        [{"name": c["name"], "value": c["value"], "url": editors.office.url + "/desk"} for c in cookies]
    )  # type: ignore[typeddict-item]
    await again.reload()
    await expect(again.get_by_text("Ditt utkast")).to_be_visible()
    await edit_article(again)
    await expect(again.get_by_label("Svar", exact=True)).to_have_value("Påbörjat svar.")


async def test_offline_the_text_stays_on_the_computer_and_is_saved_when_the_server_answers(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)

    async def cut(route: Route) -> None:
        await route.abort()

    await page.route("**/draft", cut)
    await page.get_by_label("Svar", exact=True).fill("Skrivet utan nät.")
    await expect(page.get_by_text("Inte sparat: servern svarar inte.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave
    await page.reload()
    await expect(page.get_by_text("är tillbaka.")).to_be_visible()
    await expect(page.get_by_label("Svar", exact=True)).to_have_value("Skrivet utan nät.")
    await page.unroute("**/draft")
    await saved(page)


async def test_a_save_whose_answer_is_lost_does_not_quarrel_with_itself(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)

    async def answer_lost(route: Route) -> None:
        await route.fetch()  # the server has it, the page never hears of it
        await route.abort()

    await page.route("**/draft", answer_lost, times=1)
    field = page.get_by_label("Svar", exact=True)
    await field.fill("Första meningen.")
    await expect(page.get_by_text("Inte sparat: servern svarar inte.")).to_be_visible()
    await field.fill("Första meningen. Andra meningen.")
    await saved(page)
    await expect(page.get_by_text("i ett annat fönster")).to_have_count(0)


async def test_leaving_with_unsaved_text_asks_first(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)

    async def cut(route: Route) -> None:
        await route.abort()

    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.route("**/draft", cut)
    await page.get_by_label("Svar", exact=True).fill("Osparat.")
    async with page.expect_event("dialog"):
        await page.get_by_role("link", name="Artiklar").click()
    await expect(page.get_by_label("Svar", exact=True)).to_have_value("Osparat.")
    assert asked == ["Allt är inte sparat. Lämna sidan ändå?"]
    assert page.url.endswith("/edit/sv") or page.url.endswith("/edit")


async def test_two_windows_on_one_draft_are_told_of_each_other(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    other = await page.context.new_page()
    await other.goto(page.url)
    for window in (page, other):
        await edit_article(window)
    await page.get_by_label("Svar", exact=True).fill("Första fönstret.")
    await saved(page)
    await other.get_by_label("Svar", exact=True).fill("Andra fönstret.")
    await expect(other.get_by_text("Det som står här är inte sparat.")).to_be_visible()
    await other.get_by_role("button", name="Spara det som står här").click()
    await saved(other)
    await page.get_by_label("Svar", exact=True).fill("Första igen.")
    await expect(page.get_by_text("Det som står här är inte sparat.")).to_be_visible()
    await page.get_by_role("button", name="Läs in det andra fönstrets text").click()
    await expect(page.get_by_label("Svar", exact=True)).to_have_value("Andra fönstret.")


async def test_a_press_repeated_on_a_slow_network_is_done_once(editors: Consoles, newsroom: Newsroom) -> None:
    anna, bo = await editors.editor("Anna Lindgren"), await newsroom.editor("Bo Ek")
    proposal = await bo.proposed(sv="Bos svar.")
    await anna.goto(f"{newsroom.url}/desk#/articles/changes/{proposal['id']}")
    requests: list[str] = []

    async def slow(route: Route) -> None:
        requests.append(route.request.url)
        await expect(anna.get_by_role("button", name="Publicera")).to_be_disabled()
        await route.continue_()

    await anna.route("**/publish", slow)
    button = anna.get_by_role("button", name="Publicera")
    await expect(button).to_be_visible()
    await button.evaluate("button => { button.click(); button.click(); }")
    await expect(anna.get_by_text("Medborgare får det nya svaret nu.")).to_be_visible()
    assert len(requests) == 1
    assert await newsroom.answer() == "Bos svar."


async def test_a_conflict_is_shown_three_ways_and_settled_by_the_author(editors: Consoles, newsroom: Newsroom) -> None:
    anna, bo = await editors.editor("Anna Lindgren"), await newsroom.editor("Bo Ek")
    cim = await newsroom.editor("Cim Ask")
    await edit_article(anna)
    await anna.get_by_label("Svar", exact=True).fill("Annas svar.")
    await propose(anna)
    await cim.step(await bo.proposed(sv="Bos svar."), "publish")
    await anna.reload()
    await expect(anna.get_by_text("Artikeln har ändrats sedan förslaget gjordes")).to_be_visible()
    clash = anna.locator(".clash")
    await expect(clash).to_contain_text("Bos svar.")
    await expect(clash).to_contain_text("Det är gratis för dig som bor i Göteborg.")
    await clash.get_by_label("Artikeln nu").check()
    assert await violations(anna) == []
    await anna.get_by_role("button", name="För samman till ett utkast").click()
    await expect(anna.get_by_label("Svar", exact=True)).to_have_value("Bos svar.")


async def test_an_earlier_version_comes_back_and_a_wrong_answer_goes_at_once(editors: Consoles, newsroom: Newsroom) -> None:
    bo, cim = await newsroom.editor("Bo Ek"), await newsroom.editor("Cim Ask")
    before = await newsroom.answer()
    await cim.step(await bo.proposed(sv="Fel svar."), "publish")
    page = await editors.editor("Anna Lindgren")
    await page.get_by_role("link", name=TITLE).click()
    await page.get_by_role("button", name="Visa skillnaden: Bättre svar").click()
    await expect(page.locator(".version del", has_text="Fel")).to_be_visible()
    await page.get_by_role("button", name="Återställ hit").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Varför").fill("Svaret var fel")
    await dialog.get_by_role("button", name="Föreslå återställning").click()
    await expect(page.get_by_text("En annan redaktör avgör.")).to_be_visible()
    (proposal,) = (await bo.listed())["to_decide"]

    await page.get_by_role("link", name="Till artikeln").click()
    await page.get_by_role("button", name="Ta ur bruk nu").click()
    await page.get_by_role("dialog").get_by_label("Vad är fel?").fill("Fel avgift")
    await page.get_by_role("dialog").get_by_role("button", name="Ta ur bruk nu").click()
    await expect(page.get_by_text("Artikeln är ur bruk: medborgare får inte svaret.")).to_be_visible()
    assert await newsroom.answer() is None
    await expect(page.get_by_text("Anna Lindgren, utan godkännande")).to_be_visible()
    refused = await bo.step(proposal, "publish")  # it was made before: whoever decides sees that the article has changed
    assert refused.json()["error"]["code"] == "conflict"
    assert before


async def test_a_new_article_is_begun_with_a_title(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await page.get_by_role("link", name="Ny artikel").click()
    await page.get_by_label("Titel").fill("Åka skridskor på Härlanda tjärn")
    await expect(page.get_by_label("Id", exact=True)).to_have_value("aka-skridskor-pa-harlanda-tjarn")
    await page.get_by_role("button", name="Börja skriva").click()
    await expect(page.get_by_role("heading", name="Ny artikel: Åka skridskor")).to_be_visible()
    await expect(page.get_by_text("Saknas.").first).to_be_visible()
    await page.get_by_role("tab", name="Uppgifter").click()
    await page.get_by_role("button", name="Lägg till källa").click()
    await page.get_by_label("Webbadress").first.fill("goteborg.se")
    await expect(page.get_by_text("goteborg.se är ingen fullständig webbadress.").first).to_be_visible()
    await saved(page)
    await page.get_by_role("link", name="Artiklar").click()
    await expect(page.get_by_text("Ny, inte publicerad")).to_be_visible()
