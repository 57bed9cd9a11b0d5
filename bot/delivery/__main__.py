"""`python -m bot.delivery list|resend|discard`: messages that did not go out, for the operator; with the app running or stopped.

A running app takes up what is sent again within a second; a stopped one at its start.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
from collections.abc import Sequence

import sqlalchemy as sa

from bot.core import utc_now
from bot.delivery import letters
from bot.settings import ConfigurationError, load_settings
from bot.store.engine import Store
from bot.store.migrate import pending_migrations


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.delivery",
        description="Messages that did not go out; never what they say. docs/runbooks/deliveries.md",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("list", help="the accounts with their numbers, then the messages in one state")
    show.add_argument("--state", choices=["dead", "ambiguous", "pending"], default="dead", help="default: dead")
    show.add_argument("--account", help="only this channel account, for example elks:main")
    show.add_argument("--most", type=int, default=letters.MOST, help=f"how many messages to list (default {letters.MOST})")
    again = commands.add_parser("resend", help="give messages that failed or are held their tries again")
    again.add_argument("message_ids", nargs="*", metavar="MESSAGE_ID")
    again.add_argument("--account", help="all that failed of this channel account; what is held is decided one by one")
    again.add_argument("--hours", type=float, help="with --account: only what failed in the last so many hours")
    given_up = commands.add_parser("discard", help="give messages up: they are not sent any more")
    given_up.add_argument("message_ids", nargs="+", metavar="MESSAGE_ID")
    given = parser.parse_args(arguments)
    if given.command == "resend" and bool(given.message_ids) == bool(given.account):
        parser.error("resend: give the messages' ids, or --account")
    if given.command == "resend" and given.hours is not None and not given.account:
        parser.error("resend: --hours goes with --account")
    return given


async def show(store: Store, given: argparse.Namespace) -> None:
    """Prints how the accounts stand, and the messages."""
    now = utc_now()
    async with store.read() as conn:
        accounts = await letters.accounts(conn)
        found = await letters.listed(conn, given.state, account=given.account, limit=given.most)
    for name, account in accounts.items():
        oldest = f", the oldest since {_age(account.oldest_waiting, now)}" if account.oldest_waiting else ""
        print(f"{name}: {account.dead} dead, {account.held} held, {account.waiting} waiting{oldest}")
    if not accounts:
        print("everything is delivered: nothing is dead, held or waiting")
    if found:
        print(f"\n{'message':32}  {'written (UTC)':16}  {'age':>6}  {'account':20}  {'author':7}  tries  error")
    for letter in found:
        why_not = {"stopped": " [the citizen said stop or can't be reached]", "taken_over": " [a human has the conversation]"}
        note = why_not.get(letter.kept_back or "", "")
        written = f"{letter.written_at:%Y-%m-%d %H:%M}  {_age(letter.written_at, now):>6}"
        print(f"{letter.message_id:32}  {written}  {letter.account:20}  {letter.author:7}  {letter.attempts:5}"
              f"  {letter.error or ''}{note}")  # fmt: skip


def _age(since: dt.datetime, now: dt.datetime) -> str:
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"


async def decide(store: Store, given: argparse.Namespace) -> bool:
    """Sends again, or gives up; one transaction each. Returns whether all of it was done."""
    if given.command == "resend" and given.account:
        now = utc_now()
        since = now - dt.timedelta(hours=given.hours) if given.hours is not None else None
        async with store.write() as tx:
            done = await letters.resend_account(tx, given.account, since=since, actor="cli", now=now)
        left = (
            f"; {done.kept_back} stay: the citizen said stop or can't be reached, or a human took over" if done.kept_back else ""
        )
        print(f"{done.resent} wait to be sent again{left}")
        return True
    decision, complete = (letters.resend if given.command == "resend" else letters.discard), True
    for message_id in given.message_ids:
        try:
            async with store.write() as tx:
                state = await decision(tx, message_id, actor="cli", now=utc_now())
            print(f"{message_id}: {state}")
        except (letters.NoSuchDelivery, letters.WrongState, letters.KeptBack) as refused:
            complete = False
            why = {letters.NoSuchDelivery: "no such message", letters.KeptBack: "it would be kept back again: "}
            print(f"{message_id}: {why.get(type(refused), '')}{refused if str(refused) != message_id else ''}", file=sys.stderr)
    return complete


async def run(given: argparse.Namespace, database_url: str) -> int:
    """Does the command; 0 = done, 1 = not all of it.

    Raises:
        ConfigurationError: the database is not that of this version.
    """
    store = Store(database_url)
    try:
        if missing := await pending_migrations(store):
            raise ConfigurationError(f"the database lacks {missing}; run: python -m bot.store.migrate")
        if given.command == "list":
            await show(store, given)
            return 0
        return 0 if await decide(store, given) else 1
    finally:
        await store.close()


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
