"""How fast the relay takes a backlog to the bus: `python -m bench.relay [--database …] [--bus …] [--relays N]`.

Fills an outbox with the commits of instances that run through and of instances with a user task, about ten events
each, then lets relays work it off, in as many processes as asked for, and prints events a second and the CPU time of
an event. `--bus none` takes the events and throws them away: what is left is the relay's own part.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import platform
import pstats
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import uvloop
from flowmesh.internal.v1 import stored_pb2

from bench import mariadb
from engine_svc.events import record
from engine_svc.events.commit_record import COMMIT_RECORD, FORMAT
from engine_svc.events.expansion import expand
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.clock import SystemClock
from mesh.db.schema import ensure_schema, open_database
from mesh.db.statements import Fetch, Program, Row, fetch
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, outbox_insert
from mesh.process import collect_rarely
from mesh.relay import Relay
from tests.infrastructure.kafka import running_cluster

GOAL = 20_000
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Nowhere:
    """A bus that takes everything and keeps nothing."""

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Take messages."""
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Do nothing."""


def _commit(instance_id: str, revision: int, events: list[record.CompactEvent]) -> OutboxEntry:
    now = SystemClock().now_micros()
    payload = stored_pb2.CommitRecord(
        format=FORMAT,
        process_instance_id=instance_id,
        process_definition_id="01890a5d-ac96-774b-bcce-b302099a8057",
        process_definition_key="order",
        process_definition_version=3,
        business_key=f"B-{instance_id[:8]}",
        revision=revision,
        time_micros=now,
        correlation_id=new_id(),
        traceparent=TRACEPARENT,
        user_id="ann",
        events_json=orjson.dumps(events),
    )
    return OutboxEntry(
        new_id(), WORKFLOW_EXECUTION_EVENTS, instance_id, COMMIT_RECORD, payload.SerializeToString(), now
    )


def _activity(key: int, element_id: str, kind: str) -> record.CompactEvent:
    return (record.ACTIVITY_COMPLETED, key, element_id, element_id.title(), kind, 0, 1_700_000_000_000_000)


def _commits(events: int) -> Iterator[tuple[OutboxEntry, int]]:
    """Yield commits with so many events in all."""
    told = 0
    number = 0
    variables = {"amount": 120, "customer": "anna", "vip": True}
    while told < events:
        instance_id = new_id()
        number += 1
        parts: list[list[record.CompactEvent]]
        if number % 2:
            parts = [
                [
                    (record.INSTANCE_STARTED, "ann", variables),
                    _activity(1, "start", "startEvent"),
                    _activity(2, "one", "serviceTask"),
                    _activity(3, "two", "serviceTask"),
                    _activity(4, "three", "serviceTask"),
                    _activity(5, "which", "exclusiveGateway"),
                    _activity(6, "end", "endEvent"),
                    (record.VARIABLES_UPDATED, 0, {"one": 1, "two": 2, "three": 3}),
                    (record.INSTANCE_COMPLETED, 1_700_000_000_000_000),
                ]
            ]
        else:
            parts = [
                [
                    (record.INSTANCE_STARTED, "ann", variables),
                    _activity(1, "start", "startEvent"),
                    (record.ACTIVITY_STARTED, 2, "approve", "Approve", "userTask", 0),
                    (record.USER_TASK_CREATED, 2, "approve", "Approve", "", "bob", [], ["sales"], 50, 0, "form"),
                ],
                [
                    (record.USER_TASK_COMPLETED, 2, "approve", "bob", "", "bob"),
                    _activity(2, "approve", "userTask"),
                    _activity(3, "end", "endEvent"),
                    (record.VARIABLES_UPDATED, 0, {"approved": True}),
                    (record.INSTANCE_COMPLETED, 1_700_000_000_000_000),
                ],
            ]
        for place, part in enumerate(parts):
            told += len(part)
            yield _commit(instance_id, place + 1, part), len(part)


def _add(entries: Sequence[OutboxEntry]) -> Program[None]:
    yield outbox_insert(entries)


async def _fill(url: str, events: int) -> tuple[int, int]:
    await ensure_schema(url, MIGRATIONS, MIGRATIONS_HEAD)
    database = await open_database(url)
    commits = list(_commits(events))
    for start in range(0, len(commits), 1_000):
        await database.write(_add([entry for entry, _ in commits[start : start + 1_000]]))
    await database.close()
    return len(commits), sum(count for _, count in commits)


async def _left(url: str) -> int:
    database = await open_database(url)
    rows: list[Row] = await database.read(fetch(Fetch("SELECT COUNT(*) FROM outbox")))
    await database.close()
    return int(rows[0][0])


async def _open_bus(url: str) -> Bus:
    if not url:
        nowhere: Any = Nowhere()
        return nowhere  # type: ignore[no-any-return]
    bus = await open_bus(url)
    await bus.ensure_topics(all_topics())
    return bus


async def _work(url: str, bus_url: str, finished: Any, *, profile: bool) -> dict[str, float]:
    """Relay until there is nothing left; return what was done in how much time."""
    async with AsyncExitStack() as closing:
        database = await open_database(url)
        closing.push_async_callback(database.close)
        bus = await _open_bus(bus_url)
        closing.push_async_callback(bus.close)
        relay = Relay(database, bus, expand, SystemClock())
        collect_rarely()
        profiler = cProfile.Profile() if profile else None
        cpu, started = time.process_time(), time.time()
        if profiler is not None:
            profiler.enable()
        running = asyncio.create_task(relay.run())
        last, ended = 0, started
        while not finished.is_set():
            await asyncio.sleep(0.05)
            if relay.counters.rows != last:
                if not last:
                    started = time.time()
                last, ended = relay.counters.rows, time.time()
        cpu = time.process_time() - cpu
        if profiler is not None:
            profiler.disable()
            pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
        relay.stop()
        await running
        return {
            "events": relay.counters.messages,
            "rows": relay.counters.rows,
            "cpu": cpu,
            "started": started,
            "ended": ended,
        }


def _process(url: str, bus_url: str, profile: bool, finished: Any, results: Any) -> None:
    results.put(uvloop.run(_work(url, bus_url, finished, profile=profile)))


async def _idle(url: str, bus_url: str, seconds: float) -> float:
    """Return the share of a CPU that an idle relay takes."""
    database = await open_database(url)
    bus = await _open_bus(bus_url)
    relay = Relay(database, bus, expand, SystemClock())
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(1.0)
    cpu = time.process_time()
    await asyncio.sleep(seconds)
    cpu = time.process_time() - cpu
    relay.stop()
    await running
    await bus.close()
    await database.close()
    return cpu / seconds


async def _run(arguments: argparse.Namespace, folder: Path) -> None:
    async with AsyncExitStack() as closing:
        url = f"sqlite:///{folder / 'engine.db'}"
        if arguments.database == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("this machine has no mariadbd")
            url = mariadb.url(await closing.enter_async_context(mariadb.server(programs, folder / "mariadb")))
        bus_url = ""
        if arguments.bus == "local":
            bus_url = f"sqlite:///{folder / 'bus.db'}"
        elif arguments.bus == "kafka":
            bus_url = closing.enter_context(running_cluster(folder / "kafka")).url()
        rows, events = await _fill(url, arguments.events)
        print(f"backlog: {events:,} events in {rows:,} commits")
        context = multiprocessing.get_context("spawn")
        results, finished = context.Queue(), context.Event()
        relays = [
            context.Process(target=_process, args=(url, bus_url, arguments.profile, finished, results))
            for _ in range(arguments.relays)
        ]
        for relay in relays:
            relay.start()
        while left := await _left(url):
            if not any(relay.is_alive() for relay in relays):
                raise SystemExit(f"{left} rows were not relayed")
            await asyncio.sleep(0.5)
        finished.set()
        done = [await asyncio.to_thread(results.get) for _ in relays]
        for relay in relays:
            relay.join()
        seconds = max(one["ended"] for one in done) - min(one["started"] for one in done)
        cpu = sum(one["cpu"] for one in done)
        figures = {
            "database": arguments.database,
            "bus": arguments.bus,
            "relays": arguments.relays,
            "events_per_second": round(events / seconds),
            "cpu_micros_per_event": round(cpu / events * 1e6, 1),
            "duplicates": int(sum(one["events"] for one in done)) - events,
        }
        if arguments.idle:
            figures["idle_cpu_percent"] = round(await _idle(url, bus_url, arguments.idle) * 100, 2)
        print(json.dumps(figures))
        print(f"{events / seconds:,.0f} events/s, goal {GOAL:,}")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench.relay", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--bus", choices=("local", "kafka", "none"), default="local")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--relays", type=int, default=1, help="processes that relay")
    parser.add_argument("--idle", type=float, default=0.0, metavar="SECONDS", help="measure an idle relay as well")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()} ({platform.python_compiler()})")
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        uvloop.run(_run(arguments, Path(name)))


if __name__ == "__main__":
    main()
