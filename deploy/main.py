"""The `stockyard` command: everything a person or a machine starts, by one name."""

import sys
from collections.abc import Callable

import typer

from deploy.commands import (
    backup,
    bench,
    commerce,
    deadletter,
    demo,
    doctor,
    documents,
    env,
    feed,
    key,
    migrate,
    observe,
    processes,
    reset_consumer,
    restore,
    scan,
    send,
    test,
    token,
    topics,
    up,
    verify,
)
from deploy.machine.trouble import OperatorError

app = typer.Typer(
    help="Inventory and procurement that cannot oversell.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

# A verb is a function of its own file, under its name here; whatever is slow to import is imported
# inside it. A group of verbs is a Typer of its own.
VERBS: dict[str, Callable[..., None]] = {
    "up": up.up,
    "demo": demo.demo,
    "env": env.env,
    "doctor": doctor.doctor,
    "migrate": migrate.migrate,
    "worker": processes.worker,
    "relay": processes.relay,
    "projector": processes.projector,
    "valuation": processes.valuation,
    "edge": processes.edge,
    "worker-run-once": processes.worker_run_once,
    "rebuild": processes.rebuild,
    "openapi": documents.openapi,
    "asyncapi": documents.asyncapi,
    "send": send.send,
    "feed": feed.feed,
    "scan": scan.scan,
    "observe": observe.observe,
    "commerce": commerce.commerce,
    "token": token.token,
    "verify": verify.verify,
    "backup": backup.backup,
    "restore": restore.restore,
    "restore-proof": restore.restore_proof,
    "reset-consumer": reset_consumer.reset_consumer,
    "bench": bench.bench,
}
GROUPS = {"topics": topics.app, "deadletter": deadletter.app, "key": key.app}

for name, verb in VERBS.items():
    app.command(name)(verb)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
# What follows `test` is pytest's.
app.command("test", context_settings=test.PASSED_ON)(test.run)


def main() -> None:
    """Exit codes: 0 done, 1 failed, 2 bad usage."""
    try:
        app()
    except OperatorError as error:
        typer.echo(f"stockyard: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
