"""The Graph API: one call, and what each of its errors means for a message.

An error's text is never passed on: it may quote what was sent. Its code is; the page `docs/channels/…` says what to do.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import structlog

from bot.delivery.contract import DeliveryFailure
from connectors.contract import (
    AddressUnreachable,
    OutcomeUnknown,
    PermanentFailure,
    TemporaryFailure,
    retry_after_seconds,
    send_request,
)

_log = structlog.get_logger(__name__)
Kind = Literal["busy", "busy_account", "busy_pair", "token", "account", "unreachable", "window", "refused"]

# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
# https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
# https://developers.facebook.com/docs/graph-api/guides/error-handling
_BY_SUBCODE: dict[tuple[int, int], tuple[Kind, str]] = {
    (10, 2018278): ("window", "more than 24 hours have passed since the citizen last wrote"),
    (10, 2018065): ("window", "more than 24 hours have passed since the citizen last wrote"),
    (100, 2018001): ("unreachable", "there is no such user"),
    (100, 33): ("refused", "the page, number or user does not exist, or the token may not use it"),
    (200, 1545041): ("unreachable", "the user does not receive our messages"),
    (551, 1545041): ("unreachable", "the user does not receive our messages"),
    (190, 463): ("token", "the access token has expired"),
    (190, 467): ("token", "the access token is not valid any more"),
}
_BY_CODE: dict[int, tuple[Kind, str]] = {
    -1: ("busy", "unknown error of Meta's"),
    1: ("busy", "unknown error of Meta's"),
    2: ("busy", "Meta's service is unavailable"),
    1200: ("busy", "Meta could not send it just now"),
    131000: ("busy", "something went wrong at Meta"),
    131016: ("busy", "Meta's service is overloaded"),
    131048: ("busy", "too many of this number's messages were reported as spam"),
    131057: ("busy", "the business account is in maintenance"),
    133004: ("busy", "Meta's server is unavailable"),
    4: ("busy_account", "the app's rate limit"),
    17: ("busy_account", "the user's rate limit"),
    32: ("busy_account", "the page's rate limit"),
    341: ("busy_account", "the app's limit"),
    613: ("busy_account", "the rate limit of this call"),
    80006: ("busy_account", "the page's messaging rate limit"),
    80007: ("busy_account", "the business account's rate limit"),
    130429: ("busy_account", "the number's throughput"),
    131056: ("busy_pair", "too many messages to this user in a short time"),
    0: ("token", "the access token is not valid"),
    102: ("token", "the access token is not valid any more"),
    190: ("token", "the access token has expired or was revoked"),
    368: ("account", "Meta has blocked the account for a time, for a breach of its policies"),
    131031: ("account", "Meta has locked the account"),
    131042: ("account", "something is wrong with the payment of the business account"),
    131045: ("account", "the number's registration is faulty"),
    133010: ("account", "the number is not registered with the API"),
    551: ("unreachable", "the user is not available"),
    131021: ("unreachable", "sender and recipient are the same"),
    131026: ("unreachable", "undeliverable: not a WhatsApp user, or too old an app"),
    131030: ("unreachable", "the recipient is not among the test number's allowed ones"),
    131047: ("window", "more than 24 hours have passed since the citizen last wrote"),
    3: ("refused", "the app lacks a capability"),
    10: ("refused", "the app lacks a permission"),
    100: ("refused", "a parameter is wrong"),
    131005: ("refused", "the token lacks a permission"),
    131008: ("refused", "a parameter is missing"),
    131009: ("refused", "a parameter is wrong"),
    131049: ("refused", "Meta chose not to deliver it"),
    131051: ("refused", "this type of message is not supported"),
    131062: ("refused", "this message can't go to a user without a phone number"),
    132000: ("refused", "the template wants parameters"),
    132001: ("refused", "there is no such template in this language, or it is not approved"),
    132015: ("refused", "the template is paused"),
    132016: ("refused", "the template is switched off"),
}
# Seconds to wait where Meta names none.
ACCOUNT_WAIT = 60.0
THROUGHPUT_WAIT = 10.0  # messages a second: it is over soon
PAIR_WAIT = 6.0  # one message in six seconds to one user is what Meta allows for long
BROKEN_ACCOUNT_WAIT = 300.0  # until an operator has renewed a token, paid a bill
LONGEST_WAIT = 3600.0
_THROUGHPUT = (130429, 613)


@dataclass(frozen=True)
class GraphError:
    """What an error of the API means.

    Args:
        text: for the operator: Meta's code and our words for it.
    """

    code: int
    kind: Kind
    text: str


def read_error(code: int, subcode: int | None, *, transient: bool = False) -> GraphError:
    """What a code means, in an answer of the API or in a status webhook."""
    named = f"Meta error {code}" + (f"/{subcode}" if subcode else "")
    kind, words = _BY_SUBCODE.get((code, subcode or 0)) or _BY_CODE.get(code) or ("refused", "")
    if not words and 200 <= code < 300:
        words = "the app lacks a permission"
    if transient and kind == "refused":
        kind, words = "busy", words or "temporary"
    return GraphError(code, kind, f"{named}: {words}" if words else named)


def failure_of(error: GraphError, headers: httpx.Headers) -> DeliveryFailure:
    """The failure that tells the outbox what to do."""
    if error.kind == "unreachable":
        return AddressUnreachable(error.text)
    if error.kind in ("window", "refused"):
        return PermanentFailure(error.text)
    if error.kind == "busy":
        return TemporaryFailure(error.text)
    if error.kind == "busy_pair":
        return TemporaryFailure(error.text, PAIR_WAIT)
    if error.kind == "busy_account":
        default = THROUGHPUT_WAIT if error.code in _THROUGHPUT else ACCOUNT_WAIT
        return TemporaryFailure(error.text, _wait(headers) or default, whole_account=True)
    return TemporaryFailure(error.text, BROKEN_ACCOUNT_WAIT, whole_account=True)


def _wait(headers: httpx.Headers) -> float:
    """Seconds until the limit is over, as the headers tell it; 0 when they don't."""
    if "retry-after" in headers:
        return min(retry_after_seconds(headers["retry-after"]), LONGEST_WAIT)
    try:
        usage = json.loads(headers.get("x-business-use-case-usage", "{}"))
        minutes = [float(use.get("estimated_time_to_regain_access", 0)) for uses in usage.values() for use in uses]
    except (ValueError, TypeError, AttributeError):
        return 0.0
    return min(max(minutes, default=0.0) * 60, LONGEST_WAIT)


class Graph:
    """Calls the API with one account's token.

    Args:
        root: the API's address with its version.
        app_secret: proves with each call that the token is used by the app it belongs to.
        account: for the log.
    """

    def __init__(self, http: httpx.AsyncClient, root: str, access_token: str, app_secret: str, account: str) -> None:
        self._http, self._root, self._account = http, root.rstrip("/"), account
        self._headers = {"Authorization": f"Bearer {access_token}"}
        proof = hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()
        self._params = {"appsecret_proof": proof}

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Posts JSON.

        Raises:
            TemporaryFailure, PermanentFailure, AddressUnreachable: what the API's error means.
            OutcomeUnknown: the request went out and no whole answer came.
        """
        url = f"{self._root}/{path}"
        response = await send_request(
            self._http, "POST", url, judge_status=False, json=body, headers=self._headers, params=self._params
        )
        try:
            answer = response.json()
        except ValueError:
            answer = None
        error = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(error, dict) and isinstance(error.get("code"), int):
            subcode = error.get("error_subcode")
            meant = read_error(
                error["code"], subcode if isinstance(subcode, int) else None, transient=error.get("is_transient") is True
            )
            if meant.kind in ("token", "account"):  # nothing goes out by this account until somebody does something
                _log.error("meta_account_broken", account=self._account, error=meant.text)
            raise failure_of(meant, response.headers)
        if response.status_code == 429:
            raise TemporaryFailure("429", _wait(response.headers) or ACCOUNT_WAIT, whole_account=True)
        if response.status_code >= 500:
            raise TemporaryFailure(str(response.status_code))
        if response.status_code >= 400:
            raise PermanentFailure(f"Meta answered {response.status_code}")
        if not isinstance(answer, dict):
            raise OutcomeUnknown("Meta answered something that is no JSON object")
        return answer
