"""Where the servers are that a command shall use: the environment's, else a data directory's."""

import json
import os
from pathlib import Path

from deploy.machine.issuer import public_file
from deploy.machine.trouble import OperatorError
from schemas.settings import Settings, settings

DATA_DIR = Path(".stockyard")
EDGE_FILE = "edge.json"


class NoServersError(OperatorError):
    """Nothing tells which servers to use."""


def adopt(data_dir: Path, *, database: bool = True, kafka: bool = True) -> Settings:
    """The settings of this process, completed with what `stockyard up` keeps in `data_dir`.

    Call before anything else reads the settings. The environment comes first, so that one variable
    is enough to use a server of one's own.
    """
    known = Settings()
    if database and not known.ledger_url:
        os.environ["ERP_DATABASE_URL"] = _database_url(data_dir)
    if kafka and not known.kafka_bootstrap_servers:
        os.environ["ERP_KAFKA_BOOTSTRAP_SERVERS"] = _bootstrap_servers(data_dir)
    if not known.has_issuer and public_file(data_dir).exists():
        os.environ["ERP_AUTH_JWKS_FILE"] = str(public_file(data_dir))
    settings.cache_clear()
    return settings()


def edge_url(data_dir: Path, known: Settings) -> str:
    """Where the edge of the last `stockyard up` on this directory answers."""
    file = data_dir / EDGE_FILE
    if file.exists():
        return str(json.loads(file.read_text())["url"])
    return f"http://{known.http_host}:{known.http_port}"


def keep_edge_url(data_dir: Path, url: str) -> None:
    """Remember it for `stockyard env`."""
    (data_dir / EDGE_FILE).write_text(json.dumps({"url": url}))


def _database_url(data_dir: Path) -> str:
    from deploy.postgres.server import kept_url  # noqa: PLC0415 (slow to import, often not needed)

    if url := kept_url(data_dir.absolute() / "postgres"):
        return url
    raise NoServersError(_nothing(data_dir, "ERP_DATABASE_URL"))


def _bootstrap_servers(data_dir: Path) -> str:
    from deploy.kafka.broker import kept_address  # noqa: PLC0415  # slow to import

    if address := kept_address(data_dir.absolute() / "kafka"):
        return address
    raise NoServersError(_nothing(data_dir, "ERP_KAFKA_BOOTSTRAP_SERVERS"))


def _nothing(data_dir: Path, variable: str) -> str:
    return (
        f"no servers in {data_dir}: start them with `stockyard up --data-dir {data_dir}`, "
        f"or set {variable} to yours"
    )
