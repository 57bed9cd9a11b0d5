"""Marks on messages to phones, and the page of what has not gone out."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.store import schema
from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.test_deliveries import becomes, letter, on_the_phone, reported

pytestmark = pytest.mark.asyncio


async def page_of(consoles: Consoles, scheme: str = "light", role: str = "admin") -> Page:
    page = await consoles.open("Adam Admin", role=role, scheme=scheme)  # type: ignore[arg-type]
    await page.get_by_role("link", name="Leveranser").click()
    await expect(page.get_by_role("heading", name="Leveranser", exact=True)).to_be_visible()
    return page


async def test_an_agent_sees_how_far_each_message_has_come_as_it_comes(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    citizen, _ = await consoles.office.in_queue("Hej")
    await on_the_phone(consoles.office, citizen.conversation_id)
    await page.get_by_role("button", name="Ta nästa").click()
    await page.get_by_label("Meddelande till medborgaren").fill("Hej, jag heter Anna")
    await page.keyboard.press("Enter")
    own = page.get_by_role("article").filter(has_text="Hej, jag heter Anna")
    await expect(own.get_by_role("img", name="Väntar på att skickas")).to_be_visible()
    rows = {row.seq: row.message_id for row in await outbox(consoles)}
    said = rows[max(rows)]
    await page.evaluate("document.querySelectorAll('.log article').forEach((one) => { one.before = true; })")
    for change, name in (("sent", "Skickat"), ("delivered", "Framme"), ("read", "Läst")):
        if change == "sent":
            await becomes(consoles.office, said, state="sent")
        else:
            await reported(consoles.office, said, change)  # type: ignore[arg-type]
        await expect(own.get_by_role("img", name=name, exact=True)).to_be_visible()
    assert await violations(page) == []
    await reported(consoles.office, said, "failed", "unknown subscriber")
    await expect(own.get_by_text("Kom inte fram: unknown subscriber")).to_be_visible()
    await becomes(consoles.office, said, state="ambiguous", error=None)
    await expect(own.get_by_text("Hålls kvar: oklart om det kom fram")).to_be_visible()
    assert await page.evaluate("[...document.querySelectorAll('.log article')].every((one) => one.before)"), (
        "the log is not read out anew"
    )
    assert await violations(page) == []
    await page.reload()
    await page.locator(".card-open").first.click()
    await expect(page.get_by_text("Hålls kvar: oklart om det kom fram")).to_be_visible()


async def outbox(consoles: Consoles) -> list[schema.sa.Row]:  # type: ignore[type-arg]
    async with consoles.office.core.store.read() as conn:
        return list((await conn.execute(schema.outbox.select())).all())


async def test_what_was_said_on_the_web_has_no_mark(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    await consoles.office.in_queue("Hej")
    await page.get_by_role("button", name="Ta nästa").click()
    await page.get_by_label("Meddelande till medborgaren").fill("Hej du")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.agent:not(.pending)")).to_be_visible()
    await expect(page.locator(".delivery")).to_have_count(0)


async def test_failed_ones_are_sent_again_from_the_keyboard(consoles: Consoles) -> None:
    for number in range(3):
        consoles.office.clock.forward(minutes=1)
        await letter(consoles.office, "dead", error=f"error {number}")
    page = await page_of(consoles)
    items = page.locator(".letters li")
    await expect(items).to_have_count(3)
    assert "hemligt" not in await page.inner_text("main")
    await expect(items.first).to_contain_text("error 2")
    await page.get_by_role("combobox", name="Visa").focus()
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(items.first.get_by_role("button", name="Skicka om")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(items).to_have_count(2)
    await expect(page.get_by_text("Meddelandet skickas om.")).to_be_visible()
    await expect(items.first.get_by_role("button", name="Skicka om")).to_be_focused()
    await expect(items.first).to_contain_text("error 1")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Kasta meddelandet")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(items).to_have_count(2)
    await items.first.get_by_role("button", name="Kasta").click()
    await page.get_by_role("dialog").get_by_role("button", name="Kasta").click()
    await expect(items).to_have_count(1)
    await items.get_by_role("button", name="Skicka om").press("Enter")
    await expect(page.get_by_text("Inget meddelande har misslyckats.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Meddelanden")).to_be_focused()
    assert sorted(row.state for row in await outbox(consoles)) == ["cancelled", "pending", "pending"]


async def test_held_ones_are_asked_about_and_what_is_kept_back_can_not_be_sent(consoles: Consoles) -> None:
    await letter(consoles.office, "ambiguous", error="ReadTimeout")
    page = await page_of(consoles)
    await expect(page.get_by_text("Inget meddelande har misslyckats.")).to_be_visible()
    await page.get_by_label("Visa").select_option(label="Hålls kvar (1)")
    await page.locator(".letters li").get_by_role("button", name="Skicka om").click()
    dialog = page.get_by_role("dialog", name="Skicka om meddelandet")
    await expect(dialog).to_contain_text("två gånger")
    async with consoles.office.core.store.write() as tx:
        await tx.conn.execute(schema.address.update().values(stopped_at=consoles.office.clock(), stop_reason="asked"))
    await dialog.get_by_role("button", name="Skicka om").click()
    await expect(page.locator("#toasts")).to_contain_text("har sagt stopp")
    item = page.locator(".letters li")
    await expect(item.get_by_role("button", name="Skicka om")).to_have_count(0)
    await expect(item).to_contain_text("har sagt stopp")
    await expect(item.get_by_role("button", name="Kasta")).to_be_focused()


async def test_after_an_outage_all_of_an_account_are_sent_again(consoles: Consoles) -> None:
    await letter(consoles.office, "dead")
    consoles.office.clock.forward(hours=48)
    await letter(consoles.office, "dead")
    await letter(consoles.office, "pending", error=None)
    page = await page_of(consoles, role="supervisor")
    account = page.get_by_role("region", name="Sms (elks:main)")
    await expect(account).to_contain_text("Inte påslaget")
    await account.get_by_role("button", name="Skicka om misslyckade").click()
    dialog = page.get_by_role("dialog", name="Skicka om efter ett avbrott")
    await expect(dialog.get_by_label("Vilka")).to_have_value("24")
    await dialog.get_by_role("button", name="Skicka om").click()
    await expect(page.locator("#toasts")).to_contain_text("Skickas om: 1.")
    await expect(page.locator(".letters li")).to_have_count(1)
    await page.get_by_label("Visa").select_option(label="Väntar (2)")
    await expect(page.locator(".letters li")).to_have_count(2)
    await expect(page.locator(".letters li").first).to_contain_text("Nästa försök")


async def test_what_fails_meanwhile_appears_by_itself(consoles: Consoles) -> None:
    page = await page_of(consoles)
    await expect(page.get_by_text("Inget meddelande har misslyckats.")).to_be_visible()
    await letter(consoles.office, "dead", error="just now")
    consoles.office.core.hub.publish({"topic": "desk", "type": "deliveries"})
    await expect(page.get_by_text("just now")).to_be_visible()
    await expect(page.get_by_label("Visa").locator("option").first).to_have_text("Misslyckade (1)")


async def test_an_agent_has_no_such_page(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren")
    await expect(page.get_by_role("link", name="Leveranser")).to_have_count(0)
    await page.evaluate("location.hash = '#/deliveries'")
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()


async def test_what_a_provider_answers_is_shown_as_text(consoles: Consoles) -> None:
    await letter(consoles.office, "dead", error='<img src=x onerror="document.title=1"> åäö')
    page = await page_of(consoles)
    await expect(page.get_by_text('<img src=x onerror="document.title=1"> åäö')).to_be_visible()
    assert await page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_has_no_violations_and_fits_a_phone(consoles: Consoles, scheme: str) -> None:
    page = await page_of(consoles, scheme)
    await expect(page.get_by_text("Inget meddelande har misslyckats.")).to_be_visible()
    assert await violations(page) == []
    await letter(consoles.office, "dead", error="Meta error 131047: more than 24 hours have passed since the citizen last wrote")
    await letter(consoles.office, "ambiguous", error="ettmycketlångtordutanmellanrum" * 6)
    await page.reload()
    await expect(page.get_by_text("more than 24 hours")).to_be_visible()
    assert await violations(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.get_by_label("Visa").select_option("ambiguous")
    await expect(page.get_by_text("ettmycket")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await violations(page) == []
    await page.get_by_role("button", name="Skicka om misslyckade").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(page) == []


async def test_the_page_speaks_english_too(consoles: Consoles) -> None:
    await letter(consoles.office, "dead")
    page = await page_of(consoles)
    await page.get_by_label("Språk", exact=True).select_option("en")
    await expect(page.get_by_role("heading", name="Deliveries", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Send again").first).to_be_visible()
    main = await page.inner_text("main")
    assert "deliveries." not in main and "undefined" not in main and "{" not in main
