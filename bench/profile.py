"""`python -m bench.profile w1`: where the engine's time goes under load, by sampling its stacks.

Self time is that of a function itself with the C code it calls; total time includes the functions it calls.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from bench import mariadb, processes, report, workloads
from bench.load import run_window
from bench.plan import JUDGED_AT

SHOWN = 40
WARM_SECONDS = 1.0


async def sample(workload: str, database: str, seconds: float, folder: Path) -> tuple[Path, str]:
    """Load an engine that samples itself; return the file with its stacks and a line on what was done."""
    stacks = folder / "stacks"
    async with AsyncExitStack() as closing:
        url = f"sqlite:///{folder / 'engine.db'}"
        if database == "mariadb":
            programs = mariadb.binaries()
            if programs is None:
                raise SystemExit("there is no MariaDB on this machine")
            url = mariadb.url(await closing.enter_async_context(mariadb.server(programs, folder / "mariadb")))
        server = await closing.enter_async_context(processes.server("engine", "bench.engine_process", url, str(stacks)))
        engine = workloads.Engine(await closing.enter_async_context(workloads.channel_to(server)))
        await engine.deploy()
        work = {"w1": engine.w1, "w2": engine.w2, "batch": engine.batch, "w3": engine.fleet}[workload]
        in_flight = JUDGED_AT if workload in ("w1", "w2") else 1
        await run_window(work, in_flight, WARM_SECONDS, server)
        window = await run_window(work, in_flight, seconds, server)
        line = f"{workload} on {database}, {in_flight} in flight: {window.rate:,.0f}/s, {window.server_micros:,.0f} µs"
    return stacks, line


def show(file: Path) -> None:
    """Print the functions of the main thread that took most, and what the threads used."""
    sampled = json.loads(file.read_text())
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for stack, count in sampled["stacks"]:
        frames = stack.split(";")
        own[frames[-1]] += count
        for frame in dict.fromkeys(frames):
            total[frame] += count
    samples = sum(own.values())
    for title, counter in (("main thread: self time", own), ("main thread: total time", total)):
        rows = [(name, f"{count / samples:.1%}") for name, count in counter.most_common(SHOWN)]
        print(f"\n{report.table((title, ''), rows)}")
    rows = [(name, f"{seconds:.2f}") for name, seconds in sampled["threads"].items()]
    print(f"\n{report.table(('threads', 'CPU s'), rows)}")


def main() -> None:
    """Sample and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("workload", choices=("w1", "w2", "w3", "batch"))
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=8.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        stacks, line = uvloop.run(sample(arguments.workload, arguments.database, arguments.seconds, Path(name)))
        print(line)
        show(stacks)


if __name__ == "__main__":
    main()
