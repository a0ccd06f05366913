"""Workflow events → notifications, in one transaction for each batch.

The rows of tasks and instances say how these are, in whatever order events come; facts are told with keys of their own,
so that each takes effect once; and notifications follow what the rows say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.events.v1.workflow_pb2 import IncidentRaised, UserTaskAssigned, UserTaskCreated, UserTaskUpdated

from mesh.clock import Clock
from mesh.db.statements import Program
from notification_svc.consumers.comments import CommentChanges
from notification_svc.consumers.instances import InstanceChanges
from notification_svc.consumers.position import position_of
from notification_svc.consumers.tasks import TaskChanges
from notification_svc.consumers.times import micros_of
from notification_svc.planning.facts import Fact, process_data, task_data, task_fact
from notification_svc.planning.reminding import ReminderTimes, reminders_of
from notification_svc.planning.telling import Limits, Told, tell
from notification_svc.storage.layout import ENDED, EventType
from notification_svc.storage.matters import InstanceRow, ended_incidents, write_ended_incidents
from notification_svc.storage.notifications import Matter, follow_matters
from notification_svc.storage.reminders import replace_reminders
from notification_svc.storage.rules import rules_of

MOST_TOGETHER = 5_000
"""Recipients of several events in one transaction, which takes a second or two."""
_CANDIDATES: Final = frozenset({"candidate_users", "candidate_groups"})


@dataclass(frozen=True, slots=True)
class _TaskOccurrence:
    """Something that happened to a task. `occurrence`: tells it from others; `actor`: who need not be told of it."""

    task_id: str
    event_type: EventType
    occurrence: str
    micros: int
    assignee: str | None = None
    actor: str = ""
    by: str = ""


@dataclass(slots=True)
class Batch:
    """What one batch of events says. `known`: instances of whose tasks or start it says something; `begun`: tasks that
    were somebody's from the beginning, as they are offered when these hand them back."""

    now: int
    tasks: TaskChanges = field(init=False)
    instances: InstanceChanges = field(init=False)
    comments: CommentChanges = field(init=False)
    known: set[str] = field(default_factory=set)
    occurrences: list[_TaskOccurrence] = field(default_factory=list)
    handed_back: list[_TaskOccurrence] = field(default_factory=list)
    begun: list[_TaskOccurrence] = field(default_factory=list)
    incidents: list[tuple[IncidentRaised, int]] = field(default_factory=list)
    resolved: set[str] = field(default_factory=set)
    started: dict[str, tuple[int, str]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tasks = TaskChanges(self.now)
        self.instances = InstanceChanges(self.now)
        self.comments = CommentChanges(self.now)


class WorkflowNotifications:
    """Handles batches of workflow events. `last` is what the last batch has told, for those who wait for it."""

    def __init__(self, clock: Clock, times: ReminderTimes, limits: Limits) -> None:
        self._clock = clock
        self._times = times
        self._limits = limits
        self.last = Told()

    def handle(self, events: Sequence[EventEnvelope]) -> Program[None]:
        """Take events in. Raises `BatchTooLarge`, and `ValueError` for one whose revision or ordinal cannot be."""
        batch = Batch(self._clock.now_micros())
        for event in events:
            name = event.WhichOneof("payload") or ""
            take = _TAKES.get(name)
            if take is not None:
                take(batch, event, getattr(event, name))
        yield from batch.tasks.write()
        yield from batch.instances.write()
        yield from write_ended_incidents(batch.resolved, ENDED, batch.now)
        yield from self._remind(batch)
        changed = yield from follow_matters(_matters(batch))
        raised = {event.incident_id for event, _ in batch.incidents}
        over = yield from ended_incidents(raised)
        comments = yield from batch.comments.take(batch.tasks, batch.instances, batch.known)
        limits = replace(self._limits, together=MOST_TOGETHER) if len(events) > 1 else self._limits
        told = yield from tell([*_facts(batch, over), *comments], batch.now, limits)
        told.users |= changed
        self.last = told

    def _remind(self, batch: Batch) -> Program[None]:
        tasks = batch.tasks.rows
        rules = yield from rules_of({task.tenant_id for task in tasks.values() if task.open and task.due_micros})
        reminders = [
            reminder
            for task in tasks.values()
            for reminder in reminders_of(task, rules.get(task.tenant_id, ()), self._times, batch.now)
        ]
        yield from replace_reminders(tasks, reminders)


def _matters(batch: Batch) -> dict[str, Matter]:
    matters = {key: Matter(task.open, task.assignee, task.due_micros) for key, task in batch.tasks.rows.items()}
    return matters | {incident: Matter(open=False) for incident in batch.resolved} | batch.comments.matters()


def _facts(batch: Batch, over: set[str]) -> list[Fact]:
    facts = [_task_occurrence(batch, each) for each in [*batch.occurrences, *_handed_back(batch)]]
    facts += [
        _incident(batch, event, micros, Matter(event.incident_id not in over)) for event, micros in batch.incidents
    ]
    for key, (micros, actor) in batch.started.items():
        facts.append(_instance(batch.instances.rows[key], EventType.PROCESS_STARTED, "", micros, actor))
    for key, row in batch.instances.rows.items():
        # Also where only the start came now, which says who is to be told of the end that came before it.
        if row.end_event and (key in batch.ended or key in batch.started):
            how = EventType(row.end_event)
            facts.append(_instance(row, how, str(row.end_position), row.end_micros, batch.ended.get(key, "")))
    return facts


def _handed_back(batch: Batch) -> list[_TaskOccurrence]:
    """Offer tasks that were somebody's and are nobody's now, whichever was told first. It is one fact for each task."""
    offered = []
    for each in batch.handed_back:
        task = batch.tasks.rows[each.task_id]
        if task.users or task.groups:
            offered.append(each)
    for each in batch.begun:
        task = batch.tasks.rows[each.task_id]
        if task.open and not task.assignee and (task.users or task.groups):
            offered.append(each)
    return offered


def _task_occurrence(batch: Batch, each: _TaskOccurrence) -> Fact:
    task = batch.tasks.rows[each.task_id]
    data = task_data(task, batch.instances.name_of(task.process_instance_id))
    if each.by:
        data["actor"] = {"id": each.by}
    if each.event_type == EventType.TASK_OFFERED and task.groups:
        data["groups"] = ", ".join(task.groups)
    initiator = batch.instances.initiator_of(task.process_instance_id)
    fact = task_fact(task, each.event_type, each.occurrence, each.micros, initiator=initiator, data=data)
    # The assignee as the event has it: the task may be another's by now.
    assignee = task.assignee if each.assignee is None else each.assignee
    return replace(fact, actor=each.actor, assignee=assignee)


def _incident(batch: Batch, event: IncidentRaised, micros: int, matter: Matter) -> Fact:
    reference = event.process_instance
    told = {"id": event.incident_id, "message": event.message, "activity": event.element_id}
    name = batch.instances.name_of(reference.id)
    process = process_data(reference.id, reference.process_definition_key, reference.business_key, name)
    return Fact(
        EventType.INCIDENT_RAISED,
        f"{int(EventType.INCIDENT_RAISED)}:{event.incident_id}",
        reference.tenant_id,
        reference.id,
        reference.process_definition_key,
        reference.business_key,
        micros,
        element_id=event.element_id,
        matter_id=event.incident_id,
        matter=matter,
        data={"incident": told, "process": process},
    )


def _instance(row: InstanceRow, event_type: EventType, occurrence: str, micros: int, by: str) -> Fact:
    data: dict[str, Any] = {
        "process": process_data(row.id, row.process_definition_key, row.business_key, row.process_name)
    }
    if row.end_reason and event_type != EventType.PROCESS_STARTED:
        data["reason"] = row.end_reason
    if by:
        data["actor"] = {"id": by}
    return Fact(
        event_type,
        f"{int(event_type)}:{row.id}:{occurrence}",
        row.tenant_id,
        row.id,
        row.process_definition_key,
        row.business_key,
        micros,
        initiator=row.initiator,
        data=data,
    )


def _created(batch: Batch, event: EventEnvelope, payload: UserTaskCreated) -> None:
    batch.tasks.created(payload)
    batch.instances.look_up(payload.process_instance.id)
    batch.known.add(payload.process_instance.id)
    micros = micros_of(event.timestamp)
    if payload.assignee:
        occurrence = str(position_of(payload.process_instance))
        batch.occurrences.append(
            _TaskOccurrence(payload.task_id, EventType.TASK_ASSIGNED, occurrence, micros, payload.assignee)
        )
        batch.begun.append(_TaskOccurrence(payload.task_id, EventType.TASK_OFFERED, "", micros))
    elif payload.candidate_users or payload.candidate_groups:
        batch.occurrences.append(_TaskOccurrence(payload.task_id, EventType.TASK_OFFERED, "", micros))


def _updated(batch: Batch, event: EventEnvelope, payload: UserTaskUpdated) -> None:
    batch.tasks.updated(payload)
    if _CANDIDATES.intersection(payload.changed):
        batch.instances.look_up(payload.process_instance.id)
        # Who was told before is not told again: it is one fact for each task.
        batch.occurrences.append(
            _TaskOccurrence(payload.task_id, EventType.TASK_OFFERED, "", micros_of(event.timestamp))
        )


def _assigned(batch: Batch, event: EventEnvelope, payload: UserTaskAssigned) -> None:
    batch.tasks.assigned(payload)
    batch.known.add(payload.process_instance.id)
    by = event.metadata.user_id
    if payload.assignee:
        batch.instances.look_up(payload.process_instance.id)
        batch.occurrences.append(
            _TaskOccurrence(
                payload.task_id,
                EventType.TASK_ASSIGNED,
                str(position_of(payload.process_instance)),
                micros_of(event.timestamp),
                payload.assignee,
                # Who has claimed a task knows it.
                by if by == payload.assignee else "",
                by,
            )
        )
    else:
        batch.instances.look_up(payload.process_instance.id)
        # Who has handed it back knows it.
        batch.handed_back.append(
            _TaskOccurrence(payload.task_id, EventType.TASK_OFFERED, "", micros_of(event.timestamp), actor=by)
        )


def _completed(batch: Batch, event: EventEnvelope, payload: Any) -> None:
    batch.tasks.completed(payload)
    batch.instances.look_up(payload.process_instance.id)
    batch.known.add(payload.process_instance.id)
    by = payload.completed_by or event.metadata.user_id
    batch.occurrences.append(
        _TaskOccurrence(
            payload.task_id, EventType.TASK_COMPLETED, "", micros_of(event.timestamp), payload.assignee, by, by
        )
    )


def _started(batch: Batch, event: EventEnvelope, payload: Any) -> None:
    batch.instances.started(payload)
    batch.known.add(payload.process_instance.id)
    batch.started[payload.process_instance.id] = (micros_of(event.timestamp), payload.initiator)


def _end(how: EventType) -> Callable[[Batch, EventEnvelope, Any], None]:
    def take(batch: Batch, event: EventEnvelope, payload: Any) -> None:
        reference = payload.process_instance
        batch.instances.ended(how, reference, micros_of(event.timestamp), getattr(payload, "reason", ""))
        batch.ended[reference.id] = event.metadata.user_id

    return take


def _terminated_task(batch: Batch, _: EventEnvelope, payload: Any) -> None:
    batch.tasks.terminated(payload)


def _raised(batch: Batch, event: EventEnvelope, payload: IncidentRaised) -> None:
    batch.instances.look_up(payload.process_instance.id)
    batch.incidents.append((payload, micros_of(event.timestamp)))


def _commented(batch: Batch, event: EventEnvelope, payload: Any) -> None:
    batch.comments.created(payload, micros_of(event.timestamp))
    batch.instances.look_up(payload.process_instance.id)


def _uncommented(batch: Batch, _: EventEnvelope, payload: Any) -> None:
    batch.comments.deleted(payload)


def _resolved(batch: Batch, _: EventEnvelope, payload: Any) -> None:
    batch.resolved.add(payload.incident_id)


_TAKES: Final[Mapping[str, Callable[[Batch, EventEnvelope, Any], None]]] = {
    "process_instance_started": _started,
    "process_instance_completed": _end(EventType.PROCESS_COMPLETED),
    "process_instance_failed": _end(EventType.PROCESS_FAILED),
    "process_instance_terminated": _end(EventType.PROCESS_TERMINATED),
    "user_task_created": _created,
    "user_task_updated": _updated,
    "user_task_assigned": _assigned,
    "user_task_completed": _completed,
    "user_task_terminated": _terminated_task,
    "incident_raised": _raised,
    "incident_resolved": _resolved,
    "comment_created": _commented,
    "comment_deleted": _uncommented,
}
"""What becomes of each event by the name of its payload; of the others nothing is told."""
