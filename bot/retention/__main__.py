"""`python -m bot.retention show|set|withdraw|run|hold|release`: how long closed conversations are kept."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

import sqlalchemy as sa

from bot.core import utc_now
from bot.retention import deletion, rules
from bot.settings import ConfigurationError, load_settings
from bot.store.engine import Store
from bot.store.migrate import pending_migrations


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.retention",
        description="How long closed conversations are kept. Without a rule, for ever. docs/runbooks/retention.md",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="the rules in force, and how much each would delete now")
    put = commands.add_parser("set", help="set the rule of a kind; the app follows it within minutes")
    put.add_argument("kind", choices=rules.KINDS, help="bot: the bot alone answered; desk: the citizen came to the desk's queue")
    put.add_argument("--days", type=int, required=True, help="deleted so many days after the end")
    put.add_argument("--decision", required=True, help="number of the retention decision")
    gone = commands.add_parser("withdraw", help="take a rule away: that kind is kept")
    gone.add_argument("kind", choices=rules.KINDS)
    run = commands.add_parser("run", help="delete now what the rules allow; the app does it by itself")
    run.add_argument("--dry-run", action="store_true", help="only say how much it would be")
    hold = commands.add_parser("hold", help="keep one conversation whatever the rules say")
    hold.add_argument("conversation_id", metavar="CONVERSATION_ID")
    hold.add_argument("--reference", required=True, help="number of the case that needs it; no names")
    release = commands.add_parser("release", help="end a hold")
    release.add_argument("conversation_id", metavar="CONVERSATION_ID")
    return parser.parse_args(arguments)


async def execute(store: Store, given: argparse.Namespace) -> str:
    """Does the command.

    Returns:
        What to tell.

    Raises:
        BadRule: the rule or the hold is not in order.
        LookupError: there is no such conversation, rule or hold.
    """
    now = utc_now()
    if given.command == "show":
        return await _shown(store)
    if given.command == "run":
        if given.dry_run:
            async with store.read() as conn:
                return _told("would be deleted", await deletion.count(conn, now=now))
        return _told("deleted", await deletion.delete_due(store, now=now, actor="cli"))
    async with store.write() as tx:
        if given.command == "set":
            rule = await rules.put(tx, given.kind, days=given.days, decision_id=given.decision, actor="cli", now=now)
            return f"{rule.kind}: deleted {rule.days} days after the end, by decision {rule.decision_id}"
        if given.command == "hold":
            await rules.hold(tx, given.conversation_id, reference=given.reference, actor="cli", now=now)
            return f"{given.conversation_id} is kept"
        if given.command == "withdraw":
            if not await rules.withdraw(tx, given.kind, actor="cli", now=now):
                raise LookupError(f"there is no rule for {given.kind}")
            return f"{given.kind}: kept"
        if not await rules.release(tx, given.conversation_id, actor="cli", now=now):
            raise LookupError(f"there is no hold on {given.conversation_id}")
        return f"{given.conversation_id} follows the rules again"


async def _shown(store: Store) -> str:
    async with store.read() as conn:
        in_force = {rule.kind: rule for rule in await rules.read(conn)}
        found = await deletion.count(conn, now=utc_now())
    lines = []
    for kind in rules.KINDS:
        rule = in_force.get(kind)
        if rule is None:
            lines.append(f"{kind}: kept, there is no decision")
            continue
        since = f"set {rule.updated_at:%Y-%m-%d} by {rule.updated_by}"
        lines.append(f"{kind}: {rule.days} days, decision {rule.decision_id}, {since}; {found[kind]} due now")
    return "\n".join(lines)


def _told(what: str, found: dict[rules.Kind, int]) -> str:
    return "\n".join(f"{kind}: {number} {what}" for kind, number in found.items()) or "no rules: nothing is deleted"


async def run(given: argparse.Namespace, database_url: str) -> int:
    """Does the command over a database; 0 = done, 1 = refused.

    Raises:
        ConfigurationError: the database is not that of this version.
    """
    store = Store(database_url)
    try:
        if missing := await pending_migrations(store):
            raise ConfigurationError(f"the database lacks {missing}; run: python -m bot.store.migrate")
        print(await execute(store, given))
    except rules.BadRule as refused:
        print(refused, file=sys.stderr)
        return 1
    except LookupError as unknown:
        print(f"not found: {unknown.args[0]}", file=sys.stderr)
        return 1
    finally:
        await store.close()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 2 = wrong usage or settings."""
    given = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return asyncio.run(run(given, load_settings().database_url))
    except ConfigurationError as fault:
        print(fault, file=sys.stderr)
        return 2
    except sa.exc.OperationalError as unreachable:
        print(f"the database can't be opened ({type(unreachable.orig).__name__}); see DATABASE_URL", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
