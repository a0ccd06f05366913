"""The log of what all services must know at once: changed grants, ended sessions, new keys.

Whoever changes grants, memberships or the status of a subject, or ends a session, calls `lock_changes` as the first
statement of the transaction and `append_changes` before its end. The lock lets one such transaction run at a time, in
every process: what they checked still holds when they write, and the numbers become visible in their order, so that
who has read up to one has missed none before it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Execute, Fetch, InsertMany, Program, Row

MANY_SUBJECTS = 100
"""A change that touches more subjects is told as one that touches all."""
PRUNE_BATCH = 1000

_COLUMNS = ("seq", "kind", "subject_id", "session_id", "forget_at", "created_at")


class ChangeKind(enum.IntEnum):
    """What has changed."""

    SUBJECT = 1
    """What `subject_id` may do: its grants, groups, tenants or status."""
    ALL_SUBJECTS = 2
    SESSION_REVOKED = 3
    """`session_id`, whose last token runs out at `forget_at`."""
    KEYS = 4

    @property
    def changes_access(self) -> bool:
        """Whether what subjects may do is another than before."""
        return self in (ChangeKind.SUBJECT, ChangeKind.ALL_SUBJECTS)


@dataclass(slots=True, frozen=True)
class SecurityChange:
    """One change. `forget_at`: microseconds since the Unix epoch."""

    kind: ChangeKind
    subject_id: str = ""
    session_id: str = ""
    forget_at: int = 0


@dataclass(slots=True, frozen=True)
class LoggedChange:
    """A change with its place in the log."""

    seq: int
    change: SecurityChange


def subjects_changed(subject_ids: Sequence[str]) -> list[SecurityChange]:
    """Return the changes that tell of so many subjects."""
    if len(subject_ids) > MANY_SUBJECTS:
        return [SecurityChange(ChangeKind.ALL_SUBJECTS)]
    return [SecurityChange(ChangeKind.SUBJECT, subject_id=subject_id) for subject_id in subject_ids]


def lock_changes() -> Program[int]:
    """Wait until no other transaction changes what is logged here; return the last number. To be called first."""
    rows: list[Row] = yield Fetch("SELECT value FROM security_sequence WHERE id=1", lock=True)
    return int(rows[0][0])


def append_changes(changes: Sequence[SecurityChange], now: int) -> Program[int]:
    """Log changes made in this transaction; return the last number. `now`: microseconds since the Unix epoch."""
    last = yield from lock_changes()
    if not changes:
        return last
    yield Execute("UPDATE security_sequence SET value=value+? WHERE id=1", (len(changes),))
    of_access = [seq for seq, change in enumerate(changes, last + 1) if change.kind.changes_access]
    if of_access:
        yield Execute("UPDATE security_sequence SET value=? WHERE id=2", (of_access[-1],))
    yield InsertMany(
        "security_change",
        _COLUMNS,
        [
            (seq, int(change.kind), change.subject_id, change.session_id, change.forget_at, now)
            for seq, change in enumerate(changes, last + 1)
        ],
    )
    return last + len(changes)


def last_change() -> Program[int]:
    """Return the last number given, for whoever follows the log from here on."""
    rows: list[Row] = yield Fetch("SELECT value FROM security_sequence WHERE id=1")
    return int(rows[0][0])


def log_position() -> Program[tuple[int, int]]:
    """Return the last number given, and the last one of a change of what subjects may do."""
    rows: list[Row] = yield Fetch("SELECT id, value FROM security_sequence")
    values: dict[int, int] = dict(rows)
    return values[1], values[2]


def changes_after(seq: int, limit: int) -> Program[list[LoggedChange]]:
    """Return the next changes behind a number, in order."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(_COLUMNS[:-1])} FROM security_change WHERE seq>? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [LoggedChange(number, SecurityChange(ChangeKind(kind), *values)) for number, kind, *values in rows]


def prune_changes(before: int) -> Program[int]:
    """Forget a bounded batch of changes older than `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT seq FROM security_change WHERE created_at<? ORDER BY seq LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany("security_change", ("seq",), rows)
    return len(rows)
