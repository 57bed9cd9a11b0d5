"""`python -m handover create-agent …`: makes an account at the desk; the first admin is made like this."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Sequence

import sqlalchemy as sa

from bot.core import utc_now
from bot.settings import ConfigurationError, load_settings
from bot.store.engine import Store
from bot.store.migrate import pending_migrations
from handover import accounts, settings
from handover.auth import WeakPassword

PASSWORD_VARIABLE = "FRAGA_NEW_PASSWORD"  # noqa: S105 — the variable's name


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m handover", description="Accounts of the desk's staff.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser(
        "create-agent", help="make an account", description="Makes an account. The password is asked for, or read from the "
        f"environment variable {PASSWORD_VARIABLE}, or from standard input; never given on the command line.",
    )  # fmt: skip
    new.add_argument("--email", required=True)
    new.add_argument("--name", required=True, help="as citizens will see it")
    new.add_argument("--role", required=True, choices=["agent", "editor", "admin"])
    new.add_argument("--departments", default="", help="keys of knowledge/departments.yml with commas between; left out = all")
    new.add_argument("--languages", default="sv", help="language codes with commas between (default: sv)")
    new.add_argument("--password-stdin", action="store_true", help="read the password from the first line of standard input")
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


async def create_agent(options: argparse.Namespace) -> str:
    """Makes the account and returns its id.

    Raises:
        ConfigurationError: settings or database are not in order.
        AccountRefused: address, name, department.
        WeakPassword: password.
    """
    core_settings, desk = load_settings(), settings.load_settings()
    departments = settings.load_departments(desk.queue.default_department)
    account = accounts.checked(
        accounts.NewAccount(options.email, options.name, options.role, read_password(options.password_stdin),
                            _listed(options.departments), _listed(options.languages)),
        queues=departments.queues(), least=desk.login.min_password_length,
    )  # fmt: skip
    store = Store(core_settings.database_url)
    try:
        if missing := await pending_migrations(store):
            raise ConfigurationError(f"the database lacks {missing}; run: python -m bot.store.migrate")
        async with store.write() as tx:
            return await accounts.create(tx, account, password_hash=accounts.hashed(account), actor="cli", now=utc_now())
    finally:
        await store.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 = done, 1 = refused with one sentence, 2 = wrong usage."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        asyncio.run(create_agent(options))
    except (ConfigurationError, accounts.AccountRefused, WeakPassword) as refused:
        print(f"create-agent: {refused}", file=sys.stderr)
        return 1
    except sa.exc.OperationalError as unreachable:
        fault = type(unreachable.orig).__name__
        print(f"create-agent: the database can't be opened ({fault}); see DATABASE_URL", file=sys.stderr)
        return 1
    print(f"{options.role} {options.email.strip().lower()} can log in now, at /desk")
    return 0


if __name__ == "__main__":
    sys.exit(main())
