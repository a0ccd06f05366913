"""The commands about statistics, retention and archives of history, as the command line has them."""

from __future__ import annotations

import argparse

PERIODS = ("hour", "day")


def add_history_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    """Add them to the parser of `flowmesh`."""
    _add_statistics(commands, tenant, listing)
    _add_retention(commands, common, tenant, listing)
    _add_archives(commands, common, tenant, listing)


def _add_statistics(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    group = _group(commands, "statistics", "show counts, durations, bottlenecks and overdue tasks")
    found = _action(
        group, "processes", "count instances by definition and state", "statistics:processes", tenant, listing
    )
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    found = _action(group, "throughput", "count what was started and ended", "statistics:throughput", tenant)
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    found.add_argument("--by", choices=PERIODS, default="day")
    found.add_argument("--zone", default="", metavar="NAME", help="time zone such as Asia/Shanghai; UTC without it")
    _add_time(found, "the last 7 days, or 24 hours")
    found = _action(group, "durations", "show how long instances took", "statistics:durations", tenant)
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    _add_time(found, "the last 7 days")
    for action, about in (
        ("activities", "show what happened at each element of a process"),
        ("bottlenecks", "show the elements at which instances spend most of their time"),
    ):
        found = _action(group, action, about, f"statistics:{action}", tenant)
        found.add_argument("key", metavar="KEY")
        _add_time(found, "since ever")
    found = _action(group, "compare", "compare two versions of a process", "statistics:compare", tenant)
    found.add_argument("key", metavar="KEY")
    found.add_argument("base", type=int, metavar="VERSION")
    found.add_argument("other", type=int, metavar="VERSION")
    _add_time(found, "since ever")
    found = _action(group, "overdue", "list open tasks whose due time is over", "statistics:overdue", tenant, listing)
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    found.add_argument("--before", default="", metavar="TIME", help="due before then; without it now")


def _add_retention(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    group = _group(commands, "retention", "say how long history keeps ended instances")
    _action(group, "list", "list the policies", "retention:list_policies", tenant, listing)
    made = _action(group, "set", "set a policy", "retention:set_policy", tenant)
    made.add_argument("--key", default="", metavar="KEY", help="of this process; without it of all that have none")
    made.add_argument("--days", type=float, required=True, metavar="N", help="kept for so many days after the end")
    made.add_argument("--archive", action="store_true", help="written to an archive before they go")
    gone = _action(group, "delete", "delete a policy", "retention:delete_policy", tenant)
    gone.add_argument("--key", default="", metavar="KEY")
    kept = _action(group, "keep", "keep one instance for ever, or until a time", "retention:keep", common)
    kept.add_argument("id", metavar="ID")
    kept.add_argument("--until", default="", metavar="TIME", help="from then on it may go")
    kept.add_argument("--archive", action="store_true", help="written to an archive before it goes")
    _action(group, "release", "let the policy hold for an instance again", "retention:release", common).add_argument(
        "id", metavar="ID"
    )


def _add_archives(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    group = _group(commands, "archives", "list, check, restore, read and delete archives of history")
    found = _action(group, "list", "list archives, the newest first", "archives:list_archives", tenant, listing)
    found.add_argument("--key", default="", metavar="KEY", help="of this process only")
    for action, about in (
        ("show", "show an archive"),
        ("verify", "compare an archive's files with its manifest"),
        ("restore", "make an archive readable, and wait until it is"),
        ("remove-restored", "delete what was restored of an archive"),
        ("delete", "delete an archive; its instances are gone for good"),
    ):
        _action(group, action, about, f"archives:{action.replace('-', '_')}", common).add_argument("id", metavar="ID")
    read = _action(
        group, "read", "list the instances of a restored archive, or show one", "archives:read", common, listing
    )
    read.add_argument("id", metavar="ID")
    read.add_argument("instance", nargs="?", default="", metavar="INSTANCE")
    read.add_argument("--business-key", default="", metavar="TEXT")


def _add_time(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument("--from", dest="start", default="", metavar="TIME", help=f"without it {default}")
    command.add_argument("--to", dest="end", default="", metavar="TIME", help="without it now")


def _group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    return made.add_subparsers(dest="action", required=True, metavar="ACTION")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    about: str,
    run: str,
    *parents: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    made = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
    made.set_defaults(run=run)
    return made
