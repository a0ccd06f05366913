"""Events of instances that wait for messages and signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.state.instance import Wait
from engine_svc.storage.commit import SUBSCRIPTION_COLUMNS, SUBSCRIPTION_KEY
from engine_svc.storage.start_events import START_KEY, START_SUBSCRIPTION_COLUMNS
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import Fetch, FetchKeys, Program, Row

PAGE = 1000


@dataclass(slots=True, frozen=True)
class SubscriptionFilter:
    """What to find; empty values do not filter, `key` 0 and `type` 0 neither.

    `key` is that of the waiting event, or of the activity on whose boundary it waits.
    """

    type: int = 0
    name: str = ""
    tenant_id: str | None = None
    """None: of any tenant."""
    instance_id: str = ""
    key: int = 0
    business_key: str = ""
    correlation_key: str = ""
    definition_key: str = ""


def find_subscriptions(
    wanted: SubscriptionFilter, opened: Rows, after: Sequence[object] | None, limit: int
) -> Program[list[Row]]:
    """Read what instances that are open wait for, the oldest instance first, in the order of `SUBSCRIPTION_COLUMNS`."""
    select = (
        Select("event_subscription", SUBSCRIPTION_COLUMNS)
        .open_to(row_condition(opened, "tenant_id", "definition_key"))
        .equal("type", wanted.type)
        .equal("name", wanted.name)
        .equal("instance_id", wanted.instance_id)
        .equal("business_key", wanted.business_key)
        .equal("correlation_key", wanted.correlation_key)
        .equal("definition_key", wanted.definition_key)
    )
    if wanted.key:
        select.where("(subscription_key=? OR activity_key=?)", wanted.key, wanted.key)
    if wanted.tenant_id is not None:
        select.where("tenant_id=?", wanted.tenant_id)
    rows: list[Row] = yield select.page(SUBSCRIPTION_KEY, after, limit).fetch()
    return rows


def find_signal_subscriptions(
    tenant_id: str, name: str, after: Sequence[object] | None
) -> Program[list[tuple[str, int]]]:
    """Read instance and key of what waits for a signal from anywhere, a page of at most `PAGE`."""
    rows: list[Row] = yield (
        Select("event_subscription", SUBSCRIPTION_KEY)
        .equal("type", int(Wait.SIGNAL))
        .equal("name", name)
        # Those of scope processInstance have the id of their instance there.
        .where("correlation_key=''")
        .where("tenant_id=?", tenant_id)
        .page(SUBSCRIPTION_KEY, after, PAGE)
        .fetch()
    )
    return [(row[0], row[1]) for row in rows]


def statuses(instance_ids: Sequence[str]) -> Program[dict[str, int]]:
    """Return the status of instances; those that are gone are left out."""
    rows: list[Row] = yield FetchKeys("process_instance", ("id", "status"), ("id",), [(i,) for i in instance_ids])
    return dict(rows)


def list_start_subscriptions(
    wanted: SubscriptionFilter, opened: Rows, after: Sequence[object] | None, limit: int
) -> Program[list[Row]]:
    """Read the start events of the newest versions that are open, in the order of `START_SUBSCRIPTION_COLUMNS`."""
    select = (
        Select("start_subscription", START_SUBSCRIPTION_COLUMNS)
        .open_to(row_condition(opened, "tenant_id", "definition_key"))
        .where("active=1")
        .equal("type", wanted.type)
        .equal("name", wanted.name)
        .equal("definition_key", wanted.definition_key)
    )
    if wanted.tenant_id is not None:
        select.where("tenant_id=?", wanted.tenant_id)
    rows: list[Row] = yield select.page(START_KEY, after, limit).fetch()
    return rows


# Thrown events


def thrown_events(before: int, limit: int) -> Program[list[Row]]:
    """Read events that instances threw up to a time and that are not delivered yet, as `THROWN_COLUMNS`."""
    rows: list[Row] = yield Fetch(
        "SELECT id, type, name, correlation_key, variables, everywhere, instance_id, tenant_id, created_at "
        f"FROM thrown_event WHERE created_at<=? ORDER BY id LIMIT {int(limit)}",
        (before,),
    )
    return rows


def any_thrown() -> Program[bool]:
    """Say whether any event is not delivered yet; costs no write."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM thrown_event LIMIT 1")
    return bool(rows)
