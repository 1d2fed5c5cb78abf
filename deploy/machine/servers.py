"""Both embedded servers on one data directory: Kafka and Postgres, started and stopped together."""

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka import broker
from deploy.kafka.broker import Kafka
from deploy.machine.says import say
from deploy.postgres import server
from deploy.postgres.server import Postgres


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs: its broker and its database server."""

    kafka: Kafka
    postgres: Postgres

    def stop(self) -> bool:
        """End both, keep their data; whether both ended unforced."""
        ended = [self.kafka.stop(), self.postgres.stop()]
        return all(ended)

    def addresses(self) -> Mapping[str, str]:
        """What clients need to know."""
        return {
            "bootstrap_servers": self.kafka.bootstrap_servers,
            "database_url": self.postgres.url(),
        }


def start(data_dir: Path) -> Servers:
    """Both servers below this directory; if one does not come up, none is left running."""
    say(f"starting Postgres in {data_dir}")
    postgres = server.start(data_dir / "postgres")
    try:
        say("starting Kafka")
        kafka = broker.start(data_dir / "kafka")
    except BaseException:
        postgres.stop()
        raise
    say("both servers answer")
    return Servers(kafka, postgres)


def main() -> None:
    """Run both until a signal comes; their addresses go to standard output as one JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path(".stockyard"))
    asked = {signal.SIGINT, signal.SIGTERM}
    servers = start(parser.parse_args().data_dir.absolute())
    signal.pthread_sigmask(signal.SIG_BLOCK, asked)
    sys.stdout.write(json.dumps(servers.addresses()) + "\n")
    sys.stdout.flush()
    signal.sigwait(asked)
    servers.stop()


if __name__ == "__main__":
    main()
