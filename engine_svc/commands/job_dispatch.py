"""Gives jobs of some types to workers over the bus: the lease and the command are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from flowmesh.events.v1 import worker_pb2, workflow_pb2
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.job_operations import give_up
from engine_svc.commands.jobs import visible_variables
from engine_svc.commands.lease_tokens import LeaseTokens
from engine_svc.events.job_activation import FORMAT, JOB_ACTIVATION
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import JOB_COLUMNS
from engine_svc.storage.job_dispatch import Activation, job_types_with_prefix, lease_and_tell, ready_jobs
from mesh.bus.topics import WORKFLOW_WORKER_COMMANDS
from mesh.db.statements import Row
from mesh.errors import DependencyDown, DomainError, Overload
from mesh.ids import member_id, new_id
from mesh.json_values import to_values
from mesh.logs import get_log
from mesh.outbox import OutboxEntry

_log = get_log(__name__)

BATCH: Final = 100
MOST_TYPES: Final = 1_000
"""Types that one pattern may stand for."""
FETCH_VARIABLES: Final = "fetchVariables"
"""Custom header of the model that names the variables a command has, separated by commas."""
LONGEST_LEASE_MICROS: Final = 3_600_000_000
MOST_DOUBLINGS: Final = 6


@dataclass(slots=True, frozen=True)
class DispatchLimits:
    """`lease_micros`: of the first lease. `most_leased`: jobs of one type that are out at one time.

    `most_bytes`: size of a command.
    """

    lease_micros: int
    most_leased: int
    most_bytes: int


class JobDispatch:
    """One round of it is `run`. `patterns`: job types, or beginnings of them that end in `*`."""

    def __init__(
        self, executor: InstanceExecutor, tokens: LeaseTokens, patterns: Sequence[str], limits: DispatchLimits
    ) -> None:
        self._executor = executor
        self._tokens = tokens
        self._types = [pattern for pattern in patterns if not pattern.endswith("*")]
        self._prefixes = [pattern[:-1] for pattern in patterns if pattern.endswith("*")]
        self._limits = limits

    async def run(self) -> bool:
        """Give out what is ready, a bounded batch of each type; say whether there may be more."""
        more = False
        for job_type in await self._job_types():
            more |= await self._dispatch(job_type)
        return more

    async def _job_types(self) -> list[str]:
        types = dict.fromkeys(self._types)
        for prefix in self._prefixes:
            found = await self._executor.database.read(job_types_with_prefix(prefix, MOST_TYPES))
            types.update(dict.fromkeys(found))
        return list(types)

    async def _dispatch(self, job_type: str) -> bool:
        database = self._executor.database
        rows, revisions = await database.read(ready_jobs(job_type, BATCH, self._limits.most_leased))
        if not rows:
            return False
        instances = await self._instances(revisions)
        activations = []
        for row in rows:
            instance = instances.get(row[0])
            # Where it has moved on since it was read, the job is looked at again in the next round.
            if instance is None or instance.revision != revisions[row[0]]:
                continue
            activation = await self._activation(row, instance)
            if activation is not None:
                activations.append(activation)
        taken = await database.write(lease_and_tell(activations)) if activations else 0
        return taken > 0 and len(rows) == BATCH

    async def _instances(self, revisions: dict[str, int]) -> dict[str, Instance]:
        cached = {
            instance_id: instance
            for instance_id, revision in revisions.items()
            if (instance := self._executor.cached(instance_id, revision)) is not None
        }
        missing = [instance_id for instance_id in revisions if instance_id not in cached]
        return {**cached, **await self._executor.load_many(missing)} if missing else cached

    async def _activation(self, row: Row, instance: Instance) -> Activation | None:
        """Return what leases a job and tells it; None where it cannot be told and went to the dead letter."""
        job = dict(zip(JOB_COLUMNS, row, strict=True))
        key: int = job["job_key"]
        job_id = member_id(instance.id, key)
        now = self._executor.clock.now_micros()
        sequence: int = job["lease_sequence"]
        lease_until = now + self._lease_micros(sequence, has_failed=bool(job["error_message"]))
        headers: dict[str, str] = orjson.loads(job["headers"])
        wanted = tuple(name for name in map(str.strip, headers.get(FETCH_VARIABLES, "").split(",")) if name)
        variables = {**visible_variables(instance, key, wanted), **orjson.loads(job["inputs"])}
        definition = instance.definition
        command = worker_pb2.JobActivated(
            process_instance=workflow_pb2.ProcessInstanceRef(
                id=instance.id,
                process_definition_id=definition.id,
                process_definition_key=definition.key,
                process_definition_version=definition.version,
                business_key=instance.business_key,
                tenant_id=instance.tenant_id,
                revision=instance.revision,
            ),
            job_id=job_id,
            job_type=job["type"],
            element_id=job["element_id"],
            lease_token=await self._tokens.token_of(job_id, sequence + 1),
            lease_expire_time=_timestamp(lease_until),
            retries=job["retries"],
            variables=to_values(variables),
            headers=headers,
        )
        record = stored_pb2.JobActivationRecord(format=FORMAT, time_micros=now, job_activated=command)
        payload = record.SerializeToString()
        if len(payload) > self._limits.most_bytes:
            await self._refuse(job_id, len(payload))
            return None
        entry = OutboxEntry(new_id(), WORKFLOW_WORKER_COMMANDS, instance.id, JOB_ACTIVATION, payload, now)
        return Activation(row, instance.revision, lease_until, entry)

    def _lease_micros(self, sequence: int, *, has_failed: bool) -> int:
        """Each lease is twice as long as the one before, so that what nobody answers is told ever more rarely.

        Where a worker has answered that it failed, somebody is there, and the lease is as long as the first one.
        """
        first = self._limits.lease_micros
        if has_failed:
            return first
        return min(first << min(sequence, MOST_DOUBLINGS), max(first, LONGEST_LEASE_MICROS))

    async def _refuse(self, job_id: str, size: int) -> None:
        reason = (
            f"the command for the worker has {size} bytes, more than the {self._limits.most_bytes} allowed on the bus; "
            f"name the variables that it needs in the header {FETCH_VARIABLES}, or let a worker take the job by gRPC"
        )
        try:
            await give_up(self._executor, job_id, reason, None, lambda _: Timestamp())
        except (DependencyDown, Overload):
            raise
        except DomainError as error:
            # It was cancelled, paused or taken meanwhile.
            _log.info("A job too large for the bus was not there any more", job=job_id, reason=error.reason)


def _timestamp(micros: int) -> Timestamp:
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)
