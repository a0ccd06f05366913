"""Transforms sequence flows (BPMN 2.0.2, 8.4.13) and connects the elements with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine_svc.compile.executable import Element, ElementKind, Flow
from engine_svc.compile.texts import compiled_condition_or_none
from engine_svc.compile.wrapping import listeners
from engine_svc.expressions import Evaluate, compile_condition
from engine_svc.model.elements import SequenceFlow

_UNCONDITIONAL = frozenset({ElementKind.PARALLEL_GATEWAY, ElementKind.EVENT_BASED_GATEWAY})


def connect(
    sequence_flows: Sequence[SequenceFlow],
    elements: Sequence[Element],
    index_of: Mapping[str, int],
    defaults: Mapping[int, str],
) -> tuple[Flow, ...]:
    """Return the flows, in document order, and set them on the elements they join.

    `defaults` has the id of the default flow by element index.
    """
    flows = tuple(
        _flow(index, flow, elements[index_of[flow.source_ref]], index_of, defaults)
        for index, flow in enumerate(sequence_flows)
    )
    incoming: dict[int, list[Flow]] = {}
    outgoing: dict[int, list[Flow]] = {}
    for flow in flows:
        incoming.setdefault(flow.target, []).append(flow)
        outgoing.setdefault(flow.source, []).append(flow)
    for element in elements:
        element.incoming = tuple(incoming.get(element.index, ()))
        element.outgoing = tuple(outgoing.get(element.index, ()))
        default = defaults.get(element.index, "")
        element.default_flow = next((flow for flow in element.outgoing if flow.id == default), None)
    return flows


def _flow(
    index: int,
    flow: SequenceFlow,
    source: Element,
    index_of: Mapping[str, int],
    defaults: Mapping[int, str],
) -> Flow:
    condition: Evaluate | None = None
    text = ""
    evaluated = source.kind not in _UNCONDITIONAL and flow.id != defaults.get(source.index)
    if flow.condition is not None and evaluated:
        text = flow.condition.text
        condition = compile_condition(text)
    return Flow(
        index=index,
        id=flow.id,
        source=source.index,
        target=index_of[flow.target_ref],
        condition=condition,
        condition_text=text,
        listeners=listeners(flow.listeners),
        skip=compiled_condition_or_none(flow.skip_expression),
    )
