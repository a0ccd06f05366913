"""`flowmesh consumer-groups`: how far the consumers of the event bus have come."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.monitoring.v1 import consumer_group_service_pb2 as pb

from launcher.client.calls import Calls
from launcher.client.connection import new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, to_json
from launcher.client.times import timestamp


def list_groups(connection: Calls, output: Output, arguments: Namespace) -> None:
    """List consumer groups."""
    columns = {
        "group": lambda group: group.name,
        "lag": lambda group: group.lag,
        "topics": lambda group: ", ".join(group.topics),
    }
    found = connection.pages(
        connection.consumer_groups.ListConsumerGroups,
        pb.ListConsumerGroupsRequest(),
        lambda page: page.consumer_groups,
        arguments.limit,
    )
    output.messages(found, columns, "There are no consumer groups.")


def show(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Show where a group stands in each partition."""
    request = pb.GetConsumerGroupRequest(name=arguments.group)
    _show(output, connection.call(connection.consumer_groups.GetConsumerGroup, request).consumer_group)


def rewind(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Let a group go on from somewhere else in a topic."""
    request = pb.RewindConsumerGroupRequest(request_id=new_request_id(), name=arguments.group, topic=arguments.topic)
    if arguments.oldest:
        request.oldest.SetInParent()
    elif arguments.to:
        request.publish_time.CopyFrom(timestamp(arguments.to))
    else:
        request.partitions.offsets.update(_offsets(arguments.offset))
    _show(output, connection.call(connection.consumer_groups.RewindConsumerGroup, request).consumer_group)


def _show(output: Output, group: pb.ConsumerGroup) -> None:
    if output.as_json:
        output.json(to_json(group))
        return
    rows = [
        [
            at.topic,
            str(at.partition),
            str(at.committed_offset) if at.HasField("committed_offset") else "never",
            str(at.begin_offset),
            str(at.end_offset),
            str(at.lag),
        ]
        for at in group.partitions
    ]
    headings = ("topic", "partition", "next", "oldest", "end", "lag")
    output.table(headings, rows, f"{group.name} has read nothing.", title=f"{group.name}: {group.lag} messages left")


def _offsets(words: list[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for word in words:
        partition, equals, offset = word.partition("=")
        if not equals or not partition.isdecimal() or not offset.isdecimal() or len(partition) > 9 or len(offset) > 18:
            raise CommandFailed(f"--offset must read PARTITION=OFFSET, such as 0=120, not {word}")
        found[int(partition)] = int(offset)
    return found
