"""`flowmesh dlq`: events that a consumer could not deal with."""

from __future__ import annotations

import json
from argparse import Namespace

from flowmesh.monitoring.v1 import dead_letter_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from launcher.client.calls import Calls
from launcher.client.connection import new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json

ACT_SECONDS = 60.0
_AT_ONCE = 1_000


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
    request = pb.ReplayDeadLettersRequest(request_id=new_request_id())
    _ask_for(request, arguments)
    count, more = 0, True
    while more:
        answer = connection.call(connection.dead_letters.ReplayDeadLetters, request, ACT_SECONDS)
        count, more = count + answer.replayed_count, answer.more and _goes_on(answer.replayed_count, arguments)
    _tell(output, count, "replayed")


def discard(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Remove dead letters."""
    request = pb.DiscardDeadLettersRequest(request_id=new_request_id())
    _ask_for(request, arguments)
    count, more = 0, True
    while more:
        answer = connection.call(connection.dead_letters.DiscardDeadLetters, request, ACT_SECONDS)
        count, more = count + answer.discarded_count, answer.more and _goes_on(answer.discarded_count, arguments)
    _tell(output, count, "discarded")


def _ask_for(request: pb.ReplayDeadLettersRequest | pb.DiscardDeadLettersRequest, arguments: Namespace) -> None:
    if bool(arguments.names) == bool(arguments.all):
        raise CommandFailed("Give either names of dead letters or --all TOPIC.")
    if arguments.group and not arguments.all:
        raise CommandFailed("--group goes with --all only.")
    if len(arguments.names) > _AT_ONCE:
        raise CommandFailed(f"Give {_AT_ONCE} names at most, or --all TOPIC.")
    request.names.extend(arguments.names)
    if arguments.all:
        now = Timestamp()
        now.GetCurrentTime()
        request.topic, request.consumer_group = arguments.all, arguments.group
        request.failed_before.CopyFrom(now)


def _goes_on(done: int, arguments: Namespace) -> bool:
    if done == 0:
        raise CommandFailed(
            f"{arguments.all} has so many dead letters of other groups that those of {arguments.group} are not "
            "reached: give their names."
        )
    return True


def _tell(output: Output, count: int, what: str) -> None:
    if output.as_json:
        output.json({"count": count})
    output.say(f"{count} dead letters are {what}.")
