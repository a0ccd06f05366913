"""Reads what processes and sub-processes hold: flow nodes, sequence flows, and what does not execute."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lxml import etree

from engine_svc.model.activities import SUB_PROCESS_TYPES
from engine_svc.model.compensation import link_handlers
from engine_svc.model.context import ParseContext, Site, local_name, text_of
from engine_svc.model.data import read_data_object
from engine_svc.model.elements import FlowContainer, FlowNode, Lane, Process, SequenceFlow, SubProcess, containers
from engine_svc.model.flow_nodes import (
    NODE_TYPES,
    UNSUPPORTED_NODES,
    node_type_of,
    read_flow_node,
    sub_process_type_of,
    unsupported_node,
)
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, ChildReader, Schema, describe, pass_over, read_common

_NOT_EXECUTED: Mapping[str, ChildReader] = {
    **dict.fromkeys(
        (
            "textAnnotation",
            "association",
            "group",
            "dataObjectReference",
            "dataStoreReference",
        ),
        pass_over,
    ),
    # Read with the body.
    "dataObject": pass_over,
}


def read_process(context: ParseContext, element: etree._Element) -> Process:
    """Return an executable process with everything in it."""
    process = Process(id=element.get("id", ""))
    read_common(context, element, process, _PROCESS)
    _read_body(context, element, process.body)
    _name_flows(context, process)
    link_handlers(process, _associations(element))
    return process


def _read_body(context: ParseContext, element: etree._Element, body: FlowContainer) -> None:
    for child in element:
        namespace, name = split(str(child.tag))
        if namespace != BPMN:
            continue
        if (node_type := node_type_of(child)) is not None:
            body.nodes.append(read_flow_node(context, child, node_type))
        elif name in SUB_PROCESS_TYPES:
            body.nodes.append(_read_sub_process(context, child))
        elif name in UNSUPPORTED_NODES:
            body.nodes.append(unsupported_node(context, child))
        elif name == "sequenceFlow":
            body.flows.append(_read_sequence_flow(context, child))
        elif name == "dataObject":
            data = read_data_object(context, child)
            if data is not None:
                body.data_objects.append(data)


def _read_sub_process(context: ParseContext, element: etree._Element) -> FlowNode:
    node_type = sub_process_type_of(element)
    node_type = replace(node_type, schema=node_type.schema.extended(children=_SUB_PROCESS_CHILDREN))
    node = read_flow_node(context, element, node_type)
    if isinstance(node, SubProcess):
        _read_body(context, element, node.body)
    return node


def _read_sequence_flow(context: ParseContext, element: etree._Element) -> SequenceFlow:
    flow = SequenceFlow(
        id=element.get("id", ""),
        source_ref=element.get("sourceRef", ""),
        target_ref=element.get("targetRef", ""),
    )
    read_common(context, element, flow, _SEQUENCE_FLOW)
    return flow


def _name_flows(context: ParseContext, process: Process) -> None:
    flows = [flow for _, body in containers(process) for flow in body.flows]
    taken = {flow.id for flow in flows}
    numbers: dict[str, Iterator[int]] = {}
    for flow in flows:
        if flow.id:
            continue
        ends = f"{flow.source_ref}-to-{flow.target_ref}"
        numbering = numbers.setdefault(ends, itertools.count(1))
        flow.id = next(name for number in numbering if (name := f"{ends}-{number}") not in taken)
        context.findings.warning(
            Rule.SEQUENCE_FLOW_ID_MISSING,
            process.id,
            flow.source,
            f"The sequence flow from {flow.source_ref!r} to {flow.target_ref!r} has no id and is called "
            f"{flow.id!r}. Give it an id, so that history keeps its name when the model changes.",
        )


def _associations(element: etree._Element) -> list[tuple[str, str]]:
    # Editors put the association into the process, whatever sub-process its ends are in.
    return [
        (association.get("sourceRef", "").strip(), association.get("targetRef", "").strip())
        for association in element.iter(f"{{{BPMN}}}association")
    ]


def _read_condition(context: ParseContext, element: etree._Element, flow: SequenceFlow) -> None:
    if flow.condition is not None:
        Site(context, element, "conditionExpression").error(
            Rule.ATTRIBUTE_CONFLICT, f"{describe(element)} is the flow's second condition. Keep one of them."
        )
        return
    flow.condition = read_formal_expression(context, element)


def _read_lanes(context: ParseContext, element: etree._Element, process: Process) -> None:
    for lane in element.iter(f"{{{BPMN}}}lane"):
        references = [text_of(child) for child in lane if local_name(child) == "flowNodeRef"]
        process.lanes.append(
            Lane(
                id=lane.get("id", ""),
                name=lane.get("name", ""),
                source=context.source(lane),
                flow_node_refs=references,
            )
        )


# The body is read apart, because a node may become another one than its element says.
_BODY: Mapping[str, ChildReader] = {
    **_NOT_EXECUTED,
    **dict.fromkeys((*NODE_TYPES, *UNSUPPORTED_NODES, *SUB_PROCESS_TYPES, "sequenceFlow"), pass_over),
}

_PROCESS = Schema(
    attributes=dict.fromkeys(("isExecutable", "processType", "isClosed", "definitionalCollaborationRef"), ANY_VALUE),
    children={
        **_BODY,
        **dict.fromkeys(
            (
                "auditing",
                "monitoring",
                "property",
                "ioSpecification",
                "ioBinding",
                "supports",
                "supportedInterfaceRef",
                "correlationSubscription",
                "resourceRole",
                "performer",
                "humanPerformer",
                "potentialOwner",
            ),
            pass_over,
        ),
        "laneSet": _read_lanes,
    },
)
_SUB_PROCESS_CHILDREN: Mapping[str, ChildReader] = {**_BODY, "laneSet": pass_over}
_SEQUENCE_FLOW = Schema(
    attributes=dict.fromkeys(("sourceRef", "targetRef", "isImmediate"), ANY_VALUE),
    children={
        **dict.fromkeys(("auditing", "monitoring", "categoryValueRef"), pass_over),
        "conditionExpression": _read_condition,
    },
)
