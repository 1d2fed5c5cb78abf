"""`stockyard token`: a bearer token of the local issuer, for those who have no issuer of their own."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR
from deploy.machine.issuer import Bearer
from deploy.machine.issuer import rotate as rotate_key
from deploy.machine.issuer import token as sign
from deploy.machine.trouble import OperatorError
from schemas.settings import Settings

SUBJECT = "local"
MINUTES = 60.0
MINUTES_MAX = 60.0 * 24 * 366


def token(  # noqa: PLR0913 (each an option of the verb)
    *,
    data_dir: Annotated[Path, typer.Option(help="of `stockyard up`")] = DATA_DIR,
    tenant: Annotated[str | None, typer.Option(help="whose stock; default: the default's")] = None,
    subject: Annotated[str, typer.Option(help="who acts")] = SUBJECT,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="a scope or a permission; may be repeated. Without scope and role: all"),
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="a role; may be repeated")] = None,
    location: Annotated[
        list[str] | None,
        typer.Option(
            "--location", "--warehouse", help="the only one it is good for; may be repeated"
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0, max=MINUTES_MAX, help="how long it is good")
    ] = MINUTES,
    rotate: Annotated[bool, typer.Option(help="sign it and all later ones by a new key")] = False,
) -> None:
    """Print a token for `Authorization: Bearer`. Who holds it is believed, so keep it."""
    known = Settings()
    if known.has_issuer:
        raise OperatorError("ERP_AUTH_JWKS_* name an issuer of yours: tokens come from there")
    scopes, roles = _known(scope, role)
    bearer = Bearer(
        tenant or known.default_tenant, subject, scopes, roles, location or None, minutes * 60
    )
    first = sign(data_dir, known, bearer)
    if rotate:
        rotate_key(data_dir)
        first = sign(data_dir, known, bearer)
    typer.echo(first)


def _known(scope: list[str] | None, role: list[str] | None) -> tuple[list[str], list[str]]:
    """The names as they are, unless one grants nothing; everything if there is none."""
    from api.identity.permissions import (  # noqa: PLC0415 (not needed for `--help`)
        ANY_ACTOR,
        PERMISSIONS,
        ROLES,
        SCOPES,
    )

    if not scope and not role:
        return [ANY_ACTOR], ["admin"]
    for option, names, allowed in (
        ("scope", scope, {**SCOPES, **PERMISSIONS}),
        ("role", role, ROLES),
    ):
        for name in names or ():
            if name not in allowed:
                raise typer.BadParameter(f"--{option} is one of {', '.join(allowed)}; not {name}")
    return scope or [], role or []
