"""`flowmesh.history.v1.SearchIndexService`."""

from __future__ import annotations

from typing import Final

from flowmesh.history.v1 import search_index_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.storage.search_index import SearchIndex, begin_index, find_index, list_indexes, new_index
from mesh.audit.operation import Operation
from mesh.audit.telling import AuditedBus
from mesh.bus.port import Bus, BusError
from mesh.call import current_call
from mesh.clock import Clock, SystemClock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.errors import DependencyDown, NotFound, WrongState
from mesh.paging import decode_page_token, encode_page_token, page_size_of

SERVICE: Final = "history"


class SearchIndexServicer:
    """Lets indexes be built, and shows them. `prefix` of their names; None without a search server.

    `database` is one that calls are served from.
    """

    def __init__(self, database: Database, bus: Bus, prefix: str | None, *, clock: Clock | None = None) -> None:
        self._database = database
        self._prefix = prefix
        self._clock = clock or SystemClock()
        self._audit = AuditedBus(bus, SERVICE, clock=clock)

    async def CreateSearchIndex(self, request: pb.CreateSearchIndexRequest) -> pb.CreateSearchIndexResponse:
        """Let an index be built. Raises `WrongState`, `DependencyDown`."""
        if self._prefix is None:
            raise WrongState(
                "SEARCH_SERVER_MISSING",
                "History has no search server (FLOWMESH_SEARCH_URL): its database answers searches, and has no "
                "index to be built.",
            )
        user_id = current_call().user_id or ""
        wanted = new_index(self._prefix, request.request_id, user_id, self._clock.now_micros())
        try:
            async with self._audit.operation(Operation("historySearchIndex", wanted.id)) as told:
                begun = await write_again(self._database, lambda: begin_index(wanted))
                told["id"] = begun.index.id
                if begun.in_the_way:
                    raise WrongState(
                        "SEARCH_INDEX_BUILDING",
                        f"The index {begun.index.id} is being built; wait for it.",
                        metadata={"id": begun.index.id},
                    )
        except BusError as error:
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE", f"The event bus cannot do it: {error}", metadata={"dependency": "bus"}
            ) from error
        return pb.CreateSearchIndexResponse(search_index=_message(begun.index))

    async def GetSearchIndex(self, request: pb.GetSearchIndexRequest) -> pb.GetSearchIndexResponse:
        """Read an index. Raises `NotFound`, `DependencyDown`."""
        found = await self._database.read(find_index(request.id))
        if found is None:
            raise NotFound(
                "SEARCH_INDEX_NOT_FOUND", f"There is no search index {request.id}.", metadata={"id": request.id}
            )
        return pb.GetSearchIndexResponse(search_index=_message(found))

    async def ListSearchIndexes(self, request: pb.ListSearchIndexesRequest) -> pb.ListSearchIndexesResponse:
        """List indexes. Raises `InvalidField` for a foreign page token, `DependencyDown`."""
        key = decode_page_token(request, str)
        size = page_size_of(request)
        found = await self._database.read(list_indexes(None if key is None else str(key[0]), size + 1))
        token = encode_page_token(request, (found[size - 1].id,)) if len(found) > size else ""
        return pb.ListSearchIndexesResponse(search_indexes=map(_message, found[:size]), next_page_token=token)


def _message(index: SearchIndex) -> pb.SearchIndex:
    return pb.SearchIndex(
        id=index.id,
        name=index.name,
        state=index.state,  # type: ignore[arg-type] # the contract's number
        user_id=index.user_id,
        start_time=_time(index.start_micros),
        end_time=None if index.end_micros is None else _time(index.end_micros),
        records=index.records,
    )


def _time(micros: int) -> Timestamp:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)
