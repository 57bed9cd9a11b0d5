"""The editors' pages themselves: list, keyboard, who may see what, phone width, both languages, axe."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from handover.plugin import CONSOLE
from knowledge.article import read_yaml
from knowledge.editing.findings import PATTERNS_FILE
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.browser.console.test_console_editing import NASTY, TITLE, edit_article, saved
from tests.handover.editing.conftest import Newsroom

pytestmark = pytest.mark.asyncio


async def test_the_list_is_walked_with_the_keyboard(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Sök i titlar")).to_be_focused()
    await page.keyboard.type("sfi")
    await expect(page.get_by_text("1 av 3 artiklar")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Svenska för invandrare")).to_be_visible()
    await page.get_by_role("link", name="Redigera").press("Enter")
    await expect(page.get_by_label("Svar", exact=True)).to_be_visible()
    await page.get_by_role("tab", name="Svenska").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="Engelska")).to_be_focused()
    await page.get_by_label("Svar", exact=True).fill("SFI is free.")
    await page.keyboard.press("Control+s")
    await saved(page)


async def test_nothing_found_is_said_with_a_way_back(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await page.get_by_label("Sök i titlar").fill("finns inte någonstans")
    await expect(page.get_by_text("Inga artiklar passar.")).to_be_visible()
    await page.get_by_role("button", name="Rensa").click()
    await expect(page.get_by_text("3 av 3 artiklar")).to_be_visible()


async def test_the_service_being_down_is_said_and_tried_again(editors: Consoles) -> None:
    page = await editors.enter("Anna Lindgren", "editor", before_login=lambda page: page.route("**/v1/articles", lambda route: route.fulfill(
        status=503, json={"error": {"code": "knowledge_unavailable", "message": "down"}})))  # fmt: skip
    await expect(page.get_by_text("Kunskapstjänsten svarar inte.")).to_be_visible()
    await page.unroute("**/v1/articles")
    await page.get_by_role("button", name="Försök igen").click()
    await expect(page.get_by_role("table")).to_be_visible()


async def test_an_editor_has_no_queue_and_an_agent_reads_only(editors: Consoles) -> None:
    editor = await editors.editor("Anna Lindgren")
    await expect(editor.get_by_role("link", name="Samtal")).to_have_count(0)
    agent = await editors.open("Asta Agent")
    await agent.get_by_role("link", name="Kunskapsbasen").click()
    await agent.get_by_role("link", name=TITLE).click()
    await expect(agent.get_by_text("Så här visas svaret på webben")).to_be_visible()
    for name in ("Redigera", "Ta ur bruk nu", "Nytt granskningsdatum", "Ny artikel"):
        await expect(agent.get_by_text(name)).to_have_count(0)
    await agent.goto(f"{editors.office.url}/desk#/articles/avc-regler/edit")
    await expect(agent.get_by_role("table")).to_be_visible()  # the list instead
    await agent.get_by_role("link", name="Samtal").click()
    await expect(agent.get_by_role("heading", name="Mina samtal")).to_be_visible()


async def test_what_an_editor_writes_is_shown_as_text(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)
    await page.get_by_label("Svar", exact=True).fill(NASTY)
    await page.get_by_label("Titel", exact=True).fill(NASTY)
    await expect(page.get_by_role("complementary").get_by_text(NASTY).first).to_be_visible()
    assert await page.locator("#app img, #app script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_meets_wcag_as_far_as_axe_can_tell(editors: Consoles, newsroom: Newsroom, scheme: str) -> None:
    bo = await newsroom.editor("Bo Ek")
    proposal = await bo.proposed(sv="Bos svar.\n\n1. Ett\n2. Två")
    page = await editors.editor("Anna Lindgren", scheme)
    assert await violations(page) == []
    for path, seen in (
        ("avc-regler", "Historik"), ("avc-regler/edit", "Konkurrerande formuleringar"), ("avc-regler/edit/en", "Titel, svenska"),
        ("avc-regler/edit/facts", "Källor"), ("changes", "Du har inga utkast eller förslag."), (f"changes/{proposal['id']}", "Det här ändras"), ("new", "Börja skriva"),
    ):  # fmt: skip
        await page.goto(f"{newsroom.url}/desk#/articles/{path}")
        await expect(page.get_by_text(seen, exact=True).first).to_be_visible()
        if "edit" in path:
            await expect(page.get_by_text("Inga fel")).to_be_visible()
        assert await violations(page) == [], path
    await page.goto(f"{newsroom.url}/desk#/articles/avc-regler/edit")
    await page.get_by_label("Svar", exact=True).fill("Ring 031-365 00 00. " + "Ord. " * 90)
    await expect(page.get_by_text("är ett utskrivet nummer.").first).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("size", [(1280, 800), (820, 1180), (390, 844)])
async def test_nothing_is_cut_off_sideways(editors: Consoles, newsroom: Newsroom, size: tuple[int, int]) -> None:
    page = await editors.editor("Anna Lindgren")
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    for path, seen in (
        ("", "Kunskapsbasen"),
        ("avc-regler", "Historik"),
        ("avc-regler/edit/en", "Titel, svenska"),
        ("avc-regler/edit/facts", "Källor"),
    ):
        await page.goto(f"{newsroom.url}/desk#/articles/{path}")
        await expect(page.get_by_text(seen, exact=True).first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


async def test_the_pages_speak_english_too(editors: Consoles) -> None:
    page = await editors.editor("Anna Lindgren")
    await edit_article(page)
    await page.get_by_label("Svar", exact=True).fill("Kvar efter språkbytet.")
    await page.get_by_label("Språk", exact=True).select_option("en")
    await expect(page.get_by_role("button", name="Propose the change")).to_be_visible()
    await expect(page.get_by_label("Answer", exact=True)).to_have_value("Kvar efter språkbytet.")


async def test_there_are_words_for_everything_in_both_languages(editors: Consoles) -> None:
    page = await editors.page()
    texts = await page.evaluate("async () => (await import('/desk/console/texts.js')).TEXTS")
    assert texts["sv"].keys() == texts["en"].keys()
    assert all(text.strip() for language in texts.values() for text in language.values())
    placeholders = re.compile(r"{(\w+)}")
    for key, text in texts["sv"].items():
        assert set(placeholders.findall(text)) == set(placeholders.findall(texts["en"][key])), key
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (CONSOLE / "editing").glob("*.js"))
    used = set(re.findall(r"""\bt\("([a-z_.]+)\"""", sources))
    assert used - texts["sv"].keys() == set()
    assert {f"finding.{pattern['key']}" for pattern in read_yaml(PATTERNS_FILE)} - texts["sv"].keys() == set()
