"""History with its full-text search, over the words of its database and over a real search server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc.aio
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import history_query_service_pb2 as pb
from flowmesh.history.v1.history_query_service_pb2_grpc import HistoryQueryServiceStub

from history_svc.api.query_service import HistoryQueryServicer
from history_svc.api.reading import Reading
from history_svc.consumers.both_generations import project_on_both
from history_svc.indexing.address import parse_search_url
from history_svc.indexing.places import IndexedPlaces
from history_svc.indexing.server import SearchServer
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.search import HitKey, Narrowed, Places, WordTable, parse_query, search
from history_svc.storage.search_index import IndexState, SearchIndex, count_changes, read_indexes
from history_svc.workers.search_indexing import SearchIndexing
from mesh.access.rows import ALL_ROWS, Rows
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings

SETTLE_SECONDS = 60.0


@dataclass
class Indexed:
    """A search server with who tells it what changes."""

    database: Database
    server: SearchServer
    places: IndexedPlaces
    indexing: SearchIndexing

    async def settle(self) -> None:
        """Do all there is to do, as one process would; let it be found."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            await self.indexing.renew()
            more = await self.indexing.round()
            indexes = await self.database.read(read_indexes())
            waiting = await self.database.read(count_changes(1))
            states = [index.state for index in indexes.all]
            if not more and not waiting and states == [IndexState.SERVING]:
                break
            assert time.monotonic() < deadline, (states, waiting, more)
        await self.server.refresh(indexes.all[0].name)

    async def serving(self) -> SearchIndex:
        """Return the index that answers."""
        (index,) = (await self.database.read(read_indexes())).in_state(IndexState.SERVING)
        return index


@dataclass
class Searched:
    """A history that can be searched. `indexed`: where that is done by a search server."""

    database: Database
    stub: Any
    places: Places
    indexed: Indexed | None

    async def take(self, events: Sequence[EventEnvelope]) -> None:
        """Take events in; return when they can be found."""
        await self.database.write(project_on_both(events))
        if self.indexed is not None:
            await self.indexed.settle()

    async def found(self, query: str, opened: Rows = ALL_ROWS) -> set[str]:
        """Return the titles of what a caller finds."""
        wanted = parse_query(query)
        assert wanted is not None
        titles: set[str] = set()
        after: HitKey | None = None
        while True:
            hits, after = await search(self.places, self.database.read, wanted, Narrowed(), opened, after, 2)
            titles.update(hit.title for hit in hits)
            if after is None:
                return titles


@contextlib.asynccontextmanager
async def indexed_history(database: Database, url: str, *, search_seconds: float = 60.0) -> AsyncIterator[Indexed]:
    """Give a search server of the URL, and its indexing, which is not started.

    A busy machine must not make the database answer instead, unless a test is about that.
    """
    server = SearchServer(parse_search_url(url), search_seconds=search_seconds)
    read = Reading(database).read
    indexed = Indexed(
        database,
        server,
        IndexedPlaces(server, WordTable(read), read),
        SearchIndexing(database, server, SystemClock(), interval_seconds=0.05),
    )
    try:
        yield indexed
    finally:
        await indexed.indexing.stop()
        await server.close()


@contextlib.asynccontextmanager
async def searched_history(database: Database, indexed: Indexed | None) -> AsyncIterator[Searched]:
    """Serve the queries of a history."""
    places = WordTable(Reading(database).read) if indexed is None else indexed.places
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    servicer = HistoryQueryServicer(database, CommitWaits(database, max_seconds=0.2), places)
    server.add(pb.DESCRIPTOR.services_by_name["HistoryQueryService"], servicer)
    port = await server.serve("127.0.0.1", 0)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Searched(database, HistoryQueryServiceStub(channel), places, indexed)
    finally:
        await server.stop()
