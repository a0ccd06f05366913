"""The rows that tell what an instance waits for."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine_svc.storage.commit import (
    INCIDENT_COLUMNS,
    JOB_COLUMNS,
    MESSAGE_COLUMNS,
    SUBSCRIPTION_COLUMNS,
    USER_TASK_COLUMNS,
)
from engine_svc.storage.messages import MessageState
from mesh.db.statements import Fetch, FetchKeys, Program, Row

NEAR_MISSES = 5
"""Messages that are told for each name."""


@dataclass(slots=True)
class WaitRows:
    """Rows of an instance by the key of what they belong to, in the order of their column lists."""

    tasks: dict[int, Row] = field(default_factory=dict)
    jobs: dict[int, Row] = field(default_factory=dict)
    subscriptions: dict[int, Row] = field(default_factory=dict)
    incidents: dict[int, list[Row]] = field(default_factory=dict)
    """By the key of the job."""


def fetch_wait_rows(instance_id: str) -> Program[WaitRows]:
    """Read the open tasks, jobs, subscriptions and incidents of an instance."""
    key = [(instance_id,)]
    tasks = yield FetchKeys("user_task", USER_TASK_COLUMNS, ("instance_id",), key)
    jobs = yield FetchKeys("job", JOB_COLUMNS, ("instance_id",), key)
    subscriptions = yield FetchKeys("event_subscription", SUBSCRIPTION_COLUMNS, ("instance_id",), key)
    incidents: list[Row] = yield FetchKeys("incident", INCIDENT_COLUMNS, ("instance_id",), key)
    rows = WaitRows(
        {row[1]: row for row in tasks}, {row[1]: row for row in jobs}, {row[1]: row for row in subscriptions}
    )
    job_key = INCIDENT_COLUMNS.index("job_key")
    for row in incidents:
        rows.incidents.setdefault(row[job_key], []).append(row)
    return rows


def fetch_missed_messages(tenant_id: str, name: str) -> Program[list[Row]]:
    """Read the newest messages of a name that moved nothing, in the order of `MESSAGE_COLUMNS`."""
    found: list[Row] = []
    for state in (MessageState.UNMATCHED, MessageState.EXPIRED, MessageState.BUFFERED):
        found += yield Fetch(
            f"SELECT {','.join(MESSAGE_COLUMNS)} FROM message WHERE name=? AND tenant_id=? AND state=? "
            f"ORDER BY id DESC LIMIT {NEAR_MISSES}",
            (name, tenant_id, int(state)),
        )
    return sorted(found, reverse=True)[:NEAR_MISSES]
