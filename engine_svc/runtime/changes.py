"""What a step did: the rows that must change with the instance, and the events that tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine_svc.events.record import USER_TASK_CREATED

Event = tuple[Any, ...]
"""`(payload number, values...)`, see `engine_svc.events.record`."""


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
    """Work for an external worker. `inputs` are variables computed for the worker alone."""

    key: int
    element_id: str
    type: str
    retries: int
    priority: int
    headers: dict[str, str]
    inputs: dict[str, Any]


@dataclass(slots=True)
class NewIncident:
    """Something that needs a person's help. `type` is a value of `Incident.Type`."""

    key: int
    type: int
    element_id: str
    job_key: int
    message: str


@dataclass(slots=True)
class Changes:
    """Collected while a step runs."""

    events: list[Event] = field(default_factory=list)
    new_user_tasks: list[NewUserTask] = field(default_factory=list)
    ended_user_tasks: list[int] = field(default_factory=list)
    new_jobs: list[NewJob] = field(default_factory=list)
    ended_jobs: list[int] = field(default_factory=list)
    new_incidents: list[NewIncident] = field(default_factory=list)
    ended_incidents: list[int] = field(default_factory=list)
