"""Identity's events → who there is, and who is in which group, in whatever order they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.events.v1.identity_pb2 import UserProfile, UserRef

from mesh.db.statements import Program
from notification_svc.consumers.times import micros_of
from notification_svc.storage.directory import (
    SubjectRow,
    leave_all_groups,
    read_subject_rows,
    write_deleted_groups,
    write_members,
    write_subject_rows,
)
from notification_svc.storage.layout import ACTIVE, DELETED, DISABLED, NEVER, SERVICE_ACCOUNT, USER


class DirectoryChanges:
    """What some events, or a page of the directory, say. Times are microseconds since the Unix epoch."""

    def __init__(self) -> None:
        self._rows: dict[str, SubjectRow] = {}
        self._members: dict[tuple[str, str], tuple[int, int]] = {}
        self._deleted: dict[str, int] = {}
        self._gone: dict[str, int] = {}

    def refer(self, user: UserRef, at: int) -> SubjectRow:
        """Add what every event says about its subject; return its row."""
        row = self._rows.get(user.id)
        if row is None:
            row = self._rows[user.id] = SubjectRow(user.id)
        row.kind = SERVICE_ACCOUNT if user.service_account else USER
        if at >= row.tenant_position:
            row.tenant_position = at
            row.tenant_ids = orjson.dumps(sorted(user.tenant_ids))
            row.all_tenants = int(user.all_tenants)
        return row

    def describe(self, row: SubjectRow, at: int, display_name: str, profile: UserProfile) -> None:
        """Add what is known of somebody."""
        if at < row.detail_position:
            return
        row.detail_position = at
        row.display_name = display_name
        row.given_name = profile.given_name
        row.family_name = profile.family_name
        row.email = profile.email
        row.locale = profile.locale
        row.attributes = orjson.dumps(dict(profile.attributes))

    def stand(self, row: SubjectRow, at: int, status: int) -> None:
        """Add a status."""
        if at >= row.status_position:
            row.status_position = at
            row.status = status
        if status == DELETED:
            # Nobody tells of each group that it is left.
            self._gone[row.id] = max(at, self._gone.get(row.id, NEVER))

    def member(self, group_id: str, subject_id: str, at: int, *, inside: bool) -> None:
        """Add that somebody is in a group, or is not."""
        key = (group_id, subject_id)
        if at >= self._members.get(key, (0, NEVER))[1]:
            self._members[key] = (int(inside), at)

    def delete_group(self, group_id: str, at: int) -> None:
        """Add that a group is gone."""
        self._deleted[group_id] = max(at, self._deleted.get(group_id, NEVER))

    def write(self) -> Program[None]:
        """Join it with what is stored."""
        stored = yield from read_subject_rows(self._rows, lock=True)
        for key, row in stored.items():
            _join(self._rows[key], row)
        yield from write_subject_rows(list(self._rows.values()))
        yield from write_members(self._members)
        yield from leave_all_groups(self._gone)
        yield from write_deleted_groups(self._deleted)


def _join(row: SubjectRow, stored: SubjectRow) -> None:
    """Take over what the stored row knows better."""
    if stored.tenant_position > row.tenant_position:
        row.tenant_position = stored.tenant_position
        row.tenant_ids = stored.tenant_ids
        row.all_tenants = stored.all_tenants
    if stored.detail_position > row.detail_position:
        row.detail_position = stored.detail_position
        for column in ("display_name", "given_name", "family_name", "email", "locale", "attributes"):
            setattr(row, column, getattr(stored, column))
    if stored.status_position > row.status_position:
        row.status_position = stored.status_position
        row.status = stored.status


def follow_directory(events: Sequence[EventEnvelope]) -> Program[None]:
    """Take a batch of identity's events in."""
    changes = DirectoryChanges()
    for event in events:
        name = event.WhichOneof("payload") or ""
        take = _TAKES.get(name)
        if take is not None:
            take(changes, micros_of(event.timestamp), getattr(event, name))
    yield from changes.write()


def _told(changes: DirectoryChanges, at: int, payload: Any) -> None:
    row = changes.refer(payload.user, at)
    # Releases that told no profile wrote the event before the directory was read for the first time.
    if payload.HasField("profile") or payload.user.service_account:
        changes.describe(row, at, payload.display_name, payload.profile)


def _status(status: int) -> Callable[[DirectoryChanges, int, Any], None]:
    def take(changes: DirectoryChanges, at: int, payload: Any) -> None:
        changes.stand(changes.refer(payload.user, at), at, status)

    return take


_TAKES: Final[Mapping[str, Callable[[DirectoryChanges, int, Any], None]]] = {
    "user_created": _told,
    "user_updated": _told,
    "user_disabled": _status(DISABLED),
    "user_enabled": _status(ACTIVE),
    "user_deleted": _status(DELETED),
    "group_member_added": lambda changes, at, event: changes.member(event.group_id, event.subject_id, at, inside=True),
    "group_member_removed": lambda changes, at, event: changes.member(
        event.group_id, event.subject_id, at, inside=False
    ),
    "group_deleted": lambda changes, at, event: changes.delete_group(event.group_id, at),
}
"""What becomes of each event by the name of its payload; the others say nothing about who there is."""
