"""What users read of their inboxes: pages, counts, and changes since a cursor."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.db.select import Select
from mesh.db.statements import Fetch, Program, Row
from notification_svc.queries.caller import Caller, Tenants, own_tenants
from notification_svc.storage.layout import NOTIFICATION, NOTIFICATION_COLUMNS, ChannelType, RecipientKind
from notification_svc.storage.notifications import NotificationRow, find_own, last_number
from notification_svc.texts.wording import Library, read_library

MAX_UNREAD = 1000
MAX_CURSOR = 64
LAST = "~"
"""Sorts behind every id."""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What is listed: notifications for which all that is set holds."""

    read: bool | None = None
    obsolete: bool | None = None
    event_type: int = 0
    process_instance_id: str = ""
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which change a stream goes on: its number, and of the changes of one number the last one's id."""

    number: int
    id: str = LAST

    def text(self) -> str:
        """Return it for callers."""
        return f"{self.number}.{self.id}"


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Some notifications, and what is needed to word them."""

    rows: list[NotificationRow]
    library: Library
    unread: int = 0
    cursor: Cursor = Cursor(0)


def parse_cursor(text: str) -> Cursor | None:
    """Return the cursor that a caller got, None for what is none."""
    number, dot, one = text.partition(".")
    if len(text) > MAX_CURSOR or not dot or not number.isascii() or not number.isdigit() or len(number) > 18 or not one:
        return None
    return Cursor(int(number), one)


def list_inbox(caller: Caller, wanted: InboxFilter, after: int | None, limit: int) -> Program[InboxPage]:
    """Return the next notifications of a caller, the newest first."""
    # Before the rows: what comes in between is told again by a stream that goes on from here.
    number = yield from last_number(caller.id)
    tenants = yield from own_tenants(caller)
    query = _own(caller.id, tenants)
    if wanted.read is not None:
        query.where("read_at IS NOT NULL" if wanted.read else "read_at IS NULL")
    if wanted.obsolete is not None:
        query.where("obsolete=?", int(wanted.obsolete))
    query.equal("event_type", wanted.event_type)
    query.equal("process_instance_id", wanted.process_instance_id).equal("task_id", wanted.task_id)
    query.page(("number",), None if after is None else (after,), limit, descending=True)
    found: list[Row] = yield query.fetch()
    rows = [NotificationRow(*row) for row in found]
    library = yield from read_library(rows, [ChannelType.INBOX], [caller.id])
    return InboxPage(rows, library, (yield from _unread(caller.id, tenants)), Cursor(number))


def get_own(caller: Caller, notification_id: str) -> Program[InboxPage]:
    """Return a notification of a caller; none where it has no such one."""
    row = yield from find_own(caller.id, notification_id)
    tenants = yield from own_tenants(caller)
    rows = [row] if row is not None and (tenants is None or row.tenant_id in tenants) else []
    return InboxPage(rows, (yield from read_library(rows, [ChannelType.INBOX], [caller.id])))


def now_cursor(caller: Caller) -> Program[Cursor]:
    """Return the cursor behind all that there is."""
    return Cursor((yield from last_number(caller.id)))


def changes_since(caller: Caller, cursor: Cursor, limit: int) -> Program[InboxPage]:
    """Return the next changes of a caller's inbox, deleted notifications among them, with the cursor behind them."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(NOTIFICATION_COLUMNS)} FROM {NOTIFICATION} WHERE recipient_kind=? AND recipient_id=? AND "
        "change_number>=? AND (change_number>? OR id>?) ORDER BY change_number, id LIMIT ?",
        (int(RecipientKind.USER), caller.id, cursor.number, cursor.number, cursor.id, limit),
    )
    if not rows:
        return InboxPage([], Library({}, {}, {}), cursor=cursor)
    tenants = yield from own_tenants(caller)
    found = [NotificationRow(*row) for row in rows]
    seen = [row for row in found if tenants is None or row.tenant_id in tenants]
    library = yield from read_library(seen, [ChannelType.INBOX], [caller.id])
    return InboxPage(seen, library, cursor=Cursor(found[-1].change_number, found[-1].id))


def _own(user_id: str, tenants: Tenants) -> Select:
    query = Select(NOTIFICATION, NOTIFICATION_COLUMNS)
    query.where("recipient_kind=?", int(RecipientKind.USER)).where("recipient_id=?", user_id).where("deleted=0")
    if tenants is not None:
        Caller(user_id, tenants).only_open(query)
    return query


def _unread(user_id: str, tenants: Tenants) -> Program[int]:
    query = Select(NOTIFICATION, ("id",)).where("recipient_kind=?", int(RecipientKind.USER))
    query.where("recipient_id=?", user_id).where("read_at IS NULL").where("deleted=0")
    if tenants is not None:
        Caller(user_id, tenants).only_open(query)
    query.page(("number",), None, MAX_UNREAD)
    rows: list[Row] = yield query.fetch()
    return len(rows)
