"""How the Cloud API is called: each request against its documented form, against the simulator over real HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import ValidationError

from bot.core import Core
from bot.delivery.contract import DeliveryFailure
from bot.plugins import Registry
from bot.privacy.addresses import AddressBook
from bot.store import schema
from connectors.contract import AddressUnreachable, Choice, Inbound, OutcomeUnknown, PermanentFailure, Reply, TemporaryFailure
from connectors.simulator.base import FaultKind
from connectors.simulator.whatsapp import PHONE_NUMBER_ID, WhatsAppSimulator
from connectors.whatsapp import WhatsApp
from tests.bot.conftest import core, script
from tests.conftest import Clock
from tests.connectors.making import NOON, answering, connector
from tests.connectors.meta.making import SETTINGS, SIM
from tests.connectors.whatsapp.documented import MarkRead, send
from tests.serving import serving

__all__ = ["core", "script"]
pytestmark = pytest.mark.asyncio
PHONE = "46701234567"
TITLES = {
    "short": ("Ja", "Nej", "Vet inte"),
    "long": ("Vad kostar det att åka till tippen?", "Var ligger tippen?"),
    "many": tuple(f"Val {n}" for n in range(1, 11)),
}


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """SQLite alone: the one statement that is looked at here is plain SQL."""
    path = tmp_path / "fraga.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[WhatsAppSimulator]:
    made = WhatsAppSimulator(
        "http://127.0.0.1:9/", reports=(), hang_seconds=1, now=lambda: NOON, templates=frozenset({("svar_vantar", "sv")}), **SIM
    )
    made.wrote_at[PHONE] = NOON
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def api(sim: WhatsAppSimulator) -> AsyncIterator[Any]:
    app = FastAPI()
    app.include_router(sim.router())
    async with serving(app) as url, httpx.AsyncClient(timeout=0.5) as http:
        yield lambda **more: connector(
            WhatsApp, http, **SETTINGS, phone_number_id=PHONE_NUMBER_ID, api_url=f"{url}/sim/whatsapp", **more
        )


@pytest.fixture
def whatsapp(api: Any) -> WhatsApp:
    made: WhatsApp = api()
    return made


def reply(
    text: str = "Hej!", choices: tuple[str, ...] = (), silence: dt.timedelta | None = dt.timedelta(0), **fields: Any
) -> Reply:
    buttons = tuple(Choice(title, f"b{number:016}") for number, title in enumerate(choices))
    wrote = NOON - silence if silence is not None else None
    return Reply("m1", "c1", 2, "bot", text, "sv", NOON, choices=buttons, address=PHONE, citizen_wrote_at=wrote, **fields)


async def shown(whatsapp: WhatsApp, sim: WhatsAppSimulator, said: Reply) -> list[Any]:
    before = len(sim.inbox(PHONE))
    for part in whatsapp.render_parts(said):
        await whatsapp.send(part)
    return [send(message.raw) for message in sim.inbox(PHONE)[before:]]


async def test_a_text(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (part,) = whatsapp.render_parts(reply("Öppet till 18. 🦌"))
    receipt = await whatsapp.send(part)
    (message,) = sim.inbox(PHONE)
    assert (message.text, message.provider_id) == ("Öppet till 18. 🦌", receipt.provider_id)
    sent = send(message.raw)
    assert (sent.to, sent.biz_opaque_callback_data) == (PHONE, "m1.0")


async def test_to_a_citizen_whose_number_is_hidden(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    for address in (sim.user_id(PHONE), PHONE, "+" + PHONE):
        (part,) = whatsapp.render_parts(replace(reply(), address=address))
        await whatsapp.send(part)
    assert [(send(m.raw).recipient, send(m.raw).to) for m in sim.inbox(PHONE)] == [
        (sim.user_id(PHONE), None), (None, PHONE), (None, "+" + PHONE),
    ]  # fmt: skip


async def test_up_to_three_short_choices_are_buttons(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (sent,) = await shown(whatsapp, sim, reply("Stämmer det?", TITLES["short"]))
    assert [button.reply.title for button in sent.interactive.action.buttons] == ["Ja", "Nej", "Vet inte"]
    assert sent.interactive.body.text == "Stämmer det?"


async def test_long_choices_are_a_list_with_the_whole_title_under_the_short_one(
    whatsapp: WhatsApp, sim: WhatsAppSimulator
) -> None:
    (sent,) = await shown(whatsapp, sim, reply("Menar du?", TITLES["long"]))
    (section,) = sent.interactive.action.sections
    assert [(row.title, row.description) for row in section.rows] == [
        ("Vad kostar det att åka…", "Vad kostar det att åka till tippen?"), ("Var ligger tippen?", None),
    ]  # fmt: skip
    assert sent.interactive.action.button == "Välj här"
    assert "1." not in sent.interactive.body.text


async def test_ten_choices_are_a_list_and_eleven_are_typed(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (most,) = await shown(whatsapp, sim, reply("Vilket?", TITLES["many"]))
    assert len(most.interactive.action.sections[0].rows) == 10
    (more,) = await shown(whatsapp, sim, reply("Vilket?", (*TITLES["many"], "Val 11")))
    assert "11. Val 11" in more.text.body
    assert "Svara med en siffra." in more.text.body


async def test_a_title_beyond_a_description_stands_in_the_text(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (sent,) = await shown(whatsapp, sim, reply("Menar du?", ("x" * 73, "Nej")))
    assert "x" * 73 in sent.interactive.body.text
    assert [button.reply.title for button in sent.interactive.action.buttons] == ["1", "2"]


async def test_two_choices_with_one_title_are_a_list(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (sent,) = await shown(whatsapp, sim, reply("Vilken?", ("Förskola", "Förskola")))
    assert len(sent.interactive.action.sections[0].rows) == 2


@pytest.mark.parametrize("language", ["sv", "en", "fi", "ar", "so", "fa", "bs", "es", "fr", "pl", "tr", "uk", "ku", "ckb", "ti"])
async def test_the_button_of_a_list_in_every_language(whatsapp: WhatsApp, sim: WhatsAppSimulator, language: str) -> None:
    (sent,) = await shown(whatsapp, sim, replace(reply("?", TITLES["many"]), language=language))
    assert sent.interactive.action.button


@pytest.mark.parametrize("text", [
    "Stycke ett. " * 60 + "\n\n" + "Stycke två. " * 60, "\n\n".join(f"Stycke {n}." for n in range(400)), "Ett enda stycke. " * 120,
    "o" * 5000, "a\n\n" + "b" * 1024, "Ett. " * 900 + "\n\n" + "Två. " * 900,
])  # fmt: skip
async def test_what_a_body_can_not_hold_goes_before_it(whatsapp: WhatsApp, sim: WhatsAppSimulator, text: str) -> None:
    said = reply(text, TITLES["short"])
    parts = whatsapp.render_parts(said)
    assert parts == whatsapp.render_parts(said)
    assert [part.key for part in parts] == [f"m1.{number}" for number in range(len(parts))]
    sent = await shown(whatsapp, sim, said)
    assert [one.type for one in sent] == ["text"] * (len(sent) - 1) + ["interactive"]
    together = "".join(one.text.body for one in sent[:-1]) + sent[-1].interactive.body.text
    assert "".join(together.split()) == "".join(text.split())  # nothing is lost
    assert parts[-1].extra
    assert not any(part.extra or part.choices for part in parts[:-1])


async def test_an_answer_as_it_comes_from_the_knowledge_base(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    sources = [{"title": "Göteborgs Stad", "url": "https://goteborg.se/avfall", "year": 2026}]
    payload = {"title": "Åka till tippen", "sources": sources, "updated": "2026-11-22"}
    said = reply(
        "Du kan lämna avfall gratis. " * 40, TITLES["long"], article_id="tippen", outcome="answered", payload=payload, first=True
    )
    *before, last = await shown(whatsapp, sim, said)
    assert before[0].text.body.startswith("Fråga Göteborg")
    assert "https://goteborg.se/avfall" in last.interactive.body.text


async def test_after_a_day_nothing_goes_without_a_template(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (part,) = whatsapp.render_parts(reply(silence=dt.timedelta(hours=24, seconds=1)))
    with pytest.raises(PermanentFailure, match=r"24 hours.*WHATSAPP_TEMPLATE") as failure:
        await whatsapp.send(part)
    assert not isinstance(failure.value, AddressUnreachable)
    assert sim.inbox(PHONE) == []
    for silence in (dt.timedelta(hours=24), None):
        assert await shown(whatsapp, sim, reply(silence=silence))


@pytest_asyncio.fixture
async def with_template(api: Any, core: Core) -> Callable[..., WhatsApp]:
    """A connector with a template, over a store that knows the citizen; made anew, it is as after a restart."""
    book = AddressBook(core.settings.secret_key.get_secret_value())
    async with core.store.write() as tx:
        await tx.conn.execute(
            schema.address.insert().values(id="a1", channel_account="whatsapp:main", value_encrypted=b"",
                                           lookup_hmac=book.lookup("whatsapp:main", PHONE), created_at=NOON)
        )  # fmt: skip

    def make(template: str = "svar_vantar") -> WhatsApp:
        made: WhatsApp = api(template=template)
        made.join(Registry(core, FastAPI(), None))  # type: ignore[arg-type]
        return made

    return make


async def test_after_a_day_the_template_asks_to_write_once_and_the_text_counts_as_not_sent(
    with_template: Callable[..., WhatsApp], sim: WhatsAppSimulator, clock: Clock
) -> None:
    clock.time = NOON - dt.timedelta(days=2)
    whatsapp = with_template()
    late = dt.timedelta(days=3)
    for key in ("m1.0", "m2.0", "m3.0"):
        (part,) = whatsapp.render_parts(reply(silence=late))
        with pytest.raises(PermanentFailure, match="template"):
            await whatsapp.send(replace(part, key=key))
        whatsapp = with_template()  # also after a restart
    (message,) = sim.inbox(PHONE)
    sent = send(message.raw)
    assert (sent.template.name, sent.template.language.code) == ("svar_vantar", "sv")
    assert sent.biz_opaque_callback_data == "m1.0.t"  # its report must not count as the text's
    clock.time = NOON
    (part,) = whatsapp.render_parts(reply(silence=dt.timedelta(hours=25)))  # they wrote meanwhile: another silence
    with pytest.raises(PermanentFailure):
        await whatsapp.send(part)
    assert len(sim.inbox(PHONE)) == 2


async def test_a_template_that_meta_does_not_know_or_can_not_send_now(
    with_template: Callable[..., WhatsApp], sim: WhatsAppSimulator
) -> None:
    whatsapp = with_template()
    (part,) = whatsapp.render_parts(reply(silence=dt.timedelta(days=3)))
    with pytest.raises(PermanentFailure, match="132001"):
        await with_template("annan").send(part)
    sim.fault("server_error")
    with pytest.raises(TemporaryFailure):
        await whatsapp.send(part)
    sim.fault("dropped")
    with pytest.raises(PermanentFailure):  # perhaps it was sent: not a second time
        await whatsapp.send(part)
    with pytest.raises(PermanentFailure):
        await whatsapp.send(part)
    assert len(sim.inbox(PHONE)) == 1


@pytest.mark.parametrize(("fault", "failure", "arrives"), [
    ("server_error", TemporaryFailure, False), ("rate_limited", TemporaryFailure, False), ("timeout", OutcomeUnknown, True),
    ("dropped", OutcomeUnknown, True),
])  # fmt: skip
async def test_faults(
    whatsapp: WhatsApp, sim: WhatsAppSimulator, fault: FaultKind, failure: type[DeliveryFailure], arrives: bool
) -> None:
    sim.fault(fault, retry_after=9)
    (part,) = whatsapp.render_parts(reply())
    with pytest.raises(failure) as raised:
        await whatsapp.send(part)
    assert len(sim.inbox(PHONE)) == arrives
    if fault == "rate_limited":
        assert isinstance(raised.value, TemporaryFailure)
        assert (raised.value.retry_after, raised.value.whole_account) == (9.0, True)
    await whatsapp.send(part)


async def test_too_many_to_one_citizen(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (part,) = whatsapp.render_parts(reply())
    for _ in range(45):
        await whatsapp.send(part)
    with pytest.raises(TemporaryFailure, match="131056") as limited:
        await whatsapp.send(part)
    assert not limited.value.whole_account


async def test_a_wrong_token_and_a_wrong_number(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    (part,) = whatsapp.render_parts(reply())
    sim.phone_number_id = "999999999"
    with pytest.raises(PermanentFailure, match="100/33"):
        await whatsapp.send(part)
    sim.access_token = "renewed"
    with pytest.raises(TemporaryFailure, match="token"):
        await whatsapp.send(part)


async def test_read_and_typing(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    await sim.citizen_sends(PHONE, "Hej", wamid="wamid.1")
    inbound = Inbound("text", "wamid.1", "SE.1", text="Hej", extra={"wamid": "wamid.1"})
    await whatsapp.noticed(inbound, answering=False)
    assert (sim.read, sim.typing) == (["wamid.1"], [])
    await whatsapp.noticed(inbound, answering=True)
    assert sim.typing == ["wamid.1"]
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"success": True})

    made = connector(WhatsApp, answering(answers), **SETTINGS, phone_number_id=PHONE_NUMBER_ID)
    for answers_now in (True, False):
        await made.noticed(Inbound("text", "x", "SE.1", extra={"wamid": "wamid.1"}), answering=answers_now)
    marked = [MarkRead.model_validate_json(request.content) for request in asked]
    assert [(mark.message_id, mark.typing_indicator is not None) for mark in marked] == [("wamid.1", True), ("wamid.1", False)]
    assert str(asked[0].url).startswith(f"https://graph.facebook.com/v25.0/{PHONE_NUMBER_ID}/messages?")


async def test_the_models_and_the_simulator_refuse_what_meta_refuses(whatsapp: WhatsApp, sim: WhatsAppSimulator) -> None:
    """So that the tests above can fail."""
    good = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": PHONE, "biz_opaque_callback_data": "k"}
    button = {"type": "reply", "reply": {"id": "1", "title": "Ja"}}
    rows = [{"id": str(n), "title": "x"} for n in range(11)]
    bodies: list[dict[str, Any]] = [
        {"type": "text", "text": {"body": "x" * 4097, "preview_url": False}}, {"type": "text", "text": {"body": "", "preview_url": False}},
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": [button] * 2}}},
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "?" * 1025}, "action": {"buttons": [button]}}},
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": []}}},
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": [
            {"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]}}},
        {"type": "interactive", "interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "V", "sections": [{"rows": rows}]}}},
        {"type": "interactive", "interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "V" * 21, "sections": [
            {"rows": rows[:1]}]}}},
        {"type": "interactive", "interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "V", "sections": [
            {"rows": [{"id": "1", "title": "x" * 25}]}]}}},
        {"type": "video", "video": {}},
    ]  # fmt: skip
    for body in bodies:
        with pytest.raises((ValidationError, AssertionError)):
            send(good | body)
        with pytest.raises(PermanentFailure):
            await whatsapp.graph.post(f"{PHONE_NUMBER_ID}/messages", good | body)
    assert sim.inbox(PHONE) == []
