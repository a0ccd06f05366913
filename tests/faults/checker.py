"""Compares the ledger with the engine, history with the engine, and the order of the events with the commits."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Iterable
from dataclasses import dataclass, field

from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1.history_pb2 import HistoricProcessInstance

from tests.faults import model
from tests.faults.client import Client
from tests.faults.ledger import Ledger

END_SECONDS = 300.0
POLL_SECONDS = 0.5
AT_ONCE = 16
SHOWN = 5


@dataclass
class Findings:
    """What is not as it must be, by kind."""

    faults: dict[str, list[str]] = field(default_factory=lambda: collections.defaultdict(list))

    def add(self, kind: str, about: Iterable[str]) -> None:
        """Note things of a kind."""
        if found := list(about):
            self.faults[kind] += found

    def lines(self) -> list[str]:
        """Return a line for each kind, with a few examples."""
        return [f"{kind}: {len(found)}, such as {', '.join(found[:SHOWN])}" for kind, found in self.faults.items()]


async def until_all_ended(client: Client) -> list[ProcessInstance]:
    """Wait until no instance runs; return all that there are. Raises `TimeoutError`."""
    async with asyncio.timeout(END_SECONDS):
        while True:
            instances = await client.instances()
            if all(instance.status == ProcessInstance.STATUS_COMPLETED for instance in instances):
                return instances
            await asyncio.sleep(POLL_SECONDS)


async def until_history_ended(client: Client, instances: list[ProcessInstance]) -> dict[str, HistoricProcessInstance]:
    """Wait until history has as many ended instances; return what it has. Raises `TimeoutError`."""
    async with asyncio.timeout(END_SECONDS):
        while True:
            history = await client.historic_instances()
            ended = [i for i in history.values() if i.status == HistoricProcessInstance.STATUS_COMPLETED]
            if len(ended) >= len(instances):
                return history
            await asyncio.sleep(POLL_SECONDS)


def check_engine(ledger: Ledger, instances: list[ProcessInstance], findings: Findings) -> None:
    """Everything acknowledged is there, once, and nothing else."""
    ids = collections.defaultdict(list)
    for instance in instances:
        ids[instance.business_key].append(instance.id)
    findings.add("acknowledged starts that are lost", ledger.started.keys() - ids.keys())
    findings.add("instances that nobody started", ids.keys() - ledger.begun)
    findings.add("instances started twice", [key for key, found in ids.items() if len(found) > 1])
    findings.add("starts under another id", [k for k, i in ledger.started.items() if k in ids and i not in ids[k]])
    ended = {instance.id for instance in instances}
    findings.add("acknowledged tasks without an instance", _without(ledger.completed_tasks, ended))
    findings.add("acknowledged jobs without an instance", _without(ledger.completed_jobs, ended))
    findings.add("answers that nobody may get", ledger.surprises)


async def check_history(
    client: Client, instances: list[ProcessInstance], history: dict[str, HistoricProcessInstance], findings: Findings
) -> None:
    """History tells the same: every instance, and each of its steps once."""
    findings.add("instances in history that the engine does not know", history.keys() - {i.id for i in instances})
    free = asyncio.Semaphore(AT_ONCE)

    async def check(instance: ProcessInstance) -> None:
        told = history.get(instance.id)
        if told is None:
            findings.add("instances that history does not know", [instance.id])
            return
        if (told.business_key, told.start_time, told.end_time) != (
            instance.business_key,
            instance.start_time,
            instance.end_time,
        ):
            findings.add("instances of which history tells otherwise", [instance.id])
        async with free:
            elements = await client.historic_elements(instance.id)
            count = await client.historic_count(instance.id)
        if elements != model.ELEMENTS:
            findings.add("instances with steps lost or doubled", [f"{instance.id} {elements}"])
        if count != [model.ROUNDS]:
            findings.add("instances that counted wrong", [f"{instance.id} {count}"])

    await asyncio.gather(*(check(instance) for instance in instances))


def check_order(
    instances: list[ProcessInstance], partitions: Iterable[Iterable[EventEnvelope]], findings: Findings
) -> int:
    """Look at the events of each partition as they lie: of each instance the first copies are in order, none is missing.

    Return how many copies there were beyond the first ones.
    """
    copies = 0
    told_of: set[str] = set()
    for events in partitions:
        seen: set[str] = set()
        last: dict[str, tuple[int, int, bool]] = {}
        for event in events:
            if event.event_id in seen:
                copies += 1
                continue
            seen.add(event.event_id)
            payload = getattr(event, event.WhichOneof("payload"))
            if "process_instance" not in payload.DESCRIPTOR.fields_by_name:
                # Of deployments and definitions.
                continue
            reference = payload.process_instance
            revision, ordinal, over = last.get(reference.id, (0, -1, True))
            expected = (revision + 1, 0) if over else (revision, ordinal + 1)
            told = (reference.revision, reference.ordinal)
            # A commit that tells nothing leaves a revision out.
            if told != expected and not (over and told[0] > revision and told[1] == 0):
                findings.add("events out of order", [f"{reference.id} {told} after {(revision, ordinal)}"])
            last[reference.id] = (*told, reference.last_in_commit)
        told_of |= last.keys()
        findings.add(
            "instances whose last commit is not told to its end", [i for i, (_, _, over) in last.items() if not over]
        )
    findings.add("instances without events", {instance.id for instance in instances} - told_of)
    return copies


def _without(ids: Iterable[str], instances: set[str]) -> list[str]:
    return [each for each in ids if each.partition(".")[0] not in instances]
