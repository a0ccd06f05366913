"""What the dialects say of events and of what events refer to."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import Site, text_of
from engine_svc.model.dialects.dialect import (
    AttributeReader,
    ElementReader,
    claim,
    informative,
    not_in_effect,
    plain,
    switch,
)
from engine_svc.model.dialects.feel_subset import feel_text
from engine_svc.model.dialects.mappings import called_mapping, variable_text
from engine_svc.model.elements import (
    BoundaryEvent,
    CaughtParameter,
    CompensationDefinition,
    ConditionalDefinition,
    ErrorDeclaration,
    ErrorDefinition,
    EscalationDefinition,
    IntermediateCatchEvent,
    MessageDeclaration,
    MessageDefinition,
    ModelText,
    ReceiveTask,
    SignalDeclaration,
    SignalDefinition,
    StartEvent,
    TerminateDefinition,
    ThrownMessageDefinition,
    TimerDefinition,
    VariableDefinition,
    VariableMapping,
)
from engine_svc.model.event_drafts import EventDraft
from engine_svc.model.rules import Rule

_Waiting = StartEvent | BoundaryEvent | IntermediateCatchEvent

_Receiving = _Waiting | ReceiveTask

_CHANGES = ("all", "create", "update", "update-create", "delete")
_VARIABLE_EVENTS = frozenset({"create", "update", "delete"})


def _scope(node: SignalDeclaration, value: str, site: Site) -> None:
    if value not in ("global", "processInstance"):
        site.warning(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'{site.origin}="{value[:60]}" is taken as global. Write global or processInstance.',
        )
    node.instance_wide = value == "processInstance"


def _name_expression(field: str) -> AttributeReader:
    def read(node: MessageDefinition | SignalDefinition, value: str, site: Site) -> None:
        if value.strip():
            setattr(node, field, site.template(value.strip()))

    return read


def _variable_events(node: ConditionalDefinition, value: str, site: Site) -> None:
    names = frozenset(name.strip().lower() for name in value.split(",") if name.strip())
    if names - _VARIABLE_EVENTS:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'{site.origin}="{value[:60]}" must be a list of create, update and delete, separated by commas.',
        )
        return
    node.variable_events = names


def _variable_listener(
    node: StartEvent | BoundaryEvent | IntermediateCatchEvent, element: etree._Element, site: Site
) -> None:
    settings = {etree.QName(key).localname: str(value).strip() for key, value in element.attrib.items()}
    name, change = settings.get("variableName", ""), settings.get("variableChangeType", "") or "all"
    if not name:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f"{site.origin} needs a variableName. Add the variable to watch.")
    elif change not in _CHANGES:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'variableChangeType="{change[:60]}" of {site.origin} must be one of {", ".join(_CHANGES)}.',
        )
    elif claim(node, "definition", site):
        node.definition = VariableDefinition(
            id=settings.get("id", ""), source=site.source, variable_name=name, change_type=change
        )


def _event_type(node: _Receiving, element: etree._Element, site: Site) -> None:
    name = text_of(element)
    if not name or not claim(node, "definition", site):
        return
    node.definition = MessageDefinition(id="", message=site.literal(name), source=site.source)
    site.warning(
        Rule.NOT_IN_EFFECT,
        f"{site.origin}: there is no event registry here; the event is received as the message {name!r}, whose "
        "variables have the names of the event's fields. Send that message when the event comes in.",
    )


def _event_field(node: _Receiving, element: etree._Element, site: Site) -> None:
    source = (element.get("source") or element.get("sourceName") or "").strip()
    target = element.get("target", "").strip()
    if source and target and source != target:
        node.outputs.append(VariableMapping(target=site.literal(target), value=variable_text(source, site)))


def _event_correlation(
    node: BoundaryEvent | IntermediateCatchEvent | ReceiveTask, element: etree._Element, site: Site
) -> None:
    value = element.get("value", "").strip()
    if not value:
        return
    if isinstance(node.definition, MessageDefinition) and node.definition.correlation_key is None:
        node.definition.correlation_key = site.template(value)
    else:
        site.warning(
            Rule.NOT_IN_EFFECT,
            f"{site.origin} is not used: a message has one correlation key, and needs the event type before it.",
        )


def _error_parameter(node: EventDraft, element: etree._Element, site: Site) -> None:
    """Read `flowable:out` of a throw: a value that goes with it; `errorMessage` is the message of an error too."""
    mapping = called_mapping(element, site)
    if mapping is None:
        return
    if mapping.target.text == "errorMessage" and isinstance(mapping.value, ModelText):
        node.error_message = mapping.value
    node.payload.append(mapping)


def _caught_parameter(node: _Waiting, element: etree._Element, site: Site) -> None:
    """Read `flowable:in` of a catch: what is kept of what comes with a signal, message or error."""
    mapping = called_mapping(element, site)
    if mapping is None or not isinstance(mapping.value, ModelText):
        return
    expression = bool(element.get("sourceExpression", "").strip())
    node.parameters.append(
        CaughtParameter(
            target=mapping.target,
            source="" if expression else element.get("source", "").strip(),
            expression=mapping.value if expression else None,
        )
    )


def _subscription(node: MessageDeclaration, element: etree._Element, site: Site) -> None:
    key = element.get("correlationKey", "").strip()
    if key:
        # A key is never static in zeebe models; those of other dialects have no other place for theirs.
        node.correlation_key = feel_text(site, key) if key.startswith("=") else site.template(key)


def _signal_payload(node: SignalDefinition, element: etree._Element, site: Site) -> None:
    """Read `camunda:in` of a signal: a value that goes with it, or all variables where it is thrown."""
    if "businessKey" in element.attrib:
        site.warning(
            Rule.NOT_IN_EFFECT,
            f"{site.origin}: instances that a signal starts get no business key. Set a variable that they read.",
        )
    elif element.get("variables") == "all":
        node.all_variables = True
    elif (mapping := called_mapping(element, site)) is not None:
        node.payload.append(mapping)


_COMMON_ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    (MessageDefinition, "messageExpression"): _name_expression("message"),
    (SignalDefinition, "signalExpression"): _name_expression("signal"),
    (SignalDefinition, "async"): switch("asynchronous"),
    (SignalDefinition, "exclusive"): informative,
    (CompensationDefinition, "async"): not_in_effect,
    (TimerDefinition, "businessCalendarName"): not_in_effect,
    (SignalDeclaration, "scope"): _scope,
}

FLOWABLE_ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    **_COMMON_ATTRIBUTES,
    # Flowable stores the code there.
    (ErrorDefinition, "errorVariableName"): plain("code_variable"),
    (ErrorDefinition, "errorVariableLocalScope"): not_in_effect,
    (ErrorDefinition, "errorVariableTransient"): not_in_effect,
    (EscalationDefinition, "escalationCodeVariable"): plain("code_variable"),
    (TerminateDefinition, "terminateAll"): switch("everything"),
    (TerminateDefinition, "terminateMultiInstance"): switch("multi_instance"),
    (StartEvent, "interrupting"): informative,
}
FLOWABLE_ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (StartEvent, "variableListenerEventDefinition"): _variable_listener,
    (BoundaryEvent, "variableListenerEventDefinition"): _variable_listener,
    (IntermediateCatchEvent, "variableListenerEventDefinition"): _variable_listener,
    (EventDraft, "out"): _error_parameter,
    (BoundaryEvent, "in"): _caught_parameter,
    (StartEvent, "in"): _caught_parameter,
    (IntermediateCatchEvent, "in"): _caught_parameter,
    (StartEvent, "eventType"): _event_type,
    (BoundaryEvent, "eventType"): _event_type,
    (IntermediateCatchEvent, "eventType"): _event_type,
    (ReceiveTask, "eventType"): _event_type,
    (StartEvent, "eventOutParameter"): _event_field,
    (BoundaryEvent, "eventOutParameter"): _event_field,
    (IntermediateCatchEvent, "eventOutParameter"): _event_field,
    (ReceiveTask, "eventOutParameter"): _event_field,
    (BoundaryEvent, "eventCorrelationParameter"): _event_correlation,
    (IntermediateCatchEvent, "eventCorrelationParameter"): _event_correlation,
    (ReceiveTask, "eventCorrelationParameter"): _event_correlation,
}

CAMUNDA_ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    **_COMMON_ATTRIBUTES,
    (ErrorDefinition, "errorCodeVariable"): plain("code_variable"),
    (ErrorDefinition, "errorMessageVariable"): plain("message_variable"),
    (ErrorDeclaration, "errorCodeVariable"): informative,
    (EscalationDefinition, "escalationCodeVariable"): plain("code_variable"),
    (ConditionalDefinition, "variableName"): plain("variable_name"),
    (ConditionalDefinition, "variableEvents"): _variable_events,
    (ThrownMessageDefinition, "resultVariable"): plain("result_variable"),
}
CAMUNDA_ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (SignalDefinition, "in"): _signal_payload,
}

ZEEBE_ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (MessageDeclaration, "subscription"): _subscription,
}
