"""`python -m bot.serve`: runs the app."""

from __future__ import annotations

import sys

import uvicorn

from bot.app import create_app, make_core
from bot.logs import configure_logs
from bot.settings import ConfigurationError, load_settings
from bot.store.migrate import upgrade


def main() -> int:
    """Reads the settings, brings the database up to date and serves until SIGTERM or Ctrl-C."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level, "app")
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        upgrade(settings.database_url)
        app = create_app(make_core(settings))
    except (ConfigurationError, RuntimeError, OSError) as fault:
        print(f"app does not start: {fault}", file=sys.stderr)
        return 2
    config = uvicorn.Config(
        app,
        host=settings.app_host,
        port=settings.app_port,
        log_config=None,
        access_log=False,  # its lines would carry network addresses
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        ws_max_size=65_536,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    server.run()  # on uvloop where it is installed
    return 0 if server.started else 2


if __name__ == "__main__":
    sys.exit(main())
