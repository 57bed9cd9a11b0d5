"""What each error of the Graph API means for a message: the tables of Meta's documentation."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.delivery.contract import DeliveryFailure
from connectors.contract import AddressUnreachable, OutcomeUnknown, PermanentFailure, TemporaryFailure
from connectors.meta.graph import ACCOUNT_WAIT, BROKEN_ACCOUNT_WAIT, LONGEST_WAIT, PAIR_WAIT, THROUGHPUT_WAIT, Graph
from tests.connectors.making import answering
from tests.connectors.meta.making import SECRET, TOKEN

pytestmark = pytest.mark.asyncio


async def fails(status: int, body: Any = None, headers: dict[str, str] | None = None, **error: Any) -> DeliveryFailure:
    content = {"error": {"message": "(#1) Ring 0701234567, sa Anna", "type": "OAuthException", "fbtrace_id": "A1", **error}}
    answer = httpx.Response(status, json=content if body is None else body, headers=headers)
    graph = Graph(answering(lambda _: answer), "https://graph.test/v25.0", TOKEN, SECRET, "whatsapp:main")
    with pytest.raises(DeliveryFailure) as failure:
        await graph.post("1/messages", {})
    assert "0701234567" not in str(failure.value)  # Meta's own words may quote what was said
    assert "Anna" not in str(failure.value)
    return failure.value


@pytest.mark.parametrize(("status", "code", "subcode"), [
    (400, 100, 2018001), (400, 551, 1545041), (400, 551, None), (403, 200, 1545041), (400, 131026, None), (400, 131030, None),
    (400, 131021, None),
])  # fmt: skip
async def test_nothing_will_ever_reach_the_address(status: int, code: int, subcode: int | None) -> None:
    assert isinstance(await fails(status, code=code, error_subcode=subcode), AddressUnreachable)


@pytest.mark.parametrize(("status", "code", "subcode", "why"), [
    (403, 10, 2018278, "24 hours"), (403, 10, 2018065, "24 hours"), (400, 131047, None, "24 hours"), (403, 10, None, "permission"),
    (403, 200, None, "permission"), (403, 230, 2018021, "permission"), (400, 100, None, "parameter"), (400, 100, 33, "token may not"),
    (400, 131009, None, "parameter"), (400, 131008, None, "parameter"), (400, 131051, None, "type"), (404, 132001, None, "template"),
    (400, 132016, None, "template"), (400, 131049, None, "chose not"), (400, 987654, None, "987654"),
])  # fmt: skip
async def test_this_message_will_never_go(status: int, code: int, subcode: int | None, why: str) -> None:
    failure = await fails(status, code=code, error_subcode=subcode)
    assert type(failure) is PermanentFailure
    assert why in str(failure)
    assert str(code) in str(failure)


@pytest.mark.parametrize(("code", "wait"), [
    (4, ACCOUNT_WAIT), (17, ACCOUNT_WAIT), (32, ACCOUNT_WAIT), (341, ACCOUNT_WAIT), (80006, ACCOUNT_WAIT), (80007, ACCOUNT_WAIT),
    (130429, THROUGHPUT_WAIT), (613, THROUGHPUT_WAIT),
])  # fmt: skip
@pytest.mark.parametrize("status", [400, 403, 429])
async def test_a_rate_limit_of_the_account_rests_the_account(status: int, code: int, wait: float) -> None:
    failure = await fails(status, code=code)
    assert isinstance(failure, TemporaryFailure)
    assert (failure.retry_after, failure.whole_account) == (wait, True)


async def test_the_wait_is_metas_own_where_it_tells_one() -> None:
    usage = '{"102290129340398":[{"type":"whatsapp","call_count":100,"total_time":1,"estimated_time_to_regain_access":7}]}'
    for headers, wait in (({"X-Business-Use-Case-Usage": usage}, 420.0), ({"Retry-After": "3"}, 3.0), ({"Retry-After": "99999"}, LONGEST_WAIT),
                          ({"X-Business-Use-Case-Usage": "{"}, ACCOUNT_WAIT), ({"X-Business-Use-Case-Usage": "[1]"}, ACCOUNT_WAIT),
                          ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":"x"}]}'}, ACCOUNT_WAIT)):  # fmt: skip
        failure = await fails(400, code=80007, headers=headers)
        assert isinstance(failure, TemporaryFailure)
        assert failure.retry_after == wait


@pytest.mark.parametrize("status", [400, 429])
async def test_a_limit_for_one_citizen_rests_nobody_else(status: int) -> None:
    failure = await fails(status, code=131056)
    assert isinstance(failure, TemporaryFailure)
    assert (failure.retry_after, failure.whole_account) == (PAIR_WAIT, False)


@pytest.mark.parametrize(("status", "code", "subcode"), [
    (401, 190, None), (401, 190, 463), (400, 102, None), (401, 0, None), (400, 368, None), (400, 131031, None), (400, 131042, None),
    (400, 133010, None),
])  # fmt: skip
async def test_a_broken_account_waits_for_its_operator_and_loses_nothing(
    status: int, code: int, subcode: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = await fails(status, code=code, error_subcode=subcode)
    assert isinstance(failure, TemporaryFailure)
    assert (failure.retry_after, failure.whole_account) == (BROKEN_ACCOUNT_WAIT, True)
    assert "meta_account_broken" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "error"), [
    (500, {"code": 131000}), (503, {"code": 131016}), (400, {"code": 1}), (500, {"code": 2}), (400, {"code": 1200}), (500, {"code": 133004}),
    (400, {"code": 131048}), (500, {"code": 987654, "is_transient": True}), (400, {"code": 100, "is_transient": True}),
])  # fmt: skip
async def test_later_it_may_go(status: int, error: dict[str, Any]) -> None:
    failure = await fails(status, **error)
    assert isinstance(failure, TemporaryFailure)
    assert (failure.retry_after, failure.whole_account) == (None, False)


async def test_what_is_permanent_stays_so_whatever_the_transient_flag_says() -> None:
    assert isinstance(await fails(400, code=551, error_subcode=1545041, is_transient=True), AddressUnreachable)


async def test_answers_that_are_no_graph_error() -> None:
    assert isinstance(await fails(502, body="<html>Bad Gateway"), TemporaryFailure)
    throttled = await fails(429, body=[], headers={"Retry-After": "20"})
    assert isinstance(throttled, TemporaryFailure)
    assert (throttled.retry_after, throttled.whole_account) == (20.0, True)
    assert type(await fails(404, body={"error": "gone"})) is PermanentFailure
    assert type(await fails(400, body={"error": {"code": "x"}})) is PermanentFailure
    assert isinstance(await fails(200, body=["taken?"]), OutcomeUnknown)
    assert type(await fails(200, code=131009)) is PermanentFailure  # an error counts whatever the status says


async def test_faults_of_the_network() -> None:
    async def post(fault: Exception) -> None:
        def raises(_: httpx.Request) -> httpx.Response:
            raise fault

        await Graph(answering(raises), "https://graph.test/v25.0", TOKEN, SECRET, "whatsapp:main").post("1/messages", {})

    with pytest.raises(TemporaryFailure):
        await post(httpx.ConnectError("refused"))
    for fault in (httpx.ReadTimeout("?"), httpx.RemoteProtocolError("?"), httpx.ReadError("?")):
        with pytest.raises(OutcomeUnknown):
            await post(fault)


async def test_the_token_goes_in_the_header_and_its_proof_in_the_address() -> None:
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"ok": True})

    await Graph(answering(answers), "https://graph.test/v25.0/", TOKEN, SECRET, "x:main").post("1/messages", {"text": "å"})
    (request,) = asked
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(request.url)
    assert len(request.url.params["appsecret_proof"]) == 64
    assert request.url.path == "/v25.0/1/messages"
