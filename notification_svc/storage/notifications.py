"""Rows of notifications, numbered for each user in the order in which they become visible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys, UpsertMany
from notification_svc.storage.layout import NOTIFICATION, NOTIFICATION_COLUMNS, Concern, EventType, RecipientKind

PRUNE_BATCH = 500
_BY_FACT = ("recipient_kind", "recipient_id", "fact_key")
_COUNTER = "inbox_counter"


@dataclass(slots=True)
class NotificationRow:
    """A notification; the fields are the columns, in their order. Times are microseconds since the Unix epoch."""

    id: str
    recipient_kind: int
    recipient_id: str
    fact_key: str
    event_type: int
    tenant_id: str
    process_instance_id: str
    process_definition_key: str
    business_key: str
    task_id: str
    matter_id: str
    concern: int
    event_at: int
    created_at: int
    data: bytes
    number: int = 0
    change_number: int = 0
    read_at: int | None = None
    obsolete: int = 0
    deleted: int = 0
    due_micros: int | None = None

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in NOTIFICATION_COLUMNS)

    @property
    def event(self) -> EventType:
        """What it tells of."""
        return EventType(self.event_type)

    @property
    def fact(self) -> tuple[int, str, str]:
        """Who is told what: there is one row for it."""
        return self.recipient_kind, self.recipient_id, self.fact_key


@dataclass(frozen=True, slots=True)
class Matter:
    """A task or an incident as it is now: by it notifications become obsolete."""

    open: bool
    assignee: str = ""
    due_micros: int | None = None

    def is_over_for(self, concern: int, recipient_id: str, due_micros: int | None = None) -> bool:
        """Tell whether it is over for somebody who was told of it, in a reminder of a due time."""
        if concern == Concern.NONE:
            return False
        if not self.open or (due_micros is not None and due_micros != self.due_micros):
            return True
        if concern == Concern.ASSIGNEE:
            return self.assignee != recipient_id
        return concern == Concern.CANDIDATE and bool(self.assignee)


def lock_numbers(user_ids: Collection[str]) -> Program[dict[str, int]]:
    """Return the last number of each of some users; nobody else gives numbers to them until the transaction ends."""
    if not user_ids:
        return {}
    # In one order, so that two transactions do not wait for each other.
    keys = [(one,) for one in sorted(user_ids)]
    yield UpsertMany(_COUNTER, ("user_id", "last_number"), ("user_id",), (), [(*key, 0) for key in keys])
    rows: list[Row] = yield FetchKeys(_COUNTER, ("user_id", "last_number"), ("user_id",), keys, lock=True)
    return dict(rows)


def write_numbers(numbers: Mapping[str, int]) -> Program[None]:
    """Write the last numbers of users whose rows are locked."""
    if numbers:
        columns = ("user_id", "last_number")
        yield UpsertMany(_COUNTER, columns, ("user_id",), ("last_number",), sorted(numbers.items()))


def last_number(user_id: str) -> Program[int]:
    """Return the last number of a user."""
    rows: list[Row] = yield FetchKeys(_COUNTER, ("last_number",), ("user_id",), [(user_id,)])
    return int(rows[0][0]) if rows else 0


def last_numbers(user_ids: Collection[str]) -> Program[dict[str, int]]:
    """Return the last number of each of some users that have one."""
    keys = [(one,) for one in sorted(user_ids)]
    rows: list[Row] = yield FetchKeys(_COUNTER, ("user_id", "last_number"), ("user_id",), keys)
    return dict(rows)


def told_already(facts: Iterable[tuple[int, str, str]]) -> Program[set[tuple[int, str, str]]]:
    """Return which of some recipients were told of which facts."""
    keys = sorted(facts)
    rows: list[Row] = yield FetchKeys(NOTIFICATION, _BY_FACT, _BY_FACT, keys)
    return {(kind, recipient, fact) for kind, recipient, fact in rows}


def insert_notifications(rows: Sequence[NotificationRow]) -> Program[None]:
    """Write new notifications."""
    if rows:
        yield InsertMany(NOTIFICATION, NOTIFICATION_COLUMNS, [row.values() for row in rows])


def read_notifications(ids: Collection[str]) -> Program[dict[str, NotificationRow]]:
    """Return those of some notifications that there are."""
    if not ids:
        return {}
    rows: list[Row] = yield FetchKeys(NOTIFICATION, NOTIFICATION_COLUMNS, ("id",), [(one,) for one in sorted(ids)])
    return {row[0]: NotificationRow(*row) for row in rows}


def find_own(user_id: str, notification_id: str) -> Program[NotificationRow | None]:
    """Return a notification of a user's inbox, None where it has no such one."""
    row = (yield from read_notifications([notification_id])).get(notification_id)
    if row is None or row.deleted or row.recipient_kind != RecipientKind.USER or row.recipient_id != user_id:
        return None
    return row


def change_notifications(
    assignments: str, parameters: Sequence[object], changed: Mapping[str, Collection[str]]
) -> Program[None]:
    """Change notifications of users, whose rows must be locked by `lock_numbers`: `changed` has their ids by user.

    `assignments`: the text after SET, with a `?` for each of `parameters`. The changes of a user get one number.
    """
    if not changed:
        return
    yield UpdateKeys(_COUNTER, "last_number=last_number+1", (), ("user_id",), [(one,) for one in sorted(changed)])
    ids = sorted(one for of_user in changed.values() for one in of_user)
    yield UpdateKeys(
        NOTIFICATION,
        f"{assignments},change_number="
        "(SELECT c.last_number FROM inbox_counter c WHERE c.user_id=notification.recipient_id)",
        parameters,
        ("id",),
        [(one,) for one in ids],
    )


def follow_matters(matters: Mapping[str, Matter]) -> Program[set[str]]:
    """Let the notifications about tasks and incidents be obsolete as these are over; return whose inboxes changed."""
    if not matters:
        return set()
    columns = ("id", "recipient_kind", "recipient_id", "matter_id", "concern", "obsolete", "due_micros")
    keys = [(one,) for one in sorted(matters)]
    rows: list[Row] = yield FetchKeys(NOTIFICATION, columns, ("matter_id",), keys)
    stale: dict[bool, dict[str, list[str]]] = {False: {}, True: {}}
    for one, kind, recipient, matter, concern, obsolete, due_micros in rows:
        over = matters[matter].is_over_for(concern, recipient, due_micros)
        if kind == RecipientKind.USER and over != bool(obsolete):
            stale[over].setdefault(recipient, []).append(one)
    changed = {*stale[False], *stale[True]}
    yield from lock_numbers(changed)
    for over, ids in stale.items():
        yield from change_notifications("obsolete=?", (int(over),), ids)
    return changed


def prune_notifications(before: int) -> Program[int]:
    """Forget a bounded batch of notifications older than `before` (microseconds); return how many."""
    sql = f"SELECT id FROM notification WHERE created_at<? ORDER BY created_at LIMIT {PRUNE_BATCH}"
    rows: list[Row] = yield Fetch(sql, (before,), lock=True, skip_locked=True)
    if rows:
        yield DeleteMany(NOTIFICATION, ("id",), rows)
    return len(rows)
