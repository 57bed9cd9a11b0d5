"""What an operator does about messages that did not go out: with the app, and from the command line without it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import letters
from bot.delivery.__main__ import main, parse, run
from bot.delivery.contract import PermanentFailure, Receipt, TemporaryFailure
from bot.delivery.letters import KeptBack, NoSuchDelivery, WrongState
from bot.store import schema
from tests.bot.delivery.conftest import Office

pytestmark = pytest.mark.asyncio


async def dead(office: Office, text: str = "hemligt", conversation: str | None = None, error: str = "refused") -> str:
    office.channel.does = [PermanentFailure(error)]
    said = await office.say(conversation or await office.conversation(), text)
    await office.worker().deliver_next()
    assert await office.state(said) == "dead"
    return said


async def held(office: Office, text: str = "hemligt") -> str:
    said = await office.say(await office.conversation(), text)
    await office.set(said, state="ambiguous", error="ReadTimeout", attempts=1)
    return said


async def resend(office: Office, message_id: str) -> str:
    async with office.core.store.write() as tx:
        return await letters.resend(tx, message_id, actor="op", now=office.clock())


async def discard(office: Office, message_id: str) -> str:
    async with office.core.store.write() as tx:
        return await letters.discard(tx, message_id, actor="op", now=office.clock())


async def audited(office: Office) -> list[tuple[str, str, dict[str, Any]]]:
    async with office.core.store.read() as conn:
        rows = await conn.execute(sa.select(schema.audit).order_by(schema.audit.c.at))
        return [(row.action, row.object, row.detail) for row in rows]


async def test_they_are_listed_without_what_was_said(office: Office) -> None:
    first = await dead(office)
    office.later(minutes=5)
    second, unsure = await dead(office, error="window"), await held(office)
    waiting = await office.say(await office.conversation(), "hemligt", author="agent")
    office.later(minutes=1)
    async with office.core.store.read() as conn:
        found = await letters.listed(conn, "dead")
        assert [letter.message_id for letter in found] == [second, first], "the last that failed first"
        assert [letter.message_id for letter in await letters.listed(conn, "ambiguous")] == [unsure]
        (waits,) = await letters.listed(conn, "pending")
        assert (waits.message_id, waits.author) == (waiting, "agent")
        assert [letter.message_id for letter in await letters.listed(conn, "dead", offset=1, limit=5)] == [first]
        assert await letters.listed(conn, "dead", account="other:main") == []
        accounts = await letters.accounts(conn)
    assert accounts == {
        "fake:main": letters.Account(waiting=1, dead=2, held=1, oldest_waiting=accounts["fake:main"].oldest_waiting)
    }
    assert (office.clock() - (accounts["fake:main"].oldest_waiting or office.clock())).total_seconds() == 60
    assert (found[0].error, found[0].attempts, found[0].kept_back) == ("window", 1, None)
    assert "hemligt" not in repr(found) and "address-" not in repr(found)


async def test_sent_again_it_has_its_tries_again_and_goes_out(office: Office) -> None:
    said = await dead(office)
    await office.set(said, attempts=8)
    assert await resend(office, said) == "pending"
    row = await office.row(said)
    assert (row.attempts, row.error) == (0, None)
    assert await office.worker().deliver_next() and await office.state(said) == "sent"
    assert await audited(office) == [
        ("delivery.resend", said, {"from": "dead", "account": "fake:main", "error": "refused", "attempts": 8})
    ]


async def test_pressed_twice_it_is_done_once(office: Office) -> None:
    said, gone = await dead(office), await dead(office)
    assert [await resend(office, said), await resend(office, said)] == ["pending", "pending"]
    await office.worker().deliver_next()
    assert await resend(office, said) == "sent", "the second press came late"
    assert [await discard(office, gone), await discard(office, gone)] == ["cancelled", "cancelled"]
    assert len(await audited(office)) == 2


@pytest.mark.parametrize("state", ["pending", "sending", "sent", "cancelled"])
async def test_what_is_in_another_state_is_left_alone(office: Office, state: str) -> None:
    said = await office.say(await office.conversation(), "hej")
    await office.set(said, state=state, lease_worker="somebody" if state == "sending" else None)
    with pytest.raises(WrongState) as wrong:
        await resend(office, said)
    assert wrong.value.state == state
    if state != "pending":
        with pytest.raises(WrongState):
            await discard(office, said)
    assert await office.state(said) == state and await audited(office) == []
    with pytest.raises(NoSuchDelivery):
        await resend(office, "nobody")


async def test_at_the_same_moment_one_of_two_operators_decides(office: Office) -> None:
    said = await dead(office)
    results = await asyncio.gather(resend(office, said), discard(office, said), return_exceptions=True)
    # Discarding what waits again is allowed, sending again what was discarded is not.
    assert await office.state(said) == "cancelled"
    assert results[1] == "cancelled" and (results[0] == "pending" or isinstance(results[0], WrongState))


async def test_what_would_be_kept_back_again_is_refused_with_the_reason(office: Office) -> None:
    anna, bo = await office.conversation(), await office.conversation()
    to_anna, to_bo = await dead(office, conversation=anna), await dead(office, conversation=bo)
    await office.stop(anna)
    await office.take_over(bo)
    for message, reason in ((to_anna, "stopped"), (to_bo, "taken_over")):
        with pytest.raises(KeptBack) as kept:
            await resend(office, message)
        assert kept.value.reason == reason
    async with office.core.store.read() as conn:
        assert {letter.kept_back for letter in await letters.listed(conn, "dead")} == {"stopped", "taken_over"}
    assert await discard(office, to_anna) == "cancelled"


async def test_after_an_outage_all_of_an_account_go_again(office: Office) -> None:
    old = await dead(office)
    office.later(hours=30)
    new, stopped_in = [await dead(office) for _ in range(3)], await office.conversation()
    kept, unsure = await dead(office, conversation=stopped_in), await held(office)
    await office.stop(stopped_in)
    async with office.core.store.write() as tx:
        done = await letters.resend_account(tx, "fake:main", since=office.clock(), actor="op", now=office.clock())
    assert done == letters.Resent(3, 1)
    assert [await office.state(m) for m in (old, *new, kept, unsure)] == ["dead", *["pending"] * 3, "dead", "ambiguous"]
    assert await resend(office, new[0]) == "pending", "pressed once more for one of them: that is done already"
    async with office.core.store.write() as tx:
        assert (await letters.resend_account(tx, "fake:main", since=None, actor="op", now=office.clock())).resent == 1
        assert (await letters.resend_account(tx, "other:main", since=None, actor="op", now=office.clock())).resent == 0
    assert [detail.get("resent") for _, _, detail in await audited(office)] == [3, 1]


async def test_a_held_one_goes_on_with_the_part_that_was_in_doubt(office: Office) -> None:
    said = await office.say(await office.conversation(), "one|two|three")
    await office.set(said, state="ambiguous", parts_sent=1)
    await resend(office, said)
    await office.worker().deliver_next()
    assert office.channel.texts == ["two", "three"]


async def test_one_that_is_sent_again_does_not_push_itself_between_the_parts_of_another(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    first = await dead(office, "first", anna)
    office.channel.does = [Receipt(None), TemporaryFailure("503")]
    await office.say(anna, "one|two")
    await office.say(anna, "last")
    await worker.deliver_next()
    await resend(office, first)
    office.later(seconds=5)
    while await worker.deliver_next():
        pass
    assert office.channel.texts == ["one", "two", "first", "last"]


async def test_discarding_what_waits_lets_the_next_go(office: Office) -> None:
    worker, anna = office.worker(), await office.conversation()
    office.channel.does = [TemporaryFailure("503", 3000)]
    stuck = await office.say(anna, "stuck")
    await office.say(anna, "next")
    await worker.deliver_next()
    assert await discard(office, stuck) == "cancelled"
    assert await worker.deliver_next() and office.channel.texts == ["next"]


async def test_the_command_line(office: Office, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = await dead(office), await dead(office), await held(office)

    async def command(*arguments: str) -> tuple[int, str, str]:
        status = await run(parse(arguments), database_url)
        said = capsys.readouterr()
        assert "hemligt" not in said.out + said.err
        return status, said.out, said.err

    status, out, _ = await command("list")
    assert status == 0 and "fake:main: 2 dead, 1 held, 0 waiting" in out and one in out and three not in out
    status, out, _ = await command("list", "--state", "ambiguous", "--account", "fake:main")
    assert three in out and "ReadTimeout" in out
    assert (await command("resend", one, three))[0] == 0 and await office.state(three) == "pending"
    status, out, err = await command("discard", two, "nobody")
    assert (status, f"{two}: cancelled" in out, "nobody: no such message" in err) == (1, True, True)
    status, _, err = await command("resend", two)
    assert status == 1 and "the message is cancelled" in err
    four = await office.say(await office.conversation(), "hemligt")
    await office.set(four, state="dead", updated_at=office.clock().replace(year=2020))
    assert "0 wait" in (await command("resend", "--account", "fake:main", "--hours", "1"))[1]
    assert "1 wait" in (await command("resend", "--account", "fake:main"))[1] and await office.state(four) == "pending"
    async with office.core.store.read() as conn:
        assert {row.actor for row in await conn.execute(sa.select(schema.audit.c.actor))} == {"cli"}


@pytest.mark.parametrize(
    "wrong",
    [["resend"], ["resend", "x", "--account", "a:b"], ["resend", "x", "--hours", "2"], ["discard"], ["list", "--state", "sent"]],
)
async def test_a_wrong_command_says_so(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(wrong)
    assert stopped.value.code == 2 and "usage" in capsys.readouterr().err


async def test_the_command_line_as_a_process_on_both_databases(office: Office, database_url: str) -> None:
    """As at 3 a.m.: nothing runs but this."""
    said = await dead(office)
    environment = {"DATABASE_URL": database_url, "SECRET_KEY": "k" * 40, "RASA_TOKEN": "t" * 40, "PATH": "/usr/bin"}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.delivery", "resend", said, env=environment,
                                                   stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)  # fmt: skip
    out, err = await process.communicate()
    assert (process.returncode, out.decode(), err.decode()) == (0, f"{said}: pending\n", "")
    assert await office.state(said) == "pending"


async def test_a_database_that_can_not_be_opened_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/no/such/folder/fraga.db")
    assert await asyncio.to_thread(main, ["list"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
