"""Events as the engine tells them: builders, and a hypothesis strategy for whole lives of instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope, EventMetadata
from flowmesh.events.v1.workflow_pb2 import ActivityRef, ProcessInstanceRef
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from mesh.ids import new_id
from mesh.json_values import to_values

START_MICROS = 1_790_000_000_000_000

EVENT_TYPES = {
    "process_instance_started": "workflow.instance.started.v1",
    "process_instance_completed": "workflow.instance.completed.v1",
    "process_instance_failed": "workflow.instance.failed.v1",
    "process_instance_terminated": "workflow.instance.terminated.v1",
    "process_instance_suspended": "workflow.instance.suspended.v1",
    "process_instance_resumed": "workflow.instance.resumed.v1",
    "process_instance_migrated": "workflow.instance.migrated.v1",
    "activity_started": "workflow.activity.started.v1",
    "activity_completed": "workflow.activity.completed.v1",
    "activity_terminated": "workflow.activity.terminated.v1",
    "user_task_created": "workflow.task.created.v1",
    "user_task_assigned": "workflow.task.assigned.v1",
    "user_task_completed": "workflow.task.completed.v1",
    "user_task_terminated": "workflow.task.terminated.v1",
    "user_task_updated": "workflow.task.updated.v1",
    "job_scheduled": "workflow.task.scheduled.v1",
    "job_completed": "workflow.job.completed.v1",
    "job_failed": "workflow.job.failed.v1",
    "incident_raised": "workflow.incident.raised.v1",
    "incident_resolved": "workflow.incident.resolved.v1",
    "comment_created": "workflow.comment.created.v1",
    "comment_deleted": "workflow.comment.deleted.v1",
    "attachment_created": "workflow.attachment.created.v1",
    "attachment_deleted": "workflow.attachment.deleted.v1",
    "completion_pending": "workflow.completion.pending.v1",
    "variables_updated": "workflow.variables.updated.v1",
    "variables_deleted": "workflow.variables.deleted.v1",
}


def timestamp(micros: int) -> Timestamp:
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


@dataclass
class Life:
    """Tells the events of one instance; `commit` begins the next revision."""

    id: str = field(default_factory=new_id)
    key: str = "order"
    definition_id: str = "definition-1"
    business_key: str = ""
    tenant_id: str = ""
    micros: int = START_MICROS
    revision: int = 1
    ordinal: int = 0
    sequence: int = 0
    events: list[EventEnvelope] = field(default_factory=list)
    start_micros: int = 0
    user_id: str = ""

    def commit(self, micros_later: int = 1_000_000) -> None:
        self.revision += 1
        self.ordinal = 0
        self.micros += micros_later

    def tell(self, payload: str, **fields: Any) -> EventEnvelope:
        reference = ProcessInstanceRef(
            id=self.id,
            process_definition_id=self.definition_id,
            process_definition_key=self.key,
            process_definition_version=1,
            business_key=self.business_key,
            tenant_id=self.tenant_id,
            revision=self.revision,
            ordinal=self.ordinal,
        )
        if self.ordinal and self.events:
            # What seemed to be the commit's last event is not.
            self._reference_of(self.events[-1]).last_in_commit = False
        reference.last_in_commit = True
        self.ordinal += 1
        event = EventEnvelope(
            event_id=new_id(),
            event_type=EVENT_TYPES[payload],
            event_version="1.0",
            timestamp=timestamp(self.micros),
            source_service="engine",
            correlation_id="correlation",
            biz_id=self.id,
            metadata=EventMetadata(user_id=self.user_id) if self.user_id else None,
        )
        fields["process_instance"] = reference
        getattr(event, payload).MergeFrom(type(getattr(event, payload))(**fields))
        self.events.append(event)
        return event

    @staticmethod
    def _reference_of(event: EventEnvelope) -> ProcessInstanceRef:
        reference: ProcessInstanceRef = getattr(event, event.WhichOneof("payload") or "").process_instance
        return reference

    def start(self, initiator: str = "", **variables: Any) -> None:
        self.start_micros = self.micros
        self.tell("process_instance_started", initiator=initiator, variables=to_values(variables))

    def end(self) -> None:
        self.tell("process_instance_completed", start_time=timestamp(self.start_micros))

    def terminate(self, reason: str = "") -> None:
        self.tell("process_instance_terminated", start_time=timestamp(self.start_micros), reason=reason)

    def activity(
        self, element_id: str, element_type: str = "userTask", parent: str = "", flow: str = ""
    ) -> ActivityRef:
        self.sequence += 1
        return ActivityRef(
            id=f"{self.id}.{self.sequence}",
            element_id=element_id,
            element_name=element_id.title(),
            element_type=element_type,
            parent_activity_id=parent,
            sequence=self.sequence,
            flow_id=flow,
        )

    def enter(self, activity: ActivityRef) -> int:
        self.tell("activity_started", activity=activity)
        return self.micros

    def leave(self, activity: ActivityRef, start_micros: int | None = None) -> None:
        start = self.micros if start_micros is None else start_micros
        self.tell("activity_completed", activity=activity, start_time=timestamp(start))

    def abandon(self, activity: ActivityRef, start_micros: int, reason: str = "") -> None:
        self.tell("activity_terminated", activity=activity, start_time=timestamp(start_micros), reason=reason)

    def set(self, scope: str = "", **variables: Any) -> None:
        self.tell("variables_updated", scope_activity_id=scope, variables=to_values(variables))


NAMES = st.sampled_from(["amount", "approved", "金额", "x.y", "a b"])
PLAIN_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=5), st.lists(st.booleans(), max_size=2)
)
USERS = st.sampled_from(["", "ann", "bob"])


@dataclass
class _Open:
    activity: ActivityRef
    start_micros: int
    task: bool
    assignee: str


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw an instance's life as the engine may tell it, from its start to any moment."""
    life = Life(business_key=draw(st.sampled_from(["", "B-1"])), tenant_id=draw(st.sampled_from(["", "acme"])))
    life.start(draw(USERS), **draw(st.dictionaries(NAMES, PLAIN_VALUES, max_size=2)))
    open_activities: list[_Open] = []
    paused = False
    for _ in range(draw(st.integers(0, 6))):
        for _ in range(draw(st.integers(1, 3))):
            _act(draw, life, open_activities)
        if draw(st.booleans()):
            life.tell("process_instance_resumed" if paused else "process_instance_suspended")
            paused = not paused
        life.commit(draw(st.integers(0, 5_000_000)))
    ending = draw(st.sampled_from(["", "completed", "terminated"]))
    if ending:
        for one in open_activities:
            _close(life, one, terminated=ending == "terminated")
        if ending == "completed":
            life.end()
        else:
            life.terminate("cancelled by ann")
    return life


_ACTIONS = ["unset", "pass", "enter", "assign", "update", "leave", "abandon", "set", "job", "incident", "remark"]


def _act(draw: st.DrawFn, life: Life, open_activities: list[_Open]) -> None:
    action = draw(st.sampled_from(_ACTIONS))
    if action == "pass":
        life.leave(life.activity("gateway", "exclusiveGateway"))
    elif action == "enter":
        activity = life.activity("approve")
        task, assignee = draw(st.booleans()), draw(USERS)
        open_activities.append(_Open(activity, life.enter(activity), task, assignee))
        if task:
            life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve", assignee=assignee)
    elif action == "set":
        scope = draw(st.sampled_from(["", *(one.activity.id for one in open_activities)]))
        life.set(scope, **draw(st.dictionaries(NAMES, PLAIN_VALUES, max_size=3)))
    elif action == "unset":
        scope = draw(st.sampled_from(["", *(one.activity.id for one in open_activities)]))
        life.tell("variables_deleted", scope_activity_id=scope, names=draw(st.lists(NAMES, max_size=2)))
    elif action == "job":
        life.tell("job_scheduled", job_id=f"{life.id}.9", job_type="charge", retries=3)
        if draw(st.booleans()):
            life.tell("job_failed", job_id=f"{life.id}.9", job_type="charge", retries=2, error_message="no money")
    elif action == "incident":
        incident = f"{life.id}.{draw(st.integers(80, 82))}"
        # Each is raised once and resolved once at most.
        told = {event.WhichOneof("payload") for event in life.events if incident in str(event)}
        if "incident_raised" not in told:
            life.tell("incident_raised", incident_id=incident, type="JOB_NO_RETRIES", message="the job failed")
        elif "incident_resolved" not in told:
            life.tell("incident_resolved", incident_id=incident)
    elif action == "remark":
        _remark(draw, life)
    elif open_activities:
        one = draw(st.sampled_from(open_activities))
        if action == "assign" and one.task:
            previous, one.assignee = one.assignee, draw(USERS)
            life.tell("user_task_assigned", task_id=one.activity.id, assignee=one.assignee, previous_assignee=previous)
        elif action == "update" and one.task:
            due = timestamp(life.micros) if draw(st.booleans()) else None
            life.tell("user_task_updated", task_id=one.activity.id, name="Changed", owner=draw(USERS), due_time=due)
        elif action not in ("assign", "update"):
            open_activities.remove(one)
            _close(life, one, terminated=action == "abandon")


def _remark(draw: st.DrawFn, life: Life) -> None:
    kind, fields = draw(st.sampled_from([("comment", {"text": "审批通过"}), ("attachment", {"name": "report.pdf"})]))
    key = f"{life.id}.{draw(st.integers(90, 91))}.{kind}"
    told = {event.WhichOneof("payload") for event in life.events if key in str(event)}
    if f"{kind}_created" not in told:
        life.tell(f"{kind}_created", **{f"{kind}_id": key}, user_id="ann", **fields)
    elif f"{kind}_deleted" not in told:
        life.tell(f"{kind}_deleted", **{f"{kind}_id": key})


def _close(life: Life, one: _Open, *, terminated: bool) -> None:
    if terminated:
        life.abandon(one.activity, one.start_micros, "boundary event")
        if one.task:
            life.tell("user_task_terminated", task_id=one.activity.id, reason="boundary event")
    else:
        life.leave(one.activity, one.start_micros)
        if one.task:
            life.tell("user_task_completed", task_id=one.activity.id, element_id="approve", assignee=one.assignee)
