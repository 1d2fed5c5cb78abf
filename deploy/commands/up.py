"""`stockyard up`: everything on one machine, started in order, kept alive, and stopped in order."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from deploy.machine import issuer
from deploy.machine.addresses import DATA_DIR, adopt, keep_edge_url
from deploy.machine.locks import held
from deploy.machine.parts import Plan, kafka, postgres, processes
from deploy.machine.ports import is_free, kept_ports
from deploy.machine.says import say
from deploy.machine.supervisor import AskedToStop, Supervisor
from deploy.machine.trouble import OperatorError
from schemas.settings import Settings

ALONE_SECONDS = 2.0
WATCH_SECONDS = 0.2


def up(
    data_dir: Annotated[Path, typer.Option(help="where the embedded servers keep data")] = DATA_DIR,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="the edge's; 0: any free one")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="worker processes")] = 1,
) -> None:
    """Run Kafka, Postgres, workers, relay, projector and edge, until a signal comes.

    Kafka and Postgres are embedded unless ERP_KAFKA_BOOTSTRAP_SERVERS and ERP_DATABASE_URL name
    yours. The line `ready` on standard output says that all of it answers.
    """
    data_dir, supervisor = data_dir.absolute(), Supervisor()
    with held(data_dir / "up.lock", within_seconds=ALONE_SECONDS, why=f"up on {data_dir}"):
        listen_to_signals()
        try:
            plan = plan_for(Settings(), data_dir, port, workers)
            start_servers(supervisor, data_dir)
            _start_processes(supervisor, plan)
            while True:
                supervisor.turn()
                time.sleep(WATCH_SECONDS)
        except AskedToStop:
            say("stopping")
        finally:
            stop_parts(supervisor)


def start_servers(supervisor: Supervisor, data_dir: Path) -> Settings:
    """The servers with schema and topics in place; the broker starts while the schema is made."""
    known = Settings()
    if not known.kafka_bootstrap_servers:
        say(f"starting Kafka in {data_dir}")
        supervisor.start(kafka(data_dir))
    if not known.ledger_url:
        say(f"starting Postgres in {data_dir}")
        supervisor.start(postgres(data_dir))
    if not known.has_issuer:
        issuer.ensure(data_dir)
    known = adopt(data_dir)
    _migrate(known)
    supervisor.wait_ready()
    _make_topics(known)
    _rebuild_what_was_put_back(known)
    return known


def _migrate(known: Settings) -> None:
    from ledger.migrate import migrate_ledger, migrate_read  # noqa: PLC0415 (slow to import)

    say("bringing the databases to their newest schema")
    migrate_ledger(known.ledger_url)
    migrate_read(known.read_url)


def _make_topics(known: Settings) -> None:
    from deploy.kafka.apply import apply_topics  # noqa: PLC0415 (slow to import)

    made = apply_topics(known)
    say(f"topics: {len(made)} made" if made else "topics: all there")


def _rebuild_what_was_put_back(known: Settings) -> None:
    """After a restore the read tables are of another history; the projector would halt at it."""
    from consumers.rebuild import is_needed, run  # noqa: PLC0415 (slow to import)

    if is_needed(known):
        say("the ledger was restored: making the read tables anew")
        if run(known, say):
            raise OperatorError("the read tables were not made anew: start again")


def plan_for(known: Settings, data_dir: Path, port: int | None, workers: int) -> Plan:
    """What to start beside the servers; `port` as in `up`, 0 meaning any free one, kept."""
    chosen = known.http_port if port is None else port
    if chosen == 0:
        chosen = kept_ports(data_dir / "ports.json", ["edge"])["edge"]
    elif not is_free(chosen):
        raise OperatorError(
            f"port {chosen} is taken by another program: choose one with --port, or --port 0"
        )
    return Plan(data_dir, workers, known.http_host, chosen)


def _start_processes(supervisor: Supervisor, plan: Plan) -> None:
    say("starting relay, projector, valuation, workers and edge")
    for part in processes(plan):
        supervisor.start(part)
    supervisor.wait_ready()
    keep_edge_url(plan.data_dir, plan.edge_url)
    typer.echo(f"edge {plan.edge_url}")
    typer.echo("ready")


def stop_parts(supervisor: Supervisor) -> None:
    """In order and with caps; a second signal ends everything at once."""
    try:
        clean = supervisor.stop()
    except AskedToStop:
        supervisor.kill()
        clean = False
    say("stopped" if clean else "stopped, some by force")


def listen_to_signals() -> None:
    """Turn each signal that asks us to end into an exception; under `nohup`, not a hang-up."""
    hang_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    for number in (signal.SIGTERM, signal.SIGINT, *hang_up):
        signal.signal(number, _ask_to_stop)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise AskedToStop
