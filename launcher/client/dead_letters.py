"""`flowmesh dlq`: events that a consumer could not deal with."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from flowmesh.monitoring.v1 import dead_letter_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from launcher.client.calls import Calls
from launcher.client.connection import new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json

ACT_SECONDS = 60.0
_NAMES_AT_ONCE = 100

Wanted = TypeVar("Wanted", pb.ReplayDeadLettersRequest, pb.DiscardDeadLettersRequest)


def list_letters(connection: Calls, output: Output, arguments: Namespace) -> None:
    """List the dead letters of a topic, oldest first."""
    columns = {
        "name": lambda letter: letter.name,
        "event": lambda letter: letter.event_type or "unreadable",
        "key": lambda letter: letter.key,
        "group": lambda letter: letter.consumer_group,
        "reason": lambda letter: letter.reason,
        "attempts": lambda letter: letter.attempts,
        "failed": lambda letter: moment(letter.fail_time),
    }
    request = pb.ListDeadLettersRequest(topic=arguments.topic, consumer_group=arguments.group)
    found = connection.pages(
        connection.dead_letters.ListDeadLetters, request, lambda page: page.dead_letters, arguments.limit
    )
    output.messages(found, columns, f"{arguments.topic} has no dead letters.")


def show(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Show a dead letter with its event and the error."""
    request = pb.GetDeadLetterRequest(name=arguments.name)
    letter = connection.call(connection.dead_letters.GetDeadLetter, request).dead_letter
    if output.as_json:
        output.json(to_json(letter))
        return
    output.say(f"{letter.name}: {letter.reason}, after {letter.attempts} attempts of {letter.consumer_group}")
    output.say(f"lay in {letter.topic}, partition {letter.original_partition}, offset {letter.original_offset}")
    output.say(f"failed {moment(letter.fail_time)}, key {letter.key}, {letter.size} bytes")
    if letter.unreadable:
        output.say(f"cannot be read: {letter.unreadable}")
    if letter.HasField("event"):
        output.say(json.dumps(to_json(letter.event), indent=2, ensure_ascii=False))
    else:
        output.say(repr(letter.content))
    output.say(letter.stack)


def replay(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Give dead letters back to the groups that failed."""

    def once(wanted: pb.ReplayDeadLettersRequest) -> tuple[int, bool]:
        answer = connection.call(connection.dead_letters.ReplayDeadLetters, wanted, ACT_SECONDS)
        return answer.replayed_count, answer.more

    _tell(output, _act(arguments, pb.ReplayDeadLettersRequest, once), "replayed")


def discard(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Remove dead letters."""

    def once(wanted: pb.DiscardDeadLettersRequest) -> tuple[int, bool]:
        answer = connection.call(connection.dead_letters.DiscardDeadLetters, wanted, ACT_SECONDS)
        return answer.discarded_count, answer.more

    _tell(output, _act(arguments, pb.DiscardDeadLettersRequest, once), "discarded")


def _act(arguments: Namespace, kind: type[Wanted], once: Callable[[Wanted], tuple[int, bool]]) -> int:
    """Do something to all that is asked for, call by call; return to how many. Raises CommandFailed."""
    if bool(arguments.names) == bool(arguments.all):
        raise CommandFailed("Give either names of dead letters or --all TOPIC.")
    if arguments.group and not arguments.all:
        raise CommandFailed("--group goes with --all only.")
    count = 0
    for start in range(0, len(arguments.names), _NAMES_AT_ONCE):
        names = arguments.names[start : start + _NAMES_AT_ONCE]
        count += once(kind(request_id=new_request_id(), names=names))[0]
    if not arguments.all:
        return count
    now = Timestamp()
    now.GetCurrentTime()
    more = True
    while more:
        wanted = kind(
            request_id=new_request_id(), topic=arguments.all, consumer_group=arguments.group, failed_before=now
        )
        done, more = once(wanted)
        if more and not done and arguments.group:
            raise CommandFailed(
                f"{arguments.all} has so many dead letters of other groups that those of {arguments.group} are not "
                "reached: give their names."
            )
        count += done
    return count


def _tell(output: Output, count: int, what: str) -> None:
    if output.as_json:
        output.json({"count": count})
    output.say(f"{count} dead letters are {what}.")
