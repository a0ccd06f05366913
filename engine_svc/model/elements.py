"""The BPMN model as it was read: one class per element (BPMN 2.0.2, chapters 8 and 10).

Texts that may hold expressions are kept as they are written, with their place, and compiled later.
The parser fills these objects in; nobody changes them afterwards.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine_svc.model.problem import NOWHERE, Source


class TextKind(enum.Enum):
    """How a text of the model is to be read."""

    TEMPLATE = 1
    """May hold `${...}` expressions."""
    LITERAL = 2
    """Is meant as it is written."""


@dataclass(slots=True, frozen=True)
class ModelText:
    """A text of the model that takes part in execution."""

    text: str
    source: Source = NOWHERE
    origin: str = ""
    """The attribute or element that holds it, as the file writes it: `flowable:assignee`."""
    kind: TextKind = TextKind.TEMPLATE


@dataclass(slots=True, frozen=True)
class Extension:
    """An extension attribute or element of a namespace that the engine does not know, kept as it is."""

    namespace: str
    name: str
    content: str
    """The attribute's value, or the element as XML."""


@dataclass(slots=True, frozen=True)
class FormField:
    """A form property or form field: the form service makes a form of them, the engine does not enforce it."""

    id: str
    name: str
    type: str
    required: bool
    default: str
    variable: str = ""
    """The variable that it is about, where that is not its id."""
    readable: bool = True
    writable: bool = True
    date_pattern: str = ""
    values: tuple[tuple[str, str], ...] = ()
    """Ids and names of an enumeration."""
    constraints: tuple[tuple[str, str], ...] = ()
    """Names of rules, and what they are set to."""


class FormBinding(enum.Enum):
    """Which version of the form is meant that an element names."""

    UNSAID = ""
    LATEST = "latest"
    DEPLOYMENT = "deployment"
    VERSION = "version"
    VERSION_TAG = "versionTag"


@dataclass(slots=True, eq=False, kw_only=True)
class BpmnElement:
    """What all elements share."""

    id: str
    source: Source = NOWHERE
    name: str = ""
    documentation: str = ""
    extensions: list[Extension] = field(default_factory=list)


class ListenerEvent(enum.Enum):
    """When a listener is called."""

    START = "start"
    END = "end"
    TAKE = "take"
    CREATE = "create"
    ASSIGNMENT = "assignment"
    COMPLETE = "complete"
    DELETE = "delete"
    UPDATE = "update"
    TIMEOUT = "timeout"


@dataclass(slots=True, eq=False, kw_only=True)
class Script:
    """A script within the model."""

    format: str
    source_text: str
    source: Source = NOWHERE
    auto_store: bool = False
    """Store top-level variables of the script as process variables (flowable:autoStoreVariables)."""


@dataclass(slots=True, eq=False, kw_only=True)
class Listener:
    """An execution or task listener. Exactly one of `expression`, `script` and `job_type` is set."""

    event: ListenerEvent
    expression: ModelText | None = None
    script: Script | None = None
    job_type: ModelText | None = None
    """Of a class or bean: an external job of this type."""
    fields: dict[str, ModelText] = field(default_factory=dict)
    retries: int | None = None
    source: Source = NOWHERE


@dataclass(slots=True, eq=False)
class ListValue:
    """A list of values, each with its own expression (camunda:list)."""

    items: list[ModelValue]


@dataclass(slots=True, eq=False)
class MapValue:
    """An object whose values have expressions of their own (camunda:map, flowable:variableAggregation)."""

    entries: dict[str, ModelValue]
    """By key, which may hold expressions as well."""


ModelValue = ModelText | ListValue | MapValue
"""A value of a mapping."""


@dataclass(slots=True, eq=False, kw_only=True)
class VariableMapping:
    """Copies a value from one scope into a variable of another."""

    target: ModelText
    """Name of the variable."""
    value: ModelValue
    """A name of a variable is written as the expression that reads it."""
    target_path: str = ""
    """Where in the variable, for zeebe targets such as `order.total`; empty: the variable itself."""
    transient: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class CaughtParameter:
    """Copies a value that came with an event into a variable (`flowable:in` of a catch)."""

    target: ModelText
    """Name of the variable."""
    source: str = ""
    """Name of the value; empty: `expression` tells."""
    expression: ModelText | None = None
    """Sees what came with the event."""


@dataclass(slots=True, eq=False, kw_only=True)
class MultiInstance:
    """Multi-instance characteristics (10.3.8)."""

    sequential: bool = False
    cardinality: ModelText | None = None
    collection: ModelValue | None = None
    """An expression, the name of a variable (as LITERAL text), or a list of values."""
    element_variable: str = ""
    index_variable: str = ""
    """`loopCounter` where empty."""
    completion_condition: ModelText | None = None
    output_collection: str = ""
    output_element: ModelValue | None = None
    own_variables: bool = False
    """What is set inside an instance, and nowhere nearer, stays in the instance (flowable:variableAggregation)."""
    no_wait_states_async_leave: bool = False
    source: Source = NOWHERE


@dataclass(slots=True, eq=False, kw_only=True)
class StandardLoop:
    """Standard loop characteristics (10.3.8)."""

    condition: ModelText | None = None
    test_before: bool = False
    maximum: int | None = None


# Event definitions (10.5.5)


@dataclass(slots=True, eq=False, kw_only=True)
class EventDefinition(BpmnElement):
    """What an event waits for or throws."""


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorDefinition(EventDefinition):
    """An error: thrown by an end event, caught by a boundary or start event."""

    code: str = ""
    """Empty on a catch: every error. On a throw: an error that every catch catches."""
    message: ModelText | None = None
    code_variable: str = ""
    message_variable: str = ""
    payload: list[VariableMapping] = field(default_factory=list)
    """Values that go with it where it is thrown."""


@dataclass(slots=True, eq=False, kw_only=True)
class EscalationDefinition(EventDefinition):
    """An escalation."""

    code: str = ""
    """Empty on a catch: every escalation."""
    code_variable: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class MessageDefinition(EventDefinition):
    """A message that is waited for or sent."""

    message: ModelText = field(default_factory=lambda: ModelText(""))
    """The message's name."""
    correlation_key: ModelText | None = None
    """Expression (zeebe:subscription); None: any instance-wide correlation."""
    outputs: list[VariableMapping] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class ThrownMessageDefinition(MessageDefinition):
    """A message that an event sends."""

    expression: ModelText | None = None
    """Sends it in place of the engine (camunda:expression)."""
    result_variable: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class SignalDefinition(EventDefinition):
    """A signal."""

    signal: ModelText = field(default_factory=lambda: ModelText(""))
    """The signal's name."""
    instance_wide: bool = False
    """flowable:scope="processInstance": only within the instance, its callers and called ones."""
    asynchronous: bool = False
    """Thrown in the background (flowable:async)."""
    payload: list[VariableMapping] = field(default_factory=list)
    """Values that go with it where it is thrown."""
    all_variables: bool = False
    """All variables visible where it is thrown go with it."""


class TimerKind(enum.Enum):
    """How a timer's text is to be read."""

    DATE = "date"
    DURATION = "duration"
    CYCLE = "cycle"


@dataclass(slots=True, eq=False, kw_only=True)
class TimerDefinition(EventDefinition):
    """A timer."""

    kind: TimerKind = TimerKind.DURATION
    text: ModelText = field(default_factory=lambda: ModelText(""))
    end_date: ModelText | None = None
    """A cycle does not fire after it."""


@dataclass(slots=True, eq=False, kw_only=True)
class ConditionalDefinition(EventDefinition):
    """A condition."""

    condition: ModelText = field(default_factory=lambda: ModelText(""))
    variable_name: str = ""
    """Only changes of this variable count (camunda:variableName)."""
    variable_events: frozenset[str] = frozenset()
    """create, update, delete; empty: all."""


@dataclass(slots=True, eq=False, kw_only=True)
class VariableDefinition(EventDefinition):
    """A change of a variable (Flowable's variable listener event)."""

    variable_name: str = ""
    change_type: str = "all"
    """create, update, update-create, delete, or all."""


@dataclass(slots=True, eq=False, kw_only=True)
class CompensationDefinition(EventDefinition):
    """Compensation: thrown, or waited for on the boundary of an activity."""

    activity_ref: str = ""
    """Id of the one activity to compensate; empty: all of the scope."""
    wait_for_completion: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class CancelDefinition(EventDefinition):
    """Cancellation of a transaction."""


@dataclass(slots=True, eq=False, kw_only=True)
class TerminateDefinition(EventDefinition):
    """Termination."""

    everything: bool = False
    """The whole instance, not only the scope of the event."""
    multi_instance: bool = False
    """All children of the multi-instance around it (flowable:terminateMultiInstance)."""


@dataclass(slots=True, eq=False, kw_only=True)
class LinkDefinition(EventDefinition):
    """A link: a throw goes on at the catch of the same name in its scope."""

    link: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class SequenceFlow(BpmnElement):
    """A sequence flow (8.4.13)."""

    source_ref: str
    target_ref: str
    condition: ModelText | None = None
    skip_expression: ModelText | None = None
    listeners: list[Listener] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class FlowNode(BpmnElement):
    """A node that tokens pass: event, activity or gateway."""

    bpmn_type: str
    """Local name of the XML element."""
    default: str = ""
    """Id of the default sequence flow."""
    async_before: bool = False
    async_after: bool = False
    exclusive: bool = True
    """Asynchronous jobs of one instance run one after another."""
    retry_cycle: ModelText | None = None
    """Tries of an asynchronous job: `R3/PT10S`, or durations separated by commas."""
    job_priority: ModelText | None = None
    listeners: list[Listener] = field(default_factory=list)
    """Execution listeners, in document order."""
    inputs: list[VariableMapping] = field(default_factory=list)
    """Into a scope of the node's own, before its behaviour."""
    outputs: list[VariableMapping] = field(default_factory=list)
    """Out of it, after its behaviour."""


@dataclass(slots=True, eq=False, kw_only=True)
class StartEvent(FlowNode):
    """A start event (10.5.2)."""

    definition: EventDefinition | None = None
    """None: a none start event."""
    interrupting: bool = True
    """Of an event sub-process."""
    initiator: str = ""
    form_key: ModelText | None = None
    form_binding: FormBinding = FormBinding.UNSAID
    form_version: str = ""
    """The version or version tag that the binding is to."""
    form_fields: list[FormField] = field(default_factory=list)
    parameters: list[CaughtParameter] = field(default_factory=list)
    """What is kept of what comes with the event; empty: all of it, under its own names."""


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorDeclaration(BpmnElement):
    """An error (8.4.3) that events of the file refer to."""

    code: str = ""
    message: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class MessageDeclaration(BpmnElement):
    """A message (8.4.11) that events and tasks of the file refer to; `name` is its name."""

    correlation_key: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class SignalDeclaration(BpmnElement):
    """A signal (8.4.12) that events of the file refer to; `name` is its name."""

    instance_wide: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class EscalationDeclaration(BpmnElement):
    """An escalation (8.4.4) that events of the file refer to."""

    code: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class BoundaryEvent(FlowNode):
    """An event on the boundary of an activity (10.5.4)."""

    attached_to: str = ""
    interrupting: bool = True
    listener: Listener | None = None
    """Called when the event comes, with the user task that it is attached to."""
    definition: EventDefinition | None = None
    parameters: list[CaughtParameter] = field(default_factory=list)
    """What is kept of what comes with the event; empty: all of it, under its own names."""


@dataclass(slots=True, eq=False, kw_only=True)
class IntermediateCatchEvent(FlowNode):
    """An intermediate event that waits (10.5.4)."""

    definition: EventDefinition | None = None
    parameters: list[CaughtParameter] = field(default_factory=list)
    """What is kept of what comes with the event; empty: all of it, under its own names."""


@dataclass(slots=True, eq=False, kw_only=True)
class IntermediateThrowEvent(FlowNode):
    """An intermediate event that throws (10.5.4)."""

    definition: EventDefinition | None = None
    """None: a none event, which only marks where a token passes."""
    work: ExternalWork | None = None
    """Of a message event whose message a worker sends."""


@dataclass(slots=True, eq=False, kw_only=True)
class EndEvent(FlowNode):
    """An end event (10.5.3)."""

    definition: EventDefinition | None = None
    """None: a none end event."""
    work: ExternalWork | None = None
    """Of a message event whose message a worker sends."""


@dataclass(slots=True, eq=False, kw_only=True)
class ExclusiveGateway(FlowNode):
    """An exclusive gateway (10.6.2)."""


@dataclass(slots=True, eq=False, kw_only=True)
class ParallelGateway(FlowNode):
    """A parallel gateway (10.6.4)."""


@dataclass(slots=True, eq=False, kw_only=True)
class InclusiveGateway(FlowNode):
    """An inclusive gateway (10.6.3)."""


@dataclass(slots=True, eq=False, kw_only=True)
class ComplexGateway(FlowNode):
    """A complex gateway (10.6.5)."""

    activation_condition: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class EventBasedGateway(FlowNode):
    """An event-based gateway (10.6.6)."""

    instantiate: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Activity(FlowNode):
    """What tasks, sub-processes and call activities share (10.3)."""

    multi_instance: MultiInstance | None = None
    loop: StandardLoop | None = None
    for_compensation: bool = False
    skip_expression: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class PassThroughTask(Activity):
    """An abstract or manual task (10.3.3): the engine does nothing in it."""


@dataclass(slots=True, eq=False, kw_only=True)
class UserTask(Activity):
    """A user task (10.3.4)."""

    assignee: ModelText | None = None
    owner: ModelText | None = None
    candidate_users: list[ModelText] = field(default_factory=list)
    candidate_groups: list[ModelText] = field(default_factory=list)
    priority: ModelText | None = None
    due_date: ModelText | None = None
    follow_up_date: ModelText | None = None
    category: ModelText | None = None
    form_key: ModelText | None = None
    form_binding: FormBinding = FormBinding.UNSAID
    form_version: str = ""
    """The version or version tag that the binding is to."""
    form_fields: list[FormField] = field(default_factory=list)
    task_name: ModelText | None = None
    """A name that is an expression of its own (zeebe); else `name` is the template."""
    id_variable: str = ""
    """Variable that receives the task's id (flowable:taskIdVariableName)."""
    task_listeners: list[Listener] = field(default_factory=list)
    timeouts: list[TaskTimeout] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class TaskTimeout:
    """A task listener that is called when a timer of its task is due; the task stays open."""

    listener: Listener
    timer: TimerDefinition


@dataclass(slots=True, eq=False, kw_only=True)
class ExternalWork:
    """Work for an external worker. `job_type` is a class name, bean expression or topic where the file has one."""

    job_type: ModelText
    retries: int | None = None
    """None where the model says nothing."""
    retries_text: ModelText | None = None
    """Retries that are an expression."""
    priority: ModelText | None = None
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, ModelText] = field(default_factory=dict)
    error_mappings: list[ErrorMapping] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorMapping:
    """A worker's error that becomes a BPMN error (flowable:mapException, camunda:errorEventDefinition)."""

    error_code: str
    condition: ModelText | None = None
    exception: str = ""
    """The worker's error code or class; empty: every one."""
    include_children: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class ServiceTask(Activity):
    """A service, send, business rule, mail, HTTP, shell or decision task, or a script task of a worker (10.3.3).

    The parser sets exactly one of `work` and `expression` in a valid model.
    """

    work: ExternalWork | None = None
    expression: ModelText | None = None
    result_variable: str = ""
    local_result: bool = False
    """Keep the result in the task's own scope (flowable:useLocalScopeForResultVariable)."""
    transient_result: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class ScriptTask(Activity):
    """A script task (10.3.3)."""

    script: Script | None = None
    result_variable: str = ""
    skip_exceptions: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class SendTask(Activity):
    """A send task (10.3.3) without a worker: it sends a message by the engine."""

    definition: MessageDefinition | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class ReceiveTask(Activity):
    """A receive task (10.3.3): waits for a message, or to be triggered."""

    definition: MessageDefinition | None = None
    instantiate: bool = False


class CallBinding(enum.Enum):
    """Which version a call activity calls."""

    LATEST = "latest"
    DEPLOYMENT = "deployment"
    VERSION = "version"
    VERSION_TAG = "versionTag"
    ID = "id"


@dataclass(slots=True, eq=False, kw_only=True)
class CallActivity(Activity):
    """A call activity (10.3.6)."""

    called_element: ModelText = field(default_factory=lambda: ModelText(""))
    binding: CallBinding = CallBinding.LATEST
    version: ModelText | None = None
    """Version number or tag, for those bindings."""
    business_key: ModelText | None = None
    inherit_business_key: bool = False
    inherit_variables: bool = False
    """All variables visible at the call activity are given to the called instance."""
    return_variables: bool = False
    """All variables of the called instance come back."""
    called_inputs: list[VariableMapping] = field(default_factory=list)
    called_outputs: list[VariableMapping] = field(default_factory=list)
    id_variable: str = ""
    """Variable that receives the id of the called instance."""
    complete_async: bool = False
    local_outputs: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class DataObject(BpmnElement):
    """A data object with a value: a variable that its scope begins with (10.4)."""

    value: object = None


@dataclass(slots=True, eq=False, kw_only=True)
class FlowContainer:
    """What holds flow nodes and sequence flows, each in document order."""

    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)
    data_objects: list[DataObject] = field(default_factory=list)
    compensation_links: list[tuple[str, str]] = field(default_factory=list)
    """Associations: id of the compensation boundary event, id of its handler."""


@dataclass(slots=True, eq=False, kw_only=True)
class SubProcess(Activity):
    """An embedded sub-process (10.3.5)."""

    body: FlowContainer = field(default_factory=FlowContainer)


@dataclass(slots=True, eq=False, kw_only=True)
class Transaction(SubProcess):
    """A transaction (10.3.5)."""


@dataclass(slots=True, eq=False, kw_only=True)
class AdHocSubProcess(SubProcess):
    """An ad-hoc sub-process (10.3.5)."""

    sequential: bool = False
    completion_condition: ModelText | None = None
    cancel_remaining: bool = True
    active_elements: ModelText | None = None
    """Expression for the ids of elements to begin with (zeebe:adHoc)."""


@dataclass(slots=True, eq=False, kw_only=True)
class EventSubProcess(SubProcess):
    """An event sub-process (10.3.5): started by the event of its one start event."""


@dataclass(slots=True, eq=False, kw_only=True)
class UnsupportedNode(FlowNode):
    """A flow node that was reported; kept so that the flows to and from it are not reported as well."""

    body: FlowContainer | None = None
    """Its content, where it is a kind of sub-process."""


@dataclass(slots=True, eq=False, kw_only=True)
class Lane(BpmnElement):
    """A lane (10.8): documentation only."""

    flow_node_refs: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Participant(BpmnElement):
    """A pool (9.3): documentation only."""

    process_ref: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Process(BpmnElement):
    """An executable process (10.2)."""

    version_tag: str = ""
    listeners: list[Listener] = field(default_factory=list)
    job_priority: ModelText | None = None
    candidate_starter_users: list[ModelText] = field(default_factory=list)
    candidate_starter_groups: list[ModelText] = field(default_factory=list)
    acknowledgement_micros: int = 0
    """How long the business system has to acknowledge that an instance was completed; 0: it need not."""
    body: FlowContainer = field(default_factory=FlowContainer)
    lanes: list[Lane] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Definitions(BpmnElement):
    """A BPMN file."""

    target_namespace: str = ""
    processes: list[Process] = field(default_factory=list)
    """The executable ones."""
    participants: list[Participant] = field(default_factory=list)
    errors: list[ErrorDeclaration] = field(default_factory=list)
    messages: list[MessageDeclaration] = field(default_factory=list)
    signals: list[SignalDeclaration] = field(default_factory=list)
    escalations: list[EscalationDeclaration] = field(default_factory=list)


def body_of(node: FlowNode) -> FlowContainer | None:
    """Return what `node` holds, where it is a kind of sub-process."""
    return node.body if isinstance(node, SubProcess | UnsupportedNode) else None


def containers(process: Process) -> Iterator[tuple[Process | FlowNode, FlowContainer]]:
    """Yield the process and all its sub-processes with what they hold, the outer before the inner."""
    pending: list[tuple[Process | FlowNode, FlowContainer]] = [(process, process.body)]
    while pending:
        owner, container = pending.pop()
        yield owner, container
        inner = [(node, body) for node in container.nodes if (body := body_of(node)) is not None]
        pending.extend(reversed(inner))
