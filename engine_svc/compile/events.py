"""Transforms events (BPMN 2.0.2, 10.5)."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import ElementKind, ErrorCatchSpec, ErrorThrowSpec, StartSpec, TerminateSpec
from engine_svc.compile.texts import compiled_or_none
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import (
    BoundaryErrorEvent,
    EndEvent,
    ErrorCatch,
    ErrorEndEvent,
    ErrorStartEvent,
    FlowNode,
    StartEvent,
    TerminateEndEvent,
)


def _start_event(node: StartEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.NONE_START_EVENT, StartSpec(node.initiator))


def _end_event(node: EndEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.NONE_END_EVENT)


def _error_start_event(node: ErrorStartEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.ERROR_START_EVENT)


def _boundary_error_event(node: BoundaryErrorEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.BOUNDARY_ERROR_EVENT, error_catch(node.error))


def _error_end_event(node: ErrorEndEvent, index_of: Mapping[str, int]) -> Transformation:
    spec = ErrorThrowSpec(node.error.code, compiled_or_none(node.error.message))
    return Transformation(ElementKind.ERROR_END_EVENT, spec)


def _terminate_end_event(node: TerminateEndEvent, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.TERMINATE_END_EVENT, TerminateSpec(node.termination.everything))


def error_catch(catch: ErrorCatch) -> ErrorCatchSpec:
    """Return what a boundary or start event catches."""
    return ErrorCatchSpec(catch.code, catch.code_variable, catch.message_variable)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    StartEvent: _start_event,
    EndEvent: _end_event,
    ErrorStartEvent: _error_start_event,
    BoundaryErrorEvent: _boundary_error_event,
    ErrorEndEvent: _error_end_event,
    TerminateEndEvent: _terminate_end_event,
}
