"""Reads flow nodes (chapter 10): which elements are executed, and what of them is understood."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import ParseContext, boolean, local_name
from engine_svc.model.data import read_data_association
from engine_svc.model.elements import (
    EventSubProcess,
    FlowNode,
    PassThroughTask,
    ServiceTask,
    SubProcess,
    UnsupportedNode,
    UserTask,
)
from engine_svc.model.event_nodes import EVENT_NODE_TYPES
from engine_svc.model.node_types import NODE_SCHEMA, NodeType
from engine_svc.model.roles import read_human_performer, read_potential_owner
from engine_svc.model.schema import ANY_VALUE, not_supported, pass_over, read_common

_FALSE = frozenset({"false", "0"})
_TRUE = frozenset({"true", "1"})
_ONE = frozenset({"1"})

_ACTIVITY = NODE_SCHEMA.extended(
    {
        "default": ANY_VALUE,
        "isForCompensation": ANY_VALUE,
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


NODE_TYPES: Mapping[str, NodeType] = {
    **EVENT_NODE_TYPES,
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

SUB_PROCESS_SCHEMA = _ACTIVITY.extended({"triggeredByEvent": _FALSE})
EVENT_SUB_PROCESS_SCHEMA = _ACTIVITY.extended({"triggeredByEvent": _TRUE})

UNSUPPORTED_SUB_PROCESSES = frozenset({"transaction", "adHocSubProcess"})

UNSUPPORTED_NODES = frozenset(
    {
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
    return NODE_TYPES.get(local_name(element))


def read_flow_node(context: ParseContext, element: etree._Element, node_type: NodeType) -> FlowNode:
    """Return the node for an element; an event with a definition that is not executed is reported."""
    name = local_name(element)
    node = node_type.create(id=element.get("id", ""), bpmn_type=name, default=element.get("default", ""))
    read_common(context, element, node, node_type.schema)
    return node_type.finish(context, element, node)


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


def new_event_sub_process(element: etree._Element) -> EventSubProcess:
    """Return an empty event sub-process for `element`; history knows its type apart from a `subProcess`."""
    return EventSubProcess(id=element.get("id", ""), bpmn_type="eventSubProcess", default=element.get("default", ""))


def new_sub_process(element: etree._Element) -> SubProcess:
    """Return an empty embedded sub-process for `element`."""
    return SubProcess(id=element.get("id", ""), bpmn_type=local_name(element), default=element.get("default", ""))
