"""How many events a second history takes in: `python bench/history_consume.py [--database mariadb] [--bus kafka]`.

Publishes whole lives of instances, then lets the service's own consumer read them into an empty database, and prints
the rate of each half and what the batches cost. The goal is 5,000 events a second, durable at every commit.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import platform
import pstats
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

from bench import mariadb  # noqa: E402
from history_svc.consumers.consuming import WorkflowEventConsumer  # noqa: E402
from history_svc.settings import HistorySettings  # noqa: E402
from history_svc.storage.schema import HEAD, MIGRATIONS  # noqa: E402
from mesh.bus.opening import open_bus  # noqa: E402
from mesh.bus.port import BusMessage  # noqa: E402
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics  # noqa: E402
from mesh.db.schema import ensure_schema, open_database  # noqa: E402
from tests.infrastructure.kafka import running_cluster  # noqa: E402
from tests.unit.history.event_histories import START_MICROS, Life  # noqa: E402

GOAL = 5_000


def _straight(number: int) -> Life:
    """Three tasks in a row, a gateway, variables: everything in one commit."""
    life = Life(business_key=f"B-{number}", micros=START_MICROS + number * 1_000)
    life.start("ann", amount=number, text="hello", flag=True)
    life.leave(life.activity("start", "startEvent"))
    for task in ("one", "two", "three"):
        life.leave(life.activity(task, "serviceTask"))
    life.leave(life.activity("which", "exclusiveGateway"))
    life.leave(life.activity("end", "endEvent"))
    life.set(one=1, two=2, three=3)
    life.end()
    return life


def _with_task(number: int) -> Life:
    """A user task that waits: two commits."""
    life = Life(micros=START_MICROS + number * 1_000)
    life.start("ann", amount=number)
    life.leave(life.activity("start", "startEvent"))
    activity = life.activity("approve")
    start, assignee = life.enter(activity), f"user-{number % 50}"
    life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve", assignee=assignee)
    life.commit()
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee=assignee)
    life.leave(life.activity("end", "endEvent"))
    life.end()
    return life


def _messages(instances: int) -> list[BusMessage]:
    lives = [(_straight if number % 2 else _with_task)(number) for number in range(instances)]
    # Interleaved, as the commits of many instances are.
    rounds = itertools.zip_longest(*(life.events for life in lives[:200]))
    head = [event for one in rounds for event in one if event is not None]
    events = head + [event for life in lives[200:] for event in life.events]
    return [BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString()) for event in events]


async def _run(instances: int, database_url: str, bus_url: str, *, profile: bool) -> float:
    messages = _messages(instances)
    await ensure_schema(database_url, MIGRATIONS, HEAD)
    database = await open_database(database_url)
    bus = await open_bus(bus_url)
    await bus.ensure_topics(all_topics())
    started = time.perf_counter()
    for start in range(0, len(messages), 1_000):
        await bus.publish(messages[start : start + 1_000])
    print(f"published {len(messages):,} events: {len(messages) / (time.perf_counter() - started):,.0f}/s")
    consumer = WorkflowEventConsumer(bus, database, max_batch=HistorySettings().consumer_batch)
    profiler = cProfile.Profile() if profile else None
    started, cpu = time.perf_counter(), time.process_time()
    if profiler is not None:
        profiler.enable()
    consumer.start()
    while consumer.counters.handled < len(messages):  # noqa: ASYNC110 - the counters tell nobody
        await asyncio.sleep(0.01)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    if profiler is not None:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
    await consumer.stop()
    await bus.close()
    await database.close()
    counters = consumer.counters
    assert (counters.handled, counters.duplicates, counters.dead_letters) == (len(messages), 0, 0), counters
    rate = len(messages) / seconds
    print(f"took in {rate:,.0f}/s ({cpu / len(messages) * 1e6:.0f} µs of CPU an event), goal {GOAL:,}/s")
    return rate


async def _measure(arguments: argparse.Namespace, folder: Path) -> float:
    async with AsyncExitStack() as closing:
        database_url, bus_url = f"sqlite:///{folder / 'history.db'}", f"sqlite:///{folder / 'bus.db'}"
        if arguments.database == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("this machine has no mariadbd")
            database_url = mariadb.url(await closing.enter_async_context(mariadb.server(programs, folder / "mariadb")))
        if arguments.bus == "kafka":
            bus_url = closing.enter_context(running_cluster(folder / "kafka")).url()
        return await _run(arguments.instances, database_url, bus_url, profile=arguments.profile)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--bus", choices=("local", "kafka"), default="local")
    parser.add_argument("--profile", action="store_true", help="print where the event loop's thread spends its time")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()} ({platform.python_compiler()})")
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        rate = asyncio.run(_measure(arguments, Path(name)))
    sys.exit(0 if rate >= GOAL else 1)


if __name__ == "__main__":
    main()
