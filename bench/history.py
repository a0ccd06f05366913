"""How long queries of history take among many records: `python -m bench.history [--database mariadb] [--instances N]`.

Fills a database with the records of N instances (about 24 rows each, beside 15 of their words) by the service's own
projection, then asks for pages, counts, timelines, searches and statistics with ever other values: alone, one after the
other; 25 a second while events are taken in; and one after the other while retention purges instances. Prints what each
kind of query took. Goals at the 99th percentile: a page in 100 ms, a search in 300 ms, statistics in 50 ms; 5,000
events a second taken in meanwhile; no query above 500 ms while instances are purged.

`--folder` keeps a SQLite database, `--database-url` names a database that is there: it is filled once, and a later run
asks it again. `--search-url` has a search server find the records by words; it is told before anything is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import math
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import history_filters_pb2 as fpb
from flowmesh.history.v1 import history_query_service_pb2 as pb
from flowmesh.history.v1 import statistics_service_pb2 as statistics_pb

from bench import mariadb
from history_svc.api.query_service import HistoryQueryServicer
from history_svc.api.reading import Reading
from history_svc.api.statistics_service import StatisticsServicer
from history_svc.archiving.running import ArchiveFiles
from history_svc.consumers.both_generations import project_on_both
from history_svc.indexing.address import parse_search_url
from history_svc.indexing.places import IndexedPlaces
from history_svc.indexing.server import SearchServer
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.search import Places, WordTable
from history_svc.storage.retention import EVERY_KEY, Policy, delete_policy, put_policy
from history_svc.storage.schema import HEAD, MIGRATIONS
from history_svc.storage.search_index import IndexState, count_changes, read_indexes
from history_svc.workers.retention import RetentionWork
from history_svc.workers.search_indexing import SearchIndexing
from mesh.clock import ControlledClock, SystemClock
from mesh.db.database import Database, DatabaseUnavailable, TransientFailure
from mesh.db.schema import ensure_schema, open_database
from mesh.db.served_database import ServedDatabase
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, fetch
from mesh.errors import NotFound
from mesh.ids import new_id
from mesh.json_values import to_value
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

PAGE_MILLIS, SEARCH_MILLIS, STATISTICS_MILLIS, PURGING_MILLIS, EVENTS = 100.0, 300.0, 50.0, 500.0, 5_000
BATCH, TAKEN_IN = 2_000, 1_000
"""Events in a transaction while the database is filled, and while it is asked, as the service does by default."""
PACE = 1.05 * EVENTS
LIVES = 2_000
QUERIES = 25
"""So many a second are asked while something else goes on."""
ROWS = 24
"""Of an instance, about, beside its words."""
DAY = 86_400_000_000
BUFFER_POOL = "4G"
"""Five million rows with their indexes are 2.7 GB."""
ATTEMPTS = 10
USERS, KEYS, TENANTS = 500, 12, 4
WORDS = (
    "采购",
    "合同",
    "审批",
    "报销",
    "请假",
    "流程",
    "部门",
    "经理",
    "invoice",
    "order",
    "refund",
    "urgent",
    "contract",
)


def _life(number: int) -> Life:
    chance = random.Random(number)
    life = Life(
        id=new_id(),
        key=f"process-{chance.randrange(KEYS)}",
        definition_id=f"definition-{chance.randrange(3 * KEYS)}",
        business_key=f"B-{number}",
        tenant_id=f"tenant-{chance.randrange(TENANTS)}",
        micros=START_MICROS + number * 1_000,
        user_id=f"user-{chance.randrange(USERS)}",
    )
    words = " ".join(chance.sample(WORDS, 3))
    life.start(life.user_id, amount=chance.randrange(1_000_000), note=f"{words} N{number}", approved=number % 2 == 0)
    life.leave(life.activity("start", "startEvent"))
    activity = life.activity(f"approve-{chance.randrange(5)}", flow="flow-1")
    begun = life.enter(activity)
    assignee = f"user-{chance.randrange(USERS)}"
    life.tell(
        "user_task_created",
        task_id=activity.id,
        element_id=activity.element_id,
        name=f"{chance.choice(WORDS)} {chance.choice(WORDS)}",
        assignee=assignee,
        candidate_groups=[f"group-{chance.randrange(20)}"],
        priority=chance.choice([0, 50, 100]),
        due_time=timestamp(life.micros + chance.randrange(10**9)),
    )
    life.commit(chance.randrange(1, 10**8))
    if number % 10 == 0:
        life.tell("comment_created", comment_id=f"{life.id}.c", task_id=activity.id, user_id=assignee, text=words)
        life.tell("incident_raised", incident_id=f"{life.id}.i", type="JOB_NO_RETRIES", message="no answer")
    if number % 5:
        life.leave(activity, begun)
        life.tell("user_task_completed", task_id=activity.id, element_id=activity.element_id, assignee=assignee)
        life.set(amount=chance.randrange(1_000_000), done=True)
        life.tell("job_scheduled", job_id=f"{life.id}.9", job_type="charge", retries=3)
        life.leave(life.activity("charge", "serviceTask", flow="flow-2"))
        if number % 50 == 1:
            life.terminate("cancelled by its owner")
        else:
            life.end()
    return life


def _batches(numbers: Iterator[int]) -> Iterator[list[EventEnvelope]]:
    batch: list[EventEnvelope] = []
    for number in numbers:
        batch += _life(number).events
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _write(database: Database, batch: list[EventEnvelope]) -> None:
    """Take events in, as often as it takes: a long fill meets a server that was too slow once."""
    for attempt in itertools.count(1):
        try:
            await database.write(project_on_both(batch))
        except (DatabaseUnavailable, TransientFailure):
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(1)
        else:
            return


async def fill(database: Database, first: int, instances: int) -> None:
    """Bring the records of so many instances into the database."""
    begun, told = time.monotonic(), time.monotonic()
    events = 0
    for batch in _batches(iter(range(first, instances))):
        await _write(database, batch)
        events += len(batch)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"  {events:,} events, {events / (told - begun):,.0f}/s", flush=True)


@dataclass(slots=True)
class Kind:
    """A kind of query, and what its calls took."""

    name: str
    ask: Callable[[], Awaitable[Any]]
    goal: float = PAGE_MILLIS
    millis: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        """Return what so many of the calls took at most."""
        return sorted(self.millis)[math.ceil(share * len(self.millis)) - 1]


class Questions:
    """Asks with ever other values. `ids` are those of some instances."""

    def __init__(
        self, servicer: HistoryQueryServicer, statistics: StatisticsServicer, instances: int, ids: list[str]
    ) -> None:
        self._servicer = servicer
        self._statistics = statistics
        self._instances = instances
        self._ids = ids
        self._tokens: dict[str, str] = {}
        self._requests: dict[str, Any] = {}
        self._chance = random.Random(7)

    def kinds(self) -> list[Kind]:
        """Return all kinds of queries."""
        chance, pick = self._chance, self._pick
        variable = fpb.VariableCondition

        def tenant() -> list[str]:
            return [f"tenant-{chance.randrange(TENANTS)}"]

        instances: dict[str, Callable[[], dict[str, Any]]] = {
            "instances": dict,
            "instances of a tenant": lambda: {"tenant_ids": tenant()},
            "instances of a definition, ended": lambda: {
                "process_definition_keys": [f"process-{chance.randrange(KEYS)}"],
                "finished": True,
            },
            "instances of two definitions, not ended": lambda: {
                "process_definition_keys": ["process-1", "process-2"],
                "finished": False,
            },
            "instances by business key": lambda: {"business_keys": [f"B-{pick()}"]},
            "instances by business keys like": lambda: {"business_key_like": f"B-{pick()}%"},
            "instances by end of business key": lambda: {"business_key_like": f"%{pick() % 1000}"},
            "instances of a time": lambda: {
                "start_time_from": timestamp(START_MICROS + pick() * 1_000),
                "end_time_from": timestamp(START_MICROS + pick() * 1_000),
            },
            "instances by initiator": lambda: {"initiators": [f"user-{chance.randrange(USERS)}"]},
            "instances by involved user": lambda: {"involved_user": f"user-{chance.randrange(USERS)}"},
            "instances by end reason that none has": lambda: {"end_reasons": ["never"]},
            "instances by end reason": lambda: {"end_reason_like": "%owner%", "tenant_ids": tenant()},
            "instances by a rare value": lambda: {"variables": [variable(name="amount", value=to_value(pick()))]},
            "instances by a frequent value": lambda: {
                "variables": [variable(name="approved", value=to_value(chance.random() < 0.5))]
            },
            "instances by a range of values": lambda: {
                "variables": [
                    variable(name="amount", operator="OPERATOR_GREATER", value=to_value(chance.randrange(1_000_000)))
                ]
            },
            "instances by two values": lambda: {
                "variables": [
                    variable(name="amount", operator="OPERATOR_LESS", value=to_value(chance.randrange(1_000_000))),
                    variable(name="note", operator="OPERATOR_LIKE", value=to_value(f"%N{pick()}")),
                ]
            },
            "instances with open incidents": lambda: {"with_open_incidents": True, "tenant_ids": tenant()},
            "instances at an element": lambda: {"active_element_ids": [f"approve-{chance.randrange(5)}"]},
        }
        tasks: dict[str, Callable[[], dict[str, Any]]] = {
            "tasks": dict,
            "tasks of a user": lambda: {"assignees": [f"user-{chance.randrange(USERS)}"], "finished": False},
            "tasks of a candidate group": lambda: {"candidate_groups": [f"group-{chance.randrange(20)}"]},
            "tasks by name": lambda: {"name_like": f"%{chance.choice(WORDS)}%", "tenant_ids": tenant()},
            "tasks overdue": lambda: {"due_time_to": timestamp(START_MICROS + pick() * 1_000), "finished": False},
            "tasks by a process variable": lambda: {
                "process_variables": [variable(name="amount", value=to_value(pick()))]
            },
        }
        kinds = [self._page("HistoricProcessInstances", name, fields) for name, fields in instances.items()]
        for order_by in ("end_time desc", "start_time"):
            kinds.append(self._page("HistoricProcessInstances", f"instances by {order_by}", dict, order_by))
        kinds += [self._page("HistoricTasks", name, fields) for name, fields in tasks.items()]
        kinds.append(self._page("HistoricTasks", "tasks by due_time", lambda: {"finished": False}, "due_time"))
        kinds.append(
            self._page(
                "HistoricTasks", "tasks of an instance by name", lambda: {"process_instance_ids": [self._id()]}, "name"
            )
        )
        kinds.append(self._page("HistoricActivities", "activities of a type", lambda: {"element_types": ["userTask"]}))
        kinds.append(self._page("HistoricVariables", "variables by name", lambda: {"names": ["note"]}))
        kinds.append(
            self._page(
                "HistoricVariableChanges", "changes of a variable", lambda: {"names": ["amount"], "deleted": True}
            )
        )
        kinds.append(self._page("HistoricJobEvents", "failed jobs", lambda: {"events": [3]}))
        kinds.append(self._page("HistoricIncidents", "open incidents", lambda: {"states": [1]}))
        for name, fields in (("all", dict), ("of a tenant", instances["instances of a tenant"])):
            kinds.append(self._count(f"count of instances, {name}", fields))
        kinds.append(self._count("count by end reason", instances["instances by end reason"]))
        kinds.append(Kind("timeline", self._timeline))
        for name, query in (
            ("a rare word", lambda: f"N{pick()}"),
            ("a frequent word", lambda: chance.choice(WORDS)),
            ("two frequent words", lambda: " ".join(chance.sample(WORDS, 2))),
            ("four Chinese characters", lambda: "合同审批"),
            ("words that nothing has together", lambda: f"N{pick()} N{pick()}"),
        ):
            kinds.append(self._search(f"search: {name}", query))
        return kinds + self._statistical()

    def _statistical(self) -> list[Kind]:
        begin, end = timestamp(START_MICROS - DAY), timestamp(START_MICROS + self._instances * 1_000 + 2 * DAY)
        chance, statistics = self._chance, self._statistics

        def key() -> str:
            return f"process-{chance.randrange(KEYS)}"

        asked: dict[str, Callable[[], Awaitable[Any]]] = {
            "processes": lambda: statistics.ListProcessStatistics(statistics_pb.ListProcessStatisticsRequest()),
            "throughput by hour": lambda: statistics.GetThroughput(
                statistics_pb.GetThroughputRequest(
                    start_time=begin, end_time=end, period=statistics_pb.GetThroughputRequest.PERIOD_HOUR
                )
            ),
            "durations": lambda: statistics.GetDurations(
                statistics_pb.GetDurationsRequest(start_time=begin, end_time=end, process_definition_key=key())
            ),
            "activities": lambda: statistics.GetActivityStatistics(
                statistics_pb.GetActivityStatisticsRequest(process_definition_key=key())
            ),
            "overdue tasks": lambda: statistics.ListOverdueTasks(statistics_pb.ListOverdueTasksRequest()),
        }
        return [Kind(f"statistics: {name}", ask, STATISTICS_MILLIS) for name, ask in asked.items()]

    def _pick(self) -> int:
        return self._chance.randrange(self._instances)

    def _id(self) -> str:
        return self._chance.choice(self._ids)

    def _page(self, records: str, name: str, fields: Callable[[], dict[str, Any]], order_by: str = "") -> Kind:
        filter_type = getattr(pb, f"Query{records}Request").DESCRIPTOR.fields_by_name["filter"].message_type.name

        async def ask() -> None:
            # Now and then a list is read on, page by page.
            token = self._tokens.pop(name, "")
            request = self._requests.get(name) if token else None
            if request is None:
                asked = getattr(fpb, filter_type)(**fields())
                request = getattr(pb, f"Query{records}Request")(filter=asked, order_by=order_by)
            request.page_token = token
            answer = await getattr(self._servicer, f"Query{records}")(request)
            if answer.next_page_token and self._chance.random() < 0.8:
                self._tokens[name], self._requests[name] = answer.next_page_token, request

        return Kind(name, ask)

    def _count(self, name: str, fields: Callable[[], dict[str, Any]]) -> Kind:
        async def ask() -> None:
            asked = fpb.HistoricProcessInstanceFilter(**fields())
            await self._servicer.CountHistoricProcessInstances(
                pb.CountHistoricProcessInstancesRequest(filter=asked, max_count=10_000)
            )

        return Kind(name, ask)

    async def _timeline(self) -> None:
        # An instance may be purged meanwhile.
        with contextlib.suppress(NotFound):
            await self._servicer.GetProcessInstanceTimeline(
                pb.GetProcessInstanceTimelineRequest(id=self._id(), include_called=self._chance.random() < 0.5)
            )

    def _search(self, name: str, query: Callable[[], str]) -> Kind:
        async def ask() -> None:
            await self._servicer.SearchHistory(pb.SearchHistoryRequest(query=query()))

        return Kind(name, ask, SEARCH_MILLIS)


async def ask_all(kinds: list[Kind], repeats: int, pace: float = 0.0) -> None:
    """Ask each kind so often, in turns: one after the other, or so many a second."""
    started = time.perf_counter()
    for number, (_, kind) in enumerate(itertools.product(range(repeats), kinds)):
        begun = time.perf_counter()
        if pace and started + number / pace > begun:
            await asyncio.sleep(started + number / pace - begun)
            begun = time.perf_counter()
        await kind.ask()
        kind.millis.append((time.perf_counter() - begun) * 1_000)


class Incoming:
    """Events as they come from the bus: those of some lives, for ever other instances; new lives would cost more."""

    def __init__(self, first: int) -> None:
        lives = [_life(number) for number in range(first, first + LIVES)]
        self._lives = itertools.cycle(
            [(life.id.encode(), [event.SerializeToString() for event in life.events]) for life in lives]
        )

    def next(self) -> list[EventEnvelope]:
        """Return a batch."""
        batch: list[EventEnvelope] = []
        while len(batch) < TAKEN_IN:
            before, events = next(self._lives)
            after = new_id().encode()
            batch += [EventEnvelope.FromString(event.replace(before, after)) for event in events]
        return batch


async def _take_in(database: Database, incoming: Incoming, pace: float, stopping: asyncio.Event) -> float:
    """Take in so many events a second, or fewer, until told to stop; return how many."""
    events, begun = 0, time.monotonic()
    while not stopping.is_set():
        batch = incoming.next()
        await _write(database, batch)
        events += len(batch)
        await asyncio.sleep(events / pace - (time.monotonic() - begun))
    return events / (time.monotonic() - begun)


async def _index(database: Database, indexing: SearchIndexing) -> None:
    """Tell the search server everything."""
    begun = time.monotonic()
    indexing.start()
    while True:
        states = [index.state for index in (await database.read(read_indexes())).all]
        if states == [IndexState.SERVING] and not await database.read(count_changes(1)):
            break
        await asyncio.sleep(0.2)
    seconds = time.monotonic() - begun
    told = indexing.counters.built + indexing.counters.told
    print(f"the search server was told {told:,} records in {seconds:.0f} s, {told / seconds:,.0f}/s")


async def _purge(database: Database, url: str, folder: Path, kinds: list[Kind], rows: int, seconds: float) -> bool:
    """Ask while retention purges so many rows, or for so long. Says whether no query took too long."""
    clock = ControlledClock()
    clock.turn_to(START_MICROS + 1_000 * DAY)
    for number in range(TENANTS):
        await database.write(put_policy(Policy(f"tenant-{number}", EVERY_KEY, 0, False, 0)))
    work = RetentionWork(
        database, clock, ArchiveFiles(folder / "archives", url), interval_seconds=0.05, archive_instances=5_000
    )
    begun = time.monotonic()
    work.start()
    while work.counters.purged * ROWS < rows and time.monotonic() - begun < seconds:
        await ask_all(kinds, 1)
    taken = time.monotonic() - begun
    await work.stop()
    for number in range(TENANTS):
        # What is asked again later is to stay.
        await database.write(delete_policy(f"tenant-{number}", EVERY_KEY))
    purged = work.counters.purged
    print(f"\nwhile {purged:,} instances were purged, about {purged * ROWS / taken:,.0f} rows/s beside their words")
    for kind in kinds:
        kind.goal = PURGING_MILLIS
    _report(kinds)
    return max(max(kind.millis) for kind in kinds) <= PURGING_MILLIS


def _report(kinds: list[Kind]) -> bool:
    print(f"{'query':44} {'p50':>8} {'p99':>8} {'worst':>8}   ms")
    met = True
    for kind in kinds:
        fine = kind.at(0.99) <= kind.goal
        met = met and fine
        print(
            f"{kind.name:44} {kind.at(0.5):8.1f} {kind.at(0.99):8.1f} {max(kind.millis):8.1f}"
            f"   {'' if fine else f'over {kind.goal:.0f}'}"
        )
    for name, goal in (
        ("all pages", PAGE_MILLIS),
        ("all searches", SEARCH_MILLIS),
        ("all statistics", STATISTICS_MILLIS),
    ):
        of_goal = Kind(name, kinds[0].ask, goal, [each for kind in kinds if kind.goal == goal for each in kind.millis])
        if of_goal.millis:
            print(f"{name:44} {of_goal.at(0.5):8.1f} {of_goal.at(0.99):8.1f} {max(of_goal.millis):8.1f}")
    return met


async def _database_url(arguments: argparse.Namespace, folder: Path, closing: AsyncExitStack) -> str:
    if arguments.database_url:
        return str(arguments.database_url)
    if arguments.database == "sqlite":
        return f"sqlite:///{folder / 'history.db'}"
    programs = mariadb.binaries()
    if programs is None:
        raise SystemExit("this machine has no mariadbd")
    return mariadb.url(await closing.enter_async_context(mariadb.server(programs, folder / "mariadb", BUFFER_POOL)))


async def _rows_of(database: Database, table: str) -> int:
    """Return how many rows a table has; on MariaDB, which reads all of them to count, about how many."""
    count = f"SELECT COUNT(*) FROM {table}"
    estimate = (
        f"SELECT table_rows FROM information_schema.tables WHERE table_schema=DATABASE() AND table_name='{table}'"
    )
    rows = await database.read(fetch(Fetch(count if isinstance(database, SqliteDatabase) else estimate)))
    return int(rows[0][0])


async def run(arguments: argparse.Namespace, folder: Path) -> bool:
    """Fill; ask alone, while events are taken in, and while instances are purged. Says whether all goals were met."""
    async with AsyncExitStack() as closing:
        database_url = await _database_url(arguments, folder, closing)
        await ensure_schema(database_url, MIGRATIONS, HEAD)
        database = await open_database(database_url)
        closing.push_async_callback(database.close)
        present = (await database.read(fetch(Fetch("SELECT COUNT(*) FROM history_process_instance"))))[0][0]
        begun = time.monotonic()
        await fill(database, present, arguments.instances)
        print(f"filled in {time.monotonic() - begun:.0f} s")
        tables = ("process_instance", "activity", "task", "variable", "variable_change", "timeline", "word")
        for table in tables:
            print(f"{table:20} {await _rows_of(database, f'history_{table}'):>14,} rows")
        found = await database.read(fetch(Fetch("SELECT id FROM history_process_instance LIMIT 1000")))
        places: Places | None = None
        if arguments.search_url:
            server = SearchServer(parse_search_url(arguments.search_url))
            closing.push_async_callback(server.close)
            indexing = SearchIndexing(database, server, SystemClock(), interval_seconds=0.1)
            closing.push_async_callback(indexing.stop)
            await _index(database, indexing)
            read = Reading(database).read
            places = IndexedPlaces(server, WordTable(read), read)
        questions = Questions(
            HistoryQueryServicer(database, places=places),
            StatisticsServicer(ServedDatabase(database), CommitWaits(database), SystemClock()),
            arguments.instances,
            [row[0] for row in found],
        )
        alone, beside, purging = questions.kinds(), questions.kinds(), questions.kinds()
        await ask_all(alone, arguments.repeats)
        print("\nalone")
        met = _report(alone)
        stopping = asyncio.Event()
        # Where the database takes several transactions at once, two consumers share the partitions.
        consumers = 1 if isinstance(database, SqliteDatabase) else 2
        firsts = [max(present, arguments.instances) + number * LIVES for number in range(consumers)]
        incoming = [Incoming(first) for first in firsts]
        taking_in = asyncio.gather(*(_take_in(database, each, PACE / consumers, stopping) for each in incoming))
        await ask_all(beside, arguments.repeats, QUERIES)
        stopping.set()
        rate = sum(await taking_in)
        print(f"\nwhile events are taken in, {QUERIES} queries a second")
        met = _report(beside) and met
        print(f"took in {rate:,.0f} events/s meanwhile, goal {EVENTS:,}")
        met = met and rate >= EVENTS
        if arguments.purge_rows:
            seconds = arguments.purge_seconds
            met = await _purge(database, database_url, folder, purging, arguments.purge_rows, seconds) and met
        return met


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--repeats", type=int, default=100, help="how often each kind of query is asked")
    parser.add_argument("--folder", type=Path, help="where a SQLite database is kept (default: nowhere)")
    parser.add_argument("--database-url", default="", help="a database that is there, instead of --database")
    parser.add_argument("--search-url", default="", help="a search server, as in FLOWMESH_SEARCH_URL (default: none)")
    parser.add_argument("--purge-rows", type=int, default=20_000, help="about how many are purged at the end; 0: none")
    parser.add_argument("--purge-seconds", type=float, default=1e9, help="purge no more after so many seconds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        met = asyncio.run(run(arguments, arguments.folder or Path(name)))
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
