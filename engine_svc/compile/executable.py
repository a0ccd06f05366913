"""The executable graph: what the compiler produces and the runtime interprets.

Immutable after compilation and shared between all instances of a definition. Elements and flows are
addressed by their index, so that a token's position is one small integer.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine_svc.expressions.evaluation import Evaluate as Evaluate
from engine_svc.expressions.evaluation import VariableReader as VariableReader

PROCESS_SCOPE = -1
"""`Element.scope` of an element that lies directly in the process."""
NO_ELEMENT = -1


class ElementKind(enum.IntEnum):
    """What the runtime does with an element: selects its processor."""

    START_EVENT = 1
    """Any start event: what triggered it is over when a token enters it."""
    NONE_END_EVENT = 2
    EXCLUSIVE_GATEWAY = 3
    PARALLEL_GATEWAY = 4
    INCLUSIVE_GATEWAY = 5
    PASS_THROUGH_TASK = 6
    USER_TASK = 7
    EXTERNAL_TASK = 8
    EXPRESSION_TASK = 9
    SUB_PROCESS = 10
    """Embedded sub-process or transaction."""
    ERROR_END_EVENT = 11
    TERMINATE_END_EVENT = 12
    BOUNDARY_EVENT = 13
    """Any boundary event: waits as a companion of its activity; a token in it has been caught."""
    EVENT_SUB_PROCESS = 14
    CATCH_EVENT = 15
    """Timer, message, signal, conditional or variable event that waits."""
    NONE_THROW_EVENT = 16
    """Also a link catch: nothing but a mark."""
    LINK_THROW_EVENT = 17
    MESSAGE_THROW = 18
    """Message throw or end event, or send task, that the engine sends itself."""
    SIGNAL_THROW = 19
    ESCALATION_THROW = 20
    COMPENSATION_THROW = 21
    CANCEL_END_EVENT = 22
    EVENT_BASED_GATEWAY = 23
    COMPLEX_GATEWAY = 24
    SCRIPT_TASK = 25
    RECEIVE_TASK = 26
    CALL_ACTIVITY = 27
    AD_HOC_SUB_PROCESS = 28


# Wrapping: what an element does beside its behaviour


@dataclass(slots=True, frozen=True)
class ScriptSpec:
    """A JavaScript text for the sandbox."""

    source: str
    auto_store: bool = False


@dataclass(slots=True, frozen=True)
class ListenerSpec:
    """A listener: exactly one of `expression`, `script` and `work` is set."""

    event: str
    """`start`, `end`, `take`; of tasks `create`, `assignment`, `complete`, `delete`, `update`, `timeout`."""
    expression: Evaluate | None = None
    script: ScriptSpec | None = None
    work: ExternalTaskSpec | None = None


@dataclass(slots=True, frozen=True)
class MappingSpec:
    """Sets a variable of one scope to a value computed in another."""

    target: Evaluate
    value: Evaluate
    target_path: tuple[str, ...] = ()
    """Keys below the variable."""
    transient: bool = False


@dataclass(slots=True, frozen=True)
class RetrySpec:
    """Tries of an asynchronous job."""

    tries: int = 3
    waits_micros: tuple[int, ...] = ()
    """Wait before each further try, the last one for all that follow; empty: exponential from 2 s."""
    text: Evaluate | None = None
    """A cycle that is an expression, read by the runtime when the job is made."""


@dataclass(slots=True, frozen=True)
class MultiInstanceSpec:
    """Multi-instance characteristics."""

    sequential: bool
    cardinality: Evaluate | None = None
    collection: Evaluate | None = None
    """Gives a list; a text names a variable that holds one."""
    element_variable: str = ""
    index_variable: str = "loopCounter"
    completion_condition: Evaluate | None = None
    output_collection: str = ""
    output_element: Evaluate | None = None
    own_variables: bool = False
    """What is set inside an instance, and nowhere nearer, stays in the instance."""


@dataclass(slots=True, frozen=True)
class LoopSpec:
    """Standard loop characteristics. `maximum` 0: no limit."""

    condition: Evaluate | None = None
    test_before: bool = False
    maximum: int = 0


@dataclass(slots=True, frozen=True)
class Wrapping:
    """What surrounds an element's behaviour, in the order in which it happens."""

    async_before: bool = False
    skip: Evaluate | None = None
    multi_instance: MultiInstanceSpec | None = None
    loop: LoopSpec | None = None
    start_listeners: tuple[ListenerSpec, ...] = ()
    inputs: tuple[MappingSpec, ...] = ()
    outputs: tuple[MappingSpec, ...] = ()
    end_listeners: tuple[ListenerSpec, ...] = ()
    async_after: bool = False
    retry: RetrySpec = RetrySpec()
    exclusive: bool = True
    job_priority: Evaluate | None = None
    compensation_handler: int = NO_ELEMENT
    """Index of the activity that compensates this one."""


# Events


@dataclass(slots=True, frozen=True)
class TimerTrigger:
    """A timer. `text` gives a date, duration, cycle or cron text when the wait begins."""

    kind: str
    """`date`, `duration` or `cycle`."""
    text: Evaluate
    end_date: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class MessageTrigger:
    """A message. None as correlation key: any message of the name that is sent to the instance."""

    name: Evaluate
    correlation_key: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class SignalTrigger:
    """A signal."""

    name: Evaluate
    instance_wide: bool = False


@dataclass(slots=True, frozen=True)
class ConditionTrigger:
    """A condition. `variables`: names that it reads; a change of one of them evaluates it again."""

    condition: Evaluate
    variables: frozenset[str] = frozenset()
    variable_events: frozenset[str] = frozenset()
    """create, update, delete; empty: all."""
    text: str = ""
    """As the model writes it."""


@dataclass(slots=True, frozen=True)
class VariableTrigger:
    """A variable that is set. `change`: create, update, update-create, delete or all."""

    variable: str
    change: str = "all"


@dataclass(slots=True, frozen=True)
class ErrorTrigger:
    """A BPMN error. An empty code: every error."""

    code: str
    code_variable: str = ""
    message_variable: str = ""


@dataclass(slots=True, frozen=True)
class EscalationTrigger:
    """An escalation. An empty code: every escalation."""

    code: str
    code_variable: str = ""


@dataclass(slots=True, frozen=True)
class CompensationTrigger:
    """Waits on the boundary of an activity that can be compensated; or starts a compensation event sub-process."""


@dataclass(slots=True, frozen=True)
class CancelTrigger:
    """Cancellation of the transaction it is attached to."""


Trigger = (
    TimerTrigger
    | MessageTrigger
    | SignalTrigger
    | ConditionTrigger
    | VariableTrigger
    | ErrorTrigger
    | EscalationTrigger
    | CompensationTrigger
    | CancelTrigger
)


@dataclass(slots=True, frozen=True)
class ParameterSpec:
    """A variable that receives a value that came with an event: the one of a name, or what an expression makes."""

    target: Evaluate
    source: str = ""
    expression: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class CatchSpec:
    """An intermediate catch event, or a boundary event."""

    trigger: Trigger
    interrupting: bool = True
    """Of a boundary event."""
    parameters: tuple[ParameterSpec, ...] = ()
    """What is kept of what comes with the event; empty: all of it, under its own names."""
    listener: ListenerSpec | None = None
    """Of a user task's boundary event: a task listener that it calls."""


@dataclass(slots=True, frozen=True)
class StartSpec:
    """A start event."""

    initiator_variable: str = ""
    """Variable that receives who started the instance (flowable:initiator)."""
    trigger: Trigger | None = None
    """None: a none start event."""
    interrupting: bool = True
    """Of an event sub-process."""
    form_key: Evaluate | None = None
    parameters: tuple[ParameterSpec, ...] = ()
    """Of an event sub-process, as of a catch event."""


@dataclass(slots=True, frozen=True)
class ErrorThrowSpec:
    """What an error end event throws."""

    code: str
    """Empty: an error that every catch catches."""
    message: Evaluate | None = None
    payload: tuple[MappingSpec, ...] = ()
    """Values that the catch may ask for."""


@dataclass(slots=True, frozen=True)
class TerminateSpec:
    """What a terminate end event ends."""

    everything: bool
    """The whole instance, not only the scope of the event."""
    multi_instance: bool = False
    """All children of the multi-instance around it."""


@dataclass(slots=True, frozen=True)
class LinkThrowSpec:
    """A link throw event: goes on at the catch event."""

    target: int


@dataclass(slots=True, frozen=True)
class MessageThrowSpec:
    """A message that the engine sends. `ends`: by an end event."""

    name: Evaluate
    correlation_key: Evaluate | None = None
    ends: bool = False


@dataclass(slots=True, frozen=True)
class SignalThrowSpec:
    """A signal that is thrown. `ends`: by an end event."""

    name: Evaluate
    instance_wide: bool = False
    asynchronous: bool = False
    ends: bool = False
    payload: tuple[MappingSpec, ...] = ()
    """Values that go with it."""
    all_variables: bool = False
    """All variables visible from the event go with it, before those of `payload`."""


@dataclass(slots=True, frozen=True)
class EscalationThrowSpec:
    """An escalation that is thrown. `ends`: by an end event."""

    code: str
    ends: bool = False


@dataclass(slots=True, frozen=True)
class CompensationThrowSpec:
    """What is compensated. `activity`: index of one activity, or NO_ELEMENT for all of the scope."""

    activity: int = NO_ELEMENT
    ends: bool = False


# Activities


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
    id_variable: str = ""
    listeners: tuple[ListenerSpec, ...] = ()
    """Task listeners."""


@dataclass(slots=True, frozen=True)
class ErrorMappingSpec:
    """A worker's failure that becomes a BPMN error. An empty `exception`: every one."""

    error_code: str
    exception: str = ""
    condition: Evaluate | None = None


@dataclass(slots=True, frozen=True)
class ExternalTaskSpec:
    """A job that a worker polls for."""

    job_type: Evaluate
    retries: int = 3
    retries_text: Evaluate | None = None
    """Retries that are an expression."""
    priority: Evaluate | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Constants for the worker: zeebe task headers."""
    inputs: Mapping[str, Evaluate] = field(default_factory=dict)
    """Variables computed for the worker alone: flowable/camunda field injection of class delegates."""
    error_mappings: tuple[ErrorMappingSpec, ...] = ()
    result_variable: str = ""
    ends: bool = False
    """Of an end event: the token ends with the work."""


@dataclass(slots=True, frozen=True)
class ExpressionTaskSpec:
    """A service task that evaluates an expression inside the engine."""

    expression: Evaluate
    result_variable: str = ""
    local_result: bool = False
    transient_result: bool = False


@dataclass(slots=True, frozen=True)
class ScriptTaskSpec:
    """A script task. A script in the expression language is an `ExpressionTaskSpec`."""

    script: ScriptSpec
    result_variable: str = ""


@dataclass(slots=True, frozen=True)
class ReceiveTaskSpec:
    """Waits for a message; None: for being triggered by API alone."""

    trigger: MessageTrigger | None = None


@dataclass(slots=True, frozen=True)
class CallActivitySpec:
    """A call of another process."""

    called_element: Evaluate
    binding: str = "latest"
    """`latest`, `deployment`, `version`, `versionTag` or `id`."""
    version: Evaluate | None = None
    business_key: Evaluate | None = None
    inherit_business_key: bool = False
    inherit_variables: bool = False
    return_variables: bool = False
    inputs: tuple[MappingSpec, ...] = ()
    outputs: tuple[MappingSpec, ...] = ()
    id_variable: str = ""
    local_outputs: bool = False


@dataclass(slots=True, frozen=True)
class SubProcessSpec:
    """An embedded or event sub-process, or a transaction."""

    start: int
    """Index of its start event."""
    transaction: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Values of its data objects."""


@dataclass(slots=True, frozen=True)
class AdHocSpec:
    """An ad-hoc sub-process. `activities`: those without incoming flow, which can be enabled."""

    activities: tuple[int, ...]
    sequential: bool = False
    completion_condition: Evaluate | None = None
    cancel_remaining: bool = True
    active_elements: Evaluate | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class ComplexGatewaySpec:
    """A complex gateway. Without a condition it joins as a parallel one; it forks as an inclusive one."""

    activation_condition: Evaluate | None = None


Spec = (
    UserTaskSpec
    | ExternalTaskSpec
    | ExpressionTaskSpec
    | ScriptTaskSpec
    | ReceiveTaskSpec
    | CallActivitySpec
    | SubProcessSpec
    | AdHocSpec
    | ComplexGatewaySpec
    | StartSpec
    | CatchSpec
    | ErrorThrowSpec
    | TerminateSpec
    | LinkThrowSpec
    | MessageThrowSpec
    | SignalThrowSpec
    | EscalationThrowSpec
    | CompensationThrowSpec
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
    listeners: tuple[ListenerSpec, ...] = ()
    """Called when the flow is taken."""
    skip: Evaluate | None = None


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
    reaches_flow: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Only on joining inclusive gateways: incoming flow index -> element indexes of the same scope from
    which a path of sequence flows leads to that flow without passing the gateway. A boundary event counts as a
    way out of its activity: a token in the activity can still come by it."""
    boundary: tuple[int, ...] = ()
    """Indexes of the boundary events attached to it, in document order."""
    wrapping: Wrapping | None = None
    """None where nothing surrounds the behaviour and no event waits on the boundary: the fast way."""


@dataclass(slots=True, eq=False)
class ExecutableProcess:
    """One process of a deployed file, ready to be run."""

    key: str
    name: str
    version_tag: str
    documentation: str
    start: int
    """Index of the process's none start event; NO_ELEMENT where it has none."""
    elements: tuple[Element, ...]
    flows: tuple[Flow, ...]
    by_id: Mapping[str, int]
    """Element id -> index."""
    event_sub_processes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Index of the enclosing sub-process, or `PROCESS_SCOPE` -> indexes of its event sub-processes."""
    starts: tuple[int, ...] = ()
    """Indexes of all start events of the process itself, in document order; event-based gateways and receive tasks
    that instantiate among them."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Values of its data objects."""
    start_listeners: tuple[ListenerSpec, ...] = ()
    end_listeners: tuple[ListenerSpec, ...] = ()
    starter_users: tuple[str, ...] = ()
    starter_groups: tuple[str, ...] = ()
    acknowledgement_micros: int = 0
    """How long the business system has to acknowledge a completion; 0: it need not."""
