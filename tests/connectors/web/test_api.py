"""`/chat/v1` to the letter of docs/architecture.md, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import uuid

import httpx
import pytest
import websockets

from bot.rate import RateLimit
from tests.bot.scripted import article
from tests.connectors.web.conftest import Served


@pytest.mark.asyncio
@pytest.mark.parametrize("language", ["sv", "en", "fi", "ar", "so"])
async def test_d1_the_first_message_says_that_this_is_an_ai(served: Served, language: str) -> None:
    browser = await served.open(language=language)
    (greeting,) = browser.greeting
    assert greeting["language"] == language
    assert greeting["text"] == served.core.texts.render("greeting", language)
    assert greeting["author"] == "bot"
    assert {button["title"] for button in greeting["buttons"]} == {
        spoken.name for spoken in served.core.texts.languages() if spoken.greeting
    }


@pytest.mark.asyncio
async def test_an_unknown_language_is_greeted_in_swedish(served: Served) -> None:
    assert (await served.open(language="xx-YY")).greeting[0]["language"] == "sv"


@pytest.mark.asyncio
async def test_wait_holds_the_answer_until_the_turn_is_done(served: Served) -> None:
    browser = await served.open()
    response = await browser.send("Vad kostar tippen?")
    assert response.status_code == 200
    body = response.json()
    assert body["done"] is True
    assert body["owner"] == "bot"
    assert [message["author"] for message in body["messages"]] == ["bot"]


@pytest.mark.asyncio
async def test_without_wait_the_message_is_acknowledged_and_the_answer_is_read_later(served: Served) -> None:
    browser = await served.open()
    response = await browser.send("Vad kostar tippen?", wait=None)
    assert response.status_code == 202
    assert set(response.json()) == {"message_id"}
    await browser.send("och öppettider?")  # one conversation in order: the first is answered before the second
    authors = [message["author"] for message in (await browser.read())["messages"]]
    assert authors.count("bot") == 3


@pytest.mark.asyncio
async def test_a_repeated_client_message_id_gives_the_same_body_and_asks_rasa_once(served: Served) -> None:
    browser = await served.open()
    key = str(uuid.uuid4())
    bodies = await asyncio.gather(*(browser.send("Hej på er", client_message_id=key) for _ in range(6)))
    assert len({response.text for response in bodies}) == 1
    assert (await browser.send("Hej på er", client_message_id=key)).text == bodies[0].text
    assert len(served.script.asked) == 1


@pytest.mark.asyncio
async def test_messages_after_a_seq_are_read_in_order(served: Served) -> None:
    browser = await served.open()
    await browser.send("Ett")
    await browser.send("Två")
    everything = (await browser.read())["messages"]
    assert [message["seq"] for message in everything] == list(range(1, len(everything) + 1))
    assert (await browser.read(after=3))["messages"] == everything[3:]


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["", "wrong", "a" * 5000, "' OR 1=1 --", "💥"])
async def test_a_forged_token_is_refused_everywhere(served: Served, token: str) -> None:
    await served.open()
    async with httpx.AsyncClient(base_url=served.url) as http:
        headers = [(b"authorization", (b"Bearer " + token.encode()).strip())]
        for method, path, body in [
            ("GET", "/chat/v1/messages", None),
            ("POST", "/chat/v1/messages", {"client_message_id": "1", "text": "hej"}),
            ("POST", "/chat/v1/end", {}),
            ("POST", "/chat/v1/feedback", {"seq": 1, "value": "up"}),
        ]:
            response = await http.request(method, path, json=body, headers=headers)
            assert response.status_code == 401
            assert response.json()["error"]["code"] == "unauthorized"


@pytest.mark.asyncio
async def test_the_conversation_id_is_no_credential(served: Served) -> None:
    browser = await served.open()
    browser.token = browser.conversation_id
    assert (await browser.send("hej")).status_code == 401


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": ""}, 422),
        ({"text": "   "}, 422),
        ({"text": "x" * 2001}, 422),
        ({"text": "x" * 100_000}, 413),
        ({"text": "hej", "payload": "x"}, 422),
        ({}, 422),
        ({"text": None}, 422),
        ({"text": 7}, 422),
        ({"text": ["hej"]}, 422),
        ({"payload": "/human"}, 422),
        ({"payload": "language:tlh"}, 422),
        ({"text": "hej", "client_message_id": ""}, 422),
        ({"text": "hej", "client_message_id": "i" * 129}, 422),
    ],
)  # fmt: skip
async def test_bad_messages_are_refused_with_a_reason_and_lose_nothing(
    served: Served, body: dict[str, object], status: int
) -> None:
    browser = await served.open()
    response = await browser.http.post("/chat/v1/messages?wait=5", json={"client_message_id": "m", **body}, headers=browser.auth)
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"]
    assert response.json()["error"]["message"]
    assert (await browser.send("Vad kostar tippen?")).json()["done"] is True


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"client_message_id": "a", "text": "\\ud800"}']
)
async def test_broken_json_never_breaks_the_server(served: Served, raw: bytes) -> None:
    browser = await served.open()
    headers = {**browser.auth, "content-type": "application/json"}
    response = await browser.http.post("/chat/v1/messages?wait=5", content=raw, headers=headers)
    assert response.status_code in (200, 422)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE message; --",
        "{{7*7}} ${7*7} %s %n",
        "👩‍👩‍👧‍👦" * 20,
        "\u202eevil\u202c",
        "../../etc/passwd",
        "/restart",
    ],
)
async def test_hostile_text_is_kept_as_text(served: Served, text: str) -> None:
    browser = await served.open()
    assert (await browser.send(text)).status_code == 200
    mine = [message["text"] for message in (await browser.read())["messages"] if message["author"] == "citizen"]
    assert mine == [text]


@pytest.mark.asyncio
async def test_d16_the_same_question_gets_the_same_answer(served: Served) -> None:
    served.script.articles["a"] = article("a")
    served.script.rasa = lambda _: [{"type": "answer", "article_ids": ["a"], "outcome": "answered"}]
    texts = [(await (await served.open()).send("Vad kostar tippen?")).json()["messages"][0]["text"] for _ in range(3)]
    assert len(set(texts)) == 1


@pytest.mark.asyncio
async def test_feedback_is_kept_and_can_be_changed(served: Served) -> None:
    served.script.articles["a"] = article("a")
    served.script.rasa = lambda _: [{"type": "answer", "article_ids": ["a"], "outcome": "answered"}]
    browser = await served.open()
    seq = (await browser.send("Vad kostar tippen?")).json()["messages"][0]["seq"]
    for value in ("up", "down", "down"):
        body = {"seq": seq, "value": value, "comment": "ring 070-174 06 35"}
        assert (await browser.http.post("/chat/v1/feedback", json=body, headers=browser.auth)).status_code == 204
    assert (await browser.read(after=seq - 1))["messages"][0]["feedback"] == "down"
    missing = await browser.http.post("/chat/v1/feedback", json={"seq": 99, "value": "up"}, headers=browser.auth)
    assert missing.status_code == 404


@pytest.mark.asyncio
async def test_an_ended_conversation_says_goodbye_once_and_takes_no_more(served: Served) -> None:
    browser = await served.open()
    first = await browser.http.post("/chat/v1/end", json={}, headers=browser.auth)
    again = await browser.http.post("/chat/v1/end", json={}, headers=browser.auth)
    assert first.json() == again.json()
    assert first.json()["owner"] == "closed"
    assert (await browser.send("hej")).status_code == 409
    assert (await browser.read())["closed"] is True


@pytest.mark.asyncio
async def test_events_bring_each_message_once_and_close_the_gap_after_a_reconnect(served: Served) -> None:
    browser = await served.open()
    address = served.url.replace("http", "ws") + "/chat/v1/events"
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"type": "hello", "token": browser.token, "after": 0}))
        await browser.send("Ett")
        seen = [await _next_message(socket) for _ in range(3)]
    assert [message["seq"] for message in seen] == [1, 2, 3]
    await browser.send("Två")
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"type": "hello", "token": browser.token, "after": 3}))
        assert [(await _next_message(socket))["seq"] for _ in range(2)] == [4, 5]


async def _next_message(socket: websockets.ClientConnection) -> dict[str, object]:
    async with asyncio.timeout(10):
        while True:
            frame = json.loads(await socket.recv())
            if frame["type"] == "message":
                return dict(frame["message"])


@pytest.mark.asyncio
@pytest.mark.parametrize("hello", ['{"type":"hello","token":"forged"}', "not json", "{}", '{"token": 7}'])
async def test_events_without_a_valid_token_are_closed(served: Served, hello: str) -> None:
    async with websockets.connect(served.url.replace("http", "ws") + "/chat/v1/events") as socket:
        await socket.send(hello)
        assert json.loads(await socket.recv()) == {"type": "error", "code": "unauthorized"}
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


@pytest.mark.asyncio
async def test_while_starting_new_conversations_are_asked_to_wait(served: Served) -> None:
    served.core.started.clear()
    async with httpx.AsyncClient(base_url=served.url) as http:
        response = await http.post("/chat/v1/conversations", json={})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


@pytest.mark.asyncio
async def test_health_openapi_metrics_and_headers(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.get("/readyz")).json()["services"]["store"] is True
        assert "fraga_turn_seconds" in (await http.get("/metrics")).text
        document = (await http.get("/openapi.json")).json()
        paths = document["paths"]
        assert {"/chat/v1/conversations", "/chat/v1/messages", "/chat/v1/feedback", "/chat/v1/end"} <= set(paths)
        missing = paths["/chat/v1/feedback"]["post"]["responses"]["401"]
        assert missing["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Fault"
        assert "error" in document["components"]["schemas"]["Fault"]["properties"]
        page = await http.get("/nowhere")
    assert page.status_code == 404
    assert page.json()["error"]["code"] == "not_found"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_rate_limit_lets_a_burst_through_and_then_says_how_long_to_wait() -> None:
    limit = RateLimit(per_minute=3)
    assert [limit.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limit.take("a", 0.0) == pytest.approx(20.0)
    assert limit.take("b", 0.0) == 0.0
    assert limit.take("a", 20.1) == 0.0
    assert RateLimit(0).take("a", 0.0) == 0.0
