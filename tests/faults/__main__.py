"""`python -m tests.faults [--faults 200] [--seed N] [--only KIND ...]`: faults one after the other under traffic.

At the end the ledger is compared with the engine, history with the engine, and the events with the commits. Prints a
table of how long service was away for each kind of fault, and every finding; exits 1 where there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.faults import checker, kinds
from tests.faults.client import Client
from tests.faults.cluster import Cluster, running
from tests.faults.events import copies_of_events
from tests.faults.ledger import Ledger
from tests.faults.traffic import Traffic

BACK_SECONDS = 120.0
"""How long the mesh may take to come back by itself after a fault."""


class NotBack(Exception):
    """The mesh did not come back in time."""


class Run:
    """One run: its traffic, its faults, and what they did to the service."""

    def __init__(self, cluster: Cluster, seed: int, only: Sequence[str]) -> None:
        self._cluster = cluster
        self._only = only
        self._chance = random.Random(seed)
        self.ledger = Ledger()
        self.client = Client(cluster.engine_addresses, cluster.history_address, self.ledger)
        self.away: dict[str, list[float]] = defaultdict(list)
        self.behind: dict[str, list[float]] = defaultdict(list)

    async def faults(self, count: int) -> None:
        """Do so many faults under traffic. Raises `NotBack`."""
        possible, missing = kinds.kinds(self._cluster)
        for sentence in missing:
            print(sentence)
        if self._only:
            possible = [kind for kind in possible if kind.name in self._only]
        done: Counter[str] = Counter()
        await self.client.deploy()
        traffic = Traffic(self.client, self.ledger, random.Random(self._chance.random()))
        traffic.begin()
        try:
            for number in range(count):
                left = [kind for kind in possible if kind.most is None or done[kind.name] < kind.most]
                # Each kind comes once before chance decides.
                fresh = [kind for kind in left if not done[kind.name]]
                kind = self._chance.choice(fresh) if fresh else self._drawn(left)
                done[kind.name] += 1
                await asyncio.sleep(self._chance.uniform(0.2, 1.0))
                await self._fault(number, kind)
            await traffic.drain()
            self.instances = await checker.until_all_ended(self.client)
        finally:
            await traffic.stop()

    def _drawn(self, possible: Sequence[kinds.Kind]) -> kinds.Kind:
        return self._chance.choices(possible, [kind.weight for kind in possible])[0]

    async def _fault(self, number: int, kind: kinds.Kind) -> None:
        begin = time.monotonic()
        await kind.do(self._cluster, self._chance)
        undone = time.monotonic()
        try:
            async with asyncio.timeout(BACK_SECONDS):
                key = self.ledger.next_key()
                await self.client.start(key)
                served = time.monotonic()
                await self.client.publish(key)
                while not await self.client.in_history(self.ledger.started[key]):
                    await asyncio.sleep(0.05)
                told = time.monotonic()
                for process in (*self._cluster.engines, *self._cluster.histories):
                    await process.until_ready()
        except TimeoutError:
            raise NotBack(f"{BACK_SECONDS:.0f} s after fault {number}, {kind.name}") from None
        away = self.ledger.longest_gap(begin, served)
        self.away[kind.name].append(away)
        self.behind[kind.name].append(told - undone)
        print(
            f"{number + 1:4} {kind.name:32} no start for {away:5.1f} s, in history {told - undone:5.1f} s after its end,"
            f" {self.ledger.operations} operations",
            flush=True,
        )

    async def check(self) -> list[str]:
        """Return what is not as it must be."""
        findings = checker.Findings()
        checker.check_engine(self.ledger, self.instances, findings)
        history = await checker.until_history_ended(self.client, self.instances)
        await checker.check_history(self.client, self.instances, history, findings)
        partitions = await copies_of_events(self._cluster.kafka.bootstrap)
        copies = checker.check_order(self.instances, partitions, findings)
        events = sum(len(partition) for partition in partitions)
        print(f"\n{self.ledger.operations} operations acknowledged, {len(self.instances)} instances,", end=" ")
        print(f"{events} events on Kafka, {copies} of them copies")
        return findings.lines()

    def table(self) -> list[str]:
        """Return what each kind of fault did, a line each."""
        head = f"{'fault':32} {'times':>5}  {'no start for, s':>22}  {'history behind, s':>22}"
        lines = [head, f"{'':32} {'':5}  {'median':>11}{'longest':>11}  {'median':>11}{'longest':>11}"]
        for name, away in self.away.items():
            behind = self.behind[name]
            lines.append(
                f"{name:32} {len(away):5}  {statistics.median(away):11.1f}{max(away):11.1f}"
                f"  {statistics.median(behind):11.1f}{max(behind):11.1f}"
            )
        return lines


async def run(faults: int, seed: int, only: Sequence[str], folder: Path) -> bool:
    """Do a run; return whether everything was as it must be."""
    print(f"seed {seed}", flush=True)
    async with running(folder) as cluster:
        current = Run(cluster, seed, only)
        try:
            await current.faults(faults)
            findings = await current.check()
        finally:
            print("\n".join(current.table()))
            await current.client.close()
    for line in findings:
        print(f"WRONG: {line}")
    return not findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 32))
    parser.add_argument("--only", nargs="*", default=(), help="names of kinds")
    parser.add_argument("--folder", type=Path, help="for data and logs; kept after a failure")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="flowmesh-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    passed = False
    try:
        passed = asyncio.run(run(chosen.faults, chosen.seed, chosen.only, folder))
    finally:
        if passed:
            shutil.rmtree(folder)
        else:
            print(f"seed {chosen.seed}; logs are in {folder}")
    print("everything acknowledged is there once" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
