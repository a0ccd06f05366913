"""The command `flowmesh`.

argparse dispatches: typer takes 70 ms to import, which `up` and every script would pay. What a command needs is
imported when it runs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher.form_commands import add_form_commands
from launcher.history_commands import add_history_commands
from launcher.identity_commands import add_identity_commands
from launcher.notification_commands import add_notification_commands

if TYPE_CHECKING:
    from launcher.client.bus_connection import BusConnection
    from launcher.client.connection import Connection

DEFAULT_URL = "http://127.0.0.1:8080"
EXIT_USAGE = 2
EXIT_NO_MESH = 3
EXIT_INTERRUPTED = 130
_DISTRIBUTED_OPTIONS = (
    "engines",
    "histories",
    "identities",
    "forms",
    "database",
    "bus",
    "cache",
    "certificates",
    "force_clock",
    "monitoring_metrics_port",
    "notification_metrics_port",
    "notifications",
    "identity_metrics_port",
    "form_metrics_port",
)
_JOB_STATES = ("ready", "leased", "backoff", "failed", "suspended", "scheduled")
_JOB_KINDS = ("external", "timer", "async")
_BATCH_STATES = ("running", "suspended", "completed", "cancelled")
_SAGA_STATES = ("pending", "completed", "compensated")
_EVENT_TOPICS = ("domain", "type", "both")
_OPEN_COMMANDS = ("bootstrap",)
_INSTANCE_STATES = ("running", "paused", "completed", "failed", "terminated")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code.

    0, or 1 refused, 2 wrong usage or no start, 3 no mesh there, 4 not signed in.
    """
    parsed = _parser().parse_args(arguments)
    if parsed.command == "up":
        return _up(parsed)
    if parsed.command == "version":
        return _version(parsed)
    if parsed.command == "schema":
        return _schema()
    if parsed.command == "certificates":
        return _certificates(parsed)
    if parsed.command in ("status", "backup", "restore"):
        return _operate(parsed)
    if parsed.command == "token":
        return _token(parsed)
    return _client(parsed)


def _up(arguments: argparse.Namespace) -> int:
    shared: dict[str, Any] = {
        "data": arguments.data,
        "host": arguments.host,
        "port": arguments.port,
        "engine_port": arguments.engine_port,
        "notification_port": arguments.notification_port,
        "history_port": arguments.history_port,
        "identity_port": arguments.identity_port,
        "form_port": arguments.form_port,
        "monitoring_port": arguments.monitoring_port,
        "engine_metrics_port": arguments.engine_metrics_port,
        "history_metrics_port": arguments.history_metrics_port,
        "cors_origins": tuple(arguments.cors_origin),
        "clock": arguments.clock,
        "authentication": arguments.authentication,
        "verbose": arguments.verbose,
    }
    only_distributed = {name: getattr(arguments, name) for name in _DISTRIBUTED_OPTIONS}
    given = {name: value for name, value in only_distributed.items() if value is not None}
    if arguments.profile == "embedded":
        from launcher.embedded.options import MeshOptions
        from launcher.embedded.supervisor import run_embedded_mesh
        from launcher.welcome import print_welcome

        if given:
            option = next(iter(given)).replace("_", "-")
            sys.stderr.write(f"--{option} belongs to the distributed profile: add --profile distributed.\n")
            return EXIT_USAGE
        return run_embedded_mesh(MeshOptions(**shared), print_welcome)
    from launcher.distributed.options import DistributedOptions
    from launcher.distributed.supervisor import run_distributed_mesh
    from launcher.distributed.welcome import print_distributed_welcome

    return run_distributed_mesh(DistributedOptions(**shared, **given), print_distributed_welcome)


def _version(arguments: argparse.Namespace) -> int:
    import json
    import platform

    from launcher.version import version

    content = {"flowmesh": version(), "python": platform.python_version()}
    text = json.dumps(content) if arguments.json else f"flowmesh {content['flowmesh']} (Python {content['python']})"
    sys.stdout.write(text + "\n")
    return 0


def _schema() -> int:
    from launcher.files import definition_schema

    sys.stdout.write(definition_schema().read_text("utf-8"))
    return 0


def _certificates(arguments: argparse.Namespace) -> int:
    from launcher.certificates import CertificatesFailed, make_certificates

    try:
        made, kept = make_certificates(arguments.folder, arguments.host, arguments.days)
    except CertificatesFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for about, paths in (("New", made), ("Left as they were", kept)):
        if paths:
            sys.stdout.write(f"{about}: {', '.join(str(path.relative_to(arguments.folder)) for path in paths)}.\n")
    return 0


def _token(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from launcher.client.failure import CommandFailed
    from launcher.client.gateway_url import GatewayUrl
    from launcher.client.tokens import print_token

    try:
        print_token(GatewayUrl.parse(arguments.url, arguments.ca))
    except CommandFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    return 0


def _operate(arguments: argparse.Namespace) -> int:
    import asyncio

    from launcher.backups import BackupFailed, back_up, restore
    from launcher.distributed.options import DistributedOptions
    from launcher.distributed.stores import settled_databases, settled_stores
    from launcher.status import NotRunning, mesh_status, print_status
    from mesh.startup import StartupError

    try:
        if arguments.command == "status":
            return print_status(asyncio.run(mesh_status(arguments.data.absolute())), as_json=arguments.json)
        if arguments.command == "backup":
            stores = settled_stores(DistributedOptions(database=arguments.database, bus=arguments.bus), os.environ)
            description = asyncio.run(back_up(stores, arguments.to))
            databases = ", ".join(description["databases"])
            sys.stdout.write(f"{arguments.to} has the databases of {databases} as of {description['taken_at']}.\n")
        else:
            asyncio.run(restore(arguments.folder, settled_databases(arguments.database, os.environ)))
            sys.stdout.write(f"{arguments.folder} is restored.\n")
    except NotRunning as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NO_MESH
    except (BackupFailed, StartupError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        return _nobody_reads()
    return 0


def _client(arguments: argparse.Namespace) -> int:
    # The gRPC library's own lines are for its developers; what fails is told by the command.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from launcher.client.failure import CommandFailed
    from launcher.client.output import Output

    module, _, function = arguments.run.partition(":")
    run = getattr(importlib.import_module(f"launcher.client.{module}"), function)
    try:
        with _connection(arguments) as connection:
            run(connection, Output(as_json=arguments.json), arguments)
    except CommandFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads()
    return 0


def _nobody_reads() -> int:
    # Whoever read the output has seen enough; the interpreter would complain about it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _connection(arguments: argparse.Namespace) -> Connection | BusConnection:
    if getattr(arguments, "bus", ""):
        from launcher.client.bus_connection import BusConnection

        return BusConnection(arguments.bus, getattr(arguments, "event_topics", _EVENT_TOPICS[0]))
    from launcher.client.connection import Connection
    from launcher.client.gateway_url import GatewayUrl
    from launcher.client.tokens import signing_at

    url = GatewayUrl.parse(arguments.url, arguments.ca)
    # Whoever signs in need not have done so before.
    return Connection(url, None if arguments.command in _OPEN_COMMANDS else signing_at(url))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flowmesh", description="Runs and uses a Flowmesh process engine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_up(commands)
    _add_operating(commands)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--url", "--server", default=DEFAULT_URL, metavar="URL", help=f"the gateway (default {DEFAULT_URL})"
    )
    common.add_argument("--ca", type=Path, metavar="FILE", help="authority of the gateway's certificate, for https")
    common.add_argument("--json", action="store_true", help="print JSON for scripts")
    tenant = argparse.ArgumentParser(add_help=False, parents=[common])
    tenant.add_argument("--tenant", default="", metavar="ID", help="only this tenant")
    listing = argparse.ArgumentParser(add_help=False)
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many rows (default 50)")

    def command(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        made.set_defaults(run=run)
        return made

    deploy = command("deploy", "deploy BPMN, JSON, YAML and form files", "deploying:deploy", tenant)
    deploy.add_argument("files", nargs="+", type=Path, metavar="FILE")
    about = "deploy the files together under this name, all of them or none; a process finds the forms beside it"
    deploy.add_argument("--bundle", default="", metavar="NAME", help=about)
    deploy.add_argument("--force", action="store_true", help="make a new version even where nothing changed")

    start = command("start", "start an instance of a process", "instances:start", tenant)
    start.add_argument("key", metavar="KEY", help="the process's id in its file")
    start.add_argument("--version", type=_count, metavar="N", help="not the newest version but this one")
    start.add_argument("--business-key", default="", metavar="TEXT")
    start.add_argument("--request-id", default="", metavar="ID", help="the same id twice starts one instance")
    _add_variables(start, "--var")

    tasks = command("tasks", "list the open tasks of people", "tasks:list_tasks", tenant, listing)
    tasks.add_argument("--assignee", default="", metavar="USER")
    tasks.add_argument("--candidate-user", default="", metavar="USER", help="tasks this user may claim")
    tasks.add_argument("--candidate-group", default=[], action="append", metavar="GROUP", help="may be repeated")
    tasks.add_argument(
        "--mine", default="", metavar="USER", help="this user's, and those the user or a group may claim"
    )
    tasks.add_argument("--instance", default="", metavar="ID")
    tasks.add_argument("--key", default="", metavar="KEY", help="of this process only")

    claim = command("claim", "give a task to a user", "tasks:claim", common)
    claim.add_argument("task_id", metavar="TASK_ID")
    claim.add_argument("user", metavar="USER")

    complete = command("complete", "complete a task", "tasks:complete", common)
    complete.add_argument("task_id", metavar="TASK_ID")
    complete.add_argument("--outcome", default="", metavar="TEXT", help="what was chosen; goes to a variable")
    _add_variables(complete, "--var")

    _add_task(commands, common, listing)

    instances = command("instances", "list process instances", "instances:list_instances", tenant, listing)
    instances.add_argument("--key", default="", metavar="KEY", help="of this process only")
    instances.add_argument("--business-key", default="", metavar="TEXT")
    instances.add_argument("--status", choices=_INSTANCE_STATES)

    instance = command("instance", "show an instance and what it waits for", "instances:show_instance", common, listing)
    instance.add_argument("id", metavar="ID")

    cancel = command("cancel", "terminate an instance", "instances:cancel", common)
    cancel.add_argument("id", metavar="ID")
    cancel.add_argument("--reason", default="", metavar="TEXT")

    delete = command("delete", "remove an instance; history keeps it", "instances:delete", common)
    delete.add_argument("id", metavar="ID")
    delete.add_argument("--reason", default="", metavar="TEXT")

    _add_operations(commands, common, listing)
    _add_definitions(commands, common, tenant, listing)
    _add_deployments(commands, common, tenant, listing)

    history = command("history", "show what happened, in all instances or in one", "histories:history", tenant, listing)
    history.add_argument("id", nargs="?", default="", metavar="ID", help="`rebuild` builds it all from the event log")
    about = "with rebuild: keep what the log does not tell from its beginning"
    history.add_argument("--keep-older", action="store_true", help=about)
    history.add_argument("--no-wait", action="store_true", help="with rebuild: do not wait for its end")
    history.add_argument("--key", default="", metavar="KEY", help="of this process only")
    history.add_argument("--business-key", default="", metavar="TEXT")
    history.add_argument("--parent", default="", metavar="ID", help="called by this instance only")
    ended = history.add_mutually_exclusive_group()
    ended.add_argument("--finished", action="store_const", const=True, default=None, help="ended instances only")
    ended.add_argument("--running", action="store_const", const=False, dest="finished", help="not ended ones only")
    history.add_argument("--flows", action="store_true", help="of one instance, the sequence flows as well")
    history.add_argument("--after", default="", metavar="TOKEN", help="wait for the commit behind a commit token")

    _add_audit(commands, common, tenant, listing)

    jobs = command("jobs", "list jobs: of workers, timers and asynchronous ones", "jobs:list_jobs", tenant, listing)
    jobs.add_argument("--kind", choices=_JOB_KINDS)
    jobs.add_argument("--type", default="", metavar="TYPE")
    jobs.add_argument("--state", choices=_JOB_STATES)
    jobs.add_argument("--instance", default="", metavar="ID")

    work = command("work", "complete the jobs of a type as they come", "jobs:work", tenant)
    work.add_argument("type", metavar="TYPE")
    _add_variables(work, "--set")
    work.add_argument("--count", type=_count, metavar="N", help="end after so many jobs")
    work.add_argument("--worker", default="", metavar="NAME")

    explain = command("explain", "say what an instance waits for", "instances:explain", common, listing)
    explain.add_argument("id", metavar="ID")

    incidents = command("incidents", "list what needs a person's help", "instances:list_incidents", common, listing)
    incidents.add_argument("--instance", default="", metavar="ID")

    about = "print the JSON Schema of process definitions in JSON and YAML"
    commands.add_parser("schema", help=about, description=f"{about[0].upper()}{about[1:]}.")

    run_job = command("run-job", "run a timer or asynchronous job now", "jobs:run_job", common)
    run_job.add_argument("job_id", metavar="JOB_ID")

    retry = command("retry", "let a job be tried again, or so many times more", "jobs:retry", common)
    retry.add_argument("job_id", metavar="JOB_ID")
    retry.add_argument("--retries", type=_count, default=3, metavar="N", help="attempts it gets (default 3)")

    clock = command("clock", "show or turn the clock of a mesh started with --clock controlled", "clocks:clock")
    actions = clock.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("show", help="tell the time", parents=[common])
    to = actions.add_parser("set", help="set it and stop it there", parents=[common])
    to.add_argument("time", metavar="TIME", help="2030-01-31T09:00:00Z")
    by = actions.add_parser("advance", help="put it forward and stop it there", parents=[common])
    by.add_argument("duration", metavar="DURATION", help="ISO 8601: PT1H, P30D")
    actions.add_parser("reset", help="let it run as the machine's again", parents=[common])
    drained = actions.add_parser("drain", help="run all timers and asynchronous jobs that are due", parents=[common])
    drained.add_argument("--max-jobs", type=_count, default=10_000, metavar="N", help="default 10000")

    _add_sagas(commands, common, tenant, listing)
    _add_bus(commands, common, listing)
    add_form_commands(commands, common, tenant, listing)
    add_identity_commands(commands, common, listing)
    add_notification_commands(commands, common, tenant, listing)
    add_history_commands(commands, common, tenant, listing)

    version = commands.add_parser("version", help="tell the version")
    version.add_argument("--json", action="store_true", help="print JSON for scripts")
    return parser


def _group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Add a command whose first word says what to do, and return where those words are added."""
    made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    return made.add_subparsers(dest="action", required=True, metavar="ACTION")


def _add_audit(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    filters = argparse.ArgumentParser(add_help=False)
    filters.add_argument("--service", default="", metavar="NAME", help="engine, identity, ...")
    filters.add_argument("--method", default="", metavar="NAME", help="package.Service/Method")
    filters.add_argument("--user", default="", metavar="ID")
    filters.add_argument("--resource", default="", metavar="ID", help="what was changed")
    filters.add_argument("--correlation", default="", metavar="ID", help="of one call")
    filters.add_argument("--refused", action="store_true", help="refused calls only")
    filters.add_argument("--begin-time", default="", metavar="TIME", help="from then on: 2030-01-31T09:00:00Z")
    filters.add_argument("--end-time", default="", metavar="TIME", help="before then")
    actions = _group(commands, "audit", "list, check or export who changed what")
    listed = actions.add_parser("list", help="list entries, the latest first", parents=[tenant, listing, filters])
    listed.set_defaults(run="audits:list_records")
    shown = actions.add_parser("show", help="show an entry with all it says", parents=[common])
    shown.set_defaults(run="audits:show")
    shown.add_argument("sequence", type=_count, metavar="NUMBER")
    about = "check the chain; exit code 1 where it was tampered with"
    verify = actions.add_parser("verify", help=about, parents=[common])
    verify.set_defaults(run="audits:verify")
    verify.add_argument("--begin", type=int, default=0, metavar="NUMBER", help="begin with this entry")
    about = "a checkpoint that was kept elsewhere: the chain must hold it"
    verify.add_argument("--anchor", default="", metavar="NUMBER:HASH", help=about)
    export = actions.add_parser("export", help="write entries and checkpoints as JSON lines", parents=[tenant, filters])
    export.set_defaults(run="audits:export")
    export.add_argument("--out", default="", metavar="FILE", help="a new file; else standard output")

    rebuilds = _group(commands, "rebuilds", "list, show or give up rebuilds of history")
    found = rebuilds.add_parser("list", help="list rebuilds, the latest first", parents=[common, listing])
    found.set_defaults(run="rebuilds:list_rebuilds")
    for action, about in (("show", "show how far a rebuild is"), ("cancel", "give a rebuild up")):
        verb = rebuilds.add_parser(action, help=about, parents=[common])
        verb.set_defaults(run=f"rebuilds:{action}")
        verb.add_argument("id", metavar="ID")

    search = _group(commands, "search", "the indexes of history on a search server")
    reindex = search.add_parser("reindex", help="build an index anew while the present one answers", parents=[common])
    reindex.set_defaults(run="search_indexes:reindex")
    reindex.add_argument("--no-wait", action="store_true", help="do not wait until it answers")
    found = search.add_parser("list", help="list the indexes, the latest first", parents=[common, listing])
    found.set_defaults(run="search_indexes:list_indexes")


def _add_sagas(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    actions = _group(commands, "sagas", "show and answer what follows the completion of instances")
    found = actions.add_parser("list", help="list sagas, the latest first", parents=[tenant, listing])
    found.set_defaults(run="sagas:list_sagas")
    found.add_argument("--state", choices=_SAGA_STATES)
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    for action, about in (
        ("show", "show a saga with its transaction log"),
        ("acknowledge", "say that what had to follow is done"),
        ("reject", "say that it cannot be done: the instance becomes FAILED"),
    ):
        verb = actions.add_parser(action, help=about, parents=[common])
        verb.set_defaults(run=f"sagas:{action}")
        verb.add_argument("saga", metavar="SAGA")
        if action == "reject":
            verb.add_argument("--reason", default="", metavar="TEXT")


def _add_bus(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    parent: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    common = argparse.ArgumentParser(add_help=False, parents=[parent])
    common.add_argument("--bus", default="", metavar="URL", help="ask this bus itself: no mesh need run")

    topics = _group(commands, "topics", "list, check or create the topics of the event bus")
    for action, about, function in (
        ("list", "list topics with what differs", "list_topics"),
        ("check", "tell what is not as it should be; exit code 1 where anything is", "check"),
        ("ensure", "create the topics that are missing", "ensure"),
    ):
        verb = topics.add_parser(action, help=about, parents=[common])
        verb.set_defaults(run=f"topics:{function}")
        about = "with --bus: the setting of the mesh; default domain"
        verb.add_argument("--event-topics", choices=_EVENT_TOPICS, default=_EVENT_TOPICS[0], help=about)

    groups = _group(commands, "consumer-groups", "show and rewind the consumer groups of the event bus")
    found = groups.add_parser("list", help="list consumer groups with their lag", parents=[common, listing])
    found.set_defaults(run="consumer_groups:list_groups")
    shown = groups.add_parser("show", help="show where a group stands in each partition", parents=[common])
    shown.set_defaults(run="consumer_groups:show")
    shown.add_argument("group", metavar="GROUP")
    rewind = groups.add_parser(
        "rewind", help="let a group go on from elsewhere; stop its service first", parents=[common]
    )
    rewind.set_defaults(run="consumer_groups:rewind")
    rewind.add_argument("group", metavar="GROUP")
    rewind.add_argument("topic", metavar="TOPIC")
    target = rewind.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", default="", metavar="TIME", help="messages from then on: 2030-01-31T09:00:00Z")
    target.add_argument("--oldest", action="store_true", help="all messages that are there")
    about = "a partition's next message; may be repeated, other partitions stay"
    target.add_argument("--offset", default=[], action="append", metavar="P=N", help=about)

    letters = _group(commands, "dlq", "show, replay or discard events that a consumer could not deal with")
    listed = letters.add_parser("list", help="list the dead letters of a topic", parents=[common, listing])
    listed.set_defaults(run="dead_letters:list_letters")
    listed.add_argument("topic", metavar="TOPIC")
    listed.add_argument("--group", default="", metavar="GROUP", help="only those of this consumer group")
    whole = letters.add_parser("show", help="show one with its event and the error", parents=[common])
    whole.set_defaults(run="dead_letters:show")
    whole.add_argument("name", metavar="NAME")
    for action, about in (
        ("replay", "give them back to the consumer group that failed"),
        ("discard", "remove them for good"),
    ):
        change = letters.add_parser(action, help=about, parents=[common])
        change.set_defaults(run=f"dead_letters:{action}")
        change.add_argument("names", nargs="*", metavar="NAME")
        change.add_argument("--all", default="", metavar="TOPIC", help="all of this topic")
        change.add_argument("--group", default="", metavar="GROUP", help="with --all: only those of this group")


def _add_operations(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    def command(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        made.set_defaults(run=f"operations:{run}")
        return made

    modify = command("modify", "end activities of an instance and begin others", "modify", common)
    modify.add_argument("id", metavar="ID")
    about = "from elements to elements, `a:b` or `a,b:c`; may be repeated"
    modify.add_argument("--move", default=[], action="append", metavar="FROM:TO", help=about)
    modify.add_argument("--cancel", default=[], action="append", metavar="ELEMENT", help="may be repeated")
    modify.add_argument("--start-before", default=[], action="append", metavar="ELEMENT", help="may be repeated")
    modify.add_argument("--start-after", default=[], action="append", metavar="ELEMENT", help="may be repeated")
    modify.add_argument("--reason", default="", metavar="TEXT")
    modify.add_argument("--dry-run", action="store_true", help="only check")

    migrate = command("migrate", "let an instance go on by another definition", "migrate", common)
    migrate.add_argument("id", metavar="ID")
    migrate.add_argument("--to", required=True, metavar="DEFINITION_ID")
    about = "elements that have another id there, `a:b`, `a,b:c` or `a:b,c`; may be repeated"
    migrate.add_argument("--map", default=[], action="append", metavar="FROM:TO", help=about)
    migrate.add_argument("--preview", action="store_true", help="only tell what would happen")
    revert = command("revert", "undo a migration of an instance that has not moved on", "revert", common)
    revert.add_argument("id", metavar="MIGRATION_ID")

    batches = command("batches", "list batches, newest first", "list_batches", common, listing)
    batches.add_argument("--state", choices=_BATCH_STATES)
    batch = command("batch", "show a batch with what failed", "show_batch", common, listing)
    batch.add_argument("id", metavar="BATCH_ID")
    for verb in ("cancel", "suspend", "resume"):
        change = command(f"{verb}-batch", f"{verb} a batch", f"{verb}_batch", common)
        change.add_argument("id", metavar="BATCH_ID")


def _add_task(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    about = "hand out one task, talk about it, read and set its variables"
    task = commands.add_parser("task", help=about, description=f"{about[0].upper()}{about[1:]}.")
    verbs = task.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        made.set_defaults(run=f"tasks:{run}")
        made.add_argument("task_id", metavar="TASK_ID")
        return made

    verb("assign", "give it to a user, whoever has it", "assign", common).add_argument("user", metavar="USER")
    delegate = verb("delegate", "let a user work on it for its owner", "delegate", common)
    delegate.add_argument("user", metavar="USER")
    _add_variables(verb("resolve", "give it back to its owner", "resolve", common), "--var")
    comment = verb("comment", "write a comment", "comment", common)
    comment.add_argument("text", metavar="TEXT")
    comment.add_argument("--user", default="", metavar="USER", help="who says it")
    verb("comments", "list its comments", "list_comments", common, listing)
    variables = verb("variables", "show its variables, after setting some", "variables", common)
    variables.add_argument("--local", action="store_true", help="those of the task alone")
    _add_variables(variables, "--var")


def _add_up(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from launcher.embedded.options import OFF, REQUIRED, MeshOptions

    default = MeshOptions()
    up = commands.add_parser(
        "up", help="run the whole mesh on this machine", description="Runs the whole mesh until Ctrl-C."
    )
    up.add_argument(
        "--profile",
        choices=("embedded", "distributed"),
        default="embedded",
        help="embedded: all data in one folder; distributed: MariaDB, Kafka and Redis, any number of processes",
    )
    up.add_argument("--data", type=Path, default=default.data, metavar="DIR", help=f"default ./{default.data}")
    up.add_argument("--host", default=default.host, metavar="ADDRESS", help="default 127.0.0.1; 0.0.0.0 for all")
    for option, about in (
        ("--port", "REST and gRPC for everybody"),
        ("--engine-port", "gRPC of the engine"),
        ("--identity-port", "gRPC of identity"),
        ("--form-port", "gRPC of forms"),
        ("--notification-port", "gRPC of notifications"),
        ("--history-port", "gRPC of history"),
        ("--monitoring-port", "gRPC of monitoring"),
        ("--engine-metrics-port", "metrics and health of the engine"),
        ("--history-metrics-port", "metrics and health of history, identity, forms, monitoring and notifications"),
    ):
        port = default.ports()[option]
        up.add_argument(option, type=_port, default=port, metavar="PORT", help=f"{about} (default {port}, 0: any free)")
    up.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="URL",
        help="let this origin's pages call; may be repeated",
    )
    up.add_argument(
        "--clock",
        choices=("system", "controlled"),
        default=default.clock,
        help="controlled: for tests, `flowmesh clock` turns it, and timers fire when that says so",
    )
    up.add_argument(
        "--authentication",
        choices=(REQUIRED, OFF),
        default=default.authentication,
        help="off: everybody on this machine may do everything; only on loopback addresses",
    )
    up.add_argument("--verbose", action="store_true", help="show every log line, not only warnings and errors")
    distributed = up.add_argument_group("with --profile distributed")
    distributed.add_argument("--engines", type=_processes, metavar="N", help="engine processes (default 1)")
    distributed.add_argument("--histories", type=_processes, metavar="N", help="history processes (default 1)")
    distributed.add_argument("--identities", type=_processes, metavar="N", help="identity processes (default 1)")
    distributed.add_argument("--forms", type=_processes, metavar="N", help="form processes (default 1)")
    for name, form, about in (
        ("--database", "mariadb://USER:PASSWORD@HOST:PORT/", "the server; each service has a database of its own"),
        ("--bus", "kafka://HOST:PORT,HOST:PORT", "the event bus; sqlite:///PATH on one machine"),
        ("--cache", "redis://HOST:PORT/0", "what several processes share of what is cached; none without it"),
    ):
        distributed.add_argument(name, metavar="URL", help=f"{form}: {about} (else FLOWMESH_{name[2:].upper()}_URL)")
    distributed.add_argument(
        "--certificates",
        type=Path,
        metavar="DIR",
        help="TLS at the gateway and between the services, by what `flowmesh certificates` made (else FLOWMESH_TLS_…)",
    )
    distributed.add_argument("--notifications", type=_processes, metavar="N", help="notification processes (default 1)")
    for service, port in (("identity", 9302), ("form", 9303), ("notification", 9304), ("monitoring", 9306)):
        about = f"metrics and health of {service} (default {port}, 0: any free)"
        distributed.add_argument(f"--{service}-metrics-port", type=_port, metavar="PORT", help=about)
    distributed.add_argument(
        "--force-clock",
        action="store_true",
        default=None,
        help="allow --clock controlled, though each engine has a clock of its own",
    )


def _add_operating(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from launcher.embedded.options import DEFAULT_DATA

    status = commands.add_parser("status", help="show the processes of the mesh on this machine and how they are")
    status.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=f"default ./{DEFAULT_DATA}")
    status.add_argument("--json", action="store_true", help="print JSON for scripts")
    about = "make an authority and certificates for development and tests; what is there stays"
    certificates = commands.add_parser("certificates", help=about, description=f"{about[0].upper()}{about[1:]}.")
    certificates.add_argument("folder", type=Path, metavar="DIR")
    about = "a name or an IP address at which they are called; may be repeated (this machine's are always in)"
    certificates.add_argument("--host", action="append", default=[], metavar="NAME", help=about)
    certificates.add_argument(
        "--days", type=_count, default=365, metavar="N", help="how long they are valid (default 365)"
    )
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database", metavar="URL", help="mariadb://USER:PASSWORD@HOST:PORT/ (else FLOWMESH_DATABASE_URL)"
    )
    backup = commands.add_parser(
        "backup", parents=[database], help="write the databases of a running distributed mesh to a new folder"
    )
    backup.add_argument("--bus", metavar="URL", help="kafka://HOST:PORT,HOST:PORT (else FLOWMESH_BUS_URL)")
    backup.add_argument("--to", type=Path, required=True, metavar="DIR")
    restore = commands.add_parser("restore", parents=[database], help="fill empty databases from a backup")
    restore.add_argument("folder", type=Path, metavar="DIR")


def _add_definitions(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], *parents: argparse.ArgumentParser
) -> None:
    _, tenant, listing = parents
    about = "list, suspend, resume or draw process definitions"
    group = commands.add_parser("definitions", help=about, description=f"{about.capitalize()}.")
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")

    found = actions.add_parser("list", help="list definitions, newest first", parents=[tenant, listing])
    found.set_defaults(run="definitions:list_definitions")
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    found.add_argument("--latest", action="store_true", help="the newest version of each only")
    found.add_argument("--version-tag", default="", metavar="TAG")
    found.add_argument("--suspended", action="store_true", help="suspended ones only")

    for action, about in (
        ("suspend", "let nobody start a definition"),
        ("resume", "let a definition be started again"),
    ):
        change = actions.add_parser(action, help=about, parents=[tenant])
        change.set_defaults(run=f"definitions:{action}")
        _add_definition(change)
        change.add_argument("--instances", action="store_true", help="its instances as well")

    xml = actions.add_parser("xml", help="write a definition's BPMN file", parents=[tenant])
    xml.set_defaults(run="definitions:xml")
    _add_definition(xml)
    diagram = actions.add_parser("diagram", help="write a definition's picture as SVG", parents=[tenant])
    diagram.set_defaults(run="definitions:diagram")
    _add_definition(diagram)
    diagram.add_argument(
        "--highlight", action="append", default=[], metavar="ELEMENT", help="let it stand out; may be repeated"
    )
    for command in (xml, diagram):
        command.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")


def _add_definition(command: argparse.ArgumentParser) -> None:
    command.add_argument("definition", metavar="DEFINITION", help="KEY for the newest version, KEY:VERSION, or an id")


def _add_deployments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], *parents: argparse.ArgumentParser
) -> None:
    common, tenant, listing = parents
    group = commands.add_parser("deployments", help="list or delete deployments", description="Lists or deletes them.")
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")

    found = actions.add_parser("list", help="list deployments, newest first", parents=[tenant, listing])
    found.set_defaults(run="deployments:list_deployments")
    found.add_argument("--name", default="", metavar="NAME")

    delete = actions.add_parser("delete", help="delete a deployment; history stays", parents=[common])
    delete.set_defaults(run="deployments:delete")
    delete.add_argument("id", metavar="ID")
    delete.add_argument("--cascade", action="store_true", help="terminate its running instances")
    delete.add_argument("--reason", default="", metavar="TEXT")


def _add_variables(command: argparse.ArgumentParser, option: str) -> None:
    command.add_argument(
        option,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='a variable, may be repeated; 1, true, "x", {...} and [...] are JSON, all else is text',
    )


def _processes(text: str) -> int:
    from launcher.distributed.options import MAX_PROCESSES

    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_PROCESSES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_PROCESSES}")
    return number


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
