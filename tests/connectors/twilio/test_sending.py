"""How Twilio is called and what its answers mean; the simulator is called by Twilio's own client too."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Response
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from connectors.contract import AddressUnreachable, OutcomeUnknown, PermanentFailure, TemporaryFailure, Untraceable
from connectors.simulator.twilio import TwilioSimulator
from connectors.twilio.connector import Twilio
from tests.connectors.making import NOON, PUBLIC, answering, connector, outgoing, reachable
from tests.connectors.twilio.test_receiving import SETTINGS
from tests.serving import serving

pytestmark = pytest.mark.asyncio
PHONE = "+46701234567"


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[TwilioSimulator]:
    async with reachable(
        TwilioSimulator("http://127.0.0.1:9/#rc=2&rp=5xx", time_scale=0, reports=(), hang_seconds=1, now=lambda: NOON)
    ) as made:
        yield made


@pytest_asyncio.fixture
async def twilio(sim: TwilioSimulator) -> AsyncIterator[Twilio]:
    async with httpx.AsyncClient(timeout=0.5) as http:
        yield made_for(sim, http)


def made_for(sim: TwilioSimulator, http: httpx.AsyncClient, **settings: Any) -> Twilio:
    given = {"account_sid": sim.account_sid, "auth_token": sim.auth_token, "number": sim.number,
             "api_url": f"{sim.url}/sim/twilio"}  # fmt: skip
    return connector(Twilio, http, **(given | settings))


async def test_a_message_goes_out_and_names_where_to_report(twilio: Twilio, sim: TwilioSimulator) -> None:
    receipt = await twilio.send(outgoing("Åäö & €"))
    (message,) = sim.inbox(PHONE)
    assert message.text == "Åäö & €" and receipt.provider_id == message.provider_id and receipt.state == "sent"
    assert message.raw["From"] == sim.number and "MessagingServiceSid" not in message.raw
    report = urlsplit(message.raw["StatusCallback"])
    assert f"{report.scheme}://{report.netloc}{report.path}" == f"{PUBLIC}/hooks/twilio/main/status"
    assert parse_qs(report.query) == {"ref": ["m1.0"]} and report.fragment == "rc=5&rp=all"


async def test_by_a_messaging_service(twilio: Twilio, sim: TwilioSimulator) -> None:
    by_service = made_for(sim, twilio.context.http, messaging_service_sid=sim.messaging_service_sid)
    await by_service.send(outgoing())
    assert sim.inbox(PHONE)[0].raw["MessagingServiceSid"] == sim.messaging_service_sid and "From" not in sim.inbox(PHONE)[0].raw


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("server_error", TemporaryFailure),
        ("rate_limited", TemporaryFailure),
        ("timeout", OutcomeUnknown),
        ("dropped", OutcomeUnknown),
        ("invalid_number", AddressUnreachable),
        ("blocked", AddressUnreachable),
    ],
)
async def test_faults_are_told_apart(twilio: Twilio, sim: TwilioSimulator, kind: Any, failure: type[Exception]) -> None:
    sim.fault(kind, retry_after=7)
    with pytest.raises(failure) as raised:
        await twilio.send(outgoing())
    assert type(raised.value) is failure and PHONE not in str(raised.value)
    if kind == "rate_limited":
        assert isinstance(raised.value, TemporaryFailure) and raised.value.retry_after == 7 and raised.value.whole_account
    assert len(sim.inbox(PHONE)) == (kind in ("timeout", "dropped"))
    await twilio.send(outgoing())


async def test_a_wrong_token_is_the_accounts_fault_and_loses_nothing(twilio: Twilio, sim: TwilioSimulator) -> None:
    with pytest.raises(TemporaryFailure):
        await made_for(sim, twilio.context.http, auth_token="f" * 32).send(outgoing())


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, 21211, AddressUnreachable),
        (400, 21610, AddressUnreachable),
        (400, 21612, AddressUnreachable),
        (400, 21614, AddressUnreachable),
        (400, 21635, AddressUnreachable),
        (400, 21266, AddressUnreachable),
        (400, 21408, PermanentFailure),
        (400, 21606, PermanentFailure),
        (400, 21617, PermanentFailure),
        (400, 99999, PermanentFailure),
        (400, None, PermanentFailure),
        (403, 21408, PermanentFailure),
        (401, 20003, TemporaryFailure),
        (403, 20003, TemporaryFailure),
        (403, None, TemporaryFailure),
        (404, 20404, TemporaryFailure),
        (429, 20429, TemporaryFailure),
        (429, 21611, TemporaryFailure),
        (400, 21611, TemporaryFailure),
        (400, 14107, TemporaryFailure),
        (503, None, TemporaryFailure),
        (307, None, TemporaryFailure),
    ],
)
async def test_error_codes(status: int, code: int | None, failure: type[Exception]) -> None:
    body = {"code": code, "message": f"about {PHONE}", "more_info": "", "status": status}
    async with answering(lambda _: httpx.Response(status, json=body)) as http:
        with pytest.raises(failure) as raised:
            await connector(Twilio, http, **SETTINGS).send(outgoing())
    assert type(raised.value) is failure and PHONE not in str(raised.value)


@pytest.mark.parametrize("body", ["<html>", "[]", ""])
async def test_an_answer_that_is_not_twilios_leaves_the_outcome_unknown(body: str) -> None:
    async with answering(lambda _: httpx.Response(200, text=body)) as http:
        with pytest.raises(OutcomeUnknown):
            await connector(Twilio, http, **SETTINGS).send(outgoing())


async def test_what_was_taken_is_found_again(twilio: Twilio, sim: TwilioSimulator) -> None:
    sim.fault("dropped")
    with pytest.raises(OutcomeUnknown):
        await twilio.send(outgoing("Svaret"))
    found = await twilio.find_sent(outgoing("Svaret"), NOON)
    assert found is not None and found.provider_id == sim.inbox(PHONE)[0].provider_id
    assert await twilio.find_sent(outgoing("Ett annat"), NOON) is None
    assert await twilio.find_sent(outgoing("Svaret", address="+46709999999"), NOON) is None
    assert await twilio.find_sent(outgoing("Svaret"), NOON + dt.timedelta(minutes=1)) is None
    sim.messages[-1]["direction"] = "inbound"
    assert await twilio.find_sent(outgoing("Svaret"), NOON) is None


async def test_the_history_is_read_page_by_page(twilio: Twilio, sim: TwilioSimulator) -> None:
    for number in range(250):
        sim._message("outbound-api", sim.number, PHONE, f"{number}", "sent")
    found = await twilio.find_sent(outgoing("0"), NOON)
    assert found is not None and found.provider_id == sim.messages[0]["sid"]
    assert await twilio.find_sent(outgoing("aldrig"), NOON) is None
    for number in range(250, 550):
        sim._message("outbound-api", sim.number, PHONE, f"{number}", "sent")
    with pytest.raises(Untraceable):
        await twilio.find_sent(outgoing("0"), NOON)


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(429), httpx.Response(200, text="<html>"), httpx.Response(401)]
)
async def test_a_look_up_that_fails_is_tried_again_later(answer: httpx.Response) -> None:
    async with answering(lambda _: answer) as http:
        with pytest.raises(TemporaryFailure):
            await connector(Twilio, http, **SETTINGS).find_sent(outgoing(), NOON)


class _ToSimulator(TwilioHttpClient):
    """Twilio's own client, sent to the simulator instead of api.twilio.com."""

    def __init__(self, url: str) -> None:
        super().__init__(logger=logging.getLogger("twilio-test"))
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", f"{self._url}/sim/twilio"), *args, **kwargs)


async def test_twilios_own_client_works_with_the_simulator(sim: TwilioSimulator) -> None:
    client = Client(sim.account_sid, sim.auth_token, http_client=_ToSimulator(sim.url))

    def use() -> None:
        sent = client.messages.create(to=PHONE, from_=sim.number, body="Hej")
        assert sent.status == "queued" and sent.num_segments == "1" and sent.date_created == NOON and sent.error_code is None
        for number in range(3):
            client.messages.create(to=PHONE, messaging_service_sid=sim.messaging_service_sid, body=f"{number}")
        assert [m.body for m in client.messages.list(to=PHONE, page_size=2)] == ["2", "1", "0", "Hej"]
        assert client.messages(sent.sid).fetch().body == "Hej"
        for fields, code in (
            ({"to": "070", "body": "x"}, 21211), ({"to": PHONE, "body": "x" * 1601}, 21617), ({"to": PHONE, "body": ""}, 21602),
            ({"to": PHONE, "body": "x", "from_": "+46700000000"}, 21606), ({"to": PHONE, "body": "x", "status_callback": "x"}, 21609),
        ):  # fmt: skip
            with pytest.raises(TwilioRestException) as raised:
                client.messages.create(**({"from_": sim.number} | fields))
            assert raised.value.code == code
        wrong = Client(sim.account_sid, "f" * 32, http_client=_ToSimulator(sim.url))
        with pytest.raises(TwilioRestException) as raised:
            wrong.messages.create(to=PHONE, from_=sim.number, body="x")
        assert (raised.value.status, raised.value.code) == (401, 20003)

    await asyncio.to_thread(use)


async def test_the_simulator_tries_again_as_often_as_the_address_says(sim: TwilioSimulator) -> None:
    statuses = iter([500, 503, 500, 500])
    app = FastAPI()

    @app.post("/hook")
    async def hook() -> Response:
        return Response(status_code=next(statuses))

    async with serving(app) as url:
        patient = TwilioSimulator(f"{url}/hook#rc=2&rp=5xx", time_scale=0)
        attempt = await patient.citizen_sends(PHONE, "hej")
        assert attempt is not None and (attempt.status, attempt.number) == (500, 3) and patient.alerts == [11200]
        plain = TwilioSimulator(f"{url}/hook", time_scale=0)  # without overrides only a connection that fails is tried again
        attempt = await plain.citizen_sends(PHONE, "hej")
        assert attempt is not None and attempt.number == 1
        await patient.aclose()
        await plain.aclose()
