"""Builds history again while new events come and callers ask, and checks that the rows are the same:

    python -m bench.history_rebuild [--events 1000000] [--database mariadb] [--new 200]

The service runs in a process of its own, on the embedded bus. Once the rebuild has ended and all is taken in, another
database is filled from the same log by the projection alone, and every row of every table is compared with it, byte
for byte. Prints events a second, the times of queries before and during the rebuild, and ends with 1 where a row
differs, a query failed, or the rebuild did not succeed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from flowmesh.history.v1 import history_query_service_pb2, history_service_pb2, rebuild_service_pb2
from flowmesh.history.v1.history_query_service_pb2_grpc import HistoryQueryServiceStub
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub

from bench import ROOT, mariadb
from history_svc.consumers.projection import project
from history_svc.statistics.sparse_counts import add, decode
from history_svc.storage import statistics_layout
from history_svc.storage.generations import Tables
from history_svc.storage.projection_tables import PROJECTION_TABLES
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.consumer import ConsumerLoop
from mesh.db.database import Database
from mesh.db.schema import ensure_schema, open_database
from mesh.db.select import Select
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Program, Row
from tests.integration.history.test_rebuild import life

State = rebuild_service_pb2.Rebuild.State
PUBLISHED = 1_000
PAGE = 2_000
CONSUMER_BATCH = 1_000
LOOK_SECONDS = 0.1
QUERY_PAUSE_SECONDS = 0.05
SUMS = {
    statistics_layout.PROCESS_TABLE: statistics_layout.PROCESS_KEY,
    statistics_layout.ELEMENT_TABLE: statistics_layout.ELEMENT_KEY,
}
"""Tables whose rows are added up over the shards: which one a consumer gets is chance."""


@dataclass
class Queries:
    """How long calls took, in seconds."""

    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def text(self) -> str:
        """What is printed of them."""
        times = sorted(self.times)
        if not times:
            return "none"
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        failed = f", {len(self.failures)} failed: {self.failures[0]}" if self.failures else ""
        return f"{len(times)}, p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, longest {times[-1] * 1e3:.0f} ms{failed}"


class Publisher:
    """Puts lives of instances on the bus."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self._lives = 0
        self.events = 0

    def _told(self) -> Iterator[BusMessage]:
        while True:
            for event in life(self._lives, ended=self._lives % 5 != 0).events:
                yield BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString())
            self._lives += 1

    async def publish(self, events: int) -> None:
        """Publish whole lives, so many events at least."""
        wanted = self.events + events
        part: list[BusMessage] = []
        last = ""
        for message in self._told():
            if message.key != last and (len(part) >= PUBLISHED or self.events + len(part) >= wanted):
                await self._bus.publish(part)
                self.events += len(part)
                part = []
                if self.events >= wanted:
                    return
            part.append(message)
            last = message.key


class Calls:
    """Queries of every kind, one after the other."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._history: Any = HistoryServiceStub(channel)
        self._queries: Any = HistoryQueryServiceStub(channel)
        self._turn = 0

    async def ask(self, into: Queries) -> None:
        """Make the next one."""
        self._turn += 1
        begun = time.perf_counter()
        try:
            match self._turn % 3:
                case 0:
                    page = history_service_pb2.ListHistoricProcessInstancesRequest(page_size=50)
                    found = (await self._history.ListHistoricProcessInstances(page)).historic_process_instances
                    if not found:
                        into.failures.append("a page without instances")
                case 1:
                    await self._history.ListHistoricActivities(
                        history_service_pb2.ListHistoricActivitiesRequest(page_size=50)
                    )
                case _:
                    text = history_query_service_pb2.SearchHistoryRequest(query="approve", page_size=20)
                    await self._queries.SearchHistory(text)
        except grpc.aio.AioRpcError as error:
            into.failures.append(f"{error.code().name}: {error.details()}")
        into.times.append(time.perf_counter() - begun)

    async def keep_asking(self, into: Queries) -> None:
        """Make one after the other until cancelled."""
        while True:
            await self.ask(into)
            await asyncio.sleep(QUERY_PAUSE_SECONDS)


async def _taken_in(bus: LocalBus, group: str) -> None:
    while True:
        offsets = await bus.group_offsets(group)
        if offsets and not any(at.lag for at in offsets):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _load(publisher: Publisher, events_a_second: int) -> None:
    while True:
        await publisher.publish(max(1, events_a_second // 10))
        await asyncio.sleep(0.1)


async def _rebuilt(channel: grpc.aio.Channel, publisher: Publisher, new: int) -> tuple[bool, Queries]:
    """Build history again under load; say whether it succeeded."""
    rebuilds: Any = RebuildServiceStub(channel)
    quiet, busy = Queries(), Queries()
    calls = Calls(channel)
    for _ in range(30):
        await calls.ask(quiet)
    print(f"queries before: {quiet.text()}", flush=True)
    before, begun = publisher.events, time.perf_counter()
    beside = [
        asyncio.create_task(calls.keep_asking(busy)),
        asyncio.create_task(_load(publisher, new)),
    ]
    rebuild = (await rebuilds.StartRebuild(rebuild_service_pb2.StartRebuildRequest())).rebuild
    while not rebuild.HasField("end_time"):
        await asyncio.sleep(LOOK_SECONDS)
        for task in beside:
            if task.done():
                task.result()
        rebuild = (await rebuilds.GetRebuild(rebuild_service_pb2.GetRebuildRequest(id=rebuild.id))).rebuild
    took = time.perf_counter() - begun
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    print(
        f"{State.Name(rebuild.state)} in {took:.1f} s: {rebuild.events_read:,} events of the log, "
        f"{rebuild.events_read / took:,.0f}/s, {publisher.events - before:,} new ones meanwhile; {rebuild.problem}"
    )
    print(f"queries meanwhile: {busy.text()}", flush=True)
    succeeded = rebuild.state == State.STATE_SUCCEEDED and not rebuild.events_skipped
    return succeeded and not quiet.failures, busy


async def _projected(bus: LocalBus, database: Database) -> None:
    """Fill a database from the log by the projection alone."""
    loop = ConsumerLoop(
        bus,
        database,
        "history-reference",
        (WORKFLOW_EXECUTION_EVENTS,),
        project,
        max_batch=CONSUMER_BATCH,
    )
    running = asyncio.create_task(loop.run())
    await _taken_in(bus, "history-reference")
    loop.stop()
    await running


async def _compared(one: Database, other: Database) -> tuple[int, list[str]]:
    """Compare all rows of the projection; return how many there are, and the tables that differ."""
    tables = Tables(sqlite=isinstance(one, SqliteDatabase))
    compared, different = 0, []
    for name, _ in PROJECTION_TABLES:
        columns, key = await one.read(tables.columns(name))
        if name in SUMS:
            sums = [await _sums(database, name, columns, key) for database in (one, other)]
            compared += len(sums[0])
            if sums[0] != sums[1]:
                different.append(f"{name}: the sums differ")
            continue
        after: Row | None = None
        while True:
            rows, wanted = [await database.read(_page(name, columns, key, after)) for database in (one, other)]
            compared += len(rows)
            if rows != wanted:
                first = next((row for row, want in zip(rows, wanted, strict=False) if row != want), rows[-1:])
                different.append(f"{name}: at {first}")
                break
            if not rows:
                break
            after = tuple(rows[-1][columns.index(column)] for column in key)
    return compared, different


def _page(table: str, columns: Sequence[str], key: Sequence[str], after: Row | None) -> Program[list[Row]]:
    rows: list[Row] = yield Select(table, columns).page(key, after, PAGE).fetch()
    return rows


async def _sums(database: Database, name: str, columns: Sequence[str], key: Sequence[str]) -> dict[Row, list[Any]]:
    found: dict[Row, list[Any]] = {}
    after: Row | None = None
    while rows := await database.read(_page(name, columns, key, after)):
        for row in rows:
            values = dict(zip(columns, row, strict=True))
            group = tuple(values[column] for column in SUMS[name] if column != "shard")
            counts = [value for column, value in values.items() if column not in SUMS[name]]
            before = found.get(group)
            found[group] = [decode(one) if isinstance(one, bytes) else one for one in counts]
            if before is not None:
                found[group] = [_joined(one, two) for one, two in zip(before, found[group], strict=True)]
        after = tuple(rows[-1][columns.index(column)] for column in key)
    return found


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        add(one, other)
        return {number: count for number, count in one.items() if count}
    return max(one, other) if isinstance(one, str) else one + other


async def main(events: int, new: int, database_kind: str, folder: Path) -> bool:
    """Measure, compare, and print what came of it."""
    async with AsyncExitStack() as closing:
        urls = [f"sqlite:///{folder / 'history.db'}", f"sqlite:///{folder / 'reference.db'}"]
        if database_kind == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("this machine has no mariadbd")
            urls = []
            for name in ("history", "reference"):
                running = await closing.enter_async_context(mariadb.server(programs, folder / name))
                urls.append(mariadb.url(running))
        for url in urls:
            await ensure_schema(url, MIGRATIONS, HEAD)
        bus = await LocalBus.open(folder / "bus.db")
        closing.push_async_callback(bus.close)
        await bus.ensure_topics(all_topics())
        publisher = Publisher(bus)
        await publisher.publish(events)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.history_process", urls[0], str(folder / "bus.db")),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        closing.push_async_callback(_ended, process)
        assert process.stdout is not None
        begun = time.perf_counter()
        port = int(await process.stdout.readline())
        await _taken_in(bus, "history-service")
        print(f"taken in: {events / (time.perf_counter() - begun):,.0f} events a second", flush=True)
        channel = await closing.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        succeeded, queries = await _rebuilt(channel, publisher, new)
        await _taken_in(bus, "history-service")
        history, reference = [await open_database(url) for url in urls]
        closing.push_async_callback(history.close)
        closing.push_async_callback(reference.close)
        await _projected(bus, reference)
        compared, different = await _compared(history, reference)
        for about in different:
            print(f"DIFFERENT {about}")
        print(f"{compared:,} rows of {publisher.events:,} events compared, {len(different)} tables differ", flush=True)
        return succeeded and not queries.failures and not different and compared > publisher.events // 10


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000, help="events in the log when the rebuild begins")
    parser.add_argument("--new", type=int, default=200, help="new events a second meanwhile")
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as made:
        fine = asyncio.run(main(asked.events, asked.new, asked.database, Path(made)))
    print("identical" if fine else "FAILED")
    sys.exit(0 if fine else 1)
