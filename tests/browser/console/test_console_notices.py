"""What tells an agent who looks elsewhere that somebody waits: notices on the desktop and a sound, both off until switched on."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.console.conftest import Consoles
from tests.connectors.web.conftest import Browser

pytestmark = pytest.mark.asyncio
SECRET = "Min dotter har blivit sjuk"

# Notices are noted instead of shown, tones noted while they sound; whether the browser allows notices is its own answer.
# `away`: the agent has another tab or another program in front.
SPY = """
window.notices = []; window.tones = []; window.away = false; window.broughtBack = 0;
const Real = window.Notification;
window.Notification = class {
  constructor(title, options) { notices.push(Object.assign(this, { title, ...options })); }
  static get permission() { return Real.permission; }
  static requestPermission() { return Real.requestPermission(); }
  close() { this.closed = true; }
};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { tones.push(this.context.state); return start.apply(this, when); };
Object.defineProperty(Document.prototype, 'visibilityState', { get: () => (away ? 'hidden' : 'visible') });
Document.prototype.hasFocus = () => !away;
window.focus = () => { broughtBack += 1; };
window.look = (elsewhere) => { away = elsewhere; document.dispatchEvent(new Event('visibilitychange')); };
"""


async def spied(page: Page) -> None:
    """Before the login."""
    await page.add_init_script(SPY)
    await page.reload()


async def allowed(page: Page) -> None:
    """Before the login, in a browser that allows notices of this site."""
    await page.context.grant_permissions(["notifications"])
    await spied(page)


def bell(page: Page) -> Locator:
    return page.get_by_role("button", name="Aviseringar på skrivbordet")


def speaker(page: Page) -> Locator:
    return page.get_by_role("button", name="Ljud vid nya meddelanden")


async def titles(page: Page) -> list[str]:
    return list(await page.evaluate("notices.map((one) => one.title)"))


async def in_the_queue(page: Page, number: int) -> None:
    """Rings, if it rings, before the queue is drawn: what is counted after this is final."""
    await expect(page.locator(".card-row .claim")).to_have_count(number)


async def unread(page: Page, number: int) -> None:
    """The queue says how many messages of conversations that are not open are unread; it rang, if it did, before."""
    await expect(page.locator(".card-row .badge")).to_have_text(f"{number} olästa")


@pytest_asyncio.fixture
async def page(consoles: Consoles) -> Page:
    """An agent at the desk, whose browser allows notices."""
    return await consoles.open("Anna Lindgren", before_login=allowed)


async def claimed(consoles: Consoles, page: Page, text: str) -> Browser:
    """A conversation that the agent has, open."""
    citizen, _ = await consoles.office.in_queue(text)
    await page.get_by_role("button", name="Ta nästa").click()
    await expect(page.get_by_role("log").get_by_text(text)).to_be_visible()
    return citizen


async def test_a_notice_of_somebody_in_the_queue_says_nothing_of_them_and_opens_their_conversation(
    consoles: Consoles, page: Page
) -> None:
    await expect(bell(page)).to_have_attribute("aria-pressed", "false")
    await page.evaluate("look(true)")
    await consoles.office.in_queue("Den första")
    await in_the_queue(page, 1)
    assert await titles(page) == []  # not switched on

    await bell(page).click()
    await expect(bell(page)).to_have_attribute("aria-pressed", "true")
    _, handover_id = await consoles.office.in_queue(SECRET)
    await in_the_queue(page, 2)
    (noted,) = await page.evaluate("notices.map(({ title, body, tag, lang }) => ({ title, body, tag, lang }))")
    assert noted == {"title": "Någon väntar på svar", "body": "Öppna handläggarvyn", "tag": "fraga-queue", "lang": "sv"}

    await page.get_by_role("link", name="Läget").click()  # from any room
    await expect(page.get_by_role("heading", name="Min dag")).to_be_visible()
    await page.evaluate("notices[0].onclick(); look(false)")
    await expect(page.get_by_role("log").get_by_text(SECRET)).to_be_visible()
    assert await page.evaluate("[broughtBack, notices[0].closed]") == [1, True]
    (read,) = await consoles.office.audited("conversation.read")
    assert read.object == handover_id  # that the agent reads it is in the log

    await consoles.office.in_queue("Den tredje")
    await in_the_queue(page, 3)
    assert len(await titles(page)) == 1  # the agent looks at the desk


async def test_a_notice_of_a_message_opens_its_conversation(consoles: Consoles, page: Page) -> None:
    await bell(page).click()
    first = await claimed(consoles, page, "Första frågan")
    second = await claimed(consoles, page, "Andra frågan")
    await page.evaluate("look(true)")
    await first.send(SECRET)
    await unread(page, 1)
    await second.send("Hallå?")
    await expect(page.get_by_role("log").get_by_text("Hallå?")).to_be_visible()
    assert await titles(page) == ["Nytt meddelande", "Nytt meddelande"]
    assert SECRET not in await page.evaluate("JSON.stringify(notices)")
    tags = await page.evaluate("notices.map((one) => one.tag)")
    assert len(set(tags)) == 2, "one of another conversation must not take the other's place unheard"
    assert (await second.read())["delivery"]["read"] < (await second.read())["delivery"]["delivered"]

    await page.evaluate("notices[0].onclick(); look(false)")
    await expect(page.get_by_role("log").get_by_text(SECRET)).to_be_visible()
    await expect(page).to_have_title("(1) Fråga Göteborg – handläggare")  # the other's


async def test_what_came_while_the_agent_looked_elsewhere_is_read_when_they_are_back(consoles: Consoles, page: Page) -> None:
    citizen = await claimed(consoles, page, "Kan jag få hjälp?")
    await page.evaluate("look(true)")
    await citizen.send("Är du kvar?")
    await expect(page).to_have_title("(1) Fråga Göteborg – handläggare")
    await page.evaluate("look(false)")
    await expect(page).to_have_title("Fråga Göteborg – handläggare")
    delivery = (await citizen.read())["delivery"]
    assert delivery["read"] == delivery["delivered"]

    await page.get_by_role("link", name="Läget").click()  # in another room it is not seen either
    await expect(page.get_by_role("heading", name="Min dag")).to_be_visible()
    await citizen.send("Hallå?")
    await page.get_by_role("link", name="Samtal").click()
    await expect(page.get_by_role("log").get_by_text("Hallå?")).to_be_visible()
    await expect(page).to_have_title("Fråga Göteborg – handläggare")


async def test_own_words_and_those_of_the_desk_ring_for_nobody_and_on_a_break_nothing_does(
    consoles: Consoles, page: Page
) -> None:
    await bell(page).click()
    await speaker(page).click()
    first = await claimed(consoles, page, "Första frågan")
    await claimed(consoles, page, "Andra frågan")
    await page.evaluate("look(true); tones.length = 0")
    token = (await (await page.request.get(f"{consoles.office.url}/desk/v1/me")).json())["csrf_token"]
    handover_id = await consoles.office.handover_of(first)
    written = await page.request.post(
        f"{consoles.office.url}/desk/v1/handovers/{handover_id}/messages",
        data={"client_message_id": "elsewhere", "text": "Skrivet i ett annat fönster"}, headers={"X-CSRF-Token": token},
    )  # fmt: skip
    assert written.ok
    await first.send("Tack!")
    await unread(page, 1)
    assert await page.evaluate("[notices.length, tones.length]") == [1, 1]  # the citizen's, which came last

    await page.get_by_label("Mitt läge").select_option("break")
    await expect(page.get_by_role("button", name="Ta nästa")).to_be_disabled()
    await first.send("Är det någon där?")
    await unread(page, 2)
    await consoles.office.in_queue("Den tredje")
    await in_the_queue(page, 1)
    assert await page.evaluate("[notices.length, tones.length]") == [1, 1]


async def test_where_the_browser_allows_no_notices_the_agent_is_told(consoles: Consoles) -> None:
    page = await consoles.open("Anna Lindgren", before_login=spied)
    await bell(page).click()
    await expect(page.get_by_text("Webbläsaren tillåter inte aviseringar för den här sidan.")).to_be_visible()
    await expect(bell(page)).to_have_attribute("aria-pressed", "false")


async def test_both_are_remembered_on_this_computer_and_no_other(consoles: Consoles, page: Page) -> None:
    await expect(speaker(page)).to_have_attribute("aria-pressed", "false")
    await bell(page).click()
    await speaker(page).click()
    for _ in range(2):
        await expect(bell(page)).to_have_attribute("aria-pressed", "true")
        await expect(speaker(page)).to_have_attribute("aria-pressed", "true")
        await page.reload()
    other = await consoles.open("Bo Ek", before_login=allowed)
    await expect(bell(other)).to_have_attribute("aria-pressed", "false")
    await expect(speaker(other)).to_have_attribute("aria-pressed", "false")
    await bell(page).click()
    await speaker(page).click()
    await expect(speaker(page)).to_have_attribute("aria-pressed", "false")
    await page.reload()
    await expect(bell(page)).to_have_attribute("aria-pressed", "false")
    await expect(speaker(page)).to_have_attribute("aria-pressed", "false")


async def test_the_sound_is_heard_when_it_is_switched_on_and_after_a_reload(consoles: Consoles, page: Page) -> None:
    citizen = await claimed(consoles, page, "Den första")
    assert await page.evaluate("tones.length") == 0
    await speaker(page).click()
    await expect(speaker(page)).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("tones.length") == 1  # so that one knows how it sounds
    await consoles.office.in_queue("Den andra")
    await in_the_queue(page, 1)
    assert await page.evaluate("tones.length") == 2
    await citizen.send("Är du kvar?")
    await expect(page.get_by_role("log").get_by_text("Är du kvar?")).to_be_visible()
    assert await page.evaluate("tones") == ["running"] * 3

    await page.reload()
    await expect(page.get_by_text("Ansluten")).to_be_visible()
    await consoles.office.in_queue("Innan agenten har rört sidan")  # browsers keep silent until then
    await in_the_queue(page, 2)
    await page.get_by_role("heading", name="Mina samtal").click()
    await consoles.office.in_queue("Efter")
    await in_the_queue(page, 3)
    assert (await page.evaluate("tones"))[-1:] == ["running"]

    await speaker(page).click()
    await page.evaluate("tones.length = 0")
    await consoles.office.in_queue("Tyst")
    await in_the_queue(page, 4)
    assert await page.evaluate("tones.length") == 0
