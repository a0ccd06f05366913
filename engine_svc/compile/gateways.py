"""Transforms gateways (BPMN 2.0.2, 10.6), and finds what an inclusive join has to wait for (13.4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine_svc.compile.executable import ComplexGatewaySpec, Element, ElementKind
from engine_svc.compile.texts import compiled_condition_or_none
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import (
    ComplexGateway,
    EventBasedGateway,
    ExclusiveGateway,
    FlowNode,
    InclusiveGateway,
    ParallelGateway,
)


def _exclusive(node: ExclusiveGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.EXCLUSIVE_GATEWAY)


def _parallel(node: ParallelGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.PARALLEL_GATEWAY)


def _inclusive(node: InclusiveGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.INCLUSIVE_GATEWAY)


def _event_based(node: EventBasedGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.EVENT_BASED_GATEWAY)


def _complex(node: ComplexGateway, index_of: Mapping[str, int]) -> Transformation:
    spec = ComplexGatewaySpec(compiled_condition_or_none(node.activation_condition))
    return Transformation(ElementKind.COMPLEX_GATEWAY, spec)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    ExclusiveGateway: _exclusive,
    ParallelGateway: _parallel,
    InclusiveGateway: _inclusive,
    EventBasedGateway: _event_based,
    ComplexGateway: _complex,
}


def link_inclusive_joins(elements: Sequence[Element], link_throws: Mapping[int, Sequence[int]]) -> None:
    """Fill in, on every inclusive gateway with several incoming flows, from where it can be reached.

    `link_throws` has the link throw events by the catch event they lead to.
    """
    attached_to = {event: element.index for element in elements for event in element.boundary}
    for gateway in elements:
        if gateway.kind is ElementKind.INCLUSIVE_GATEWAY and len(gateway.incoming) > 1:
            gateway.reaches_flow = {
                flow.index: _upstream(elements, attached_to, link_throws, flow.source, gateway.index)
                for flow in gateway.incoming
            }


def _upstream(
    elements: Sequence[Element],
    attached_to: Mapping[int, int],
    link_throws: Mapping[int, Sequence[int]],
    source: int,
    gateway: int,
) -> frozenset[int]:
    if source == gateway:
        return frozenset()
    found = {source}
    pending = [source]
    while pending:
        index = pending.pop()
        before = [flow.source for flow in elements[index].incoming]
        before.extend(link_throws.get(index, ()))
        if index in attached_to:
            before.append(attached_to[index])
        for element in before:
            if element != gateway and element not in found:
                found.add(element)
                pending.append(element)
    return frozenset(found)
