"""The databases of a server: made, copied and dropped by one who may."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of one server, by the libpq URL of any of them."""

    admin_url: str

    def url(self, name: str) -> str:
        """The URL of a database, which need not exist."""
        parts = urlsplit(self.admin_url)
        return urlunsplit(parts._replace(path=f"/{quote(name)}"))

    def make(self, name: str, *, template: str = "template1") -> str:
        """The URL of a database, made as a copy of the template when there is none of the name."""
        from psycopg import sql  # noqa: PLC0415 (slow to import)

        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with connect(self.admin_url) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if not found.rowcount:
                connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        from psycopg import sql  # noqa: PLC0415  # slow to import

        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with connect(self.admin_url) as connection:
            connection.execute(drop)


def connect(url: str) -> "Connection":
    """A session that commits each statement."""
    from psycopg import connect as open_session  # noqa: PLC0415  # slow to import

    return open_session(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
