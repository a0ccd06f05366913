"""Reads flow nodes (chapter 10): which elements are executed, and what of them is understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, boolean, local_name
from engine_svc.model.data import read_data_association
from engine_svc.model.elements import (
    BoundaryErrorEvent,
    EndEvent,
    ErrorEndEvent,
    ErrorStartEvent,
    EventSubProcess,
    ExclusiveGateway,
    FlowNode,
    InclusiveGateway,
    ParallelGateway,
    PassThroughTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    TerminateEndEvent,
    UnsupportedNode,
    UserTask,
)
from engine_svc.model.error_events import read_caught_error, read_termination, read_thrown_error
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.roles import read_human_performer, read_potential_owner
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, Schema, describe, not_supported, pass_over, read_common

_FALSE = frozenset({"false", "0"})
_TRUE = frozenset({"true", "1"})
_ONE = frozenset({"1"})

_NODE = Schema(
    children=dict.fromkeys(
        ("incoming", "outgoing", "auditing", "monitoring", "categoryValueRef", "property"), pass_over
    ),
)
_EVENT = _NODE.extended(
    children={
        **dict.fromkeys(("dataInput", "dataOutput", "inputSet", "outputSet"), pass_over),
        "dataInputAssociation": read_data_association,
        "dataOutputAssociation": read_data_association,
    }
)
_GATEWAY = _NODE.extended({"gatewayDirection": ANY_VALUE})
_SPLITTING_GATEWAY = _GATEWAY.extended({"default": ANY_VALUE})
_ACTIVITY = _NODE.extended(
    {
        "default": ANY_VALUE,
        "isForCompensation": _FALSE,
        "startQuantity": _ONE,
        "completionQuantity": _ONE,
    },
    {
        # What a task declares to need; only its associations could move data.
        "ioSpecification": pass_over,
        "dataInputAssociation": read_data_association,
        "dataOutputAssociation": read_data_association,
    },
)
_IMPLEMENTED = _ACTIVITY.extended({"implementation": ANY_VALUE})


@dataclass(slots=True, frozen=True)
class NodeType:
    """How one XML element becomes a node of the model."""

    create: Callable[..., FlowNode]
    schema: Schema


NODE_TYPES: Mapping[str, NodeType] = {
    "startEvent": NodeType(StartEvent, _EVENT.extended({"isInterrupting": ANY_VALUE, "parallelMultiple": _FALSE})),
    "endEvent": NodeType(EndEvent, _EVENT),
    "exclusiveGateway": NodeType(ExclusiveGateway, _SPLITTING_GATEWAY),
    "parallelGateway": NodeType(ParallelGateway, _GATEWAY),
    "inclusiveGateway": NodeType(InclusiveGateway, _SPLITTING_GATEWAY),
    "task": NodeType(PassThroughTask, _ACTIVITY),
    "manualTask": NodeType(PassThroughTask, _ACTIVITY),
    "userTask": NodeType(
        UserTask,
        _IMPLEMENTED.extended(
            children={
                "humanPerformer": read_human_performer,
                "potentialOwner": read_potential_owner,
                "rendering": pass_over,
            }
        ),
    ),
    "serviceTask": NodeType(ServiceTask, _IMPLEMENTED),
}

_ERROR = ("errorEventDefinition",)
_TERMINATE = ("terminateEventDefinition",)

_EVENT_TYPES: Mapping[tuple[str, tuple[str, ...]], NodeType] = {
    ("endEvent", _ERROR): NodeType(ErrorEndEvent, _EVENT.extended(children={_ERROR[0]: read_thrown_error})),
    ("endEvent", _TERMINATE): NodeType(TerminateEndEvent, _EVENT.extended(children={_TERMINATE[0]: read_termination})),
    ("boundaryEvent", _ERROR): NodeType(
        BoundaryErrorEvent,
        _EVENT.extended(
            {"attachedToRef": ANY_VALUE, "cancelActivity": _TRUE, "parallelMultiple": _FALSE},
            {_ERROR[0]: read_caught_error},
        ),
    ),
}
"""Events by their element and the definitions within it."""

_ERROR_START = NodeType(
    ErrorStartEvent,
    _EVENT.extended({"isInterrupting": _TRUE, "parallelMultiple": _FALSE}, {_ERROR[0]: read_caught_error}),
)

SUB_PROCESS_SCHEMA = _ACTIVITY.extended({"triggeredByEvent": _FALSE})
EVENT_SUB_PROCESS_SCHEMA = _ACTIVITY.extended({"triggeredByEvent": _TRUE})

UNSUPPORTED_SUB_PROCESSES = frozenset({"transaction", "adHocSubProcess"})

UNSUPPORTED_NODES = frozenset(
    {
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "implicitThrowEvent",
        "eventBasedGateway",
        "complexGateway",
        "scriptTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
        "callActivity",
        "callChoreography",
        "choreographyTask",
        "subChoreography",
        *UNSUPPORTED_SUB_PROCESSES,
    }
)


def node_type_of(element: etree._Element) -> NodeType | None:
    """Return how an element becomes a node; None where it is no node, or one that is not executed."""
    name = local_name(element)
    definitions = _definitions(element)
    if name == "startEvent" and definitions == _ERROR:
        parent = element.getparent()
        if parent is not None and is_event_sub_process(parent) and starts_by_error(parent):
            return _ERROR_START
    return _EVENT_TYPES.get((name, definitions)) or NODE_TYPES.get(name)


def read_flow_node(context: ParseContext, element: etree._Element, node_type: NodeType) -> FlowNode:
    """Return the node for an element; an event with a definition that is not executed is reported."""
    name = local_name(element)
    node = node_type.create(id=element.get("id", ""), bpmn_type=name, default=element.get("default", ""))
    before = context.findings.error_count
    read_common(context, element, node, node_type.schema)
    if type(node) in (StartEvent, EndEvent) and _definitions(element):
        return UnsupportedNode(id=node.id, source=node.source, name=node.name, bpmn_type=name)
    if isinstance(node, BoundaryErrorEvent):
        node.attached_to = element.get("attachedToRef", "").strip()
    if isinstance(node, ServiceTask):
        _check_service_task(context, element, node, reported=context.findings.error_count > before)
    return node


def unsupported_node(context: ParseContext, element: etree._Element) -> UnsupportedNode:
    """Report a node that cannot be executed, and return what stands for it."""
    not_supported(context, element)
    return UnsupportedNode(
        id=element.get("id", ""),
        source=context.source(element),
        name=element.get("name", ""),
        bpmn_type=local_name(element),
        default=element.get("default", ""),
    )


def is_event_sub_process(element: etree._Element) -> bool:
    """Tell whether a sub-process is triggered by an event."""
    return boolean(element.get("triggeredByEvent", "false")) is True


def starts_by_error(element: etree._Element) -> bool:
    """Tell whether a sub-process has exactly one start event, and that waits for an error."""
    starts = [child for child in element if child.tag == f"{{{BPMN}}}startEvent"]
    return len(starts) == 1 and _definitions(starts[0]) == _ERROR


def new_event_sub_process(element: etree._Element) -> EventSubProcess:
    """Return an empty event sub-process for `element`; history knows its type apart from a `subProcess`."""
    return EventSubProcess(id=element.get("id", ""), bpmn_type="eventSubProcess", default=element.get("default", ""))


def new_sub_process(element: etree._Element) -> SubProcess:
    """Return an empty embedded sub-process for `element`."""
    return SubProcess(id=element.get("id", ""), bpmn_type=local_name(element), default=element.get("default", ""))


def _definitions(element: etree._Element) -> tuple[str, ...]:
    return tuple(
        name
        for namespace, name in (split(str(child.tag)) for child in element)
        if namespace == BPMN and name.lower().endswith(("eventdefinition", "eventdefinitionref"))
    )


def _check_service_task(context: ParseContext, element: etree._Element, node: ServiceTask, *, reported: bool) -> None:
    if node.job_type is None and node.expression is None:
        if not reported:
            context.error(
                Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
                element,
                f"{describe(element)} does not say what it does. Give it an expression, an external "
                "topic, or a zeebe:taskDefinition.",
            )
        return
    misplaced = _misplaced(node)
    if misplaced:
        context.error(
            Rule.ATTRIBUTE_CONFLICT,
            element,
            f"{misplaced} of {describe(element)} has no effect with this implementation. Remove it.",
        )


def _misplaced(node: ServiceTask) -> str:
    settings: Mapping[str, Any]
    if node.expression is not None:
        settings = {
            "The field injection": node.fields,
            "The task headers": node.headers,
            "The number of retries": node.retries,
            "The task priority": node.priority,
        }
    else:
        settings = {"The result variable": node.result_variable}
    return next((what for what, value in settings.items() if value), "")
