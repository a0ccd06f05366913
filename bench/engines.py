"""What a second engine process on the same MariaDB brings: `python -m bench.engines`.

W1 with the same number of calls in flight over one engine and over two, in turns within one run, so that what else the
machine does falls on both.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import grpc.aio
import uvloop

from bench import mariadb, processes, workloads
from bench.http2 import UnaryConnection
from bench.load import Work, run_window

ENGINE = "bench.engine_process"
GOAL = 1.1
WARM_SECONDS = 1.0
CONNECTIONS = 4


async def _run(arguments: argparse.Namespace, folder: Path) -> float:
    programs = mariadb.binaries()
    if programs is None:
        raise SystemExit("this machine has no mariadbd")
    async with AsyncExitStack() as closing:
        database = await closing.enter_async_context(mariadb.server(programs, folder / "mariadb"))
        url = mariadb.url(database)
        servers = []
        engines: list[list[UnaryConnection]] = []
        for number in range(arguments.engines):
            server = await closing.enter_async_context(processes.server(f"engine {number}", ENGINE, url))
            servers.append(server)
            engines.append([await workloads.w1_connection(server.address) for _ in range(CONNECTIONS)])
            for connection in engines[-1]:
                closing.callback(connection.close)
        async with grpc.aio.insecure_channel(servers[0].address) as channel:
            await workloads.Engine(channel).deploy()
        everywhere = itertools.cycle(list(itertools.chain(*zip(*engines, strict=True))))
        first = itertools.cycle(engines[0])

        async def one() -> None:
            await workloads.bare_w1(next(first))

        async def all_of_them() -> None:
            await workloads.bare_w1(next(everywhere))

        def spent() -> list[float]:
            return [*(server.cpu_seconds() for server in (*servers, database)), time.process_time()]

        kinds: dict[str, Work] = {"one": one, "all": all_of_them}
        for work in kinds.values():
            await run_window(work, arguments.in_flight, WARM_SECONDS, servers[0])
        rates: dict[str, list[float]] = {"one": [], "all": []}
        for _ in range(arguments.rounds):
            for name, work in kinds.items():
                before = spent()
                window = await run_window(work, arguments.in_flight, arguments.seconds, servers[0])
                used = [end - begin for end, begin in zip(spent(), before, strict=True)]
                calls = window.rate * arguments.seconds
                costs = " ".join(f"{one / calls * 1e6:.0f}" for one in used)
                rates[name].append(window.rate)
                print(
                    f"  {name}: {window.rate:,.0f}/s, p99 {window.p99:.0f} ms, "
                    f"µs of CPU (engines, MariaDB, client): {costs}"
                )
        ratio = statistics.median(rates["all"]) / statistics.median(rates["one"])
        print(json.dumps({**{name: round(statistics.median(of)) for name, of in rates.items()}, "ratio": ratio}))
        return ratio


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=__doc__)
    parser.add_argument("--engines", type=int, default=2)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a window")
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()} ({platform.python_compiler()})")
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as name:
        ratio = uvloop.run(_run(arguments, Path(name)))
    print(f"{arguments.engines} engines bring {ratio:.2f} times one, goal {GOAL}")


if __name__ == "__main__":
    main()
