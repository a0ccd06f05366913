"""Transforms events (BPMN 2.0.2, 10.5)."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import ElementKind, StartSpec
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import EndEvent, FlowNode, StartEvent


def _start_event(node: StartEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.NONE_START_EVENT, StartSpec(node.initiator))


def _end_event(node: EndEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.NONE_END_EVENT)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {StartEvent: _start_event, EndEvent: _end_event}
