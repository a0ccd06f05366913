"""Reads events (10.5) and gateways (10.6) as nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, boolean
from engine_svc.model.data import read_input_association, read_output_association
from engine_svc.model.elements import (
    BoundaryEvent,
    CancelDefinition,
    CompensationDefinition,
    ComplexGateway,
    EndEvent,
    ErrorDefinition,
    EventBasedGateway,
    EventDefinition,
    ExclusiveGateway,
    FlowNode,
    InclusiveGateway,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    ParallelGateway,
    SignalDefinition,
    StartEvent,
    ThrownMessageDefinition,
    UnsupportedNode,
)
from engine_svc.model.event_definitions import DEFINITION_REFERENCE, DEFINITIONS, definition_readers
from engine_svc.model.event_drafts import EndEventDraft, EventDraft, ThrowEventDraft
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.message_events import set_work, without_draft
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.node_types import NODE_SCHEMA, NodeType
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, describe, pass_over

_FALSE = frozenset({"false", "0"})

_EVENT = NODE_SCHEMA.extended(
    children={
        **dict.fromkeys(("dataInput", "dataOutput", "inputSet", "outputSet", "ioSpecification"), pass_over),
        "dataInputAssociation": read_input_association,
        "dataOutputAssociation": read_output_association,
    }
)
_CATCHES_SEVERAL = {"parallelMultiple": _FALSE}

_STARTS = (
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "conditionalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "compensateEventDefinition",
)
_ENDS = (
    "messageEventDefinition",
    "signalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "compensateEventDefinition",
    "cancelEventDefinition",
    "terminateEventDefinition",
)
_CAUGHT = (
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "conditionalEventDefinition",
    "linkEventDefinition",
)
_THROWN = (
    "messageEventDefinition",
    "signalEventDefinition",
    "escalationEventDefinition",
    "compensateEventDefinition",
    "linkEventDefinition",
)
_ON_BOUNDARY = (
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "conditionalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "compensateEventDefinition",
    "cancelEventDefinition",
)

_GATEWAY = NODE_SCHEMA.extended({"gatewayDirection": ANY_VALUE})
_SPLITTING_GATEWAY = _GATEWAY.extended({"default": ANY_VALUE})


def _finish_start(context: ParseContext, element: etree._Element, node: StartEvent) -> FlowNode:
    node.interrupting = _is_interrupting(context, element, node, "isInterrupting")
    return _unless_refused(element, node)


def _finish_boundary(context: ParseContext, element: etree._Element, node: BoundaryEvent) -> FlowNode:
    node.attached_to = element.get("attachedToRef", "").strip()
    node.interrupting = _is_interrupting(context, element, node, "cancelActivity")
    return _must_have_definition(context, element, node)


def _is_interrupting(
    context: ParseContext, element: etree._Element, node: StartEvent | BoundaryEvent, attribute: str
) -> bool:
    text = element.get(attribute, "true")
    if (interrupting := boolean(text)) is None:
        context.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            element,
            f'{attribute}="{text[:60]}" of {describe(element)} must be true or false.',
        )
        return True
    if interrupting or isinstance(node.definition, CompensationDefinition):
        return True
    if isinstance(node.definition, ErrorDefinition | CancelDefinition):
        context.warning(
            Rule.ATTRIBUTE_IGNORED,
            element,
            f'{attribute}="{text}" of {describe(element)} is ignored: an error or cancellation always interrupts. '
            "Remove it.",
        )
        return True
    return False


def _finish_catch(context: ParseContext, element: etree._Element, node: IntermediateCatchEvent) -> FlowNode:
    return _must_have_definition(context, element, node)


def _finish_throw(context: ParseContext, element: etree._Element, draft: EventDraft) -> FlowNode:
    node: EndEvent | IntermediateThrowEvent
    if isinstance(draft, EndEventDraft):
        node = without_draft(draft, EndEvent)
    else:
        node = without_draft(draft, IntermediateThrowEvent)
    set_work(context, element, draft, node)
    definition = node.definition
    if isinstance(definition, ErrorDefinition) and draft.error_message is not None:
        definition.message = draft.error_message
    _give_payload(context, element, draft, definition)
    if isinstance(definition, ThrownMessageDefinition) and not (
        node.work or definition.expression or definition.message.text
    ):
        # As in Flowable and Camunda 7.
        node.definition = None
        context.warning(
            Rule.MESSAGE_REF_MISSING,
            element,
            f"{describe(element)} does not say which message it sends, and sends nothing. Add messageRef, or a "
            "worker's job type.",
        )
        return node
    return _unless_refused(element, node)


def _give_payload(
    context: ParseContext, element: etree._Element, draft: EventDraft, definition: EventDefinition | None
) -> None:
    if isinstance(definition, ErrorDefinition):
        definition.payload += [mapping for mapping in draft.payload if mapping.target.text != "errorMessage"]
    elif isinstance(definition, SignalDefinition):
        definition.payload += draft.payload
    elif draft.payload:
        context.warning(
            Rule.NOT_IN_EFFECT,
            element,
            f"The out parameters of {describe(element)} have no effect: values go only with a signal or an error.",
        )


def _must_have_definition(
    context: ParseContext, element: etree._Element, node: BoundaryEvent | IntermediateCatchEvent
) -> FlowNode:
    if node.definition is None and not _definitions(element):
        context.error(
            Rule.EVENT_DEFINITION_MISSING,
            element,
            f"{describe(element)} does not say what it waits for. Add an event definition: a message, timer, signal "
            "or condition.",
        )
        return _unsupported(node)
    return _unless_refused(element, node)


def _unless_refused(element: etree._Element, node: Any) -> FlowNode:
    return _unsupported(node) if node.definition is None and _definitions(element) else node


def _unsupported(node: FlowNode) -> UnsupportedNode:
    return UnsupportedNode(id=node.id, source=node.source, name=node.name, bpmn_type=node.bpmn_type)


def _definitions(element: etree._Element) -> list[str]:
    return [
        name
        for namespace, name in (split(str(child.tag)) for child in element)
        if namespace == BPMN and (name in DEFINITIONS or name == DEFINITION_REFERENCE)
    ]


def _read_activation_condition(context: ParseContext, element: etree._Element, node: ComplexGateway) -> None:
    node.activation_condition = read_formal_expression(context, element)


def _finish_event_based(context: ParseContext, element: etree._Element, node: EventBasedGateway) -> FlowNode:
    node.instantiate = boolean(element.get("instantiate", "false")) is True
    return node


EVENT_NODE_TYPES: Mapping[str, NodeType] = {
    "startEvent": NodeType(
        StartEvent,
        _EVENT.extended({"isInterrupting": ANY_VALUE, **_CATCHES_SEVERAL}, definition_readers(*_STARTS)),
        _finish_start,
    ),
    "endEvent": NodeType(EndEventDraft, _EVENT.extended(children=definition_readers(*_ENDS)), _finish_throw),
    "intermediateCatchEvent": NodeType(
        IntermediateCatchEvent, _EVENT.extended(_CATCHES_SEVERAL, definition_readers(*_CAUGHT)), _finish_catch
    ),
    "intermediateThrowEvent": NodeType(
        ThrowEventDraft, _EVENT.extended(children=definition_readers(*_THROWN)), _finish_throw
    ),
    "implicitThrowEvent": NodeType(
        ThrowEventDraft, _EVENT.extended(children=definition_readers(*_THROWN)), _finish_throw
    ),
    "boundaryEvent": NodeType(
        BoundaryEvent,
        _EVENT.extended(
            {"attachedToRef": ANY_VALUE, "cancelActivity": ANY_VALUE, **_CATCHES_SEVERAL},
            definition_readers(*_ON_BOUNDARY),
        ),
        _finish_boundary,
    ),
    "exclusiveGateway": NodeType(ExclusiveGateway, _SPLITTING_GATEWAY),
    "parallelGateway": NodeType(ParallelGateway, _SPLITTING_GATEWAY),
    "inclusiveGateway": NodeType(InclusiveGateway, _SPLITTING_GATEWAY),
    "complexGateway": NodeType(
        ComplexGateway, _SPLITTING_GATEWAY.extended(children={"activationCondition": _read_activation_condition})
    ),
    "eventBasedGateway": NodeType(
        EventBasedGateway,
        _GATEWAY.extended({"instantiate": ANY_VALUE, "eventGatewayType": frozenset({"Exclusive", "exclusive"})}),
        _finish_event_based,
    ),
}
"""Events and gateways by their XML element."""
