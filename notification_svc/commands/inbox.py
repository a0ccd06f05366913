"""What users do with their notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mesh.db.select import Select
from mesh.db.statements import Program, Row
from notification_svc.commands.refusals import notification_missing
from notification_svc.planning.facts import NAMES
from notification_svc.queries.caller import Caller, own_tenants
from notification_svc.queries.inbox import InboxPage, get_own
from notification_svc.storage.audit import tell_change
from notification_svc.storage.layout import NOTIFICATION, RecipientKind
from notification_svc.storage.notifications import NotificationRow, change_notifications, lock_numbers

MARK_BATCH = 1000


def mark(caller: Caller, notification_id: str, now: int, *, read: bool) -> Program[InboxPage]:
    """Mark a notification as read, or as not read. Raises `NotFound`."""
    yield from lock_numbers([caller.id])
    page = yield from _require(caller, notification_id)
    row = page.rows[0]
    if (row.read_at is not None) != read:
        row.read_at = now if read else None
        yield from change_notifications("read_at=?", (row.read_at,), {caller.id: [notification_id]})
        yield from _audit(caller, now, row, {"read": not read}, {"read": read})
    return page


def mark_all_read(caller: Caller, now: int) -> Program[tuple[int, bool]]:
    """Mark a bounded number of notifications as read, the oldest first; return how many, and whether there are more."""
    yield from lock_numbers([caller.id])
    tenants = yield from own_tenants(caller)
    query = Select(NOTIFICATION, ("id",)).where("recipient_kind=?", int(RecipientKind.USER))
    query.where("recipient_id=?", caller.id).where("read_at IS NULL").where("deleted=0")
    if tenants is not None:
        Caller(caller.id, tenants).only_open(query)
    rows: list[Row] = yield query.page(("number",), None, MARK_BATCH + 1).fetch()
    ids = [row[0] for row in rows[:MARK_BATCH]]
    if ids:
        yield from change_notifications("read_at=?", (now,), {caller.id: ids})
        of = None if tenants is None else sorted(tenants)
        yield from tell_change(caller.maker, now, "inbox", caller.id, of, {}, {"marked": len(ids)})
    return len(ids), len(rows) > MARK_BATCH


def delete(caller: Caller, notification_id: str, now: int) -> Program[None]:
    """Delete a notification; its row stays, so that its event does not bring it back. Raises `NotFound`."""
    yield from lock_numbers([caller.id])
    page = yield from _require(caller, notification_id)
    yield from change_notifications("deleted=?", (1,), {caller.id: [notification_id]})
    row = page.rows[0]
    yield from _audit(caller, now, row, {"eventType": NAMES[row.event], "recipient": row.recipient_id}, {})


def _audit(
    caller: Caller, now: int, row: NotificationRow, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Program[None]:
    yield from tell_change(
        caller.maker,
        now,
        "notification",
        row.id,
        [row.tenant_id],
        before,
        after,
        definition_key=row.process_definition_key,
    )


def _require(caller: Caller, notification_id: str) -> Program[InboxPage]:
    page = yield from get_own(caller, notification_id)
    if not page.rows:
        raise notification_missing(notification_id)
    return page
