"""Conversations are deleted when a decision says so, and only then; whole ones, and never one that somebody still needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import sweep
from bot.core import Core
from bot.messages import Rendered
from bot.retention import deletion, rules
from bot.retention.__main__ import parse, run
from bot.store import conversations, messages, schema
from bot.store.engine import Store
from handover.states import OPEN, State
from tests.bot.conftest import core, script
from tests.conftest import Clock

__all__ = ["core", "script"]
pytestmark = pytest.mark.asyncio
SECRET = "hemligt"
OF_ONE = {  # every table with rows of a conversation
    schema.answer_report, schema.button, schema.contact, schema.continuation, schema.conversation_address, schema.delivery,
    schema.desk_link, schema.feedback, schema.handover, schema.message, schema.note, schema.outbox, schema.received, schema.turn,
}  # fmt: skip


async def add(store: Store, table: sa.Table, **values: Any) -> None:
    async with store.write() as tx:
        await tx.conn.execute(table.insert().values(**values))


async def rows(store: Store, table: sa.Table) -> int:
    async with store.read() as conn:
        return int((await conn.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def closed(store: Store, clock: Clock, *texts: str) -> str:
    """A conversation with the bot that has ended now."""
    async with store.write() as tx:
        made = await conversations.create(tx, channel="web", channel_account="web", language="sv", now=clock())
        for text in texts:
            await messages.append(tx, made, Rendered("citizen", text, "sv"), now=clock())
        await conversations.set_owner(tx, made, "closed", expected_version=1, now=clock(), close_reason="idle")
    return made


async def agent(store: Store, clock: Clock) -> str:
    one = schema.new_id()
    await add(store, schema.agent, id=one, email=f"{one}@goteborg.example", name="Anna", password_hash="!", role="agent",
              departments=[], languages=[], active=True, failed_logins=0, created_at=clock())  # fmt: skip
    return one


async def handed_over(store: Store, clock: Clock, conversation_id: str, state: State = State.CLOSED) -> str:
    one = schema.new_id()
    await add(store, schema.handover, id=one, conversation_id=conversation_id, state=state.value, version=1, department="social",
              language="sv", topic=SECRET, reason="asked", priority=0, preview={}, unread=0, offered_at=clock(),
              queued_at=clock())  # fmt: skip
    return one


async def with_everything(store: Store, clock: Clock) -> str:
    """A conversation that the desk had, with a row in every table that can have one."""
    by, now = await agent(store, clock), clock()
    async with store.write() as tx:
        made = await conversations.create(tx, channel="sms", channel_account="elks:main", language="sv", now=now)
        await messages.append(tx, made, Rendered("bot", SECRET, "sv"), now=now)
        await conversations.set_owner(tx, made, "closed", expected_version=1, now=now)
    async with store.read() as conn:
        message = (
            await conn.execute(sa.select(schema.message.c.id).where(schema.message.c.conversation_id == made))
        ).scalar_one()
    address, handover, of = schema.new_id(), await handed_over(store, clock, made), {"conversation_id": made}
    await add(store, schema.address, id=address, channel_account="elks:main", lookup_hmac=address, value_encrypted=b"x",
              created_at=now)  # fmt: skip
    await add(store, schema.conversation_address, **of, address_id=address, active=True)
    await add(store, schema.outbox, message_id=message, **of, address_id=address, account="elks:main", seq=1, state="sent",
              attempts=1, next_attempt_at=now)  # fmt: skip
    await add(store, schema.delivery, account="elks:main", provider_id="p", message_id=message, state="sent", updated_at=now)
    await add(store, schema.received, account="elks:main", provider_id="r", message_id=message, received_at=now)
    await add(store, schema.turn, message_id=message, **of, seq=1, state="done", attempts=1, next_attempt_at=now, facts={},
              analysis={"text": SECRET}, created_at=now)  # fmt: skip
    await add(store, schema.feedback, message_id=message, **of, value="down", comment=SECRET, created_at=now)
    await add(store, schema.continuation, code_hmac="c", **of, created_at=now, expires_at=now)
    await add(store, schema.contact, id=schema.new_id(), **of, value_encrypted=b"x", kind="phone", purpose="call_back",
              created_at=now, expires_at=now)  # fmt: skip
    await add(store, schema.note, id=schema.new_id(), handover_id=handover, agent_id=by, text=SECRET, created_at=now)
    await add(store, schema.answer_report, id=schema.new_id(), message_id=message, language="sv", question=SECRET, note=SECRET,
              state="open", agent_id=by, created_at=now)  # fmt: skip
    await add(store, schema.desk_link, handover_id=handover, desk="zammad", **of, state="ended", sent_seq=1, seen_id=0, known={},
              attempts=0, created_at=now)  # fmt: skip
    await add(store, schema.button, payload="p", **of, action="/ja", title=SECRET, created_at=now)
    return made


async def rule(store: Store, clock: Clock, kind: rules.Kind, days: int) -> None:
    async with store.write() as tx:
        await rules.put(tx, kind, days=days, decision_id="AN 2026-0123", actor="cli", now=clock())


async def left(store: Store) -> set[str]:
    async with store.read() as conn:
        return set((await conn.execute(sa.select(schema.conversation.c.id))).scalars())


async def audited(store: Store, action: str) -> list[tuple[str, dict[str, Any]]]:
    a = schema.audit.c
    async with store.read() as conn:
        return [(row.object, row.detail) for row in await conn.execute(sa.select(schema.audit).where(a.action == action))]


async def test_without_a_decision_nothing_is_ever_deleted(store: Store, clock: Clock) -> None:
    one = await closed(store, clock, SECRET)
    clock.forward(days=40_000)
    assert await deletion.delete_due(store, now=clock()) == {} and await left(store) == {one}
    for missing in ("", "   "):
        with pytest.raises(rules.BadRule, match="decision"):
            async with store.write() as tx:
                await rules.put(tx, "bot", days=30, decision_id=missing, actor="cli", now=clock())
    with pytest.raises(sa.exc.IntegrityError):  # nor past the code
        await add(store, schema.retention_rule, kind="bot", days=30, decision_id="", updated_at=clock(), updated_by="x")


async def test_a_conversation_goes_with_everything_that_hangs_on_it(store: Store, clock: Clock) -> None:
    await with_everything(store, clock)
    assert {table.name for table in OF_ONE if not await rows(store, table)} == set()
    await rule(store, clock, "desk", 30)
    clock.forward(days=30)
    assert await deletion.delete_due(store, now=clock()) == {"desk": 1}
    kept = {table.name for table in {*OF_ONE, schema.conversation, schema.address} if await rows(store, table)}
    assert kept == set()
    ((kind, told),) = await audited(store, "retention.deleted")
    assert kind == "desk" and SECRET not in str(told)
    assert told == {"decision": "AN 2026-0123", "days": 30, "conversations": 1, "messages": 1, "handovers": 1, "notes": 1,
                    "addresses": 1}  # fmt: skip


async def test_no_table_that_refers_to_a_conversation_is_forgotten() -> None:
    roots = {schema.conversation.name, schema.message.name, schema.handover.name}
    referring = {
        table for table in schema.metadata.tables.values()
        if any(key.column.table.name in roots for key in table.foreign_keys)
    }  # fmt: skip
    assert referring - {schema.retention_hold} == OF_ONE


async def test_never_one_that_somebody_still_needs(store: Store, clock: Clock) -> None:
    assert set(deletion._OPEN) == {state.value for state in OPEN} - {"offered"}, "an offer dies with its conversation"
    await rule(store, clock, "bot", 30)
    await rule(store, clock, "desk", 30)
    needed = set()
    for state in OPEN - {State.OFFERED}:
        promised = await closed(store, clock, SECRET)
        await handed_over(store, clock, promised, state)
        needed.add(promised)
    async with store.write() as tx:  # open, with the bot
        needed.add(await conversations.create(tx, channel="web", channel_account="web", language="sv", now=clock()))
    on_its_way = await with_everything(store, clock)
    async with store.write() as tx:
        await tx.conn.execute(schema.outbox.update().values(state="pending"))
    held = await closed(store, clock, SECRET)
    async with store.write() as tx:
        await rules.hold(tx, held, reference="dnr 0815/26", actor="cli", now=clock())
    clock.forward(days=29)
    young, gone = await closed(store, clock, SECRET), await closed(store, clock, SECRET)
    async with store.write() as tx:
        long_ago = clock() - dt.timedelta(days=31)
        await tx.conn.execute(schema.conversation.update().where(schema.conversation.c.id == gone).values(closed_at=long_ago))
    clock.forward(days=1)
    assert await deletion.delete_due(store, now=clock()) == {"bot": 1, "desk": 0}
    assert await left(store) == {*needed, on_its_way, held, young}

    async with store.write() as tx:
        assert await rules.release(tx, held, actor="cli", now=clock())
    assert (await deletion.delete_due(store, now=clock()))["bot"] == 1 and held not in await left(store)


async def test_each_kind_has_its_own_time(store: Store, clock: Clock) -> None:
    bot, desk = await closed(store, clock, SECRET), await closed(store, clock, SECRET)
    await handed_over(store, clock, desk)
    await rule(store, clock, "bot", 10)
    clock.forward(days=20)
    assert await deletion.delete_due(store, now=clock()) == {"bot": 1} and await left(store) == {desk}
    assert bot != desk
    await rule(store, clock, "desk", 100)
    assert await deletion.delete_due(store, now=clock()) == {"bot": 0, "desk": 0}
    clock.forward(days=80)
    assert await deletion.delete_due(store, now=clock()) == {"bot": 0, "desk": 1} and await left(store) == set()


async def test_a_crash_in_the_middle_leaves_whole_conversations_and_the_next_run_goes_on(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await closed(store, clock, SECRET, SECRET)
    await rule(store, clock, "bot", 30)
    clock.forward(days=31)
    real, calls = deletion._delete_addresses, 0

    async def dies_in_the_second(*args: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("the machine went off")
        return await real(*args)

    monkeypatch.setattr(deletion, "_delete_addresses", dies_in_the_second)
    with pytest.raises(RuntimeError):
        await deletion.delete_due(store, now=clock(), batch=2)
    assert len(await left(store)) == 3 and await rows(store, schema.message) == 6
    assert [told["conversations"] for _, told in await audited(store, "retention.deleted")] == [2]

    assert await deletion.delete_due(store, now=clock(), batch=2, most_batches=1) == {"bot": 2}
    assert await deletion.delete_due(store, now=clock()) == {"bot": 1}
    assert await deletion.delete_due(store, now=clock()) == {"bot": 0}, "a second run finds nothing"
    assert await rows(store, schema.message) == 0
    assert len(await audited(store, "retention.deleted")) == 3


async def test_an_address_stays_while_another_conversation_has_it_or_its_owner_said_stop(store: Store, clock: Clock) -> None:
    old, other, stopped = [await closed(store, clock, SECRET) for _ in range(3)]
    shared, silent = schema.new_id(), schema.new_id()
    for one, stop in ((shared, None), (silent, clock())):
        await add(store, schema.address, id=one, channel_account="elks:main", lookup_hmac=one, value_encrypted=b"x",
                  created_at=clock(), stopped_at=stop, stop_reason="asked" if stop else None)  # fmt: skip
    for conversation_id, address in ((old, shared), (other, shared), (stopped, silent)):
        await add(store, schema.conversation_address, conversation_id=conversation_id, address_id=address, active=False)
    async with store.write() as tx:
        await rules.hold(tx, other, reference="dnr 1", actor="cli", now=clock())
    await rule(store, clock, "bot", 30)
    clock.forward(days=31)
    assert await deletion.delete_due(store, now=clock()) == {"bot": 2}
    async with store.read() as conn:
        assert set((await conn.execute(sa.select(schema.address.c.id))).scalars()) == {shared, silent}


async def test_the_running_app_deletes_by_itself(core: Core, store: Store, clock: Clock) -> None:
    await closed(store, clock, SECRET)
    await rule(store, clock, "bot", 30)
    await sweep(core)
    assert len(await left(store)) == 1
    clock.forward(days=30)
    await sweep(core)
    assert await left(store) == set() and len(await audited(store, "retention.deleted")) == 1


async def test_the_command_line(store: Store, database_url: str, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    async def command(*arguments: str) -> tuple[int, str, str]:
        status = await run(parse(arguments), database_url)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    clock.time = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    one, two = await closed(store, clock, SECRET), await closed(store, clock, SECRET)
    assert await command("show") == (0, "bot: kept, there is no decision\ndesk: kept, there is no decision", "")
    assert await command("run") == (0, "no rules: nothing is deleted", "")
    status, _, err = await command("set", "bot", "--days", "1", "--decision", "AN 1")
    assert status == 1 and "between 2 and" in err
    assert (await command("set", "bot", "--days", "90", "--decision", " "))[0] == 1
    assert await command("set", "bot", "--days", "90", "--decision", "AN 1") == (
        0, "bot: deleted 90 days after the end, by decision AN 1", "")  # fmt: skip
    assert (await command("set", "bot", "--days", "60", "--decision", "AN 2"))[0] == 0, "a new decision takes the old one's place"
    assert (await command("hold", two, "--reference", "dnr 7"))[0] == 0
    assert (await command("hold", "nobody", "--reference", "dnr 7"))[2] == "not found: nobody"
    assert "60 days, decision AN 2" in (await command("show"))[1] and "1 due now" in (await command("show"))[1]
    assert await command("run", "--dry-run") == (0, "bot: 1 would be deleted", "")
    assert await left(store) == {one, two}, "a dry run deletes nothing"
    assert await audited(store, "retention.deleted") == []
    assert await command("run") == (0, "bot: 1 deleted", "")
    assert await left(store) == {two}
    assert (await command("release", two))[0] == 0 and (await command("release", two))[0] == 1
    assert (await command("withdraw", "bot"))[0] == 0 and (await command("withdraw", "bot"))[0] == 1
    assert await command("run") == (0, "no rules: nothing is deleted", "")
    assert len(await audited(store, "retention.rule")) == 3
