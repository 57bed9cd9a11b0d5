"""One commit per change, of that file only, whatever else the work tree holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from knowledge.editing.record import Person

COMMITTER = Person("Fråga Göteborg", "fraga-goteborg@localhost")
SECONDS = 30.0


def commit(paths: Sequence[Path], author: Person, message: str) -> str:
    """Commits files, and nothing else that may be changed or staged.

    Args:
        paths: the changed files, removed ones too; at least one.
        author: becomes the commit's author; the committer is the service.
        message: the whole message.

    Returns:
        `committed <hash>`, `unchanged`, or `failed: <why>`. A failure is told, never raised: the change itself is made and is
        written down in the record.
    """
    names = [str(path) for path in paths]
    folder = next(parent for parent in paths[0].parents if parent.is_dir())
    try:
        # `add` lets git see a new file; `--only` then commits these paths with an index of its own. A hook of the work tree is a
        # developer's matter, and a signature needs a person.
        _git(folder, author, "add", "--all", "--", *names)
        if not _git(folder, author, "status", "--porcelain", "--", *names).strip():
            return "unchanged"
        _git(folder, author, "-c", "commit.gpgsign=false", "commit", "--quiet", "--no-verify", "--only", "--message", message,
             "--", *names)  # fmt: skip
        return f"committed {_git(folder, author, 'rev-parse', '--short=12', 'HEAD').strip()}"
    except FileNotFoundError:
        return "failed: git is not installed"
    except subprocess.TimeoutExpired:
        return f"failed: git did not answer within {SECONDS:.0f} s"
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        return f"failed: {lines[-1][:200] if lines else f'git ended with {error.returncode}'}"


def _git(folder: Path, author: Person, *arguments: str) -> str:
    environment = {
        # Variables of a git that may have started us (a hook, a rebase) point elsewhere.
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": COMMITTER.name,
        "GIT_COMMITTER_EMAIL": COMMITTER.email,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(  # noqa: S603 - no shell; paths come after `--`
        command, capture_output=True, text=True, check=True, timeout=SECONDS, env=environment, stdin=subprocess.DEVNULL
    )
    return done.stdout
