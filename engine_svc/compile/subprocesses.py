"""Transforms embedded sub-processes (BPMN 2.0.2, 10.3.5)."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import ElementKind, SubProcessSpec
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import FlowContainer, FlowNode, StartEvent, SubProcess


def start_of(body: FlowContainer, index_of: Mapping[str, int]) -> int:
    """Return the index of the none start event of a process or sub-process."""
    return next(index_of[node.id] for node in body.nodes if isinstance(node, StartEvent))


def _sub_process(node: SubProcess, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.SUB_PROCESS, SubProcessSpec(start_of(node.body, index_of)))


TRANSFORMS: Mapping[type[FlowNode], Transform] = {SubProcess: _sub_process}
