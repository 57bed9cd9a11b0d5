"""How Sinch is called and what its answers mean; the simulator is called by Sinch's own client too."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sinch import SinchClient
from sinch.domains.sms.api.v1.exceptions import SmsException

from connectors.contract import AddressUnreachable, OutcomeUnknown, PermanentFailure, TemporaryFailure
from connectors.simulator.sinch import SinchSimulator
from connectors.sinch.connector import Sinch
from tests.connectors.making import NOON, PUBLIC, answering, connector, outgoing, reachable
from tests.connectors.sinch.test_receiving import SECRET, SETTINGS
from tests.serving import serving

pytestmark = pytest.mark.asyncio
PHONE = "+46701234567"


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[SinchSimulator]:
    async with reachable(
        SinchSimulator("http://127.0.0.1:9/", time_scale=0, reports=(), hang_seconds=1, now=lambda: NOON)
    ) as made:
        yield made


@pytest_asyncio.fixture
async def sinch(sim: SinchSimulator) -> AsyncIterator[Sinch]:
    async with httpx.AsyncClient(timeout=0.5) as http:
        yield made_for(sim, http)


def made_for(sim: SinchSimulator, http: httpx.AsyncClient, **settings: Any) -> Sinch:
    given = {"service_plan_id": sim.service_plan_id, "api_token": sim.api_token, "hmac_secret": SECRET, "number": sim.number,
             "api_url": f"{sim.url}/sim/sinch"}  # fmt: skip
    return connector(Sinch, http, **(given | settings))


async def test_a_message_goes_out_with_our_key_as_reference(sinch: Sinch, sim: SinchSimulator) -> None:
    receipt = await sinch.send(outgoing("Åäö & €"))
    (message,) = sim.inbox(PHONE)
    assert message.text == "Åäö & €" and receipt.provider_id == message.provider_id and receipt.state == "sent"
    assert message.raw == {
        "type": "mt_text", "from": sim.number, "to": [PHONE], "body": "Åäö & €", "client_reference": "m1.0",
        "delivery_report": "per_recipient_final", "callback_url": f"{PUBLIC}/hooks/sinch/main",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("server_error", TemporaryFailure),
        ("rate_limited", TemporaryFailure),
        ("timeout", OutcomeUnknown),
        ("dropped", OutcomeUnknown),
        ("invalid_number", AddressUnreachable),
    ],
)
async def test_faults_are_told_apart(sinch: Sinch, sim: SinchSimulator, kind: Any, failure: type[Exception]) -> None:
    sim.fault(kind, retry_after=7)
    with pytest.raises(failure) as raised:
        await sinch.send(outgoing())
    assert type(raised.value) is failure and PHONE not in str(raised.value)
    if kind == "rate_limited":
        assert isinstance(raised.value, TemporaryFailure) and raised.value.retry_after == 7 and raised.value.whole_account
    assert len(sim.inbox(PHONE)) == (kind in ("timeout", "dropped"))
    await sinch.send(outgoing())


@pytest.mark.parametrize("wrong", [{"api_token": "another-token"}, {"service_plan_id": "another"}])
async def test_a_wrong_token_or_plan_is_the_accounts_fault_and_loses_nothing(
    sinch: Sinch, sim: SinchSimulator, wrong: dict[str, str]
) -> None:
    with pytest.raises(TemporaryFailure):
        await made_for(sim, sinch.context.http, **wrong).send(outgoing())


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, {"code": "syntax_invalid_parameter_format", "text": "Invalid recipient in [to]"}, AddressUnreachable),
        (400, {"code": "syntax_constraint_violation", "text": f"'{PHONE}' is not a valid MSISDN"}, AddressUnreachable),
        (400, {"code": "syntax_constraint_violation", "text": "[body] is too long"}, PermanentFailure),
        (400, {"code": "syntax_invalid_json", "text": "The request contained invalid JSON"}, PermanentFailure),
        (400, None, PermanentFailure),
        (401, None, TemporaryFailure),
        (402, {"code": "payment_required", "text": ""}, TemporaryFailure),
        (403, {"code": "unauthorized", "text": ""}, TemporaryFailure),
        (403, {"code": "unknown_campaign", "text": ""}, PermanentFailure),
        (404, None, TemporaryFailure),
        (409, None, PermanentFailure),
        (429, None, TemporaryFailure),
        (500, None, TemporaryFailure),
        (301, None, TemporaryFailure),
        (201, [], OutcomeUnknown),
        (201, None, OutcomeUnknown),
    ],
)
async def test_answers(status: int, body: Any, failure: type[Exception]) -> None:
    answer = httpx.Response(status) if body is None else httpx.Response(status, json=body)
    async with answering(lambda _: answer) as http:
        with pytest.raises(failure) as raised:
            await connector(Sinch, http, **SETTINGS).send(outgoing())
    assert type(raised.value) is failure and PHONE not in str(raised.value)


async def test_what_was_taken_is_found_again_by_our_key(sinch: Sinch, sim: SinchSimulator) -> None:
    sim.fault("dropped")
    with pytest.raises(OutcomeUnknown):
        await sinch.send(outgoing("Svaret"))
    found = await sinch.find_sent(outgoing("Svaret"), NOON)
    assert found is not None and found.provider_id == sim.inbox(PHONE)[0].provider_id
    assert await sinch.find_sent(outgoing("Svaret", key="m1.1"), NOON) is None  # the same text, another part
    assert await sinch.find_sent(outgoing("Svaret"), NOON + dt.timedelta(minutes=2)) is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(429), httpx.Response(200, text="<html>"), httpx.Response(401)]
)
async def test_a_look_up_that_fails_is_tried_again_later(answer: httpx.Response) -> None:
    async with answering(lambda _: answer) as http:
        with pytest.raises(TemporaryFailure):
            await connector(Sinch, http, **SETTINGS).find_sent(outgoing(), NOON)


async def test_sinchs_own_client_works_with_the_simulator(sim: SinchSimulator) -> None:
    def client(token: str = sim.api_token) -> SinchClient:
        made = SinchClient(service_plan_id=sim.service_plan_id, sms_api_token=token, sms_region="eu")
        made.configuration.sms_origin_with_service_plan_id = f"{sim.url}/sim/sinch"
        return made

    def use() -> None:
        batches = client().sms.batches
        sent = batches.send_sms(to=[PHONE], from_=sim.number, body="Hej", client_reference="m9.0", delivery_report="full")
        assert sent.id and sent.body == "Hej" and sent.created_at == NOON and sent.client_reference == "m9.0"
        assert batches.get(batch_id=sent.id).body == "Hej"
        assert [found.id for found in batches.list(client_reference="m9.0", start_date=NOON).iterator()] == [sent.id]
        for wrong in ({"to": ["070-abc"]}, {"body": "x" * 2001}, {"from_": "+46700000000"}, {"delivery_report": "often"}):
            with pytest.raises(SmsException) as raised:
                batches.send_sms(**({"to": [PHONE], "from_": sim.number, "body": "x"} | wrong))
            assert raised.value.http_response.status_code == 400
        with pytest.raises(SmsException) as raised:
            client("wrong-token").sms.batches.send_sms(to=[PHONE], from_=sim.number, body="x")
        assert raised.value.http_response.status_code == 401

    await asyncio.to_thread(use)
    assert len(sim.inbox(PHONE)) == 1


async def test_the_simulator_reports_as_it_was_asked(sim: SinchSimulator) -> None:
    events: list[dict[str, Any]] = []
    app = FastAPI()

    @app.post("/hook", status_code=204)
    async def hook(event: dict[str, Any]) -> None:
        events.append(event)

    async with serving(app) as url, httpx.AsyncClient() as http:
        for wanted in ("none", "full", "per_recipient", "per_recipient_final"):
            batch = {"from": sim.number, "to": [PHONE], "body": "x", "delivery_report": wanted, "callback_url": f"{url}/hook"}
            answer = await http.post(f"{sim.url}/sim/sinch/xms/v1/{sim.service_plan_id}/batches", json=batch,
                                     headers={"Authorization": f"Bearer {sim.api_token}"})  # fmt: skip
            for state, error in (("sent", None), ("delivered", None), ("failed", "402"), ("failed", "deleted"), ("read", None)):
                await sim.report(answer.json()["id"], state, error)  # type: ignore[arg-type]
    kinds = [(event["type"], event.get("status") or event["statuses"][0]["status"]) for event in events]
    final = ["Delivered", "Aborted", "Deleted"]
    assert kinds == [("delivery_report_sms", word) for word in final] + [
        ("recipient_delivery_report_sms", word) for word in ["Dispatched", *final, *final]
    ]
