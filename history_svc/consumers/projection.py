"""The projection: events → rows, a whole batch at a time.

Events may come late, twice and in any order; the rows are the same in the end. So history can be built again
from nothing by reading the topic from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.activities import ActivityChanges
from history_svc.consumers.candidates import CandidateChanges
from history_svc.consumers.counted_incidents import CountedIncidentChanges
from history_svc.consumers.incidents import IncidentChanges
from history_svc.consumers.instances import InstanceChanges
from history_svc.consumers.jobs import JobChanges
from history_svc.consumers.progress import Progress
from history_svc.consumers.purged import purged_among
from history_svc.consumers.remarks import RemarkChanges
from history_svc.consumers.searched import SearchedChanges
from history_svc.consumers.statistics import StatisticsChanges
from history_svc.consumers.tasks import TaskChanges
from history_svc.consumers.timeline import TimelineChanges
from history_svc.consumers.times import micros_of
from history_svc.consumers.variables import VariableChanges
from history_svc.consumers.words import WordChanges
from history_svc.storage.record_kinds import INSTANCE, TASK
from mesh.db.statements import Program


class Changes:
    """What one batch of events says, by table."""

    def __init__(self) -> None:
        self.user_id = ""
        """Who caused the event that is being added; empty where nobody is named."""
        self.words = WordChanges()
        self.instances = InstanceChanges()
        self.activities = ActivityChanges()
        self.tasks = TaskChanges()
        self.candidates = CandidateChanges()
        self.searched = SearchedChanges()
        self.variables = VariableChanges(self.words, self.searched)
        self.incidents = IncidentChanges(self.words)
        self.jobs = JobChanges()
        self.remarks = RemarkChanges(self.words)
        self.timeline = TimelineChanges()
        self.counted_incidents = CountedIncidentChanges()
        self.progress = Progress()
        self.statistics = StatisticsChanges()

    def write(self) -> Program[None]:
        """Bring the tables up to date."""
        yield from self.instances.write(self.statistics)
        yield from self.activities.write(self.statistics)
        yield from self.tasks.write(self.statistics)
        yield from self.candidates.write()
        yield from self.variables.write()
        yield from self.incidents.write()
        yield from self.counted_incidents.write(self.statistics)
        yield from self.jobs.write()
        yield from self.remarks.write()
        yield from self.timeline.write()
        yield from self.words.write()
        yield from self.progress.write()
        yield from self.statistics.write()


Take = Callable[[Changes, int, Any], None]
"""Adds an event's payload; the number is the event's time in microseconds since the Unix epoch."""


def _instance_started(changes: Changes, micros: int, event: Any) -> None:
    changes.instances.started(micros, event)
    changes.variables.started(micros, event, changes.user_id)
    reference = event.process_instance
    changes.words.add(INSTANCE, reference.id, reference, reference.business_key)


def _instance_terminated(changes: Changes, micros: int, event: Any) -> None:
    changes.instances.terminated(micros, event)
    changes.words.add(INSTANCE, event.process_instance.id, event.process_instance, event.reason)


def _instance_failed(changes: Changes, micros: int, event: Any) -> None:
    changes.instances.failed(micros, event)
    changes.words.add(INSTANCE, event.process_instance.id, event.process_instance, event.reason)


def _task_created(changes: Changes, micros: int, event: Any) -> None:
    changes.tasks.created(micros, event)
    _task_described(changes, event)


def _task_updated(changes: Changes, micros: int, event: Any) -> None:
    changes.tasks.updated(micros, event)
    _task_described(changes, event)


def _task_described(changes: Changes, event: Any) -> None:
    changes.candidates.tell(event)
    for text in (event.name, event.description, event.category):
        changes.words.add(TASK, event.task_id, event.process_instance, text)


def _task_completed(changes: Changes, micros: int, event: Any) -> None:
    changes.tasks.completed(micros, event)
    changes.words.add(TASK, event.task_id, event.process_instance, event.outcome)


def _task_terminated(changes: Changes, micros: int, event: Any) -> None:
    changes.tasks.terminated(micros, event)
    changes.words.add(TASK, event.task_id, event.process_instance, event.reason)


def _incident_raised(changes: Changes, micros: int, event: Any) -> None:
    changes.incidents.raised(micros, event)
    changes.counted_incidents.raised(micros, event)


def _incident_resolved(changes: Changes, micros: int, event: Any) -> None:
    changes.incidents.resolved(micros, event)
    changes.counted_incidents.resolved(micros, event)


TAKES: Final[Mapping[str, Take]] = {
    "process_instance_started": _instance_started,
    "process_instance_completed": lambda changes, micros, event: changes.instances.completed(micros, event),
    "process_instance_terminated": _instance_terminated,
    "process_instance_failed": _instance_failed,
    "process_instance_suspended": lambda changes, micros, event: changes.instances.suspended(micros, event),
    "process_instance_resumed": lambda changes, micros, event: changes.instances.resumed(micros, event),
    "process_instance_migrated": lambda changes, micros, event: changes.instances.migrated(micros, event),
    "activity_started": lambda changes, micros, event: changes.activities.started(micros, event),
    "activity_completed": lambda changes, micros, event: changes.activities.completed(micros, event),
    "activity_terminated": lambda changes, micros, event: changes.activities.terminated(micros, event),
    "user_task_created": _task_created,
    "user_task_assigned": lambda changes, micros, event: changes.tasks.assigned(micros, event),
    "user_task_updated": _task_updated,
    "user_task_completed": _task_completed,
    "user_task_terminated": _task_terminated,
    "variables_updated": lambda changes, micros, event: changes.variables.updated(micros, event, changes.user_id),
    "variables_deleted": lambda changes, micros, event: changes.variables.deleted(micros, event, changes.user_id),
    "job_scheduled": lambda changes, micros, event: changes.jobs.scheduled(micros, event, changes.user_id),
    "job_completed": lambda changes, micros, event: changes.jobs.completed(micros, event, changes.user_id),
    "job_failed": lambda changes, micros, event: changes.jobs.failed(micros, event, changes.user_id),
    "incident_raised": _incident_raised,
    "incident_resolved": _incident_resolved,
    "comment_created": lambda changes, micros, event: changes.remarks.comment_created(micros, event),
    "comment_deleted": lambda changes, micros, event: changes.remarks.comment_deleted(micros, event),
    "attachment_created": lambda changes, micros, event: changes.remarks.attachment_created(micros, event),
    "attachment_deleted": lambda changes, micros, event: changes.remarks.attachment_deleted(micros, event),
}
"""What becomes of each event by the name of its payload; history keeps nothing of the others."""

WITHOUT_INSTANCE: Final = frozenset(
    {
        "deployment_created",
        "deployment_deleted",
        "process_definition_suspended",
        "process_definition_resumed",
    }
)
"""Payloads on the topic that belong to no instance."""


def project(events: Sequence[EventEnvelope], *, indexing: bool = False) -> Program[None]:
    """Bring the rows up to date with a batch of events, by at most one read and two writes for each table.

    `indexing`: note which records a search server is to be told about. Raises `ValueError` for an event whose revision
    or ordinal cannot be.
    """
    changes = Changes()
    purged = yield from purged_among(event.biz_id for event in events)
    for event in events:
        name = event.WhichOneof("payload")
        if name is None or event.biz_id in purged:
            continue
        payload = getattr(event, name)
        if name in WITHOUT_INSTANCE:
            continue
        changes.progress.tell(payload.process_instance)
        changes.statistics.refer(payload.process_instance)
        take = TAKES.get(name)
        if take is not None:
            micros = micros_of(event.timestamp)
            changes.user_id = event.metadata.user_id
            take(changes, micros, payload)
            changes.searched.tell(name, payload)
            changes.timeline.tell(name, micros, payload, changes.user_id)
    yield from changes.write()
    if indexing:
        yield from changes.searched.write()
