"""Transforms gateways (BPMN 2.0.2, 10.6), and finds what an inclusive join has to wait for (13.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine_svc.compile.executable import Element, ElementKind
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import ExclusiveGateway, FlowNode, InclusiveGateway, ParallelGateway


def _exclusive(node: ExclusiveGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.EXCLUSIVE_GATEWAY)


def _parallel(node: ParallelGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.PARALLEL_GATEWAY)


def _inclusive(node: InclusiveGateway, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.INCLUSIVE_GATEWAY)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    ExclusiveGateway: _exclusive,
    ParallelGateway: _parallel,
    InclusiveGateway: _inclusive,
}


def link_inclusive_joins(elements: Iterable[Element]) -> None:
    """Fill in, on every inclusive gateway with several incoming flows, from where it can be reached."""
    all_elements = tuple(elements)
    attached_to = {event: element.index for element in all_elements for event in element.boundary}
    for gateway in all_elements:
        if gateway.kind is ElementKind.INCLUSIVE_GATEWAY and len(gateway.incoming) > 1:
            gateway.reaches_flow = {
                flow.index: _upstream(all_elements, attached_to, flow.source, gateway.index)
                for flow in gateway.incoming
            }
            gateway.reachable_from = frozenset().union(*gateway.reaches_flow.values())


def _upstream(
    elements: tuple[Element, ...], attached_to: Mapping[int, int], source: int, gateway: int
) -> frozenset[int]:
    if source == gateway:
        return frozenset()
    found = {source}
    pending = [source]
    while pending:
        index = pending.pop()
        before = [flow.source for flow in elements[index].incoming]
        if index in attached_to:
            before.append(attached_to[index])
        for element in before:
            if element != gateway and element not in found:
                found.add(element)
                pending.append(element)
    return frozenset(found)
