"""The projection: events → rows, a whole batch at a time.

Events may come late, twice and in any order; the rows are the same in the end. So history can be built again
from nothing by reading the topic from its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.activities import ActivityChanges
from history_svc.consumers.instances import InstanceChanges
from history_svc.consumers.tasks import TaskChanges
from history_svc.consumers.times import micros_of
from history_svc.consumers.variables import VariableChanges
from mesh.db.statements import Program


def project(events: Sequence[EventEnvelope]) -> Program[None]:
    """Bring the rows up to date with a batch of events, by at most one read and one write for each table.

    Events that history keeps nothing of are passed over. Raises `ValueError` for an event whose revision or
    ordinal cannot be.
    """
    instances = InstanceChanges()
    activities = ActivityChanges()
    tasks = TaskChanges()
    variables = VariableChanges()
    for event in events:
        micros = micros_of(event.timestamp)
        match event.WhichOneof("payload"):
            case "activity_completed":
                activities.completed(micros, event.activity_completed)
            case "activity_started":
                activities.started(micros, event.activity_started)
            case "variables_updated":
                variables.updated(micros, event.variables_updated)
            case "process_instance_started":
                instances.started(micros, event.process_instance_started)
                variables.started(micros, event.process_instance_started)
            case "process_instance_completed":
                instances.completed(micros, event.process_instance_completed)
            case "user_task_created":
                tasks.created(micros, event.user_task_created)
            case "user_task_assigned":
                tasks.assigned(micros, event.user_task_assigned)
            case "user_task_updated":
                tasks.updated(micros, event.user_task_updated)
            case "user_task_completed":
                tasks.completed(micros, event.user_task_completed)
            case "user_task_terminated":
                tasks.terminated(micros, event.user_task_terminated)
            case "activity_terminated":
                activities.terminated(micros, event.activity_terminated)
            case "process_instance_terminated":
                instances.terminated(micros, event.process_instance_terminated)
            case "process_instance_suspended":
                instances.suspended(micros, event.process_instance_suspended)
            case "process_instance_resumed":
                instances.resumed(micros, event.process_instance_resumed)
            case _:
                pass
    yield from instances.write()
    yield from activities.write()
    yield from tasks.write()
    yield from variables.write()
