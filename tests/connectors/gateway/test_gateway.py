"""One assistant behind any channel: what the gateway promises, shown with a channel of sixty lines."""

from __future__ import annotations

import asyncio

import pytest

from bot.settings import ConfigurationError
from bot.store import schema
from connectors.gateway.accounts import build, parse_names
from connectors.gateway.patience import Patience, Verdict
from tests.bot.scripted import analysis, article
from tests.connectors.gateway.conftest import Town

pytestmark = pytest.mark.asyncio
Patience_judge = Patience.judge


def _answers(town: Town, text: str, article_id: str = "tippen", language: str = "sv") -> None:
    town.script.articles[article_id] = article(article_id)
    town.script.analyses[text] = analysis(language)
    town.script.rasa = lambda body: [{"type": "answer", "article_ids": [article_id], "outcome": "answered", "probability": 0.9}]


async def test_a_question_is_answered_with_who_answers_and_the_source(town: Town) -> None:
    _answers(town, "vad kostar tippen")
    await town.writes("vad kostar tippen")
    (said,) = await town.post.gets("anna", 1)
    assert "AI" in said.splitlines()[0]
    assert "Svaret om tippen." in said and "https://goteborg.se" in said and "2026-11-22" in said
    await town.writes("vad kostar tippen")
    assert "AI" not in (await town.post.gets("anna", 2))[1].splitlines()[0]  # said once
    assert len(await town.rows(schema.conversation)) == 1


async def test_the_same_delivery_is_taken_once_also_at_the_same_moment_and_after_the_conversation_is_over(town: Town) -> None:
    _answers(town, "hej")
    card = town.card(text="hej")
    answers = await asyncio.gather(*(town.delivers(card) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    await town.post.gets("anna", 1)
    async with town.core.store.write() as tx:
        await tx.conn.execute(schema.conversation.update().values(owner="closed"))
    assert (await town.delivers(card)).status_code == 200
    assert len(await town.rows(schema.message, schema.message.c.author == "citizen")) == 1
    assert len(await town.rows(schema.conversation)) == 1


@pytest.mark.parametrize(
    ("secret", "body", "status"), [("wrong", None, 401), (None, b"{not json", 400), (None, b"", 400), (None, b"[]", 400)]
)
async def test_forged_and_malformed_deliveries_change_nothing(
    town: Town, secret: str | None, body: bytes | None, status: int
) -> None:
    kwargs = {"secret": secret} if secret else {}
    response = await town.delivers(town.card(text="hej"), body=body, **kwargs)
    assert response.status_code == status and response.text == ""
    assert not await town.rows(schema.message) and not await town.rows(schema.address)


async def test_an_unknown_account_is_404_without_detail(town: Town) -> None:
    for path in ("/hooks/postcard/other", "/hooks/nobody/main", "/hooks/elks/main"):
        response = await town.http.post(path, content=b"{}")
        assert (response.status_code, response.text) == (404, "")


async def test_a_huge_delivery_is_refused(town: Town) -> None:
    assert (await town.delivers(body=b"x" * 3_000_001)).status_code == 413
    assert (await town.delivers(*[town.card(text="x") for _ in range(501)])).status_code == 413
    assert not await town.rows(schema.message)


async def test_a_batch_is_taken_in_order_and_each_citizen_has_a_conversation(town: Town) -> None:
    cards = [town.card(address, f"{address} {n}") for n in range(5) for address in ("anna", "bo", "cia")]
    assert (await town.delivers(*cards)).status_code == 200
    for conversation in await town.rows(schema.conversation):
        messages = await town.rows(
            schema.message, schema.message.c.conversation_id == conversation.id, schema.message.c.author == "citizen"
        )
        texts = [m.text for m in sorted(messages, key=lambda m: m.seq)]
        assert texts == [f"{texts[0].split()[0]} {n}" for n in range(5)]
    assert len(await town.rows(schema.conversation)) == 3


async def test_the_address_is_stored_encrypted_and_nowhere_else(town: Town) -> None:
    await town.writes("hej", "+46701740605")
    (row,) = await town.rows(schema.address)
    assert b"46701740605" not in row.value_encrypted and "46701740605" not in row.lookup_hmac
    for table in (schema.message, schema.outbox, schema.received, schema.conversation):
        assert "46701740605" not in str([tuple(found) for found in await town.rows(table)])


async def test_a_number_means_the_choice_and_a_pressed_button_does_too(town: Town) -> None:
    town.script.articles["b"] = article("b")
    town.script.rasa = lambda body: (
        [{"type": "answer", "article_ids": ["b"], "outcome": "answered"}] if body["message"].startswith("/answer_article")
        else [{"type": "clarify", "key": "clarify.intro", "outcome": "clarification", "buttons": [
            {"title": "En rubrik som är längre än tjugofyra tecken", "payload": '/answer_article{"article_id": "a"}', "article_id": "a"},
            {"title": "Den andra", "payload": '/answer_article{"article_id": "b"}', "article_id": "b"}]}]
    )  # fmt: skip
    await town.writes("något oklart")
    (asked,) = await town.post.gets("anna", 1)
    assert "1. En rubrik som är längre än tjugofyra tecken" in asked and "2. Den andra" in asked
    assert [button["title"] for button in town.post.cards[0]["buttons"]] == ["1", "2"]
    await town.writes("2")
    assert "Svaret om b." in (await town.post.gets("anna", 2))[1]
    await town.writes("", kind="press", payload=town.post.cards[0]["buttons"][1]["payload"])
    assert "Svaret om b." in (await town.post.gets("anna", 3))[2]


async def test_a_forged_or_foreign_button_is_answered_kindly(town: Town) -> None:
    await town.writes("", kind="press", payload="b-forged")
    assert "gäller inte längre" in (await town.post.gets("anna", 1))[0]


async def test_stopp_is_confirmed_once_and_nothing_is_sent_until_start(town: Town) -> None:
    await town.writes("hej")
    await town.post.gets("anna", 1)
    await town.writes("Stopp!")
    assert "START" in (await town.post.gets("anna", 2))[1]
    await town.writes("stop")
    await town.writes("vad kostar tippen")
    assert (await town.conversation()).close_reason == "stopped"
    await town.writes("START")
    said = await town.post.gets("anna", 3)
    assert len(said) == 3 and "AI" in said[2]


async def test_danger_is_answered_even_after_stopp_and_by_a_sender_over_the_limit(town: Town) -> None:
    await town.writes("stopp")
    await town.post.gets("anna", 1)
    await town.writes("det brinner i huset")
    said = await town.post.gets("anna", 2)
    assert "112" in said[1].splitlines()[0]


async def test_a_picture_and_a_voice_message_are_answered_with_what_to_do(town: Town) -> None:
    _answers(town, "vad är det här")
    await town.writes("vad är det här", kind="unsupported", what="image")
    said = await town.post.gets("anna", 2)
    assert "bilder" in said[0] and "Svaret om tippen." in said[1]
    await town.writes("", kind="unsupported", what="voice")
    assert "röst" in (await town.post.gets("anna", 3))[2]
    texts = [m.text for m in await town.rows(schema.message, schema.message.c.author == "citizen")]
    assert "[bild]" in texts and "[röstmeddelande]" in texts


async def test_a_group_is_refused_once(town: Town) -> None:
    await town.writes("", "group-1", kind="unsupported", what="group")
    await town.writes("", "group-1", kind="unsupported", what="group")
    await town.writes("hej bot", "group-1")
    await town.quiet()
    assert len(town.post.to("group-1")) == 1 and "grupper" in town.post.to("group-1")[0]


async def test_the_same_words_again_and_again_end_it(town: Town) -> None:
    for _ in range(12):
        await town.writes("jag är en robot")
    await town.quiet()
    said = town.post.to("anna")
    assert sum("START" in text for text in said) == 1 and len(said) <= 7
    assert (await town.conversation()).close_reason == "loop"


async def test_a_sender_over_the_limit_is_asked_once_to_wait(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = Patience(per_minute=1)
    monkeypatch.setattr("connectors.gateway.patience.Patience.judge", lambda _, *asked: Patience_judge(strict, *asked))
    for number in range(5):
        await town.writes(f"fråga {number}")
    said = await town.post.gets("anna", 2)
    await town.quiet()
    assert len(town.post.to("anna")) == 2 and sum("Vänta" in text for text in said) == 1


async def test_patience_with_people_and_with_machines() -> None:
    patience = Patience(per_minute=3)
    assert [patience.judge("a", str(n), 0.0) for n in range(5)] == [Verdict.WELCOME] * 3 + [Verdict.SLOW_DOWN, Verdict.IGNORED]
    assert patience.judge("b", "1", 0.0) is Verdict.WELCOME  # another sender has a limit of their own
    machine = [patience.judge("m", f"{n}", n * 1.0) for n in range(600)]
    assert machine[: machine.index(Verdict.LOOP)].count(Verdict.SLOW_DOWN) <= 5
    patient = Patience(per_minute=0)
    assert [patient.judge("c", "igen", n * 1.0) for n in range(6)][-1] is Verdict.LOOP
    assert all(patient.judge("d", "ja", n * 120.0) is Verdict.WELCOME for n in range(20))  # "ja" now and then is an answer


async def test_what_can_not_be_delivered_closes_the_conversation_with_the_reason(town: Town) -> None:
    town.post.answers = [410]
    await town.writes("hej")
    async with asyncio.timeout(10):
        while (await town.conversation()).owner != "closed":
            await asyncio.sleep(0.02)
    assert (await town.conversation()).close_reason == "unreachable"
    (row,) = await town.rows(schema.outbox)
    assert row.state == "dead"
    await town.writes("jag är tillbaka")  # whoever writes can be reached again
    await town.post.gets("anna", 1)


async def test_delivery_reports_come_in_any_order(town: Town) -> None:
    await town.writes("", kind="status", provider_id="p1", state="delivered", address="")
    await town.writes("hej")
    await town.post.gets("anna", 1)
    async with asyncio.timeout(10):
        while not (rows := await town.rows(schema.delivery, schema.delivery.c.message_id.is_not(None))):
            await asyncio.sleep(0.02)
    assert rows[0].state == "delivered"
    await town.writes("", kind="status", provider_id="p1", state="sent", address="")
    await town.writes("", kind="status", provider_id="p1", state="read", address="")
    await town.writes("", kind="status", provider_id="unknown", state="read", address="")
    assert {row.state for row in await town.rows(schema.delivery, schema.delivery.c.provider_id == "p1")} == {"read"}


async def test_a_blocked_citizen_ends_the_conversation(town: Town) -> None:
    await town.writes("hej")
    await town.post.gets("anna", 1)
    await town.writes("", kind="gone")
    assert (await town.conversation()).close_reason == "unreachable"


async def test_a_human_is_reached_and_the_queue_is_left_with_a_number(town: Town) -> None:
    await town.writes("jag vill prata med en människa")
    asked = (await town.post.gets("anna", 1))[0]
    assert "1. " in asked and "2. " in asked
    await town.writes("1")
    joined = (await town.post.gets("anna", 2))[1]
    assert "kö" in joined
    await town.writes("lämna kön")  # typed instead of pressed
    async with asyncio.timeout(10):
        while (await town.conversation()).owner != "bot":
            await asyncio.sleep(0.02)


async def test_the_conversation_goes_on_on_the_web_and_comes_back(town: Town) -> None:
    await town.writes("hej")
    await town.post.gets("anna", 1)
    await town.writes("WEBB")
    said = (await town.post.gets("anna", 2))[1]
    code = said.split("fortsatt=")[1].split()[0]
    assert (await town.http.post("/chat/v1/continue", json={"code": "2222BBBB"})).status_code == 404
    opened = await town.http.post("/chat/v1/continue", json={"code": code})
    assert opened.status_code == 201
    assert [m["text"] for m in opened.json()["messages"] if m["author"] == "citizen"] == ["hej"]
    assert (await town.http.post("/chat/v1/continue", json={"code": code})).status_code == 404  # once
    assert "webben" in (await town.post.gets("anna", 3))[2]
    back = await town.http.post("/chat/v1/continue/code", headers={"Authorization": f"Bearer {opened.json()['token']}"})
    assert back.status_code == 201
    await town.writes(back.json()["code"], "bo")
    assert "här" in (await town.post.gets("bo", 1))[0]
    conversations = await town.rows(schema.conversation, schema.conversation.c.owner != "closed")
    assert [c.id for c in conversations] == [opened.json()["conversation_id"]]
    await town.writes("en fråga till", "bo")
    await town.post.gets("bo", 2)
    assert len(town.post.to("anna")) == 3
    await town.writes("stopp", "anna")  # on the phone it began on: that one alone is silent from now on
    await town.post.gets("anna", 4)
    await town.writes("går det fortfarande", "bo")
    await town.post.gets("bo", 3)


async def test_the_answer_s_page_can_be_read_without_the_chat(town: Town) -> None:
    town.script.articles["tippen"] = article("tippen", title="<b>Om tippen</b>")
    page = await town.http.get("/a/tippen?l=sv")
    assert page.status_code == 200 and "Svaret om tippen." in page.text and "<b>Om" not in page.text
    assert (await town.http.get("/a/finns-inte")).status_code == 404


async def test_what_was_not_stored_is_asked_for_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from connectors.gateway.intake import Intake

    async def broken(*_: object) -> None:
        raise OperationalError("disk full", None, Exception())

    monkeypatch.setattr(Intake, "take", broken)
    response = await town.delivers(town.card(text="hej"))
    assert response.status_code == 503
    monkeypatch.undo()


@pytest.mark.parametrize("names", ["elks:Main", ":main", "a:b:c", "elks:main,elks:main"])
async def test_a_name_that_is_no_account_stops_the_start(names: str) -> None:
    with pytest.raises(ConfigurationError, match="CHANNELS"):
        parse_names(names)


async def test_a_missing_secret_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTCARD_SECRET", raising=False)
    with pytest.raises(ConfigurationError, match="POSTCARD_SECRET") as fault:
        build("tests.connectors.postcard:main", public_url="http://x", production=False, renderer=None, http=lambda: None)  # type: ignore[arg-type,return-value]
    assert "POSTCARD_SEND_URL" in str(fault.value)
    with pytest.raises(ConfigurationError, match="no provider"):
        build("carrierpigeon:main", public_url="http://x", production=False, renderer=None, http=lambda: None)  # type: ignore[arg-type,return-value]
