"""Logs as events with fields: JSON lines on standard error for services, nothing below a warning for commands."""

import logging
import sys

import structlog


def for_service() -> None:
    """Write every event as a line of JSON."""
    _configure(logging.INFO, structlog.processors.JSONRenderer())


def for_command() -> None:
    """Write warnings as readable lines."""
    _configure(logging.WARNING, structlog.dev.ConsoleRenderer(colors=False))


def _configure(level: int, renderer: structlog.typing.Processor) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def _to_standard_error(*_names: str) -> structlog.PrintLogger:
    """Return a logger on standard error as it is now: whoever runs a command inside another program may have put another one there."""
    return structlog.PrintLogger(sys.stderr)
