"""Asking a process of this machine over HTTP whether it is ready."""

from http.client import HTTPConnection, HTTPException

PROBE_SECONDS = 2.0


def is_ready(host: str, port: int) -> bool:
    """Whether `/readyz` answers 200; proxies of the environment are not asked."""
    connection = HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
