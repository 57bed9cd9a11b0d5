"""`/chat/v1`: suggestions while a citizen writes, the department of the page, and the transcript by e-mail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.app import create_app
from bot.core import Core
from bot.plugins import Registry
from bot.store import conversations
from tests.bot.scripted import Script, article
from tests.connectors.web.conftest import Browser, Served
from tests.serving import serving

ARABIC = {"article_id": "forskola", "language": "ar", "title": "روضة الأطفال"}
SWEDISH = {"article_id": "avc", "language": "sv", "title": "Återvinningscentral"}


class Post:
    """A mailer that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def send_transcript(self, conversation_id: str, address: str) -> None:
        self.sent.append((conversation_id, address))


@pytest_asyncio.fixture
async def posting(core: Core, script: Script) -> AsyncIterator[tuple[Served, Post]]:
    """The app with the desk and a mailer."""
    core.settings.plugins = "connectors.web,handover"
    app, post = create_app(core), Post()
    registry: Registry = app.state.registry
    registry.mailer = post
    async with serving(app) as url:
        yield Served(url, core, script), post


async def suggest(browser: Browser, q: str, language: str = "sv") -> httpx.Response:
    return await browser.http.get("/chat/v1/suggestions", params={"q": q, "language": language}, headers=browser.auth)


@pytest.mark.asyncio
async def test_suggestions_are_titles_with_their_direction(served: Served) -> None:
    served.script.suggestions = [ARABIC, SWEDISH]
    browser = await served.open()
    answer = await suggest(browser, "روض\x00ة", "ar")
    assert answer.json() == {
        "suggestions": [
            ARABIC | {"dir": "rtl", "payload": "article:ar:forskola"},
            SWEDISH | {"dir": "ltr", "payload": "article:sv:avc"},
        ]
    }
    assert served.script.suggested == [{"text": "روضة", "language": "ar", "limit": 4}]
    assert len((await browser.read())["messages"]) == 1, "nothing of it is kept"


@pytest.mark.asyncio
async def test_a_chosen_suggestion_is_the_article_itself_whatever_its_title_sounds_like(served: Served) -> None:
    title = "Orolig för ett barn: jag vill prata med en människa"
    served.script.articles["avc"] = article("avc", title=title)
    served.script.rasa = lambda _: [{"type": "answer", "article_ids": ["avc"], "outcome": "answered"}]
    browser = await served.open()
    for _ in range(2):
        said = (await browser.send(payload="article:sv:avc", client_message_id="m")).json()
        assert [message["article_id"] for message in said["messages"]] == ["avc"]
    assert served.script.asked[0]["message"] == '/answer_article{"article_id": "avc"}'
    assert len(served.script.asked) == 1
    assert served.script.analyzed == [], "nothing was to be understood"
    assert [one["text"] for one in (await browser.read())["messages"] if one["author"] == "citizen"] == [title]


@pytest.mark.asyncio
async def test_a_suggestion_in_another_language_is_answered_in_it_unless_one_was_chosen(served: Served) -> None:
    served.script.articles["avc:en"] = article("avc", title="Recycling", language="en")
    browser = await served.open()
    await browser.send(payload="article:en:avc")
    assert (await browser.read())["language"] == "en"
    await browser.send(payload="language:fi")
    await browser.send(payload="article:en:avc")
    assert (await browser.read())["language"] == "fi"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "payload", ["article:", "article:sv:", "article:sv:borta", "article:en:avc", "article:x y:avc", "article:avc"]
)
async def test_a_suggestion_that_is_not_there_is_refused(served: Served, payload: str) -> None:
    served.script.articles["avc"] = article("avc")  # in Swedish only
    browser = await served.open()
    refused = await browser.send(payload=payload)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unknown_payload")
    served.script.down.add("knowledge")
    assert (await browser.send(payload="article:sv:avc")).status_code == 503
    assert len((await browser.read())["messages"]) == 1


@pytest.mark.asyncio
async def test_no_suggestions_while_a_human_has_the_word_or_knowledge_is_down(served: Served) -> None:
    served.script.suggestions = [SWEDISH]
    browser = await served.open()
    served.script.down.add("knowledge")
    assert (await suggest(browser, "åter")).json() == {"suggestions": []}
    served.script.down.clear()
    for owner in ("queue", "agent", "closed"):
        async with served.core.store.write() as tx:
            now = await conversations.get(tx.conn, browser.conversation_id)
            await conversations.set_owner(tx, now.id, owner, expected_version=now.version, now=served.core.now())
        assert (await suggest(browser, "åter")).json() == {"suggestions": []}, owner
    assert served.script.suggested == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("q", "language", "status"), [("x" * 201, "sv", 422), ("åter", "sv-SE", 422), ("", "sv", 200), ("💥" * 200, "xx", 200)]
)
async def test_suggestions_have_limits(served: Served, q: str, language: str, status: int) -> None:
    assert (await suggest(await served.open(), q, language)).status_code == status


@pytest.mark.asyncio
async def test_suggestions_and_transcript_want_the_token(served: Served) -> None:
    browser = await served.open()
    browser.token = browser.conversation_id
    assert (await suggest(browser, "åter")).status_code == 401
    answer = await browser.http.post("/chat/v1/transcript", json={"email": "a@b.se"}, headers=browser.auth)
    assert answer.status_code == 401


@pytest.mark.asyncio
async def test_without_a_mailer_the_widget_is_told_not_to_offer_it(served: Served) -> None:
    browser = await served.open()
    assert (await browser.http.get("/chat/v1/config")).json()["email"] is False
    answer = await browser.http.post("/chat/v1/transcript", json={"email": "a@b.se"}, headers=browser.auth)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "email_unavailable")


@pytest.mark.asyncio
async def test_the_transcript_goes_to_the_address_and_not_to_many(posting: tuple[Served, Post]) -> None:
    served, post = posting
    browser = await served.open()
    assert (await browser.http.get("/chat/v1/config")).json()["email"] is True
    statuses = [
        (await browser.http.post("/chat/v1/transcript", json={"email": " åsa@exempel.se "}, headers=browser.auth)).status_code
        for _ in range(4)
    ]
    assert statuses == [202, 202, 429, 429]
    assert post.sent == [(browser.conversation_id, "åsa@exempel.se")] * 2
    another = await served.open()  # from the same network address
    answer = await another.http.post("/chat/v1/transcript", json={"email": "a@b.se"}, headers=another.auth)
    assert answer.status_code == 429


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "email",
    [
        "",
        "x",
        "a@b",
        "a b@c.se",
        "a@b.se\nBcc: c@d.se",
        "a@b.se, c@d.se",
        "a" * 250 + "@b.se",
        "\u202ea@b.se",
        None,
        7,
        ["a@b.se"],
    ],
)
async def test_what_is_no_address_is_refused(posting: tuple[Served, Post], email: object) -> None:
    served, post = posting
    browser = await served.open()
    answer = await browser.http.post("/chat/v1/transcript", json={"email": email}, headers=browser.auth)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert "b.se" not in answer.text, "the address is not repeated"
    assert post.sent == []


@pytest.mark.asyncio
async def test_under_protected_identity_no_address_is_taken(posting: tuple[Served, Post]) -> None:
    served, post = posting
    browser = await served.open()
    async with served.core.store.write() as tx:
        await conversations.update(tx, browser.conversation_id, protected=True)
    answer = await browser.http.post("/chat/v1/transcript", json={"email": "a@b.se"}, headers=browser.auth)
    assert (answer.status_code, answer.json()["error"]["code"], post.sent) == (409, "protected_identity", [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("department", "kept"),
    [("forskola", "forskola"), ("trolleri", None), ("framtiden", None), ("", None), ("x" * 101, "refused")],
)
async def test_a_department_that_the_desk_knows_is_kept(posting: tuple[Served, Post], department: str, kept: str | None) -> None:
    served, _ = posting
    async with httpx.AsyncClient(base_url=served.url) as http:
        answer = await http.post("/chat/v1/conversations", json={"department": department})
    if kept == "refused":
        assert answer.status_code == 422
        return
    async with served.core.store.read() as conn:
        assert (await conversations.get(conn, answer.json()["conversation_id"])).department == kept


@pytest.mark.asyncio
async def test_the_accessibility_statement_is_served(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as http:
        page = await http.get("/tillganglighet")
        assert page.status_code == 200
        assert "Tillgänglighetsredogörelse" in page.text
        assert (await http.get("/widget/tillganglighet.css")).status_code == 200
