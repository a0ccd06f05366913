"""A made-up world: lives of instances as events, and what a naive reader makes of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.position import position_of
from history_svc.storage.event_id import event_id
from history_svc.storage.values import compared
from history_svc.storage.variable_id import variable_id
from mesh.json_values import to_value
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

USERS = ["", "ann", "bob", "Bob", "x%y", "a_b"]
TEXTS = ["", "Approve", "approve it", "审批", "审批流程", "100%", "a_b", "[x]*?", "Look\\at"]
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    2.5,
    -7,
    10**15,
    "",
    "1",
    "审批",
    "abc",
    "Abc",
    "a%c",
    [1],
    [1, 2],
    {"a": 1},
    {"b": [None]},
]
NAMES = ["amount", "approved", "金额", "x.y"]
ELEMENTS = ["approve", "check", "Approve"]


@dataclass
class Record:
    """One record as a naive reader knows it; each kind uses some of the fields."""

    id: str
    order: Any = None
    instance_id: str = ""
    definition_id: str = ""
    key: str = ""
    business_key: str = ""
    tenant_id: str = ""
    state: int = 1
    start_micros: int = 0
    end_micros: int | None = None
    due_micros: int | None = None
    initiator: str = ""
    end_reason: str = ""
    parent_id: str = ""
    root_id: str = ""
    element_id: str = ""
    element_type: str = ""
    name: str = ""
    description: str = ""
    assignee: str = ""
    owner: str = ""
    completed_by: str = ""
    outcome: str = ""
    priority: int = 0
    groups: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    scope: str = ""
    value: Any = None
    value_type: int = 0
    deleted: bool = False
    variable_id: str = ""
    user_id: str = ""
    job_id: str = ""


@dataclass
class World:
    """Everything that was made up."""

    events: list[EventEnvelope] = field(default_factory=list)
    instances: dict[str, Record] = field(default_factory=dict)
    tasks: dict[str, Record] = field(default_factory=dict)
    activities: dict[str, Record] = field(default_factory=dict)
    variables: dict[str, Record] = field(default_factory=dict)
    changes: list[Record] = field(default_factory=list)
    incidents: dict[str, Record] = field(default_factory=dict)
    jobs: list[Record] = field(default_factory=list)
    users: list[str] = field(default_factory=lambda: USERS)
    names: list[str] = field(default_factory=lambda: NAMES)
    values: list[Any] = field(default_factory=lambda: VALUES)
    elements: list[str] = field(default_factory=lambda: ELEMENTS)
    start: int = START_MICROS

    @property
    def records(self) -> dict[str, list[Record]]:
        return {
            "HistoricProcessInstances": list(self.instances.values()),
            "HistoricActivities": list(self.activities.values()),
            "HistoricTasks": list(self.tasks.values()),
            "HistoricVariables": list(self.variables.values()),
            "HistoricVariableChanges": self.changes,
            "HistoricIncidents": list(self.incidents.values()),
            "HistoricJobEvents": self.jobs,
        }

    def instance_values(self, record: Record, name: str, any_scope: bool) -> list[Any]:
        return self._values(record.id, name, None if any_scope else "")

    def values_of_tasks_instance(self, record: Record, name: str, any_scope: bool) -> list[Any]:
        return self._values(record.instance_id, name, None if any_scope else "")

    def task_values(self, record: Record, name: str, _: bool) -> list[Any]:
        return self._values(record.instance_id, name, record.id)

    def _values(self, instance_id: str, name: str, scope: str | None) -> list[Any]:
        return [
            each.value
            for each in self.variables.values()
            if each.instance_id == instance_id
            and each.name == name
            and not each.deleted
            and (scope is None or each.scope == scope)
        ]

    def incidents_of(self, instance_id: str, state: int) -> list[Record]:
        return [each for each in self.incidents.values() if each.instance_id == instance_id and each.state == state]

    def involved_in_task(self, record: Record, user: str) -> bool:
        return user in (record.assignee, record.owner, record.completed_by) or user in record.candidates

    def involved_in_instance(self, record: Record, user: str) -> bool:
        return record.initiator == user or any(
            user in (task.assignee, task.owner, task.completed_by)
            for task in self.tasks.values()
            if task.instance_id == record.id
        )

    def is_at(self, instance_id: str, element: str, state: int) -> bool:
        return any(
            each.instance_id == instance_id and each.element_id == element and each.state == state
            for each in self.activities.values()
        )


def make_world(chance: random.Random, instances: int = 14) -> World:
    world = World()
    lives: list[Life] = []
    for number in range(instances):
        caller = chance.choice(lives) if lives and chance.random() < 0.3 else None
        life = Life(
            key=chance.choice(["order", "Order", "review"]),
            definition_id=f"definition-{number % 3}",
            business_key=chance.choice(["", "B-1", "B-2", "b-1", "审批-7"]),
            tenant_id=chance.choice(["", "acme", "acme-2"]),
            micros=START_MICROS + chance.choice([0, 1, 2]) * 1_000_000,
            user_id=chance.choice(USERS),
        )
        lives.append(life)
        _live(chance, world, life, world.instances[caller.id] if caller else None)
    world.changes.sort(key=lambda record: record.order)
    world.jobs.sort(key=lambda record: record.order)
    return world


def _live(chance: random.Random, world: World, life: Life, caller: Record | None) -> None:
    initiator = chance.choice(USERS)
    common: dict[str, Any] = {
        "instance_id": life.id,
        "definition_id": life.definition_id,
        "key": life.key,
        "business_key": life.business_key,
        "tenant_id": life.tenant_id,
    }
    instance = Record(
        life.id,
        **common,
        start_micros=life.micros,
        initiator=initiator,
        parent_id=caller.id if caller else "",
        root_id=caller.root_id if caller else life.id,
        order=(life.micros, life.id),
    )
    world.instances[life.id] = instance
    start = {name: chance.choice(VALUES) for name in chance.sample(NAMES, k=chance.randrange(3))}
    life.start_micros = life.micros
    event = life.tell(
        "process_instance_started",
        initiator=initiator,
        variables={name: to_value(value) for name, value in start.items()},
        parent_process_instance_id=instance.parent_id,
        parent_activity_id=f"{instance.parent_id}.1" if caller else "",
        root_process_instance_id=instance.root_id,
    )
    _remember(world, life, event, "", start, common)
    open_tasks: list[tuple[Any, int, Record, Record]] = []
    for _ in range(chance.randrange(4)):
        life.commit(chance.choice([1, 1_000_000, 3_000_000]))
        activity = life.activity(chance.choice(ELEMENTS), chance.choice(["userTask", "userTask", "receiveTask"]))
        begun = life.enter(activity)
        record = Record(
            activity.id,
            **common,
            element_id=activity.element_id,
            name=activity.element_name,
            element_type=activity.element_type,
            start_micros=begun,
            order=(begun, activity.sequence, activity.id),
        )
        world.activities[activity.id] = record
        if activity.element_type == "userTask":
            open_tasks.append((activity, begun, record, _task(chance, world, life, activity, common)))
        scope = chance.choice(["", activity.id])
        values = {name: chance.choice(VALUES) for name in chance.sample(NAMES, k=chance.randrange(1, 3))}
        life.set(scope, **values)
        _remember(world, life, life.events[-1], scope, values, common)
        if chance.random() < 0.3:
            gone = chance.choice(NAMES)
            event = life.tell("variables_deleted", scope_activity_id=scope, names=[gone])
            _forget(world, life, event, scope, gone, common)
        if chance.random() < 0.4:
            _incident(chance, world, life, common)
        if chance.random() < 0.5:
            _job(chance, world, life, common)
        if open_tasks and chance.random() < 0.5:
            life.commit(1_000_000)
            _complete(chance, life, *open_tasks.pop())
    life.commit(chance.choice([0, 1_000_000]))
    ending = chance.choice(["", "paused", "completed", "terminated", "failed"])
    if ending == "paused":
        life.tell("process_instance_suspended")
        instance.state = 2
    elif ending:
        for activity, begun, record, task in open_tasks:
            life.abandon(activity, begun, "gone")
            record.state, record.end_micros, record.end_reason = 3, life.micros, "gone"
            life.tell("user_task_terminated", task_id=task.id, reason="gone")
            task.state, task.end_micros, task.end_reason = 3, life.micros, "gone"
        instance.end_micros = life.micros
        if ending == "completed":
            life.end()
            instance.state = 3
        elif ending == "terminated":
            instance.end_reason = chance.choice(TEXTS)
            life.terminate(instance.end_reason)
            instance.state = 5
        else:
            instance.end_reason = chance.choice(TEXTS)
            life.tell("process_instance_failed", start_time=timestamp(life.start_micros), reason=instance.end_reason)
            instance.state = 4
    world.events += life.events


def _task(chance: random.Random, world: World, life: Life, activity: Any, common: dict[str, Any]) -> Record:
    due = chance.choice([None, life.micros, life.micros + 5_000_000])
    task = Record(
        activity.id,
        **common,
        element_id=activity.element_id,
        name=chance.choice(TEXTS),
        description=chance.choice(TEXTS),
        assignee=chance.choice(USERS),
        owner=chance.choice(USERS),
        priority=chance.choice([0, 50, 100]),
        due_micros=due,
        groups=set(chance.choice([[], ["it"], ["it", "sales"]])),
        candidates=set(chance.choice([[], ["ann"]])),
        start_micros=life.micros,
        order=(life.micros, activity.id),
    )
    life.tell(
        "user_task_created",
        task_id=task.id,
        element_id=task.element_id,
        name=task.name,
        description=task.description,
        assignee=task.assignee,
        owner=task.owner,
        priority=task.priority,
        candidate_groups=sorted(task.groups),
        candidate_users=sorted(task.candidates),
        due_time=None if due is None else timestamp(due),
    )
    world.tasks[task.id] = task
    return task


def _complete(chance: random.Random, life: Life, activity: Any, begun: int, record: Record, task: Record) -> None:
    life.leave(activity, begun)
    record.state, record.end_micros = 2, life.micros
    task.assignee, task.completed_by, task.outcome = (chance.choice(USERS) for _ in range(3))
    life.tell(
        "user_task_completed",
        task_id=task.id,
        element_id=task.element_id,
        assignee=task.assignee,
        completed_by=task.completed_by,
        outcome=task.outcome,
    )
    task.state, task.end_micros = 2, life.micros


def _incident(chance: random.Random, world: World, life: Life, common: dict[str, Any]) -> None:
    record = Record(
        f"{life.id}.{800 + len(world.incidents)}",
        **common,
        name=chance.choice(["JOB_NO_RETRIES", "UNHANDLED_ERROR"]),
        description=chance.choice(TEXTS),
        start_micros=life.micros,
    )
    record.order = (life.micros, record.id)
    world.incidents[record.id] = record
    life.tell("incident_raised", incident_id=record.id, type=record.name, message=record.description)
    if chance.random() < 0.5:
        life.commit(1_000_000)
        life.tell("incident_resolved", incident_id=record.id)
        record.state, record.end_micros = 2, life.micros


def _job(chance: random.Random, world: World, life: Life, common: dict[str, Any]) -> None:
    job_id, job_type = f"{life.id}.{900 + len(world.jobs)}", chance.choice(["charge", "Charge", "mail"])
    tells: list[tuple[int, str, dict[str, Any]]] = [
        (1, "job_scheduled", {"retries": 3}),
        (3, "job_failed", {"retries": 2, "error_message": chance.choice(TEXTS)}),
        (2, "job_completed", {}),
    ]
    for state, payload, fields in tells[: chance.randrange(1, 4)]:
        event = life.tell(payload, job_id=job_id, job_type=job_type, **fields)
        key = event_id(life.id, position_of(getattr(event, payload).process_instance))
        world.jobs.append(
            Record(
                key,
                **common,
                order=(life.id, key),
                job_id=job_id,
                name=job_type,
                state=state,
                start_micros=life.micros,
                description=fields.get("error_message", ""),
            )
        )


def _remember(
    world: World, life: Life, event: EventEnvelope, scope: str, values: dict[str, Any], common: dict[str, Any]
) -> None:
    for name, value in values.items():
        kind = compared(to_value(value))[0]
        _change(world, life, event, scope, name, common, value=value, value_type=kind)


def _forget(world: World, life: Life, event: EventEnvelope, scope: str, name: str, common: dict[str, Any]) -> None:
    _change(world, life, event, scope, name, common, deleted=True)


def _change(
    world: World, life: Life, event: EventEnvelope, scope: str, name: str, common: dict[str, Any], **fields: Any
) -> None:
    from history_svc.consumers.variables import _change_id, _Told

    key = variable_id(life.id, scope, name)
    world.variables[key] = Record(key, **common, order=key, scope=scope, name=name, start_micros=life.micros, **fields)
    payload = event.WhichOneof("payload") or ""
    position = position_of(getattr(event, payload).process_instance)
    reference = getattr(event, payload).process_instance
    change_id = _change_id(_Told(reference, key, scope, name, None, life.micros, position, ""))
    world.changes.append(
        Record(
            change_id,
            **common,
            order=(life.id, change_id),
            scope=scope,
            name=name,
            variable_id=key,
            user_id=life.user_id,
            start_micros=life.micros,
            **fields,
        )
    )
