"""The local issuer: keys below the data directory, and the tokens that the newest of them signs.

It serves who has no issuer of their own yet. Whoever may read the private file may be anybody, so
it is its owner's alone; the edge reads the public one.
"""

import json
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from deploy.machine.trouble import OperatorError
from schemas.settings import Settings

HOME: Final = "issuer"
PRIVATE: Final = "private.json"
PUBLIC: Final = "jwks.json"
KEPT: Final = 2
"""How many keys count: the one that signs, and the one before it, whose tokens are still about."""


class Bearer(NamedTuple):
    """Whom a token is for, and what it lets them do."""

    tenant_id: str
    subject: str
    scopes: Iterable[str]
    roles: Iterable[str] = ()
    locations: Iterable[str] | None = None
    seconds: float = 3600.0


def public_file(data_dir: Path) -> Path:
    """Where the public keys are, once there are any."""
    return data_dir.absolute() / HOME / PUBLIC


def ensure(data_dir: Path) -> None:
    """Make the first key, unless there is one. `up` holds the directory meanwhile."""
    if not public_file(data_dir).exists():
        rotate(data_dir)


def rotate(data_dir: Path) -> None:
    """Sign with a new key from now on. Tokens of the one before it stay good; older ones end."""
    from joserfc.jwk import ECKey  # noqa: PLC0415 (slow to import)

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    kept = [key.as_dict(private=True), *_private(data_dir)][:KEPT]
    shown = [ECKey.import_key(each).as_dict(private=False) for each in kept]
    home = data_dir / HOME
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The public half first: a key that signs is known by then.
    _write(home / PUBLIC, shown, 0o644)
    _write(home / PRIVATE, kept, 0o600)


def token(data_dir: Path, known: Settings, bearer: Bearer) -> str:
    """A signed token.

    Raises:
        OperatorError: the directory has no issuer.
    """
    from joserfc import jwt  # noqa: PLC0415 (slow to import)
    from joserfc.jwk import ECKey  # noqa: PLC0415  # slow to import

    keys = _private(data_dir)
    if not keys:
        raise OperatorError(
            f"no issuer in {data_dir}: `stockyard up --data-dir {data_dir}` makes one"
        )
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": known.auth_issuer,
        "aud": known.auth_audience,
        "iat": now,
        "exp": now + int(bearer.seconds),
        "jti": secrets.token_hex(8),
        "tenant": bearer.tenant_id,
        "sub": bearer.subject,
        "scope": " ".join(bearer.scopes),
        "roles": list(bearer.roles),
    }
    if bearer.locations is not None:
        claims["locations"] = list(bearer.locations)
    key = ECKey.import_key(keys[0])
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def _private(data_dir: Path) -> list[Any]:
    file = data_dir / HOME / PRIVATE
    return list(json.loads(file.read_text())["keys"]) if file.exists() else []


def _write(file: Path, keys: list[Any], mode: int) -> None:
    """Whole or not at all, and never readable by others for even a moment."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
        json.dump({"keys": keys}, out)
    part.replace(file)
