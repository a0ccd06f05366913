"""`python -m bench.scale`: the engine's rates and memory while its database fills with instances.

Ended instances are W1, waiting ones are half user tasks and half jobs that no worker asks for. They come in through
the API. After each step the same work is measured as on the empty database, beside the echo, whose rate says how
fast the machine was at that moment: what is compared is the rate as a share of the echo's.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import machine, mariadb, processes, report, workloads
from bench.load import run_window
from bench.plan import JUDGED_AT
from bench.processes import Server

INSTANCES = 1_000_000
WAITING_SHARE = 0.1
"""Waiting instances for each ended one."""
STEPS = 10
FILL_BATCH = 500
FILLERS = 2
ALLOWED_FALL = 0.20
WAITING_KEYS = ("w2", "parked-job")


@dataclass(slots=True, frozen=True)
class Reading:
    """What was measured at one size.

    Rates a second; `shares`: of the echo's rate around them; `micros`: CPU of the engine for a unit of W1 and of W2,
    which suffers least from other work on the machine; memory in MiB.
    """

    instances: int
    echo: float
    w1: float
    w2: float
    w3: float
    shares: tuple[float, float, float]
    micros: tuple[float, float]
    resident: float
    store_resident: float | None
    fill_rate: float | None


@dataclass(slots=True)
class Subject:
    """What is filled and measured."""

    engine: workloads.Engine
    server: Server
    echo: workloads.Echo
    echo_server: Server
    store: Server | None


async def fill(engine: workloads.Engine, ended: int, waiting: int) -> float:
    """Start instances in batches; return how many a second were started."""
    todo: list[tuple[str, int]] = []
    for key, count in (("w1", ended), *((key, waiting // len(WAITING_KEYS)) for key in WAITING_KEYS)):
        whole, rest = divmod(count, FILL_BATCH)
        todo += [(key, FILL_BATCH)] * whole + ([(key, rest)] if rest else [])

    async def filler() -> None:
        while todo:
            await engine.start_many(*todo.pop())

    started = time.perf_counter()
    async with asyncio.TaskGroup() as fillers:
        for _ in range(FILLERS):
            fillers.create_task(filler())
    return (ended + waiting) / (time.perf_counter() - started)


async def read(subject: Subject, instances: int, seconds: float, rounds: int, fill_rate: float | None) -> Reading:
    """Measure at this size: each workload between two windows of the echo, some times; the medians."""
    rates: dict[str, list[float]] = {"echo": [], "w1": [], "w2": [], "w3": []}
    shares: dict[str, list[float]] = {"w1": [], "w2": [], "w3": []}
    spent: dict[str, list[float]] = {"w1": [], "w2": [], "w3": []}

    async def echo() -> float:
        window = await run_window(subject.echo.call, JUDGED_AT, seconds / 2, subject.echo_server)
        rates["echo"].append(window.rate)
        return window.rate

    before = await echo()
    for _ in range(rounds):
        for name in shares:
            rate, micros = await _rate(subject, name, seconds)
            after = await echo()
            rates[name].append(rate)
            spent[name].append(micros)
            shares[name].append(rate / ((before + after) / 2))
            before = after
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return Reading(
        instances=instances,
        echo=medians["echo"],
        w1=medians["w1"],
        w2=medians["w2"],
        w3=medians["w3"],
        shares=(
            statistics.median(shares["w1"]),
            statistics.median(shares["w2"]),
            statistics.median(shares["w3"]),
        ),
        micros=(statistics.median(spent["w1"]), statistics.median(spent["w2"])),
        resident=subject.server.resident_mib(),
        store_resident=subject.store.resident_mib() if subject.store else None,
        fill_rate=fill_rate,
    )


async def _rate(subject: Subject, name: str, seconds: float) -> tuple[float, float]:
    """Return units of work a second and the engine's CPU µs for each."""
    if name == "w3":
        tasks, spent, cpu = 0, 0.0, subject.server.cpu_seconds()
        while spent < seconds:
            fleet = await subject.engine.fleet()
            tasks += fleet.tasks
            spent += fleet.seconds
        return tasks / spent, (subject.server.cpu_seconds() - cpu) / tasks * 1e6
    work = subject.engine.w1 if name == "w1" else subject.engine.w2
    window = await run_window(work, JUDGED_AT, seconds, subject.server)
    return window.rate, window.server_micros


async def run(arguments: argparse.Namespace, folder: Path) -> list[Reading]:
    """Start the servers, fill and measure, stop them."""
    async with AsyncExitStack() as closing:
        store = None
        url = f"sqlite:///{folder / 'engine.db'}"
        if arguments.database == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("there is no MariaDB on this machine")
            store = await closing.enter_async_context(mariadb.server(programs, folder / "mariadb"))
            url = mariadb.url(store)
        server = await closing.enter_async_context(processes.server("engine", "bench.engine_process", url))
        engine = workloads.Engine(await closing.enter_async_context(workloads.channel_to(server)))
        await engine.deploy()
        answer = await engine.w1()
        echo_server = await closing.enter_async_context(
            processes.server("echo", "bench.echo_process", str(len(answer)))
        )
        echo = workloads.Echo(await closing.enter_async_context(workloads.channel_to(echo_server)))
        subject = Subject(engine, server, echo, echo_server, store)

        # What is loaded at the first call is not growth.
        await read(subject, 0, 0.5, 1, None)
        readings = [await read(subject, 0, arguments.seconds, arguments.rounds, None)]
        _show(readings[0])
        ended = arguments.instances // STEPS
        waiting = int(ended * WAITING_SHARE)
        for step in range(1, STEPS + 1):
            fill_rate = await fill(engine, ended, waiting)
            size = step * (ended + waiting)
            readings.append(await read(subject, size, arguments.seconds, arguments.rounds, fill_rate))
            _show(readings[-1])
    return readings


def _show(reading: Reading) -> None:
    print(f"  {reading.instances:,}: W1 {reading.w1:,.0f}/s, {reading.resident:.0f} MiB", flush=True)


def _table(readings: list[Reading]) -> str:
    first = readings[0]
    head = (
        "instances",
        "filled/s",
        "echo/s",
        "W1/s",
        "W2/s",
        "W3 tasks/s",
        "W1 fall",
        "W2 fall",
        "W3 fall",
        "W1 µs",
        "W2 µs",
        "MiB",
        "DB MiB",
    )
    rows = []
    for reading in readings:
        falls = [1 - share / initial for share, initial in zip(reading.shares, first.shares, strict=True)]
        rows.append(
            (
                f"{reading.instances:,}",
                f"{reading.fill_rate:,.0f}" if reading.fill_rate else "",
                f"{reading.echo:,.0f}",
                f"{reading.w1:,.0f}",
                f"{reading.w2:,.0f}",
                f"{reading.w3:,.0f}",
                *(f"{fall:+.0%}" for fall in falls),
                *(f"{micros:,.0f}" for micros in reading.micros),
                f"{reading.resident:.0f}",
                f"{reading.store_resident:.0f}" if reading.store_resident else "",
            )
        )
    return report.table(head, rows)


def _judge(readings: list[Reading]) -> str:
    first, last = readings[0], readings[-1]
    lines = []
    for name, initial, final in zip(("W1", "W2", "W3"), first.shares, last.shares, strict=True):
        fall = 1 - final / initial
        lines.append(
            (f"{name} falls by", f"at most {ALLOWED_FALL:.0%}", f"{fall:+.0%}", _verdict(fall <= ALLOWED_FALL))
        )
    grown = last.resident / readings[1].resident - 1
    lines.append(("memory grows after the first step by", "at most 10%", f"{grown:+.0%}", _verdict(grown <= 0.10)))
    return report.table(("target", "", "measured", ""), lines)


def _verdict(met: bool) -> str:
    return "pass" if met else "MISS"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--instances", type=int, default=INSTANCES, help="ended instances; a tenth as many wait")
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a window")
    parser.add_argument("--rounds", type=int, default=3, help="windows of each workload at each step; the median")
    parser.add_argument("--folder", type=Path, help="where the database is made; it takes 3 GB for a million")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        for what, text in machine.describe(folder).items():
            print(f"{what}: {text}")
        readings = uvloop.run(run(arguments, folder))
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"\n{_table(readings)}\n\n{_judge(readings)}\n\nthe folder of the database has {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
