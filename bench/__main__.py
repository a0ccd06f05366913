"""`python -m bench`: the rates of one run on one machine, against a bare grpc.aio echo measured in between."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvloop

from bench import machine, mariadb, plan, processes, report, workloads
from bench.http1 import HttpClient
from bench.load import Window, Work, run_window
from bench.plan import JUDGED_AT, Plan
from bench.points import Point, Throughput
from bench.processes import Server
from bench.report import Verdict
from bench.signed import signed_mesh
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, fetch

ENGINE = "bench.engine_process"
OPEN = "W1 by REST SQLite"
SIGNED = "W1 by REST SQLite, signed in"
WARM_SECONDS = 0.5
PARTS = ("w1", "w2", "rest", "signed", "batch", "w3", "history")


@dataclass(slots=True, frozen=True)
class Subject:
    """A workload with the server whose CPU time is counted."""

    name: str
    server: Server
    work: Work
    calls: int = 1


@dataclass(slots=True, frozen=True)
class Backend:
    """An engine on one kind of database."""

    name: str
    engine: workloads.Engine
    server: Server
    url: str


@dataclass(slots=True)
class Results:
    """Everything that was measured."""

    points: list[Point] = field(default_factory=list)
    bulk: list[Throughput] = field(default_factory=list)

    def verdicts(self) -> list[Verdict]:
        """Return the targets whose figures were measured."""
        found = []
        for target, name in ((plan.W1_SQLITE, "W1 SQLite"), (plan.W1_MARIADB, "W1 MariaDB")):
            for point in self.points:
                if (point.workload, point.in_flight) == (name, JUDGED_AT) and point.ratio is not None:
                    found.append(Verdict(target, point.ratio))
        found += [Verdict(plan.SIGNED, ratio) for ratio in self._signed()]
        for target, name in ((plan.BATCH_START, "batch start of 100, SQLite"), (plan.W3, "W3 SQLite")):
            found += [Verdict(target, figure.best) for figure in self.bulk if figure.workload == name]
        return found

    def _signed(self) -> list[float]:
        """Return what is left of W1 by REST where callers sign in, where both were measured on the same database."""
        at = {point.workload: point for point in self.points if point.in_flight == JUDGED_AT}
        if SIGNED not in at or OPEN not in at:
            return []
        pairs = zip(at[SIGNED].windows, at[OPEN].windows, strict=True)
        return [statistics.median(signed.rate / opened.rate for signed, opened in pairs)]


async def measure_points(plan: Plan, echo: Subject, subjects: Sequence[Subject]) -> list[Point]:
    """Measure each subject between two windows of the echo, round by round, at each number in flight.

    A change of the machine's speed in the middle of a run then meets both sides of a ratio.
    """
    points: list[Point] = []
    for in_flight in plan.in_flight:
        reference = Point(echo.name, in_flight)
        measured = [Point(subject.name, in_flight, subject.calls) for subject in subjects]
        for subject in (echo, *subjects):
            await run_window(subject.work, in_flight, WARM_SECONDS, subject.server)
        for _ in range(plan.rounds):
            before = await _echo_window(plan, echo, in_flight, reference)
            for subject, point in zip(subjects, measured, strict=True):
                point.windows.append(await run_window(subject.work, in_flight, plan.seconds, subject.server))
                after = await _echo_window(plan, echo, in_flight, reference)
                point.reference.append((before.rate + after.rate) / 2)
                before = after
        points += [reference, *measured]
        for point in (reference, *measured):
            _progress(f"{point.workload} at {in_flight}: {point.best.rate:,.0f}/s")
    return sorted(points, key=lambda point: [p.workload for p in points].index(point.workload))


async def _echo_window(plan: Plan, echo: Subject, in_flight: int, reference: Point) -> Window:
    window = await run_window(echo.work, in_flight, max(1.0, plan.seconds / 2), echo.server)
    reference.windows.append(window)
    return window


async def measure_bulk(plan: Plan, backend: Backend, parts: Sequence[str]) -> list[Throughput]:
    """Measure batch start and W3 on one engine."""
    figures = []
    if "batch" in parts:
        figure = Throughput(f"batch start of {workloads.BATCH}, {backend.name}", "instances/s")
        await backend.engine.batch()
        for _ in range(plan.rounds):
            window = await run_window(backend.engine.batch, 1, plan.seconds, backend.server)
            figure.rates.append(window.rate * workloads.BATCH)
        figures.append(figure)
    if "w3" in parts:
        figure = Throughput(f"W3 {backend.name}", "tasks/s")
        await backend.engine.fleet()
        for _ in range(plan.rounds):
            tasks, seconds = 0, 0.0
            while seconds < plan.seconds:
                fleet = await backend.engine.fleet()
                tasks += fleet.tasks
                seconds += fleet.seconds
            figure.rates.append(tasks / seconds)
        figures.append(figure)
    for figure in figures:
        _progress(f"{figure.workload}: {figure.best:,.0f} {figure.unit}")
    return figures


async def _engine(closing: AsyncExitStack, name: str, url: str) -> Backend:
    server = await closing.enter_async_context(processes.server(f"engine on {name}", ENGINE, url))
    channel = await closing.enter_async_context(workloads.channel_to(server))
    engine = workloads.Engine(channel)
    await engine.deploy()
    return Backend(name, engine, server, url)


async def run(plan: Plan, parts: Sequence[str], databases: Sequence[str], folder: Path) -> Results:
    """Start the servers, measure, stop them."""
    results = Results()
    async with AsyncExitStack() as closing:
        backends = []
        if "sqlite" in databases:
            backends.append(await _engine(closing, "SQLite", f"sqlite:///{folder / 'engine.db'}"))
        programs = mariadb.binaries() if "mariadb" in databases else None
        if programs is not None:
            store = await closing.enter_async_context(mariadb.server(programs, folder / "mariadb"))
            backends.append(await _engine(closing, "MariaDB", mariadb.url(store)))
        answer = await backends[0].engine.w1()
        echo_server = await closing.enter_async_context(
            processes.server("echo", "bench.echo_process", str(len(answer)))
        )
        channel = await closing.enter_async_context(workloads.channel_to(echo_server))
        echo = Subject("echo", echo_server, workloads.Echo(channel).call)
        _progress(f"a W1 request has {workloads.request_size()} bytes, its answer {len(answer)}")

        subjects = []
        if "w1" in parts:
            subjects += [Subject(f"W1 {one.name}", one.server, one.engine.w1) for one in backends]
        if "w2" in parts:
            subjects += [Subject(f"W2 {one.name}", one.server, one.engine.w2, calls=3) for one in backends]
        if "rest" in parts:
            # Only the engine is asked here, but every package with REST routes needs a backend.
            addresses = dict.fromkeys(
                ("engine", "history", "identity", "form", "monitoring", "notification"), backends[0].server.address
            )
            envoy = await closing.enter_async_context(processes.gateway(addresses, folder))
            http = HttpClient("127.0.0.1", envoy.port)
            closing.callback(http.close)
            name = f"W1 by REST {backends[0].name}"
            subjects.append(Subject(name, backends[0].server, workloads.Rest(http).w1))
        if "signed" in parts:
            mesh = await closing.enter_async_context(signed_mesh(folder / "signed"))
            await workloads.deploy_by_rest(mesh.http)
            subjects.append(Subject(SIGNED, mesh.engine, workloads.Rest(mesh.http).w1))
        if subjects:
            results.points += await measure_points(plan, echo, subjects)
        for backend in backends:
            results.bulk += await measure_bulk(plan, backend, parts)
        if "history" in parts and backends[0].name == "SQLite":
            results.points += await _with_history(replace(plan, in_flight=(JUDGED_AT,)), echo, folder)
    return results


async def _with_history(plan: Plan, echo: Subject, folder: Path) -> list[Point]:
    """Measure W1 while its events go to the bus and into history, on a database of its own."""
    url = f"sqlite:///{folder / 'followed.db'}"
    async with AsyncExitStack() as closing:
        backend = await _engine(closing, "SQLite, with relay and history", url)
        (folder / "followed").mkdir()
        await closing.enter_async_context(
            processes.server("relay and history", "bench.background_process", url, str(folder / "followed"))
        )
        subject = Subject(f"W1 {backend.name}", backend.server, backend.engine.w1)
        points = (await measure_points(plan, echo, [subject]))[1:]
        rest = await database_rows(url, "SELECT COUNT(*) FROM outbox")
        events = await database_rows(f"sqlite:///{folder / 'followed' / 'bus.db'}", "SELECT COUNT(*) FROM message")
        _progress(f"{events:,} events went to the bus meanwhile, {rest:,} commits wait for the relay")
        return points


async def database_rows(url: str, count: str) -> int:
    """Return what a counting query says."""
    database = await open_database(url)
    try:
        rows = await database.read(fetch(Fetch(count)))
    finally:
        await database.close()
    return int(rows[0][0])


def _progress(line: str) -> None:
    print(f"  {line}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter windows, fewer points; for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured to a file")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure only these")
    parser.add_argument("--database", nargs="+", choices=("sqlite", "mariadb"), default=("sqlite", "mariadb"))
    parser.add_argument("--in-flight", nargs="+", type=int, help="calls in flight; 1 8 32 128 by default")
    parser.add_argument("--seconds", type=float, help="length of a window")
    parser.add_argument("--folder", type=Path, help="where the databases are made; the system's temporary folder")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    chosen = plan.QUICK if arguments.quick else plan.FULL
    if arguments.in_flight:
        chosen = replace(chosen, in_flight=tuple(arguments.in_flight))
    if arguments.seconds:
        chosen = replace(chosen, seconds=arguments.seconds)
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        described = machine.describe(folder)
        for what, text in described.items():
            print(f"{what}: {text}")
        print(f"windows of {chosen.seconds:g} s, the best of {chosen.rounds}", flush=True)
        results = uvloop.run(run(chosen, arguments.only, arguments.database, folder))
    _print(results)
    if arguments.json is not None:
        document = {
            "machine": described,
            "points": [point.as_json() for point in results.points],
            "bulk": [figure.as_json() for figure in results.bulk],
            "targets": [verdict.as_json() for verdict in results.verdicts()],
        }
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


def _print(results: Results) -> None:
    if results.points:
        print(f"\n{report.points_table(results.points)}")
    if results.bulk:
        print(f"\n{report.throughput_table(results.bulk)}")
    if verdicts := results.verdicts():
        print(f"\n{report.verdicts_table(verdicts)}")


if __name__ == "__main__":
    main()
