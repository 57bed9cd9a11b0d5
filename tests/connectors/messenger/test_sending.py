"""How the Send API is called: each request against its documented form, against the simulator over real HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from bot.delivery.contract import DeliveryFailure
from connectors.contract import (
    AddressUnreachable,
    Choice,
    Inbound,
    OutcomeUnknown,
    Outgoing,
    PermanentFailure,
    Reply,
    TemporaryFailure,
    Untraceable,
)
from connectors.messenger import Messenger
from connectors.meta import connector as meta_connector
from connectors.simulator.base import FaultKind
from connectors.simulator.messenger import PAGE_ID, MessengerSimulator
from tests.connectors.making import NOON, connector
from tests.connectors.messenger.documented import SenderAction, SendMessage
from tests.connectors.meta.making import SETTINGS, SIM
from tests.serving import serving

pytestmark = pytest.mark.asyncio
PSID = "7301928374650192"


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[MessengerSimulator]:
    made = MessengerSimulator("http://127.0.0.1:9/", reports=(), hang_seconds=1, now=lambda: NOON, **SIM)
    made.wrote_at[PSID] = NOON
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def messenger(sim: MessengerSimulator) -> AsyncIterator[Messenger]:
    app = FastAPI()
    app.include_router(sim.router())
    async with serving(app) as url, httpx.AsyncClient(timeout=0.5) as http:
        yield connector(Messenger, http, **SETTINGS, page_id=PAGE_ID, api_url=f"{url}/sim/messenger")


def reply(
    text: str = "Hej!", choices: tuple[str, ...] = (), author: str = "bot", silence: dt.timedelta | None = dt.timedelta(0)
) -> Reply:
    buttons = tuple(Choice(title, f"b{number:016}") for number, title in enumerate(choices))
    wrote = NOON - silence if silence is not None else None
    return Reply("m1", "c1", 2, author, text, "sv", NOON, choices=buttons, address=PSID, citizen_wrote_at=wrote)  # type: ignore[arg-type]


def only(messenger: Messenger, said: Reply) -> Outgoing:
    (part,) = messenger.render_parts(said)
    return part


async def test_a_text(messenger: Messenger, sim: MessengerSimulator) -> None:
    receipt = await messenger.send(only(messenger, reply("Öppet till 18. 🦌")))
    (shown,) = sim.inbox(PSID)
    assert (shown.text, shown.provider_id) == ("Öppet till 18. 🦌", receipt.provider_id)
    sent = SendMessage.model_validate(shown.raw)
    assert (sent.messaging_type, sent.message.metadata) == ("RESPONSE", "m1.0")


async def test_short_choices_are_buttons_and_long_ones_numbers(messenger: Messenger, sim: MessengerSimulator) -> None:
    await messenger.send(only(messenger, reply("Vilket?", ("Svenska", "العربية", "Suomi"))))
    await messenger.send(only(messenger, reply("Menar du?", ("Vad kostar det att åka till tippen?", "Avbryt"))))
    short, long = (SendMessage.model_validate(shown.raw).message.attachment for shown in sim.inbox(PSID))
    assert short and [button.title for button in short.payload.buttons] == ["Svenska", "العربية", "Suomi"]
    assert long and [button.title for button in long.payload.buttons] == ["1", "2"]
    assert "1. Vad kostar det att åka till tippen?\n2. Avbryt" in long.payload.text


@pytest.mark.parametrize(("text", "titles"), [("Ord. " * 140, ("Ja", "Nej")), ("Vilket?", ("Ett", "Två", "Tre", "Fyra"))])
async def test_what_buttons_have_no_room_for_are_quick_replies(
    messenger: Messenger, sim: MessengerSimulator, text: str, titles: tuple[str, ...]
) -> None:
    await messenger.send(only(messenger, reply(text, titles)))
    (shown,) = (SendMessage.model_validate(shown.raw).message for shown in sim.inbox(PSID))
    assert [quick.title for quick in shown.quick_replies or ()] == list(titles)


async def test_thirteen_choices_are_buttons_and_fourteen_a_list_to_type_from(
    messenger: Messenger, sim: MessengerSimulator
) -> None:
    for count in (13, 14):
        await messenger.send(only(messenger, reply("Vilket?", tuple(f"Val {n}" for n in range(count)))))
    most, more = sim.inbox(PSID)
    assert len(most.buttons) == 13
    assert more.buttons == []
    assert "14. Val 13" in more.text


async def test_a_long_text_goes_in_parts_with_the_choices_under_the_last(messenger: Messenger, sim: MessengerSimulator) -> None:
    parts = messenger.render_parts(reply("Ett stycke. " * 150 + "\n\n" + "Ett till. " * 150, ("Ja", "Nej")))
    assert parts == messenger.render_parts(parts[0].reply)
    assert [part.key for part in parts] == ["m1.0", "m1.1"]
    for part in parts:
        await messenger.send(part)
    first, second = (SendMessage.model_validate(shown.raw) for shown in sim.inbox(PSID))
    assert first.message.quick_replies is None
    assert len(second.message.quick_replies or ()) == 2


@pytest.mark.parametrize("author", ["bot", "system", "agent"])
@pytest.mark.parametrize("silence", [None, dt.timedelta(0), dt.timedelta(hours=24), -dt.timedelta(seconds=5)])
async def test_within_a_day_everybody_answers(
    messenger: Messenger, sim: MessengerSimulator, author: str, silence: dt.timedelta | None
) -> None:
    await messenger.send(only(messenger, reply(author=author, silence=silence)))
    assert SendMessage.model_validate(sim.inbox(PSID)[0].raw).messaging_type == "RESPONSE"


@pytest.mark.parametrize("silence", [dt.timedelta(hours=24, seconds=1), dt.timedelta(days=7)])
async def test_within_a_week_only_a_human(messenger: Messenger, sim: MessengerSimulator, silence: dt.timedelta) -> None:
    sim.wrote_at[PSID] = NOON - silence
    await messenger.send(only(messenger, reply(author="agent", silence=silence)))
    assert SendMessage.model_validate(sim.inbox(PSID)[0].raw).tag == "HUMAN_AGENT"
    for author in ("bot", "system"):
        with pytest.raises(PermanentFailure, match="24 hours") as failure:
            await messenger.send(only(messenger, reply(author=author, silence=silence)))
        assert not isinstance(failure.value, AddressUnreachable)
    assert len(sim.inbox(PSID)) == 1


async def test_after_a_week_nobody(messenger: Messenger, sim: MessengerSimulator) -> None:
    with pytest.raises(PermanentFailure, match="7 days"):
        await messenger.send(only(messenger, reply(author="agent", silence=dt.timedelta(days=7, seconds=1))))
    assert sim.inbox(PSID) == []


async def test_meta_counts_the_window_too(messenger: Messenger, sim: MessengerSimulator) -> None:
    sim.wrote_at[PSID] = NOON - dt.timedelta(days=2)  # what we believe to know is wrong
    with pytest.raises(PermanentFailure, match="2018278"):
        await messenger.send(only(messenger, reply()))
    sim.human_agent = False
    with pytest.raises(PermanentFailure, match="permission"):
        await messenger.send(only(messenger, reply(author="agent", silence=dt.timedelta(days=2))))


@pytest.mark.parametrize(("fault", "failure", "arrives"), [
    ("server_error", TemporaryFailure, False), ("rate_limited", TemporaryFailure, False), ("invalid_number", AddressUnreachable, False),
    ("blocked", AddressUnreachable, False), ("timeout", OutcomeUnknown, True), ("dropped", OutcomeUnknown, True),
])  # fmt: skip
async def test_faults(
    messenger: Messenger, sim: MessengerSimulator, fault: FaultKind, failure: type[DeliveryFailure], arrives: bool
) -> None:
    sim.fault(fault, retry_after=9)
    with pytest.raises(failure) as raised:
        await messenger.send(only(messenger, reply()))
    assert len(sim.inbox(PSID)) == arrives
    if fault == "rate_limited":
        assert isinstance(raised.value, TemporaryFailure)
        assert (raised.value.retry_after, raised.value.whole_account) == (9.0, True)
    await messenger.send(only(messenger, reply()))


async def test_a_citizen_who_blocks_and_one_who_never_wrote(messenger: Messenger, sim: MessengerSimulator) -> None:
    sim.blocked.add(PSID)
    with pytest.raises(AddressUnreachable):
        await messenger.send(only(messenger, reply()))
    with pytest.raises(AddressUnreachable):
        await messenger.send(replace(only(messenger, reply()), address="123456789"))


async def test_a_wrong_token_and_a_wrong_page(messenger: Messenger, sim: MessengerSimulator) -> None:
    sim.page_id = "999999999"
    with pytest.raises(PermanentFailure, match="100/33"):
        await messenger.send(only(messenger, reply()))
    sim.access_token = "renewed"
    with pytest.raises(TemporaryFailure, match="token"):
        await messenger.send(only(messenger, reply()))


async def test_seen_and_typing(messenger: Messenger, sim: MessengerSimulator) -> None:
    await messenger.noticed(Inbound("text", "m_1", PSID, text="Hej"), answering=True)
    assert sim.actions == [(PSID, "mark_seen"), (PSID, "typing_on")]
    await messenger.noticed(Inbound("text", "m_2", PSID, text="Hallå"), answering=False)
    assert sim.actions[2:] == [(PSID, "mark_seen")]
    for citizen, action in sim.actions:
        SenderAction.model_validate({"recipient": {"id": citizen}, "sender_action": action})


async def test_an_unknown_send_waits_for_its_echo_and_is_then_untraceable(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(meta_connector, "monotonic", lambda: clock[0])
    part = only(messenger, reply())
    for _ in range(3):
        with pytest.raises(TemporaryFailure) as waiting:
            await messenger.find_sent(part, NOON)
        assert waiting.value.retry_after  # says nothing against Meta's health: the breaker does not count it
        assert not waiting.value.whole_account
        clock[0] += 15
    clock[0] += 30
    with pytest.raises(Untraceable):
        await messenger.find_sent(part, NOON)
    with pytest.raises(TemporaryFailure):  # asked anew, it waits anew
        await messenger.find_sent(part, NOON)
