"""What a step did: the rows that must change with the instance, and the events that tell it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine_svc.state.instance import Instance

from engine_svc.events.record import USER_TASK_CREATED

Event = tuple[Any, ...]
"""`(payload number, values...)`, see `engine_svc.events.record`."""


class JobKind(enum.IntEnum):
    """Who does a job; the numbers are those of the contract and of the database."""

    EXTERNAL = 1
    """A worker that polls for it."""
    TIMER = 2
    """The engine, when it is due."""
    ASYNC = 3
    """The engine, as soon as it can."""


@dataclass(slots=True)
class NewUserTask:
    """A user task to be shown in lists. Times in microseconds, 0: none."""

    key: int
    element_id: str
    name: str
    description: str
    assignee: str
    candidate_users: tuple[str, ...]
    candidate_groups: tuple[str, ...]
    priority: int
    due_micros: int
    form_key: str
    owner: str = ""
    follow_up_micros: int = 0
    category: str = ""
    parent_key: int = 0
    """Key of the task it is a part of; 0: none."""

    def created_event(self) -> Event:
        """Return the event that tells it."""
        return (
            USER_TASK_CREATED,
            self.key,
            self.element_id,
            self.name,
            self.description,
            self.assignee,
            self.candidate_users,
            self.candidate_groups,
            self.priority,
            self.due_micros,
            self.form_key,
            self.owner,
            self.follow_up_micros,
            self.category,
            self.parent_key,
        )


@dataclass(slots=True)
class NewJob:
    """Work for an external worker or for the engine itself. `inputs` are variables for the worker alone.

    `due_micros`: not before; 0: at once. `waits_micros`: before each further try, the last one for all that follow;
    empty: exponential from 2 s.
    """

    key: int
    element_id: str
    type: str
    retries: int
    priority: int
    headers: dict[str, str]
    inputs: dict[str, Any]
    kind: JobKind = JobKind.EXTERNAL
    due_micros: int = 0
    waits_micros: tuple[int, ...] = ()


@dataclass(slots=True)
class NewSubscription:
    """An event that an instance waits for. `type` is a `Wait`; `host_key` the activity or scope it belongs to."""

    key: int
    type: int
    name: str
    correlation_key: str
    element_id: str
    activity_key: int


@dataclass(slots=True)
class NewIncident:
    """Something that needs a person's help. `type` is a value of `Incident.Type`."""

    key: int
    type: int
    element_id: str
    job_key: int
    message: str


@dataclass(slots=True)
class ThrownSignal:
    """A signal for whoever waits for it, other than in the instances that the step has seen to already."""

    name: str
    variables: dict[str, Any]
    everywhere: bool = False
    """Also for the instance that threw it, which has not seen to it."""


@dataclass(slots=True)
class ThrownMessage:
    """A message that the engine sends on behalf of a throw event or send task."""

    name: str
    correlation_key: str
    variables: dict[str, Any]


class Changes:
    """Collected while a step runs, for one instance."""

    # Written out: made for every command, and a dataclass would call a factory for each list.
    __slots__ = (
        "awaits_acknowledgement",
        "ended_incidents",
        "ended_jobs",
        "ended_subscriptions",
        "ended_user_tasks",
        "events",
        "messages",
        "new_incidents",
        "new_jobs",
        "new_subscriptions",
        "new_user_tasks",
        "others",
        "signals",
    )

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.new_user_tasks: list[NewUserTask] = []
        self.ended_user_tasks: list[int] = []
        self.new_jobs: list[NewJob] = []
        self.ended_jobs: list[int] = []
        self.new_subscriptions: list[NewSubscription] = []
        self.ended_subscriptions: list[int] = []
        self.new_incidents: list[NewIncident] = []
        self.ended_incidents: list[int] = []
        self.signals: list[ThrownSignal] = []
        self.messages: list[ThrownMessage] = []
        self.awaits_acknowledgement = False
        """The instance was completed, and the business system has to acknowledge it."""
        self.others: list[tuple[Instance, Changes]] = []
        """Callers and called instances that the same step changed."""
