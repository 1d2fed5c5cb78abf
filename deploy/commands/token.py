"""`stockyard token`: a bearer token of the local issuer, for those who have no issuer of their own."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.grants import Locations, Scopes, Tenant, check_names
from deploy.machine import issuer
from deploy.machine.addresses import DATA_DIR
from deploy.machine.trouble import OperatorError
from schemas.settings import Settings

SUBJECT = "local"
ANY_ACTOR, ADMIN = "actors.any", "admin"
MINUTES = 60.0
MINUTES_MAX = 60.0 * 24 * 366


def token(  # noqa: PLR0913 (each an option of the verb)
    *,
    data_dir: Annotated[Path, typer.Option(help="of `stockyard up`")] = DATA_DIR,
    tenant: Tenant = None,
    subject: Annotated[str, typer.Option(help="who acts")] = SUBJECT,
    scope: Scopes = None,
    role: Annotated[list[str] | None, typer.Option(help="a role; may be repeated")] = None,
    location: Locations = None,
    minutes: Annotated[
        float, typer.Option(min=0, max=MINUTES_MAX, help="how long it is good")
    ] = MINUTES,
    rotate: Annotated[bool, typer.Option(help="sign it and all later ones by a new key")] = False,
) -> None:
    """Print a token for `Authorization: Bearer`; without scope and role, for everything."""
    known = Settings()
    if known.has_issuer:
        raise OperatorError("ERP_AUTH_JWKS_* name an issuer of yours: tokens come from there")
    scopes, roles = scope or [], role or []
    check_names(scopes, roles)
    if not scopes and not roles:
        scopes, roles = [ANY_ACTOR], [ADMIN]
    bearer = issuer.Bearer(
        tenant or known.default_tenant, subject, scopes, roles, location or None, minutes * 60
    )
    if rotate:
        issuer.rotate(data_dir)
    typer.echo(issuer.token(data_dir, known, bearer))
