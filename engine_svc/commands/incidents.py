"""Commands on incidents."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.runtime import step
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import INCIDENT_COLUMNS, RequestRecord
from engine_svc.storage.incidents import fetch_incident
from engine_svc.storage.jobs import give_retries
from mesh.db.statements import Row
from mesh.errors import NotFound
from mesh.ids import split_member_id

JOB_KEY = INCIDENT_COLUMNS.index("job_key")


async def resolve(
    executor: InstanceExecutor,
    incident_id: str,
    retries: int,
    request: RequestRecord | None,
    respond: Callable[[Row], Message],
) -> bytes:
    """Close an incident and let its job be tried `retries` times more. Raises `NotFound`, `WrongState`."""
    parts = split_member_id(incident_id)
    if parts is None:
        raise incident_missing(incident_id)
    instance_id, key = parts

    row = await executor.database.read(fetch_incident(instance_id, key))

    def work(instance: Instance, now: int) -> Effect:
        if row is None or key not in instance.incidents:
            raise incident_missing(incident_id)
        changes = step.resolve_incident(instance, key, now)
        statements = [give_retries(instance_id, row[JOB_KEY], retries)]
        return Effect(changes, lambda: respond(row), statements=statements)

    answer = await executor.change(instance_id, work, request, lambda: incident_missing(incident_id))
    executor.signals.notify_all()
    return answer


def incident_missing(incident_id: str) -> NotFound:
    """Return the error for an incident that does not exist."""
    return NotFound("INCIDENT_NOT_FOUND", f"there is no open incident {incident_id}", metadata={"id": incident_id})
