"""Transforms events (BPMN 2.0.2, 10.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine_svc.compile.executable import (
    NO_ELEMENT,
    CancelTrigger,
    CatchSpec,
    CompensationThrowSpec,
    CompensationTrigger,
    ConditionTrigger,
    Element,
    ElementKind,
    ErrorThrowSpec,
    ErrorTrigger,
    EscalationThrowSpec,
    EscalationTrigger,
    ExpressionTaskSpec,
    LinkThrowSpec,
    MessageThrowSpec,
    MessageTrigger,
    ParameterSpec,
    SignalThrowSpec,
    SignalTrigger,
    StartSpec,
    TerminateSpec,
    TimerTrigger,
    Trigger,
    VariableTrigger,
)
from engine_svc.compile.tasks import external_task
from engine_svc.compile.texts import compiled, compiled_or_none
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.compile.wrapping import listeners, mappings
from engine_svc.expressions import compile_condition, variables_read
from engine_svc.model.elements import (
    BoundaryEvent,
    CancelDefinition,
    CaughtParameter,
    CompensationDefinition,
    ConditionalDefinition,
    EndEvent,
    ErrorDefinition,
    EscalationDefinition,
    EventDefinition,
    FlowNode,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    LinkDefinition,
    MessageDefinition,
    SignalDefinition,
    StartEvent,
    TerminateDefinition,
    ThrownMessageDefinition,
    TimerDefinition,
    VariableDefinition,
)


def trigger_of(definition: EventDefinition) -> Trigger:
    """Return what an event waits for."""
    match definition:
        case TimerDefinition():
            return TimerTrigger(definition.kind.value, compiled(definition.text), compiled_or_none(definition.end_date))
        case MessageDefinition():
            return message_trigger(definition)
        case SignalDefinition():
            return SignalTrigger(compiled(definition.signal), definition.instance_wide)
        case ConditionalDefinition():
            return _condition(definition)
        case VariableDefinition():
            return VariableTrigger(definition.variable_name, definition.change_type)
        case ErrorDefinition():
            return ErrorTrigger(definition.code, definition.code_variable, definition.message_variable)
        case EscalationDefinition():
            return EscalationTrigger(definition.code, definition.code_variable)
        case CompensationDefinition():
            return CompensationTrigger()
        case CancelDefinition():
            return CancelTrigger()
        case _:
            raise AssertionError(f"a valid model does not wait for {definition!r}")


def message_trigger(definition: MessageDefinition) -> MessageTrigger:
    """Return which message an event or receive task waits for."""
    return MessageTrigger(compiled(definition.message), compiled_or_none(definition.correlation_key))


def _condition(definition: ConditionalDefinition) -> ConditionTrigger:
    named = definition.variable_name
    variables = frozenset({named}) if named else variables_read(definition.condition.text)
    text = definition.condition.text
    return ConditionTrigger(compile_condition(text), variables, definition.variable_events, text)


def _parameters(of: Iterable[CaughtParameter]) -> tuple[ParameterSpec, ...]:
    return tuple(
        ParameterSpec(compiled(parameter.target), parameter.source, compiled_or_none(parameter.expression))
        for parameter in of
    )


def _start_event(node: StartEvent, index_of: Mapping[str, int]) -> Transformation:
    spec = StartSpec(
        node.initiator,
        None if node.definition is None else trigger_of(node.definition),
        node.interrupting,
        compiled_or_none(node.form_key),
        _parameters(node.parameters),
    )
    return Transformation(ElementKind.START_EVENT, spec)


def _boundary_event(node: BoundaryEvent, index_of: Mapping[str, int]) -> Transformation:
    assert node.definition is not None, "a valid boundary event has a definition"
    called = listeners([] if node.listener is None else [node.listener])
    spec = CatchSpec(
        trigger_of(node.definition), node.interrupting, _parameters(node.parameters), called[0] if called else None
    )
    return Transformation(ElementKind.BOUNDARY_EVENT, spec)


def _catch_event(node: IntermediateCatchEvent, index_of: Mapping[str, int]) -> Transformation:
    assert node.definition is not None, "a valid catch event has a definition"
    if isinstance(node.definition, LinkDefinition):
        return Transformation(ElementKind.NONE_THROW_EVENT)
    return Transformation(
        ElementKind.CATCH_EVENT, CatchSpec(trigger_of(node.definition), parameters=_parameters(node.parameters))
    )


def _throw_event(node: IntermediateThrowEvent, index_of: Mapping[str, int]) -> Transformation:
    if node.definition is None:
        return Transformation(ElementKind.NONE_THROW_EVENT)
    if isinstance(node.definition, LinkDefinition):
        # Its target is known once all nodes are: see connect_links.
        return Transformation(ElementKind.LINK_THROW_EVENT)
    return _thrown(node, node.definition, index_of, ends=False)


def _end_event(node: EndEvent, index_of: Mapping[str, int]) -> Transformation:
    match node.definition:
        case None:
            return Transformation(ElementKind.NONE_END_EVENT)
        case ErrorDefinition(code=code, message=message, payload=payload):
            spec = ErrorThrowSpec(code, compiled_or_none(message), mappings(payload))
            return Transformation(ElementKind.ERROR_END_EVENT, spec)
        case TerminateDefinition(everything=everything, multi_instance=multi_instance):
            return Transformation(ElementKind.TERMINATE_END_EVENT, TerminateSpec(everything, multi_instance))
        case CancelDefinition():
            return Transformation(ElementKind.CANCEL_END_EVENT)
        case definition:
            return _thrown(node, definition, index_of, ends=True)


def _thrown(
    node: IntermediateThrowEvent | EndEvent, definition: EventDefinition, index_of: Mapping[str, int], *, ends: bool
) -> Transformation:
    match definition:
        case ThrownMessageDefinition():
            return _sent(node, definition, ends=ends)
        case SignalDefinition():
            signal = SignalThrowSpec(
                compiled(definition.signal),
                definition.instance_wide,
                definition.asynchronous,
                ends,
                mappings(definition.payload),
                definition.all_variables,
            )
            return Transformation(ElementKind.SIGNAL_THROW, signal)
        case EscalationDefinition():
            return Transformation(ElementKind.ESCALATION_THROW, EscalationThrowSpec(definition.code, ends))
        case CompensationDefinition():
            activity = index_of[definition.activity_ref] if definition.activity_ref else NO_ELEMENT
            return Transformation(ElementKind.COMPENSATION_THROW, CompensationThrowSpec(activity, ends))
        case _:
            raise AssertionError(f"a valid model does not throw {definition!r}")


def _sent(
    node: IntermediateThrowEvent | EndEvent, definition: ThrownMessageDefinition, *, ends: bool
) -> Transformation:
    if node.work is not None:
        return Transformation(
            ElementKind.EXTERNAL_TASK, external_task(node.work, result_variable=definition.result_variable, ends=ends)
        )
    if definition.expression is not None:
        # The token of an end event ends behind it, because nothing leaves it.
        spec = ExpressionTaskSpec(compiled(definition.expression), definition.result_variable)
        return Transformation(ElementKind.EXPRESSION_TASK, spec)
    message = MessageThrowSpec(compiled(definition.message), compiled_or_none(definition.correlation_key), ends)
    return Transformation(ElementKind.MESSAGE_THROW, message)


def connect_links(nodes: Iterable[FlowNode], elements: tuple[Element, ...]) -> dict[int, list[int]]:
    """Set the targets of link throws; return the throws by the catch they lead to, all as indexes."""
    linked = [
        (node, element, node.definition.link)
        for node, element in zip(nodes, elements, strict=True)
        if isinstance(node, IntermediateCatchEvent | IntermediateThrowEvent)
        and isinstance(node.definition, LinkDefinition)
    ]
    catches = {
        (element.scope, link): element.index
        for node, element, link in linked
        if isinstance(node, IntermediateCatchEvent)
    }
    throws: dict[int, list[int]] = {}
    for node, element, link in linked:
        if isinstance(node, IntermediateThrowEvent):
            target = catches[element.scope, link]
            element.spec = LinkThrowSpec(target)
            throws.setdefault(target, []).append(element.index)
    return throws


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    StartEvent: _start_event,
    EndEvent: _end_event,
    BoundaryEvent: _boundary_event,
    IntermediateCatchEvent: _catch_event,
    IntermediateThrowEvent: _throw_event,
}
