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
    """A form property or form field: kept for display, not enforced by the engine."""

    id: str
    name: str
    type: str
    required: bool
    default: str


@dataclass(slots=True, eq=False, kw_only=True)
class BpmnElement:
    """What all elements share."""

    id: str
    source: Source = NOWHERE
    name: str = ""
    documentation: str = ""
    extensions: list[Extension] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class SequenceFlow(BpmnElement):
    """A sequence flow (8.4.13)."""

    source_ref: str
    target_ref: str
    condition: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class FlowNode(BpmnElement):
    """A node that tokens pass: event, activity or gateway."""

    bpmn_type: str
    """Local name of the XML element."""
    default: str = ""
    """Id of the default sequence flow."""


@dataclass(slots=True, eq=False, kw_only=True)
class StartEvent(FlowNode):
    """A none start event (10.5.2)."""

    initiator: str = ""
    form_key: ModelText | None = None
    form_fields: list[FormField] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorDeclaration(BpmnElement):
    """An error (8.4.3) that events of the file refer to."""

    code: str = ""
    message: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorThrow(BpmnElement):
    """What an error end event throws."""

    code: str = ""
    """Empty where the model gives none: such an error is caught by every catch."""
    message: ModelText | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorCatch(BpmnElement):
    """What a boundary event or the start event of an event sub-process catches."""

    code: str = ""
    """Empty: every error."""
    code_variable: str = ""
    message_variable: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorStartEvent(StartEvent):
    """The error start event of an event sub-process (10.5.2)."""

    error: ErrorCatch = field(default_factory=lambda: ErrorCatch(id=""))


@dataclass(slots=True, eq=False, kw_only=True)
class BoundaryErrorEvent(FlowNode):
    """An error event on the boundary of an activity (10.5.4): always interrupting."""

    attached_to: str = ""
    error: ErrorCatch = field(default_factory=lambda: ErrorCatch(id=""))


@dataclass(slots=True, eq=False, kw_only=True)
class EndEvent(FlowNode):
    """A none end event (10.5.3)."""


@dataclass(slots=True, eq=False, kw_only=True)
class ErrorEndEvent(EndEvent):
    """An error end event (10.5.3)."""

    error: ErrorThrow = field(default_factory=lambda: ErrorThrow(id=""))


@dataclass(slots=True, eq=False, kw_only=True)
class Termination(BpmnElement):
    """What a terminate end event ends."""

    everything: bool = False
    """The whole instance, not only the scope of the event."""


@dataclass(slots=True, eq=False, kw_only=True)
class TerminateEndEvent(EndEvent):
    """A terminate end event (10.5.3)."""

    termination: Termination = field(default_factory=lambda: Termination(id=""))


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
class PassThroughTask(FlowNode):
    """An abstract or manual task (10.3.3): the engine does nothing in it."""


@dataclass(slots=True, eq=False, kw_only=True)
class UserTask(FlowNode):
    """A user task (10.3.4)."""

    assignee: ModelText | None = None
    candidate_users: list[ModelText] = field(default_factory=list)
    candidate_groups: list[ModelText] = field(default_factory=list)
    priority: ModelText | None = None
    due_date: ModelText | None = None
    follow_up_date: ModelText | None = None
    form_key: ModelText | None = None
    form_fields: list[FormField] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class ServiceTask(FlowNode):
    """A service task (10.3.3): either external work or an expression.

    The parser sets exactly one of `job_type` and `expression` in a valid model.
    """

    job_type: ModelText | None = None
    expression: ModelText | None = None
    result_variable: str = ""
    retries: int | None = None
    """None where the model says nothing."""
    priority: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, ModelText] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class FlowContainer:
    """What holds flow nodes and sequence flows, each in document order."""

    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class SubProcess(FlowNode):
    """An embedded sub-process (10.3.5)."""

    body: FlowContainer = field(default_factory=FlowContainer)


@dataclass(slots=True, eq=False, kw_only=True)
class EventSubProcess(SubProcess):
    """An event sub-process (10.3.5) that an error starts."""


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
