"""Tokens for tests of the edge, by an issuer of this run's own."""

import tempfile
from functools import cache
from pathlib import Path

from deploy.machine import issuer
from deploy.machine.issuer import Bearer
from schemas.settings import Settings

ACTOR = "ann"
ALL = ("inventory:read", "inventory:write", "procurement:write", "actors.any")


@cache
def home() -> Path:
    """A directory with an issuer in it."""
    made = Path(tempfile.mkdtemp(prefix="stockyard-issuer-"))
    issuer.ensure(made)
    return made


def jwks_file() -> str:
    return str(issuer.public_file(home()))


def token(*scopes: str, tenant: str = "default", subject: str = ACTOR, **others) -> str:
    """By default one that may do everything, and act for everybody."""
    bearer = Bearer(tenant, subject, scopes or ALL, **others)
    return issuer.token(home(), Settings(), bearer)


def bearing(*scopes: str, **others) -> dict[str, str]:
    """The header that shows such a token."""
    return {"Authorization": f"Bearer {token(*scopes, **others)}"}


def default_headers() -> dict[str, str]:
    """For a client whose tests are about other things; good even where a clock is a day ahead."""
    return bearing(seconds=72 * 3600)
