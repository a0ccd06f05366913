"""`flowmesh search`: the indexes of history on a search server."""

from __future__ import annotations

import time
from argparse import Namespace

from flowmesh.history.v1 import search_index_service_pb2 as pb

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment

POLL_SECONDS = 1.0

State = pb.SearchIndex.State


def reindex(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Build an index anew, and wait until it answers. Raises CommandFailed where it was given up."""
    request = pb.CreateSearchIndexRequest(request_id=new_request_id())
    index = connection.call(connection.search_indexes.CreateSearchIndex, request).search_index
    if arguments.no_wait:
        output.message(index, f"The index {index.id} is being built.")
        return
    output.say(f"The index {index.id} is being built; that goes on without this command.")
    told = -1
    while index.state == State.STATE_BUILDING:
        time.sleep(POLL_SECONDS)
        read = pb.GetSearchIndexRequest(id=index.id)
        index = connection.call(connection.search_indexes.GetSearchIndex, read).search_index
        if index.records != told:
            output.say(f"{index.records} records")
        told = index.records
    if index.state != State.STATE_SERVING:
        raise CommandFailed(
            f"The index {index.id} was given up; `flowmesh search list` shows whether there is another."
        )
    output.message(index, f"The index {index.id} answers, with {index.records} records.")


def list_indexes(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List indexes, the latest first."""
    columns = {
        "id": lambda index: index.id,
        "state": lambda index: State.Name(index.state).removeprefix("STATE_").lower(),
        "records": lambda index: index.records,
        "by": lambda index: index.user_id,
        "started": lambda index: moment(index.start_time),
        "ended": lambda index: moment(index.end_time),
        "name": lambda index: index.name,
    }
    found = connection.pages(
        connection.search_indexes.ListSearchIndexes,
        pb.ListSearchIndexesRequest(),
        lambda page: page.search_indexes,
        arguments.limit,
    )
    output.messages(found, columns, "There is no search index: the database answers searches.")
