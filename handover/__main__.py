"""`python -m handover create-agent | list | reset`: accounts of the desk's staff; the first admin is made like this."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa

from bot.core import utc_now
from bot.settings import ConfigurationError, load_settings
from bot.store.engine import Store
from bot.store.migrate import pending_migrations
from handover import accounts, settings
from handover.auth import WeakPassword, check_password, hash_password
from handover.identity import second_factor, sessions
from handover.rights import ROLES

PASSWORD_VARIABLE = "FRAGA_NEW_PASSWORD"  # noqa: S105 — the variable's name
_HOW_PASSWORD = (
    f"The password is asked for, or read from the environment variable {PASSWORD_VARIABLE}, or from standard input; never given "
    "on the command line."
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m handover", description="Accounts of the desk's staff.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("create-agent", help="make an account", description=f"Makes an account. {_HOW_PASSWORD}")
    new.add_argument("--email", required=True)
    new.add_argument("--name", required=True, help="as citizens will see it")
    new.add_argument("--role", required=True, choices=ROLES)
    new.add_argument("--departments", default="", help="keys of knowledge/departments.yml with commas between; left out = all")
    new.add_argument("--languages", default="sv", help="language codes with commas between (default: sv)")
    new.add_argument("--password-stdin", action="store_true", help="read the password from the first line of standard input")
    commands.add_parser("list", help="show all accounts, and what keeps somebody out")
    reset = commands.add_parser(
        "reset", help="let somebody in again",
        description="Lifts an account's lock, or with --addresses that of all network addresses. Audited. " + _HOW_PASSWORD,
    )  # fmt: skip
    whom = reset.add_mutually_exclusive_group(required=True)
    whom.add_argument("--email", help="whose account")
    whom.add_argument("--addresses", action="store_true", help="forget the failed logins of every network address")
    reset.add_argument("--password", action="store_true", help="set a new password too, which ends the account's sessions")
    reset.add_argument("--second-factor", action="store_true", help="take the second factor away too, which ends the sessions")
    reset.add_argument("--password-stdin", action="store_true", help="as --password, read from the first line of standard input")
    return parser.parse_args(arguments)


def read_password(from_stdin: bool) -> str:
    """The new password, from standard input, the environment or the keyboard.

    Raises:
        WeakPassword: the two typed ones differ.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    password = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != password:
        raise WeakPassword("the two passwords are not the same")
    return password


def _listed(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(",") if part.strip())


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    store = Store(load_settings().database_url)
    try:
        if missing := await pending_migrations(store):
            raise ConfigurationError(f"the database lacks {missing}; run: python -m bot.store.migrate")
        yield store
    finally:
        await store.close()


async def create_agent(options: argparse.Namespace) -> str:
    """Makes the account.

    Returns:
        What to tell.

    Raises:
        ConfigurationError: settings or database are not in order.
        AccountRefused: address, name, department.
        WeakPassword: password.
    """
    desk = settings.load_settings()
    departments = settings.load_departments(desk.queue.default_department)
    account = accounts.checked(
        accounts.NewAccount(options.email, options.name, options.role, read_password(options.password_stdin),
                            _listed(options.departments), _listed(options.languages)),
        queues=departments.queues(), least=desk.login.min_password_length,
    )  # fmt: skip
    async with _store() as store, store.write() as tx:
        await accounts.create(tx, account, password_hash=accounts.hashed(account), actor="cli", now=utc_now())
    return f"{account.role} {account.email} can log in now, at /desk"


async def list_agents(_options: argparse.Namespace) -> str:
    """One line an account: address, role, departments, and what keeps it out."""
    desk, now = settings.load_settings(), utc_now()
    async with _store() as store, store.read() as conn:
        rows = await accounts.overview(conn, now=now, failures_before_lock=desk.login.failures_before_lock)
    return "\n".join("\t".join(row) for row in [("email", "name", "role", "departments", "state"), *rows])


async def reset(options: argparse.Namespace) -> str:
    """Lifts a lock, and sets a new password when that is wished.

    Raises:
        ConfigurationError: settings or database are not in order.
        AccountRefused: there is no such account.
        WeakPassword: password.
    """
    now = utc_now()
    if options.addresses:
        async with _store() as store, store.write() as tx:
            await accounts.forget_addresses(tx, actor="cli", now=now)
        return "the failed logins of all network addresses are forgotten"
    async with _store() as store:
        async with store.read() as conn:
            agent = await accounts.by_email(conn, options.email)
        hashed = None
        if options.password or options.password_stdin:
            password = read_password(options.password_stdin)
            check_password(password, email=agent.email, name=agent.name,
                           least=settings.load_settings().login.min_password_length)  # fmt: skip
            hashed = hash_password(password)
        async with store.write() as tx:
            await accounts.unlock(tx, agent.id, actor="cli", now=now, password_hash=hashed)
            if options.second_factor:
                await second_factor.take_away(tx, agent.id, actor="cli", now=now)
                await sessions.end_all(tx, agent.id)
    left = "" if agent.active else "; the account is deactivated: an admin must activate it at the desk"
    return f"{agent.email} is not locked any more{', and has the new password' if hashed else ''}{left}"


_COMMANDS = {"create-agent": create_agent, "list": list_agents, "reset": reset}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 = done, 1 = refused with one sentence, 2 = wrong usage."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        print(asyncio.run(_COMMANDS[options.command](options)))
    except (ConfigurationError, accounts.AccountRefused, WeakPassword) as refused:
        print(f"{options.command}: {refused}", file=sys.stderr)
        return 1
    except sa.exc.OperationalError as unreachable:
        fault = type(unreachable.orig).__name__
        print(f"{options.command}: the database can't be opened ({fault}); see DATABASE_URL", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
