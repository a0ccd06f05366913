"""The projection: events → rows, a whole batch at a time.

Events may come late, twice and in any order; the rows are the same in the end. So history can be built again
from nothing by reading the topic from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.activities import ActivityChanges
from history_svc.consumers.counted_incidents import IncidentChanges
from history_svc.consumers.instances import InstanceChanges
from history_svc.consumers.progress import Progress
from history_svc.consumers.purged import purged_among
from history_svc.consumers.statistics import StatisticsChanges
from history_svc.consumers.tasks import TaskChanges
from history_svc.consumers.times import micros_of
from history_svc.consumers.variables import VariableChanges
from mesh.db.statements import Program


class Changes:
    """What one batch of events says, by table."""

    def __init__(self) -> None:
        self.instances = InstanceChanges()
        self.activities = ActivityChanges()
        self.tasks = TaskChanges()
        self.variables = VariableChanges()
        self.counted_incidents = IncidentChanges()
        self.progress = Progress()
        self.statistics = StatisticsChanges()

    def write(self) -> Program[None]:
        """Bring the tables up to date."""
        yield from self.instances.write(self.statistics)
        yield from self.activities.write(self.statistics)
        yield from self.tasks.write(self.statistics)
        yield from self.variables.write()
        yield from self.counted_incidents.write(self.statistics)
        yield from self.progress.write()
        yield from self.statistics.write()


Take = Callable[[Changes, int, Any], None]
"""Adds an event's payload; the number is the event's time in microseconds since the Unix epoch."""


def _instance_started(changes: Changes, micros: int, event: Any) -> None:
    changes.instances.started(micros, event)
    changes.variables.started(micros, event)


TAKES: Final[Mapping[str, Take]] = {
    "process_instance_started": _instance_started,
    "process_instance_completed": lambda changes, micros, event: changes.instances.completed(micros, event),
    "process_instance_terminated": lambda changes, micros, event: changes.instances.terminated(micros, event),
    "process_instance_failed": lambda changes, micros, event: changes.instances.failed(micros, event),
    "process_instance_suspended": lambda changes, micros, event: changes.instances.suspended(micros, event),
    "process_instance_resumed": lambda changes, micros, event: changes.instances.resumed(micros, event),
    "process_instance_migrated": lambda changes, micros, event: changes.instances.migrated(micros, event),
    "activity_started": lambda changes, micros, event: changes.activities.started(micros, event),
    "activity_completed": lambda changes, micros, event: changes.activities.completed(micros, event),
    "activity_terminated": lambda changes, micros, event: changes.activities.terminated(micros, event),
    "user_task_created": lambda changes, micros, event: changes.tasks.created(micros, event),
    "user_task_assigned": lambda changes, micros, event: changes.tasks.assigned(micros, event),
    "user_task_updated": lambda changes, micros, event: changes.tasks.updated(micros, event),
    "user_task_completed": lambda changes, micros, event: changes.tasks.completed(micros, event),
    "user_task_terminated": lambda changes, micros, event: changes.tasks.terminated(micros, event),
    "incident_raised": lambda changes, micros, event: changes.counted_incidents.raised(micros, event),
    "incident_resolved": lambda changes, micros, event: changes.counted_incidents.resolved(micros, event),
    "variables_updated": lambda changes, micros, event: changes.variables.updated(micros, event),
    "variables_deleted": lambda changes, micros, event: changes.variables.deleted(micros, event),
}
"""What becomes of each event by the name of its payload; history keeps nothing of the others."""


def project(events: Sequence[EventEnvelope]) -> Program[None]:
    """Bring the rows up to date with a batch of events, by at most one read and two writes for each table.

    Raises `ValueError` for an event whose revision or ordinal cannot be.
    """
    changes = Changes()
    purged = yield from purged_among(event.biz_id for event in events)
    for event in events:
        name = event.WhichOneof("payload")
        if name is None or event.biz_id in purged:
            continue
        payload = getattr(event, name)
        changes.progress.tell(payload.process_instance)
        changes.statistics.refer(payload.process_instance)
        take = TAKES.get(name)
        if take is not None:
            take(changes, micros_of(event.timestamp), payload)
    yield from changes.write()
