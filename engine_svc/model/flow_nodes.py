"""Reads flow nodes (chapter 10): which elements are executed, and what of them is understood."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.activities import (
    ACTIVITY_NODE_TYPES,
    EVENT_SUB_PROCESS_TYPE,
    SUB_PROCESS_TYPES,
    activity_type_of,
)
from engine_svc.model.context import ParseContext, boolean, local_name
from engine_svc.model.elements import EventSubProcess, FlowNode, UnsupportedNode
from engine_svc.model.event_nodes import EVENT_NODE_TYPES
from engine_svc.model.node_types import NodeType
from engine_svc.model.schema import not_supported, read_common

NODE_TYPES: Mapping[str, NodeType] = {**EVENT_NODE_TYPES, **ACTIVITY_NODE_TYPES}
"""Nodes that hold no others, by their XML element."""

UNSUPPORTED_NODES = frozenset({"callChoreography", "choreographyTask", "subChoreography"})


def node_type_of(element: etree._Element) -> NodeType | None:
    """Return how an element becomes a node; None where it is no node, holds others, or is not executed."""
    return EVENT_NODE_TYPES.get(local_name(element)) or activity_type_of(element)


def sub_process_type_of(element: etree._Element) -> NodeType:
    """Return how an element that holds flow nodes becomes a node."""
    if boolean(element.get("triggeredByEvent", "false")) is True:
        return EVENT_SUB_PROCESS_TYPE
    return SUB_PROCESS_TYPES[local_name(element)]


def read_flow_node(context: ParseContext, element: etree._Element, node_type: NodeType) -> FlowNode:
    """Return the node for an element; what it has that is not executed is reported."""
    node = node_type.create(id=element.get("id", ""), bpmn_type=local_name(element), default=element.get("default", ""))
    if isinstance(node, EventSubProcess):
        # History knows its type apart from a sub-process that a token enters.
        node.bpmn_type = "eventSubProcess"
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
