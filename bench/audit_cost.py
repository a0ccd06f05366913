"""What the audit costs, in processor time, which other work on the machine does not change much:

    python -m bench.audit_cost

A start of a process with a user task, in the engine with its commit and in the relay, with and without a call behind
it; adding to the chain and checking it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope

from engine_svc.commands.operation_record import add_operation
from engine_svc.events.expansion import expand
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD, EngineService
from engine_svc.settings import EngineSettings
from engine_svc.storage.commit import Commit
from history_svc.audit.checking import ChainCheck
from history_svc.audit.head import Signer
from history_svc.audit.told import entry_of
from history_svc.storage.audit import append, read_part
from history_svc.storage.schema import HEAD as HISTORY_HEAD
from history_svc.storage.schema import MIGRATIONS as HISTORY_MIGRATIONS
from mesh.call import CallContext, as_call
from mesh.db.migrate import migrate
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, fetch
from mesh.metrics import Metrics
from mesh.outbox import OutboxEntry, OutboxRow
from tests.integration.engine.serving import user_task

STARTS = 500
IN_FLIGHT = 32
ROUNDS = 4
ADDED = 10_000
METHOD = "/flowmesh.engine.v1.ProcessInstanceService/CreateProcessInstance"
COLUMNS = "seq, id, topic, partition_key, kind, payload, created_at, retry_count"


async def main() -> None:
    """Measure, and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as folder:
        with_call, without = await _engine(Path(folder))
        await _chain(Path(folder), with_call)
        print(f"rows of the outbox: {len(with_call)} with, {len(without)} without a call behind them")


async def _engine(folder: Path) -> tuple[list[OutboxRow], list[OutboxRow]]:
    url = f"sqlite:///{folder / 'engine.db'}"
    migrate(url, MIGRATIONS, MIGRATIONS_HEAD)
    database = SqliteDatabase(folder / "engine.db")
    service = EngineService(EngineSettings(port=0, background_jobs="off"), database, Metrics())
    await service.start()
    from engine_svc.commands.deployments import create_deployment
    from engine_svc.commands.executor import Start

    executor = service.executor
    await create_deployment(
        executor.database,
        executor.definitions,
        executor.clock,
        name="bench",
        tenant_id="",
        resources=[("review.bpmn", user_task())],
        force=False,
        request=None,
    )

    async def starts(method: str) -> float:
        begun = time.process_time()
        places = asyncio.Semaphore(IN_FLIGHT)

        async def one(number: int) -> None:
            call = CallContext(f"correlation-{number}", "", "ann", method=method)
            call.session_id, call.told_address = "0199aa00-0000-7000-8000-000000000000", "192.0.2.1"
            start = Start("", "review", 0, "", f"key-{number}", {"amount": number, "text": "x" * 40}, "ann")
            async with places:
                with as_call(call):
                    await executor.create([start], None, lambda instances: to_message(instances[0].id))

        await asyncio.gather(*map(one, range(STARTS)))
        return (time.process_time() - begun) / STARTS * 1e6

    def to_message(instance_id: str) -> Any:
        from flowmesh.engine.v1.process_instance_service_pb2 import CreateProcessInstanceResponse

        made = CreateProcessInstanceResponse()
        made.process_instance.id = instance_id
        return made

    await starts("")
    costs: dict[str, list[float]] = {"": [], METHOD: []}
    for turn in range(ROUNDS):
        # In turns, and each one first every other time.
        for method in ("", METHOD) if turn % 2 else (METHOD, ""):
            costs[method].append(await starts(method))
    # The two differ by less than the same one does from turn to turn.
    print(f"a start without gRPC: {median([*costs[''], *costs[METHOD]]):.0f} us")
    rows = [OutboxRow._make(row) for row in await database.read(fetch(Fetch(f"SELECT {COLUMNS} FROM outbox")))]
    by_call: tuple[list[OutboxRow], list[OutboxRow]] = ([], [])
    for row in rows:
        if row.kind == 1:
            by_call[METHOD.encode() not in row.payload].append(row)
    relay = [_expanding(part) for part in by_call]
    print(f"relay: {relay[1]:.1f} us without, {relay[0]:.1f} us with the audit a commit ({_percent(*relay[::-1])})")
    sizes = [sum(len(row.payload) for row in part) / len(part) for part in by_call]
    print(f"outbox: {sizes[1]:.0f} bytes without, {sizes[0]:.0f} bytes with the audit a commit")
    await service.stop()
    await database.close()
    return by_call


def _adding() -> float:
    """Microseconds that it takes to add the call to a commit."""
    call = CallContext("correlation", "", "ann", method=METHOD)
    call.session_id, call.told_address = "0199aa00-0000-7000-8000-000000000000", "192.0.2.1"
    entry = OutboxEntry("id", "topic", "key", 1, b"x" * 400, 1)
    times: dict[bool, float] = {}
    with as_call(call):
        for adds in (False, True) * ROUNDS:
            begun = time.process_time()
            for _ in range(ADDED):
                commit = Commit(1)
                commit.outbox.append(entry)
                if adds:
                    add_operation(commit)
            times[adds] = min(times.get(adds, 1.0), (time.process_time() - begun) / ADDED)
    return (times[True] - times[False]) * 1e6


def _expanding(rows: Sequence[OutboxRow]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for row in rows[:STARTS]:
            expand(row)
        best = min(best, (time.process_time() - begun) / len(rows[:STARTS]) * 1e6)
    return best


async def _chain(folder: Path, rows: Sequence[OutboxRow]) -> None:
    migrate(f"sqlite:///{folder / 'history.db'}", HISTORY_MIGRATIONS, HISTORY_HEAD)
    database = SqliteDatabase(folder / "history.db")
    signer = Signer("a secret for the measurement, of no use")
    entries = []
    for row in rows:
        envelope = EventEnvelope.FromString(expand(row)[-1].value)
        entry = entry_of(envelope)
        assert entry is not None
        entries.append(entry)
    begun, started = time.process_time(), time.monotonic()
    for start in range(0, len(entries), 500):
        await database.write(append(entries[start : start + 500], signer, 1, 0))
    spent, took = time.process_time() - begun, time.monotonic() - started
    count = len(entries)
    print(f"chain: {spent / count * 1e6:.1f} us an entry, {count / took:.0f} entries a second on this machine now")
    check = ChainCheck(signer)
    begun, started = time.process_time(), time.monotonic()
    place = 1
    while True:
        part = await database.read(read_part(place, 500, first=place == 1))
        check.page(part.entries, part.checkpoints)
        if part.ended:
            check.end(part.head, part.behind)
            break
        place = part.entries[-1].sequence + 1
    spent, took = time.process_time() - begun, time.monotonic() - started
    assert not check.problems
    print(f"check: {spent / count * 1e6:.1f} us an entry, {count / took:.0f} entries a second on this machine now")
    size = (folder / "history.db").stat().st_size + (folder / "history.db-wal").stat().st_size
    print(f"stored: {size / count:.0f} bytes an entry at most, indexes included")
    await database.close()


def _percent(plain: float, more: float) -> str:
    return f"{(more / plain - 1) * 100:+.1f} %"


if __name__ == "__main__":
    asyncio.run(main())
