"""The conversation by e-mail, from the web chat's route to a real mail server, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.app import create_app
from bot.core import Core
from bot.delivery.worker import OutboxWorker
from bot.messages import Rendered
from bot.privacy.addresses import AddressBook
from bot.settings import ConfigurationError
from bot.store import addresses, conversations, messages, schema
from connectors.contract import Outgoing, Receipt
from connectors.email.connector import Email
from connectors.gateway.accounts import build
from tests.bot.scripted import Script, analysis, article
from tests.conftest import Clock
from tests.connectors.email.conftest import BREAK, PostOffice
from tests.connectors.web.conftest import Browser
from tests.serving import serving

pytestmark = pytest.mark.asyncio
ADDRESS = "anna.svensson@example.org"
_o, _m = schema.outbox.c, schema.message.c


@dataclass
class City:
    """The running app with web chat and e-mail."""

    url: str
    core: Core
    script: Script
    office: PostOffice
    clock: Clock

    async def citizen(self, **body: Any) -> Browser:
        http = httpx.AsyncClient(base_url=self.url, timeout=30)
        opened = (await http.post("/chat/v1/conversations", json=body)).json()
        return Browser(http, opened["token"], opened["conversation_id"], opened["messages"])

    async def asks(self, citizen: Browser, address: str = ADDRESS) -> httpx.Response:
        return await citizen.http.post("/chat/v1/transcript", json={"email": address}, headers=citizen.auth)

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.core.store.read() as conn:
            return list((await conn.execute(sa.select(table))).all())

    async def becomes(self, state: str) -> Any:
        """The one outbox row, once it is in this state."""
        async with asyncio.timeout(60):
            while True:
                rows = await self.rows(schema.outbox)
                if rows and rows[-1].state == state:
                    return rows[-1]
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def city(
    core: Core, script: Script, clock: Clock, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[City]:
    for name, value in {
        "CHANNELS": "email:main", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(office.port), "EMAIL_TLS": "none",
        "EMAIL_FROM_ADDRESS": "fraga@example.org", "EMAIL_PER_SECOND": "0",
        "EMAIL_CONTACT_ADDRESSES": "kontaktcenter=kc@example.org,forskola=forskola@example.org",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("connectors.web.api.TRANSCRIPTS_PER_MINUTE", 1000)
    core.settings.plugins = "connectors.web,connectors.gateway,handover"
    async with serving(create_app(core)) as url:
        yield City(url, core, script, office, clock)


async def talked(city: City) -> Browser:
    """A citizen who has got an answer and written a telephone number."""
    city.script.articles["tippen"] = article("tippen")
    city.script.rasa = lambda body: [{"type": "answer", "article_ids": ["tippen"], "outcome": "answered", "probability": 0.9}]
    citizen = await city.citizen()
    await citizen.send("vad kostar tippen? mitt nummer är 070-174 06 05")
    return citizen


async def test_the_conversation_comes_by_mail_masked_with_its_sources(city: City) -> None:
    citizen = await talked(city)
    assert (await city.asks(citizen)).status_code == 202
    (mail,) = await city.office.gets(1)
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "[telefon]" in plain and "174 06 05" not in plain
    assert "Svaret om tippen." in plain and "https://goteborg.se" in plain
    assert "skickas till din e-post" not in plain  # the notice itself is not part of what was said
    assert mail["To"] == ADDRESS
    row = await city.becomes("sent")
    assert mail["Message-ID"] == f"<{row.message_id}.0@example.org>"


async def test_the_chat_shows_that_it_was_sent_and_nothing_shows_where_to(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    citizen = await talked(city)
    await city.asks(citizen)
    await city.becomes("sent")
    shown = (await citizen.read())["messages"][-1]
    assert (shown["author"], shown["text"]) == ("system", "Samtalet skickas till din e-post.")
    assert "mail" not in shown
    for table in (schema.message, schema.outbox, schema.conversation, schema.turn, schema.audit, schema.address):
        assert "svensson" not in str([tuple(row) for row in await city.rows(table)])
    (address,) = await city.rows(schema.address)
    assert AddressBook(city.core.settings.secret_key.get_secret_value()).decrypt(address.value_encrypted) == ADDRESS
    assert "svensson" not in capsys.readouterr().out


async def test_the_widget_is_told_that_there_is_e_mail(city: City) -> None:
    citizen = await city.citizen()
    assert (await citizen.http.get("/chat/v1/config")).json()["email"] is True


async def test_nothing_comes_in_this_way(city: City) -> None:
    citizen = await city.citizen()
    for method in ("GET", "POST"):
        response = await citizen.http.request(method, "/hooks/email/main", content=b"{}" if method == "POST" else None)
        assert (response.status_code, response.text) == (404, "")


async def test_three_an_hour_of_one_conversation(city: City) -> None:
    citizen = await talked(city)
    answers = [await city.asks(citizen, f"n{number}@example.org") for number in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert 0 < int(answers[3].headers["retry-after"]) <= 3600
    city.clock.forward(hours=1, seconds=1)
    assert (await city.asks(citizen)).status_code == 202


async def test_three_an_hour_to_one_address_whoever_asks(city: City) -> None:
    citizens = [await city.citizen() for _ in range(4)]
    answers = await asyncio.gather(*(city.asks(citizen) for citizen in citizens))
    assert sorted(answer.status_code for answer in answers)[:3] == [202, 202, 202]
    assert (await city.asks(citizens[0])).status_code == 429
    assert (await city.asks(await city.citizen(), "other@example.org")).status_code == 202


@pytest.mark.parametrize("address", ["anna@exempel..se", "anna@localhost.local", "a" * 65 + "@example.org"])
async def test_what_is_no_address_is_refused_and_nothing_is_stored(city: City, address: str) -> None:
    citizen = await city.citizen()
    assert (await city.asks(citizen, address)).status_code == 422
    assert not await city.rows(schema.address) and not await city.rows(schema.outbox)


async def test_under_protected_identity_nothing_is_sent_also_not_what_was_already_on_its_way(city: City) -> None:
    citizen = await talked(city)
    city.office.rcpt.append("450 later")
    await city.asks(citizen)
    await city.becomes("pending")
    async with city.core.store.write() as tx:
        await tx.conn.execute(schema.conversation.update().values(protected=True))
    city.clock.forward(hours=1)
    assert (await city.becomes("dead")).error == "protected identity"
    assert not city.office.got
    assert (await city.asks(citizen)).status_code == 409


async def test_a_greylisting_server_gets_it_again_and_takes_it(city: City) -> None:
    citizen = await talked(city)
    city.office.rcpt += ["451 4.7.1 greylisted", "451 4.7.1 greylisted"]
    await city.asks(citizen)
    for left in (1, 0):
        async with asyncio.timeout(60):
            while len(city.office.rcpt) > left or (await city.rows(schema.outbox))[0].state != "pending":
                await asyncio.sleep(0.02)
        assert (await city.rows(schema.outbox))[0].attempts == 0  # patience costs no tries
        city.clock.forward(minutes=40)
    await city.office.gets(1)
    await city.becomes("sent")


async def test_an_unknown_recipient_is_told_once_and_the_conversation_goes_on(city: City) -> None:
    citizen = await talked(city)
    city.office.rcpt.append(f"550 5.1.1 <{ADDRESS}>: unknown")
    await city.asks(citizen)
    row = await city.becomes("dead")
    assert row.error == "recipient: 550 5.1.1"
    answer = await citizen.read()
    assert [m["text"] for m in answer["messages"]][-1].startswith("Samtalet gick inte att skicka")
    assert answer["owner"] == "bot" and not answer["closed"]
    assert (await citizen.send("hej")).status_code == 200


async def test_the_department_is_told_of_a_call_back_and_the_number_is_in_no_mail(city: City) -> None:
    city.script.analyses["människa"] = analysis(signals={"ask_human": 0.99})
    citizen = await city.citizen()
    question = (await citizen.send("människa")).json()["messages"][-1]
    queued = (await citizen.send(payload=question["buttons"][0]["payload"])).json()["messages"]
    offer = next(b for m in queued for b in m.get("buttons", []) if b["title"] == "Lämna kontaktuppgifter")
    await citizen.send(payload=offer["payload"])
    said = [m["text"] for m in (await citizen.send("070-174 06 05")).json()["messages"]]
    assert said[-1] == "Vi skickar ett meddelande om att du vill bli kontaktad. Mottagare: Kontaktcenter."
    (mail,) = await city.office.gets(1)
    (handover,) = await city.rows(schema.handover)
    assert mail["To"] == "kc@example.org" and handover.id[:8].upper() in mail["Subject"]
    body = mail.get_content()
    assert f"/desk#/handover/{handover.id}" in body and "Kontaktcenter" in body and "Svenska" in body
    assert "1740605" not in str(mail).replace("-", "").replace(" ", "")
    assert (await city.asks(citizen)).status_code == 202  # a mail to a department is not the citizen's transcript


async def test_a_closed_conversation_can_still_be_had(city: City) -> None:
    citizen = await talked(city)
    await citizen.http.post("/chat/v1/end", headers=citizen.auth)
    assert (await city.asks(citizen)).status_code == 202
    await city.office.gets(1)


async def test_a_break_after_the_text_is_held_for_an_operator(city: City) -> None:
    citizen = await talked(city)
    city.office.data.append(BREAK)
    await city.asks(citizen)
    await city.becomes("ambiguous")
    assert len(city.office.got) == 1


async def test_what_a_crash_cut_off_comes_again_as_the_same_mail(
    core: Core, script: Script, office: PostOffice, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the server took the mail and before that was written down; AMBIGUOUS_SEND=resend."""
    for name, value in {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(office.port),
        "EMAIL_TLS": "none",
        "EMAIL_FROM_ADDRESS": "fraga@example.org",
    }.items():
        monkeypatch.setenv(name, value)
    core.settings.plugins = "connectors.web,connectors.gateway"
    monkeypatch.setenv("CHANNELS", "email:main")
    registry = create_app(core).state.registry  # built, not started: the outbox is worked by hand
    connector = registry.channels["email:main"]
    async with core.store.write() as tx:
        conversation = await conversations.create(tx, channel="web", channel_account="web", language="sv", now=core.now())
        await messages.append(tx, conversation, Rendered("citizen", "hej", "sv"), now=core.now())
    await registry.mailer.send_transcript(conversation, ADDRESS)

    class Died(BaseException):
        pass

    async def send_and_die(outgoing: Outgoing) -> Receipt:
        await type(connector).send(connector, outgoing)
        raise Died

    book = AddressBook(core.settings.secret_key.get_secret_value())
    dying = OutboxWorker(core, {"email:main": connector}, book, "resend")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(connector, "send", send_and_die)
        await dying.deliver_next()
    assert len(office.got) == 1
    again = OutboxWorker(core, {"email:main": connector}, book, "resend")
    await again.recover(all_of_them=True)
    clock.forward(minutes=5)
    assert await again.deliver_next()
    first, second = office.got
    assert first.content == second.content  # with the same Message-ID: the reader's program shows one
    async with core.store.read() as conn:
        assert (await conn.execute(sa.select(_o.state))).scalar_one() == "sent"


async def test_production_sends_nothing_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EMAIL_HOST": "post.example.org", "EMAIL_FROM_ADDRESS": "fraga@example.org", "EMAIL_TLS": "none"}.items():
        monkeypatch.setenv(name, value)

    def make(production: bool) -> dict[str, Any]:
        return build("email:main", public_url="https://x.example", production=production, renderer=None, http=lambda: None)  # type: ignore[arg-type,return-value]

    with pytest.raises(ConfigurationError, match="EMAIL_TLS"):
        make(True)
    assert isinstance(make(False)["email:main"], Email)
    monkeypatch.delenv("EMAIL_HOST")
    with pytest.raises(ConfigurationError, match="EMAIL_HOST"):
        make(False)


async def test_the_address_is_deleted_when_its_time_is_over(city: City) -> None:
    citizen = await city.citizen()
    await city.asks(citizen)
    row = await city.becomes("sent")
    (address,) = await city.rows(schema.address)
    assert address.expires_at == city.clock() + dt.timedelta(days=7)
    city.clock.forward(days=6)
    await city.asks(citizen)  # again: from now on
    async with asyncio.timeout(60):
        while [row.state for row in await city.rows(schema.outbox)] != ["sent", "sent"]:
            await asyncio.sleep(0.02)
    (address,) = await city.rows(schema.address)
    assert address.expires_at == city.clock() + dt.timedelta(days=7)

    async def swept() -> int:
        async with city.core.store.write() as tx:
            return await addresses.delete_expired(tx, now=city.clock())

    assert await swept() == 0
    city.clock.forward(days=8)
    async with city.core.store.write() as tx:  # one is on its way again
        later = city.clock() + dt.timedelta(hours=1)
        mine = schema.outbox.update().where(_o.message_id == row.message_id)
        await tx.conn.execute(mine.values(state="pending", next_attempt_at=later))
    assert await swept() == 0
    async with city.core.store.write() as tx:
        await tx.conn.execute(schema.outbox.update().values(state="dead"))
    assert await swept() == 1
    assert await city.rows(schema.address) == [] and await city.rows(schema.outbox) == []
    assert [line.action for line in await city.rows(schema.audit)][-1] == "address.expired"
    assert len(await city.rows(schema.message)) >= 3  # the conversation stays
