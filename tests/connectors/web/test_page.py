"""What is kept of the address of the page on which the chat was opened."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.store import schema
from connectors.web.page import page_of
from tests.connectors.web.conftest import Served


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://goteborg.se/wps/portal/start/bygglov", "https://goteborg.se/wps/portal/start/bygglov"),
        ("https://goteborg.se/sok?q=Anna+Svensson&pnr=198112189876#svar", "https://goteborg.se/sok"),
        ("https://anna:hemligt@goteborg.se/a", "https://goteborg.se/a"),
        ("https://goteborg.se:8443/a%20b/", "https://goteborg.se:8443/a%20b/"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
        ("https://goteborg.se/arende/19811218-9876/visa", "https://goteborg.se/arende/[personnummer]/visa"),
        ("https://goteborg.se/%31%39811218-9876", "https://goteborg.se/[personnummer]"),
        ("https://goteborg.se/mail/anna@example.org", "https://goteborg.se/mail/[e-post]"),
        ("javascript:alert(1)", None),
        ("/bara/en/vag", None),
        ("https://[", None),
        ("https://goteborg.se:x/", None),
        ("https://goteborg.se/" + "a" * 600, ("https://goteborg.se/" + "a" * 600)[:500]),
    ],
)
def test_scheme_host_and_path_are_kept_and_nothing_of_a_person(url: str, kept: str | None) -> None:
    assert page_of(url) == kept


@pytest.mark.asyncio
async def test_what_a_form_put_into_the_address_reaches_neither_store_nor_rasa(served: Served) -> None:
    browser = await served.open(page_url="https://goteborg.se/bygglov?personnummer=198112189876#svar")
    await browser.send("Hej")
    async with served.core.store.read() as conn:
        assert (await conn.execute(sa.select(schema.conversation.c.page_url))).scalar_one() == "https://goteborg.se/bygglov"
    (asked,) = served.script.asked
    assert asked["metadata"]["page_url"] == "https://goteborg.se/bygglov"
    assert asked["metadata"]["written_at"] == served.core.now().isoformat(), "the message's own time, for time limits"
