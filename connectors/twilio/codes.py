"""Twilio's error codes (https://www.twilio.com/docs/api/errors), as far as they change what is done.

Twilio adds codes; one that is not here is a message that was refused, or not delivered, and nothing more.
"""

from __future__ import annotations

from typing import Any

import httpx

from connectors.contract import AddressUnreachable, PermanentFailure, TemporaryFailure
from connectors.sms import account_fault

# Nothing from our number will reach this one.
UNREACHABLE = frozenset({
    21211,  # not a telephone number
    21214,  # can't be reached
    21265,  # a short code
    21266,  # our own number
    21610,  # has written STOP
    21612,  # no way from our number to it
    21614,  # no mobile
    21635,  # a landline
    30004,  # blocked by its owner or operator
    30005,  # unknown or not in use any more
    30006,  # a landline, or an operator that can't be reached
})  # fmt: skip
# The account is at fault: the operator mends it.
ACCOUNT = frozenset({
    10001,  # not active
    20003,  # SID or token
    20005,  # suspended
    20404,  # SID or TWILIO_API_URL
    30002,  # suspended
    63038,  # its messages of this day are used up
})  # fmt: skip
# Time mends it.
TEMPORARY = frozenset({
    14107,  # too many from this number
    20429,  # too many requests
    21611,  # the number's queue is full
    30001,  # the queue is full
    30022,  # too many from this number
})  # fmt: skip
# 30003 (the phone is off), 30007 (taken for spam), 30008 (unknown): this message failed, the next one may arrive.


def raise_for(response: httpx.Response) -> None:
    """Tells what a refusal means. The answer's words are not repeated: they hold the number."""
    status = response.status_code
    if status < 300:
        return
    code = _code(response)
    if code in UNREACHABLE:
        raise AddressUnreachable(str(code))
    if code in TEMPORARY:
        raise TemporaryFailure(str(code))
    if code in ACCOUNT or status in (401, 402) or status < 400 or (status in (403, 404) and not code):
        raise account_fault("twilio", str(code or status))
    raise PermanentFailure(str(code or status))


def _code(response: httpx.Response) -> int:
    try:
        answer: Any = response.json()
    except ValueError:
        return 0
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, int) else 0
