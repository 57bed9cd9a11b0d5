"""Structured logs: one JSON line per event, with the conversation's id and never anything a citizen wrote."""

from __future__ import annotations

import logging
import sys

import structlog

# Event fields that may hold a citizen's words or address are dropped whatever a caller passes.
_NEVER = frozenset({"text", "message", "body", "address", "phone", "email", "token", "comment"})


def _drop_personal(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in _NEVER & event.keys():
        event[name] = "[left out]"
    return event


def configure_logs(level: str, process: str) -> None:
    """Sets up structlog and the standard library's logging, both to stdout as JSON.

    Args:
        level: debug | info | warning | error.
        process: name of the process, in every line.
    """
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_personal,
            # Frames without local variables: those would hold texts.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(
        level=max(number, logging.WARNING),
        stream=sys.stdout,
        format='{"process": "' + process + '", "logger": "%(name)s", "level": "%(levelname)s", "event": %(message)r}',
        force=True,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
