"""Comment events → what is known of comments, and whom they are to be told."""

from __future__ import annotations

from collections.abc import Collection

import orjson
from flowmesh.events.v1.workflow_pb2 import CommentCreated, CommentDeleted, ProcessInstanceRef

from mesh.db.statements import Program
from notification_svc.consumers.instances import InstanceChanges
from notification_svc.consumers.tasks import TaskChanges
from notification_svc.planning.facts import Fact, comment_fact
from notification_svc.storage.comments import CommentRow, read_comments, waiting_comments, write_comments
from notification_svc.storage.layout import ENDED, EventType
from notification_svc.storage.matters import InstanceRow, TaskRow
from notification_svc.storage.notifications import Matter

MAX_TEXT = 4_000
"""Characters of a comment that are told."""


class CommentChanges:
    """What one batch of events says about comments.

    Whom a comment names is told at once. Whose task it is about, and who started the instance, may only become known
    by an event that comes later: then the comment waits for that.
    """

    def __init__(self, now: int) -> None:
        self._now = now
        self._rows: dict[str, CommentRow] = {}
        self._references: dict[str, ProcessInstanceRef] = {}
        self.deleted_ids: set[str] = set()

    def created(self, event: CommentCreated, micros: int) -> None:
        """Add a `CommentCreated`."""
        row = self._row(event.comment_id)
        row.process_instance_id = event.process_instance.id
        row.task_id = event.task_id
        row.user_id = event.user_id
        row.text = event.text if len(event.text) <= MAX_TEXT else event.text[: MAX_TEXT - 1] + "…"
        row.mentioned = orjson.dumps(list(event.mentioned_user_ids))
        row.commented_at = micros
        self._references[row.id] = event.process_instance

    def deleted(self, event: CommentDeleted) -> None:
        """Add a `CommentDeleted`."""
        self._row(event.comment_id).state = ENDED
        self.deleted_ids.add(event.comment_id)

    def matters(self) -> dict[str, Matter]:
        """Return what is over."""
        return {one: Matter(open=False) for one in self.deleted_ids}

    def take(self, tasks: TaskChanges, instances: InstanceChanges, known: Collection[str]) -> Program[list[Fact]]:
        """Join the batch with what is stored; return what is to be told. `known`: instances of which more is known."""
        stored = yield from read_comments(self._rows)
        for key, row in stored.items():
            _join(self._rows[key], row)
        for row in (yield from waiting_comments(known)):
            self._rows.setdefault(row.id, row)
        untold = [row for row in self._rows.values() if row.process_instance_id and not row.told]
        yield from tasks.look_up({row.task_id for row in untold if row.task_id})
        facts = [fact for row in untold for fact in self._facts(row, tasks, instances)]
        yield from write_comments(list(self._rows.values()))
        return facts

    def _facts(self, row: CommentRow, tasks: TaskChanges, instances: InstanceChanges) -> list[Fact]:
        task = tasks.find(row.task_id) if row.task_id else None
        instance = instances.rows.get(row.process_instance_id) or self._instance(row, task)
        if instance is None:
            return []
        row.told = int(task is not None if row.task_id else instances.knows_start_of(row.process_instance_id))
        # Whom it names comes first: who is told that is not told of the comment as well.
        facts = [comment_fact(row, EventType.COMMENT_MENTIONED, instance, task)] if row.users else []
        if task is not None or not row.task_id:
            facts.append(comment_fact(row, EventType.COMMENT_CREATED, instance, task))
        return facts

    def _instance(self, row: CommentRow, task: TaskRow | None) -> InstanceRow | None:
        """Return what is known of an instance that was started before this service was there."""
        told = self._references.get(row.id) or task
        if told is None:
            return None
        return InstanceRow(
            row.process_instance_id,
            process_definition_key=told.process_definition_key,
            tenant_id=told.tenant_id,
            business_key=told.business_key,
        )

    def _row(self, comment_id: str) -> CommentRow:
        return self._rows.setdefault(comment_id, CommentRow(comment_id, ended_at=self._now))


def _join(row: CommentRow, stored: CommentRow) -> None:
    """Take over what the stored row knows better."""
    if stored.process_instance_id:
        for column in ("process_instance_id", "task_id", "user_id", "text", "mentioned", "commented_at", "told"):
            setattr(row, column, getattr(stored, column))
    if stored.deleted:
        row.state = ENDED
