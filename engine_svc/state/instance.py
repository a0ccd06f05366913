"""The live state of a process instance: scopes with variables, and tokens that wait.

Tokens that move are not in here: they exist only while a step runs. Ended tokens and scopes leave the state.
"""

from __future__ import annotations

import enum
from typing import Any

from engine_svc.state.definition import Definition
from engine_svc.state.members import LargeValue, LargeValues, Member, Parts

ROOT_SCOPE = 0
NO_FLOW = -1
NO_HOST = -1


class Status(enum.IntEnum):
    """Where an instance stands; the numbers are those of the contract and of the database."""

    RUNNING = 1
    PAUSED = 2
    COMPLETED = 3
    FAILED = 4
    TERMINATED = 5


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.TERMINATED})


class Stage(enum.IntEnum):
    """Where a token stands in its element; the numbers are stored."""

    ACTIVE = 0
    """In the element's behaviour, or about to enter the element where its activity has not begun."""
    BEFORE = 1
    """Before the element, waiting for an asynchronous job; the activity has not begun."""
    STARTING = 2
    """In the start listeners."""
    COMPLETING = 3
    """The behaviour is done: output mappings and end listeners."""
    AFTER = 4
    """The activity has ended; waiting for an asynchronous job before leaving."""
    BODY = 5
    """The body of a multi-instance activity or loop, whose children are in the scope it opened."""
    CHOOSING = 6
    """At an event-based gateway whose events are companions of the token."""
    TAKING = 7
    """On a sequence flow, in its listeners."""
    ENDING = 8
    """Stands for the instance itself, whose last token has ended."""
    CHILD = 9
    """A child of a multi-instance or loop that is about to begin."""
    COMPENSATING = 10
    """Holds the scope of a completed activity open again while its handlers run."""
    LEAVING = 11
    """Leaves an element inside an ad-hoc sub-process, whose completion condition is looked at first."""
    RESETTING = 12
    """Remembers for a complex gateway, as a companion of its scope, which flows have brought a token."""
    BEGINNING = 13
    """In front of the start event of an instance, in the start listeners of the process."""
    TASK_CREATING = 14
    """In a user task, in the task listeners that come before the task is there."""
    TASK_COMPLETING = 15
    """In a user task that is done, in its task listeners."""
    FIRING = 17
    """The event has come that it waits for; it is about to go on."""
    ENDED = 18
    """At the end of its path: the scope may end with it."""
    NOTICE = 16
    """A companion of the instance: work that a task listener asks for, which nothing waits for."""
    TERMINATING = 19
    """A terminate end event is about to end its sub-process."""
    CARRYING = 20
    """Stands for all that did not move yet when a step was cut; see `engine_svc.runtime.behaviors.continuation`."""


HIDDEN = frozenset(
    {
        Stage.BEFORE,
        Stage.AFTER,
        Stage.BODY,
        Stage.CHOOSING,
        Stage.TAKING,
        Stage.ENDED,
        Stage.ENDING,
        Stage.CHILD,
        Stage.COMPENSATING,
        Stage.LEAVING,
        Stage.RESETTING,
        Stage.BEGINNING,
        Stage.NOTICE,
        Stage.TERMINATING,
        Stage.CARRYING,
    }
)
"""Stages in which a token stands for no activity."""


class Wait(enum.IntEnum):
    """What would move a waiting token; the numbers are stored."""

    NOTHING = 0
    """Nothing from outside: a scope's content, a join, a handler that only an error or a throw finds."""
    USER_TASK = 1
    EXTERNAL_JOB = 2
    TIMER = 3
    ASYNC_JOB = 4
    MESSAGE = 5
    SIGNAL = 6
    CONDITION = 7
    VARIABLE = 8
    CALL = 9
    TRIGGER = 10
    """Being triggered by API."""


WITH_JOB = frozenset({Wait.EXTERNAL_JOB, Wait.TIMER, Wait.ASYNC_JOB})
WITH_SUBSCRIPTION = frozenset({Wait.MESSAGE, Wait.SIGNAL})
WATCHING = frozenset({Wait.CONDITION, Wait.VARIABLE})


class Scope(Member):
    """A variable scope. Its key is the key of the activity that opened it, or `ROOT_SCOPE`.

    `compensations` lists what was completed in it and can be compensated, oldest first. `large` holds, by name, the
    values that are stored apart; None where there are none.
    """

    __slots__ = ("compensations", "large", "live_tokens", "parent_key", "variables")

    def __init__(self, key: int, parent_key: int, variables: dict[str, Any]) -> None:
        self.key = key
        self._encoded = None
        self.changed_parts = None
        self.parent_key = parent_key
        self.variables = variables
        self.live_tokens = 0
        self.compensations: list[Compensable] = []
        self.large: dict[str, LargeValue] | None = None


class Page(Member):
    """A piece of a long list that a token keeps, so that a change of one entry does not store them all again."""

    __slots__ = ("entries",)

    def __init__(self, key: int, entries: list[Any]) -> None:
        super().__init__(key)
        self.entries = entries


class Compensable:
    """An activity that was completed and can be compensated, with the variables of then.

    `inner` lists, for a sub-process, what was completed within it.
    """

    __slots__ = ("element", "inner", "key", "variables")

    def __init__(self, key: int, element: int, variables: dict[str, Any], inner: list[Compensable]) -> None:
        self.key = key
        self.element = element
        self.variables = variables
        self.inner = inner


class Token(Member):
    """A token: where it is and, while it waits, the activity it waits in.

    `key` numbers the activity and is 0 while the token moves; `flow` is the index of the sequence flow it came
    by; `assignee` belongs to user tasks, `job_type` to external jobs. A companion waits for an event on behalf of
    the activity or scope whose key is `host`; it does not keep its scope alive. `detail` is what else a processor
    keeps, as JSON values.
    """

    __slots__ = (
        "assignee",
        "detail",
        "element",
        "flow",
        "host",
        "job_type",
        "scope_key",
        "stage",
        "start_micros",
        "waits_for",
    )

    def __init__(self, scope_key: int, element: int, flow: int = NO_FLOW) -> None:
        self.key = 0
        self._encoded = None
        self.changed_parts = None
        self.scope_key = scope_key
        self.element = element
        self.flow = flow
        self.start_micros = 0
        self.host = NO_HOST
        self.stage = Stage.ACTIVE
        self.waits_for = Wait.NOTHING
        self.assignee = ""
        self.job_type = ""
        self.detail: dict[str, Any] | None = None


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
        "depth",
        "end_micros",
        "hosted",
        "id",
        "incidents",
        "initiator",
        "large_values",
        "last_variables",
        "next_key",
        "pages",
        "parent_id",
        "parent_key",
        "parts",
        "restarted_from",
        "revision",
        "root_id",
        "run_length",
        "scopes",
        "silent_commits",
        "start_micros",
        "status",
        "tenant_id",
        "tokens",
        "watching",
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
        self.silent_commits = 0
        """How many of the last commits had no events, so that nobody outside will ever hear of their revisions."""
        self.status = Status.RUNNING
        self.parent_id = ""
        """The calling instance; empty: none."""
        self.parent_key = 0
        """Key of the call activity in the calling instance."""
        self.root_id = instance_id
        """The outermost calling instance, or itself."""
        self.restarted_from = ""
        """The ended instance that this one repeats; empty: none."""
        self.initiator = ""
        """The user who started it; empty where nobody did."""
        self.last_variables: dict[str, Any] = {}
        """Of an ended instance: the variables of its own scope."""
        self.depth = 0
        """How many instances it is called through."""
        self.run_length = 0
        """Elements run through since the instance last waited for something from outside."""
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
        self.hosted: dict[int, list[Token]] = {}
        """Companions by the key of their host, oldest first."""
        self.watching: dict[int, Token] = {}
        """Tokens that wait for a condition or variable, by key."""
        self.pages: dict[int, Page] = {}
        """Pages of long lists that tokens keep, by key."""
        self.parts: Parts | None = None
        """How it is stored in parts; None where it is small and stored as one."""
        self.large_values: LargeValues | None = None
        """Values that are stored apart; None where there are none."""

    @property
    def ended(self) -> bool:
        """Whether the instance has ended."""
        return self.status in ENDED

    def add_waiting(self, token: Token) -> None:
        """Take a waiting token into the state. It has a key."""
        self.tokens[token.key] = token
        if token.host != NO_HOST:
            self.hosted.setdefault(token.host, []).append(token)
        if token.waits_for in WATCHING:
            self.watching[token.key] = token

    def remove_waiting(self, token: Token) -> None:
        """Take a token out of the state. It keeps its key."""
        del self.tokens[token.key]
        if token.host != NO_HOST:
            companions = self.hosted[token.host]
            companions.remove(token)
            if not companions:
                del self.hosted[token.host]
        if self.watching:
            self.watching.pop(token.key, None)
