"""What statistics and purging cost with a large history: `python -m bench.history_statistics [--database mariadb]`.

Takes in whole lives of instances by the service's own projection, spread over a year and some definitions, then asks
for statistics, and purges while it asks for pages of history. The goals: statistics under 50 ms, no query above 500 ms
while instances are purged.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

from flowmesh.history.v1 import history_service_pb2 as history_pb  # noqa: E402
from flowmesh.history.v1 import statistics_service_pb2 as pb  # noqa: E402

from bench import mariadb  # noqa: E402
from history_svc.api.service import HistoryServicer  # noqa: E402
from history_svc.api.statistics_service import StatisticsServicer  # noqa: E402
from history_svc.archiving.running import ArchiveFiles  # noqa: E402
from history_svc.consumers.projection import project  # noqa: E402
from history_svc.queries.commit_waits import CommitWaits  # noqa: E402
from history_svc.storage.retention import Policy, put_policy  # noqa: E402
from history_svc.storage.retention_layout import INSTANCE_ROWS  # noqa: E402
from history_svc.storage.schema import HEAD, MIGRATIONS  # noqa: E402
from history_svc.workers.retention import RetentionWork  # noqa: E402
from mesh.clock import SystemClock  # noqa: E402
from mesh.db.database import Database  # noqa: E402
from mesh.db.schema import ensure_schema, open_database  # noqa: E402
from mesh.db.served_database import ServedDatabase  # noqa: E402
from mesh.db.statements import Fetch, fetch  # noqa: E402
from tests.unit.history.event_histories import START_MICROS, Life, timestamp  # noqa: E402

DAY = 86_400_000_000
DAYS = 365
DEFINITIONS = 10
BATCH = 200
STATISTICS_GOAL = 0.05
QUERY_GOAL = 0.5


def _life(number: int) -> Life:
    key = f"process-{number % DEFINITIONS}"
    micros = START_MICROS - DAYS * DAY + number * 7_919_000_003 % (DAYS * DAY)
    life = Life(key=key, definition_id=f"{key}-1", business_key=f"B-{number}", micros=micros)
    life.start("ann", amount=number)
    life.leave(life.activity("start", "startEvent"))
    for element in ("approve", "check", "pay"):
        activity = life.activity(element, "userTask" if element == "approve" else "serviceTask")
        entered = life.enter(activity)
        life.commit(1_000_000 + number * 104_729 % 90_000_000)
        life.leave(activity, entered)
    life.leave(life.activity("end", "endEvent"))
    life.end()
    return life


async def _fill(database: Database, instances: int, seconds: float) -> int:
    started = time.perf_counter()
    made = 0
    while made < instances and time.perf_counter() - started < seconds:
        lives = [_life(number) for number in range(made, min(instances, made + BATCH))]
        await database.write(project([event for life in lives for event in life.events]))
        made += len(lives)
    print(f"{made:,} instances taken in within {time.perf_counter() - started:.0f} s")
    return made


async def _timed(name: str, call: Callable[[], Awaitable[Any]], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - started)
    taken.sort()
    print(f"{name:<36} p50 {taken[len(taken) // 2] * 1e3:7.1f} ms   worst {taken[-1] * 1e3:7.1f} ms")
    return taken[len(taken) // 2]


async def _ask(database: Database) -> float:
    served = ServedDatabase(database)
    statistics = StatisticsServicer(served, CommitWaits(database), SystemClock())
    begin, end = timestamp(START_MICROS - DAYS * DAY), timestamp(START_MICROS)
    month = timestamp(START_MICROS - 30 * DAY)
    key = "process-3"
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "processes": lambda: statistics.ListProcessStatistics(pb.ListProcessStatisticsRequest()),
        "throughput, a year by day": lambda: statistics.GetThroughput(
            pb.GetThroughputRequest(start_time=begin, end_time=end)
        ),
        "throughput, a year by day, Shanghai": lambda: statistics.GetThroughput(
            pb.GetThroughputRequest(
                start_time=begin, end_time=end, time_zone="Asia/Shanghai", process_definition_key=key
            )
        ),
        "throughput, a month by hour": lambda: statistics.GetThroughput(
            pb.GetThroughputRequest(start_time=month, end_time=end, period=pb.GetThroughputRequest.PERIOD_HOUR)
        ),
        "durations, a year": lambda: statistics.GetDurations(
            pb.GetDurationsRequest(start_time=begin, end_time=end, process_definition_key=key)
        ),
        "activities, since ever": lambda: statistics.GetActivityStatistics(
            pb.GetActivityStatisticsRequest(process_definition_key=key)
        ),
        "activities, a month": lambda: statistics.GetActivityStatistics(
            pb.GetActivityStatisticsRequest(process_definition_key=key, start_time=month, end_time=end)
        ),
        "activities, a year": lambda: statistics.GetActivityStatistics(
            pb.GetActivityStatisticsRequest(process_definition_key=key, start_time=begin, end_time=end)
        ),
        "overdue tasks": lambda: statistics.ListOverdueTasks(pb.ListOverdueTasksRequest()),
    }
    return max([await _timed(name, call) for name, call in calls.items()])


async def _purge(database: Database, url: str, folder: Path, instances: int, seconds: float) -> float:
    rows_each = await _rows_each(database, instances)
    for number in range(DEFINITIONS):
        await database.write(put_policy(Policy("", f"process-{number}", 0, False, 0)))
    work = RetentionWork(
        database,
        SystemClock(),
        ArchiveFiles(folder, url),
        interval_seconds=0.05,
        archive_instances=5_000,
    )
    history = HistoryServicer(database)
    worst, queries = 0.0, 0
    started = time.perf_counter()
    work.start()
    while work.counters.purged < instances and time.perf_counter() - started < seconds:
        asked = time.perf_counter()
        await history.ListHistoricProcessInstances(
            history_pb.ListHistoricProcessInstancesRequest(process_definition_key=f"process-{queries % DEFINITIONS}")
        )
        worst = max(worst, time.perf_counter() - asked)
        queries += 1
        await asyncio.sleep(0.002)
    taken = time.perf_counter() - started
    await work.stop()
    purged = work.counters.purged
    print(
        f"purged {purged:,} instances ({purged * rows_each / taken:,.0f} rows/s); {queries:,} queries meanwhile, "
        f"the slowest {worst * 1e3:.0f} ms"
    )
    return worst


async def _rows_each(database: Database, instances: int) -> float:
    """How many rows an instance has, in all tables."""
    total = 0
    for rows_of in INSTANCE_ROWS:
        rows = await database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {rows_of.table}")))
        total += rows[0][0]
    return total / instances


async def _measure(arguments: argparse.Namespace, folder: Path) -> bool:
    async with AsyncExitStack() as closing:
        url = f"sqlite:///{folder / 'history.db'}"
        if arguments.database == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("this machine has no mariadbd")
            url = mariadb.url(await closing.enter_async_context(mariadb.server(programs, folder / "mariadb")))
        await ensure_schema(url, MIGRATIONS, HEAD)
        database = await open_database(url)
        instances = await _fill(database, arguments.instances, arguments.fill_seconds)
        for table in ("history_activity", "statistics_process", "statistics_element"):
            rows = await database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {table}")))
            print(f"{table}: {rows[0][0]:,} rows")
        slowest = await _ask(database)
        worst = await _purge(database, url, folder, instances, arguments.purge_seconds)
        await database.close()
    return slowest < STATISTICS_GOAL and worst < QUERY_GOAL


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--fill-seconds", type=float, default=1e9, help="take in no more after so many seconds")
    parser.add_argument("--purge-seconds", type=float, default=1e9, help="purge no more after so many seconds")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()} ({platform.python_compiler()})")
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        good = asyncio.run(_measure(arguments, Path(name)))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
