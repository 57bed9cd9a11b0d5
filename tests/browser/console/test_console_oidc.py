"""Login with the organisation's account in Chromium, at a real provider process; desk and provider are different sites to it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.console.conftest import Consoles
from tests.browser.console.test_console_access import violations
from tests.handover.conftest import Office
from tests.handover.test_oidc import person, provider, set_up

__all__ = ["provider", "set_up"]

pytestmark = pytest.mark.asyncio
LINK = "Logga in med organisationens konto"


@pytest.fixture
def elsewhere(set_up: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The provider under another host name than the desk's, as it is in a city: cookies of the same site stay away."""
    issuer = set_up.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("OIDC_ISSUER", issuer)
    return issuer


@pytest.fixture
def staffed(elsewhere: str, office: Office) -> str:
    """The provider of an app that is set up for it, with one member of staff."""
    office.core.settings.public_url = office.url
    person(elsewhere, "anna", email="anna@goteborg.example", name="Anna Lindgren", groups=["svarar"], departments=["SOC"])
    return elsewhere


async def to_the_provider(page: Page, issuer: str) -> None:
    """From the login page, by the link."""
    await page.context.route(
        re.compile(r"^https://"), lambda route: route.abort()
    )  # what the provider's page decorates itself with
    await page.get_by_role("link", name=LINK).click()
    await expect(page).to_have_url(re.compile(re.escape(issuer)))


async def agrees(page: Page, subject: str = "anna") -> None:
    """Logs in on the provider's own page."""
    await page.get_by_placeholder("sub").fill(subject)
    await page.get_by_role("button", name="Authorize").click()


async def refused(consoles: Consoles, page: Page, why: str) -> None:
    """Back on the login page, told why, and logged in nowhere."""
    await expect(page.get_by_role("alert")).to_have_text(why)
    await expect(page.get_by_label("E-post")).to_be_visible()
    await expect(page).to_have_url(f"{consoles.office.url}/desk")
    assert (await page.request.get(f"{consoles.office.url}/desk/v1/me")).status == 401
    assert [cookie["name"] for cookie in await page.context.cookies(consoles.office.url + "/desk/v1/oidc")] == []
    assert await violations(page) == []


async def test_log_in_at_the_provider_work_and_log_out_there_too(staffed: str, consoles: Consoles) -> None:
    page = await consoles.page()
    await to_the_provider(page, staffed)
    await agrees(page)
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text("Anna Lindgren")
    await expect(page.get_by_text("Ansluten")).to_be_visible()
    await expect(page).to_have_url(f"{consoles.office.url}/desk")
    session = next(one for one in await page.context.cookies() if one["name"] == "fraga_desk")
    assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
    await page.reload()
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()

    await page.get_by_role("link", name="Anna Lindgren").click()
    await expect(page.get_by_role("row", name="Den här")).to_contain_text("Organisationens inloggning")
    await expect(page.get_by_text("Din organisations inloggning sköter det här.")).to_be_visible()
    await page.get_by_role("button", name="Logga ut").click()
    await expect(page).to_have_url(re.compile(re.escape(staffed) + "/oauth2/end_session"))
    await page.get_by_role("button", name="End session").click()
    await expect(page.get_by_role("link", name=LINK)).to_be_visible()
    await expect(page.locator("[role=alert]")).to_be_empty()
    await expect(page).to_have_url(f"{consoles.office.url}/desk")
    assert (await page.request.get(f"{consoles.office.url}/desk/v1/me")).status == 401
    assert [cookie for cookie in await page.context.cookies() if cookie["name"].startswith("fraga_")] == []


async def test_who_cancels_at_the_provider_is_told_so_and_can_try_again(staffed: str, consoles: Consoles) -> None:
    page = await consoles.page()
    await to_the_provider(page, staffed)
    await page.get_by_role("button", name="Deny").click()
    await refused(consoles, page, "Inloggningen avbröts.")
    await page.reload()
    await expect(page.get_by_role("link", name=LINK)).to_be_visible()
    await expect(page.locator("[role=alert]")).to_be_empty()  # told once
    await to_the_provider(page, staffed)
    await agrees(page)
    await expect(page.get_by_role("heading", name="Mina samtal")).to_be_visible()


async def test_a_state_that_is_not_this_browsers_opens_nothing(staffed: str, consoles: Consoles) -> None:
    page = await consoles.page()
    await to_the_provider(page, staffed)
    await page.goto(re.sub(r"state=[^&]+", "state=forged", page.url))
    await agrees(page)
    await refused(consoles, page, "Inloggningen tog för lång tid eller avbröts. Försök igen.")

    await to_the_provider(page, staffed)
    begun = page.url
    victim = await consoles.page()  # is sent a login that somebody else began
    await victim.context.route(re.compile(r"^https://"), lambda route: route.abort())
    await victim.goto(begun)
    await agrees(victim)
    await refused(consoles, victim, "Inloggningen tog för lång tid eller avbröts. Försök igen.")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        (
            {"email": "eva@goteborg.example", "groups": ["annat"]},
            "Ditt konto har ingen roll här. Be din chef eller en administratör.",
        ),
        ({"groups": ["drift"]}, "Ditt konto saknar en bekräftad e-postadress."),
    ],
)
async def test_who_has_nothing_to_do_here_is_told_why(staffed: str, consoles: Consoles, claims: dict[str, Any], why: str) -> None:
    person(staffed, "eva", **claims)
    page = await consoles.page()
    await to_the_provider(page, staffed)
    await agrees(page, "eva")
    await refused(consoles, page, why)


class TestDown:
    """The provider is down."""

    @pytest.fixture(autouse=True)
    def _down(self, set_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:9")

    async def test_the_agent_is_told_and_the_local_login_is_still_there(self, consoles: Consoles) -> None:
        page = await consoles.page()
        await page.get_by_role("link", name=LINK).click()
        await refused(consoles, page, "Organisationens inloggning svarar inte. Försök igen om en stund.")
        await expect(page.get_by_label("Lösenord")).to_be_visible()
