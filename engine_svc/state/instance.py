"""The live state of a process instance: scopes with variables, and tokens that wait.

Tokens that move are not in here: they exist only while a step runs. Ended tokens and scopes leave the state.
"""

from __future__ import annotations

import enum
from typing import Any

from engine_svc.state.definition import Definition

ROOT_SCOPE = 0
NO_FLOW = -1


class Status(enum.IntEnum):
    """Where an instance stands; the numbers are those of the contract and of the database."""

    RUNNING = 1
    PAUSED = 2
    COMPLETED = 3
    FAILED = 4
    TERMINATED = 5


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.TERMINATED})


class Scope:
    """A variable scope. Its key is the key of the activity that opened it, or `ROOT_SCOPE`."""

    __slots__ = ("key", "live_tokens", "parent_key", "variables")

    def __init__(self, key: int, parent_key: int, variables: dict[str, Any]) -> None:
        self.key = key
        self.parent_key = parent_key
        self.variables = variables
        self.live_tokens = 0


class Token:
    """A token: where it is and, while it waits, the activity it waits in.

    `key` numbers the activity and is 0 while the token moves; `flow` is the index of the sequence flow it came
    by; `assignee` belongs to user tasks, `job_type` to external tasks.
    """

    __slots__ = ("assignee", "element", "flow", "job_type", "key", "scope_key", "start_micros")

    def __init__(self, scope_key: int, element: int, flow: int = NO_FLOW) -> None:
        self.key = 0
        self.scope_key = scope_key
        self.element = element
        self.flow = flow
        self.start_micros = 0
        self.assignee = ""
        self.job_type = ""


class AddedTask:
    """An open user task that no model has: a part of another task, or, with a parent key of 0, a stand-alone one."""

    __slots__ = ("assignee", "key", "parent_key")

    def __init__(self, key: int, parent_key: int, assignee: str) -> None:
        self.key = key
        self.parent_key = parent_key
        self.assignee = assignee


class Instance:
    """A process instance. `revision` counts its commits; 0 before the first one."""

    __slots__ = (
        "added_tasks",
        "arrivals",
        "business_key",
        "definition",
        "delegated_tasks",
        "end_micros",
        "id",
        "incidents",
        "next_key",
        "revision",
        "scopes",
        "start_micros",
        "status",
        "tenant_id",
        "tokens",
    )

    def __init__(
        self, instance_id: str, definition: Definition, *, tenant_id: str, business_key: str, start_micros: int
    ) -> None:
        self.id = instance_id
        self.definition = definition
        self.tenant_id = tenant_id
        self.business_key = business_key
        self.start_micros = start_micros
        self.end_micros = 0
        self.revision = 0
        self.status = Status.RUNNING
        self.incidents: dict[int, int] = {}
        """Keys of the open incidents, each with the key of its job; 0 where it is not known."""
        self.next_key = 1
        self.scopes: dict[int, Scope] = {}
        self.tokens: dict[int, Token] = {}
        """Waiting tokens by the key of their activity."""
        self.added_tasks: dict[int, AddedTask] = {}
        """Open user tasks that no model has, by their key, parents before their parts."""
        self.delegated_tasks: set[int] = set()
        """Keys of the user tasks that are delegated and not resolved yet."""
        self.arrivals: dict[tuple[int, int], list[Token]] = {}
        """Tokens that wait at a join, oldest first, by scope key and element index."""

    @property
    def ended(self) -> bool:
        """Whether the instance has ended."""
        return self.status in ENDED
