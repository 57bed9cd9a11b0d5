"""`python -m actions`: the action server, on this machine's own address only."""

from __future__ import annotations

import logging
import os
import warnings
from urllib.parse import urlsplit

from rasa_sdk.endpoint import create_app_for_serve
from rasa_sdk.executor import ActionExecutor

DEFAULT = "http://127.0.0.1:5055"


def address(environment: dict[str, str]) -> tuple[str, int]:
    """Host and port to listen on.

    Args:
        environment: the process's variables; SANIC_HOST wins over ACTIONS_URL's host.

    Returns:
        Host and port; 127.0.0.1:5055 unless something else is said.

    Raises:
        ValueError: ACTIONS_URL has no valid port.
    """
    url = urlsplit(environment.get("ACTIONS_URL") or DEFAULT)
    return environment.get("SANIC_HOST") or url.hostname or "127.0.0.1", url.port or 5055


def main() -> None:
    """Registers every action of this package and serves until the process is told to stop."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "warning").upper())
    # rasa-sdk wants its own version number in Rasa; 3.6 with this one is tested here, so not at every call.
    warnings.filterwarnings("ignore", message=".*versions of rasa and rasa_sdk.*")
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app_for_serve(executor, cors_origins=None)
    host, port = address(dict(os.environ))
    # One process: nothing is left behind when the supervisor stops it, and it starts in half the time.
    app.run(host=host, port=port, single_process=True, motd=False, access_log=False)


if __name__ == "__main__":
    main()
