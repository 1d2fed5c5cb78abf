"""The options that say whom a token or a key is for, and what it lets them do."""

from typing import Annotated

import typer

Tenant = Annotated[str | None, typer.Option(help="whose stock; default: the default's")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="a scope or a permission; may be repeated")
]
Locations = Annotated[
    list[str] | None,
    typer.Option("--location", "--warehouse", help="the only one it is good for; may be repeated"),
]


def check_names(scopes: list[str], roles: list[str]) -> None:
    """Refuse names that would grant nothing.

    Raises:
        typer.BadParameter: naming those that exist.
    """
    from api.identity.permissions import (  # noqa: PLC0415 (not needed for `--help`)
        PERMISSIONS,
        ROLES,
        SCOPES,
    )

    for option, names, known in (
        ("scope", scopes, [*SCOPES, *PERMISSIONS]),
        ("role", roles, [*ROLES]),
    ):
        for name in names:
            if name not in known:
                raise typer.BadParameter(f"--{option} {name}: must be one of {', '.join(known)}")
