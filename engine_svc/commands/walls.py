"""Which instances a call may touch. What is outside of its rows does not exist for it.

The executor asks here for every instance that a call names; what an instance does to others is nobody's call.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.state.instance import Instance
from engine_svc.storage.commit import USER_TASK_COLUMNS
from engine_svc.storage.instances import SUMMARY_COLUMNS
from engine_svc.storage.involvement import takes_part_in_task, takes_part_in_tasks_of
from engine_svc.storage.user_tasks import fetch_user_task
from mesh.access.rows import Rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import NotFound

_ID, _TENANT, _KEY, _INITIATOR = map(SUMMARY_COLUMNS.index, ("id", "tenant_id", "definition_key", "initiator"))
_TASK_TENANT, _TASK_KEY = map(USER_TASK_COLUMNS.index, ("tenant_id", "definition_key"))


@dataclass(slots=True, frozen=True)
class Standing:
    """What decides whether an instance is open to a call."""

    instance_id: str
    tenant_id: str
    definition_key: str
    initiator: str


def standing_of(instance: Instance) -> Standing:
    """Return the standing of a loaded instance."""
    return Standing(instance.id, instance.tenant_id, instance.definition.key, instance.initiator)


def standing_of_row(row: Row) -> Standing:
    """Return the standing of a row of `SUMMARY_COLUMNS`."""
    return Standing(row[_ID], row[_TENANT], row[_KEY], row[_INITIATOR])


async def is_open(database: Database, rows: Rows, standing: Standing, task_key: int = 0) -> bool:
    """Tell whether an instance is open, or with a key one of its user tasks."""
    tenant_id, key = standing.tenant_id, standing.definition_key
    if rows.unrestricted or rows.allow(tenant_id, key):
        return True
    if not rows.allow(tenant_id, key, involved=True):
        return False
    if task_key:
        task = await database.read(fetch_user_task(standing.instance_id, task_key))
        return task is not None and takes_part_in_task(rows, task)
    if rows.user_id and standing.initiator == rows.user_id:
        return True
    return await database.read(takes_part_in_tasks_of(rows, standing.instance_id))


def is_task_open(rows: Rows, task: Row) -> bool:
    """Tell whether a user task is open, a row of `USER_TASK_COLUMNS`."""
    tenant_id, key = task[_TASK_TENANT], task[_TASK_KEY]
    return rows.unrestricted or rows.allow(
        tenant_id, key, involved=not rows.allow(tenant_id, key) and takes_part_in_task(rows, task)
    )


def require_tenant(rows: Rows, tenant_id: str) -> None:
    """Refuse a tenant that a request names and that is closed as a whole. Raises `NotFound` (TENANT_NOT_FOUND)."""
    if not rows.unrestricted and not rows.allow(tenant_id):
        raise NotFound("TENANT_NOT_FOUND", f"there is no tenant {tenant_id!r}", metadata={"id": tenant_id})
