"""The executable graph: what the compiler produces and the runtime interprets.

Immutable after compilation and shared between all instances of a definition. Elements and flows are
addressed by their index, so that a token's position is one small integer.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine_svc.expressions.evaluation import Evaluate as Evaluate
from engine_svc.expressions.evaluation import VariableReader as VariableReader

PROCESS_SCOPE = -1
"""`Element.scope` of an element that lies directly in the process."""


class ElementKind(enum.IntEnum):
    """What the runtime does with an element: selects its processor."""

    NONE_START_EVENT = 1
    NONE_END_EVENT = 2
    EXCLUSIVE_GATEWAY = 3
    PARALLEL_GATEWAY = 4
    INCLUSIVE_GATEWAY = 5
    PASS_THROUGH_TASK = 6
    USER_TASK = 7
    EXTERNAL_TASK = 8
    EXPRESSION_TASK = 9
    SUB_PROCESS = 10
    ERROR_END_EVENT = 11
    TERMINATE_END_EVENT = 12
    BOUNDARY_ERROR_EVENT = 13
    EVENT_SUB_PROCESS = 14
    ERROR_START_EVENT = 15


@dataclass(slots=True, frozen=True)
class UserTaskSpec:
    """Evaluated when the task is created; a constant is compiled to a closure that returns it."""

    name: Evaluate
    description: Evaluate | None = None
    assignee: Evaluate | None = None
    owner: Evaluate | None = None
    candidate_users: tuple[Evaluate, ...] = ()
    """Each gives a string (comma separated names allowed) or a list of strings."""
    candidate_groups: tuple[Evaluate, ...] = ()
    priority: Evaluate | None = None
    """An integer, or a string that holds one; 50 where the model says nothing (as Flowable)."""
    due_date: Evaluate | None = None
    """An ISO 8601 date, date-time or duration from now."""
    follow_up_date: Evaluate | None = None
    category: Evaluate | None = None
    form_key: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class ExternalTaskSpec:
    """A job that a worker polls for."""

    job_type: Evaluate
    retries: int = 3
    priority: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Constants for the worker: zeebe task headers."""
    inputs: Mapping[str, Evaluate] = field(default_factory=dict)
    """Variables computed for the worker alone: flowable/camunda field injection of class delegates."""


@dataclass(slots=True, frozen=True)
class ExpressionTaskSpec:
    """A service task that evaluates an expression inside the engine."""

    expression: Evaluate
    result_variable: str = ""


@dataclass(slots=True, frozen=True)
class ErrorThrowSpec:
    """What an error end event throws."""

    code: str
    """Empty: an error that every catch catches."""
    message: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class ErrorCatchSpec:
    """What a boundary error event or an event sub-process catches."""

    code: str
    """Empty: every error."""
    code_variable: str = ""
    """Variable that receives the error's code; empty: none."""
    message_variable: str = ""
    """Variable that receives the error's message; empty: none."""


@dataclass(slots=True, frozen=True)
class TerminateSpec:
    """What a terminate end event ends."""

    everything: bool
    """The whole instance, not only the scope of the event."""


@dataclass(slots=True, frozen=True)
class SubProcessSpec:
    """An embedded or event sub-process."""

    start: int
    """Index of its start event."""
    catch: ErrorCatchSpec | None = None
    """What starts an event sub-process; None on an embedded one."""


@dataclass(slots=True, frozen=True)
class StartSpec:
    """The none start event of a process."""

    initiator_variable: str = ""
    """Variable that receives who started the instance (flowable:initiator)."""


Spec = (
    UserTaskSpec
    | ExternalTaskSpec
    | ExpressionTaskSpec
    | SubProcessSpec
    | StartSpec
    | ErrorThrowSpec
    | ErrorCatchSpec
    | TerminateSpec
    | None
)


@dataclass(slots=True, eq=False)
class Flow:
    """A sequence flow."""

    index: int
    id: str
    source: int
    target: int
    condition: Evaluate | None = None
    """None: always taken. On a default flow it is dropped by the compiler."""
    condition_text: str = ""


@dataclass(slots=True, eq=False)
class Element:
    """A flow node."""

    index: int
    id: str
    name: str
    kind: ElementKind
    bpmn_type: str
    """Local name in the BPMN XML (`userTask`, `serviceTask`, ...), `eventSubProcess` for a sub-process that an
    event starts: the activity type of history."""
    scope: int
    """Index of the enclosing sub-process element, or `PROCESS_SCOPE`."""
    incoming: tuple[Flow, ...] = ()
    outgoing: tuple[Flow, ...] = ()
    """In document order of the sequence flows; the default flow is among them."""
    default_flow: Flow | None = None
    spec: Spec = None
    reachable_from: frozenset[int] = frozenset()
    """Only on joining inclusive gateways: indexes of all elements of the same scope from which a path of
    sequence flows leads to this gateway without passing it (BPMN 2.0 section 13.4.3)."""
    reaches_flow: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Only on joining inclusive gateways: incoming flow index -> element indexes of the same scope from
    which a path of sequence flows leads to that flow without passing the gateway. A boundary event counts as a
    way out of its activity: a token in the activity can still come by it."""
    boundary: tuple[int, ...] = ()
    """Indexes of the boundary events attached to it, in document order."""


@dataclass(slots=True, eq=False)
class ExecutableProcess:
    """One process of a deployed file, ready to be run."""

    key: str
    name: str
    version_tag: str
    documentation: str
    start: int
    """Index of the process's none start event."""
    elements: tuple[Element, ...]
    flows: tuple[Flow, ...]
    by_id: Mapping[str, int]
    """Element id -> index."""
    event_sub_processes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Index of the enclosing sub-process, or `PROCESS_SCOPE` -> indexes of its event sub-processes."""
