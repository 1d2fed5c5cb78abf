"""Asking a process of this machine over HTTP whether it is ready, and whether it moves."""

from http.client import HTTPConnection, HTTPException

PROBE_SECONDS = 2.0


def is_ready(host: str, port: int) -> bool:
    """Whether `/readyz` answers 200; proxies of the environment are not asked."""
    return _answers(host, port, "/readyz")


def is_alive(host: str, port: int) -> bool:
    """Whether `/livez` answers 200: not while its loop stands still, nor when it is frozen."""
    return _answers(host, port, "/livez")


def _answers(host: str, port: int, path: str) -> bool:
    connection = HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
