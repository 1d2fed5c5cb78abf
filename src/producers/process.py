"""What every process of ours has: a way to be asked to stop, a health page, one form of log."""

import logging
import signal
from threading import Event, current_thread, main_thread

import structlog

from producers.health import Health, HealthServer
from schemas.settings import Settings


class Process:
    """A running worker, relay or projector."""

    def __init__(self, settings: Settings, *checks: str) -> None:
        set_up_logging(settings)
        self.health = Health(*checks)
        self.stopping = Event()
        self._server = HealthServer(self.health, settings.health_host, settings.health_port)
        if current_thread() is main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stopping.set())

    def asked_to_stop(self, within_seconds: float = 0.0) -> bool:
        """Whether a signal has come, waiting for one that long."""
        return self.stopping.wait(within_seconds) if within_seconds else self.stopping.is_set()

    def stop(self) -> None:
        """Ask it to stop, as a signal would."""
        self.stopping.set()

    def close(self) -> None:
        """Stop answering for its health."""
        self._server.close()


def set_up_logging(settings: Settings) -> None:
    """Log to standard error: lines for people, or JSON for machines."""
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=open(2, "w", buffering=1, closefd=False)),  # noqa: SIM115  # stderr, a line at a time
        cache_logger_on_first_use=True,
    )
