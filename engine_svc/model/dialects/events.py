"""What the dialects say of events and of what events refer to."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import Site, local_name
from engine_svc.model.dialects.dialect import (
    AttributeReader,
    ElementReader,
    claim,
    informative,
    plain,
    switch,
)
from engine_svc.model.elements import (
    BoundaryEvent,
    CompensationDefinition,
    ConditionalDefinition,
    ErrorDeclaration,
    ErrorDefinition,
    EscalationDefinition,
    EventDefinition,
    IntermediateCatchEvent,
    MessageDeclaration,
    MessageDefinition,
    SignalDeclaration,
    SignalDefinition,
    StartEvent,
    TerminateDefinition,
    ThrownMessageDefinition,
    TimerDefinition,
    VariableDefinition,
)
from engine_svc.model.rules import Rule

_CHANGES = ("all", "create", "update", "update-create", "delete")
_VARIABLE_EVENTS = frozenset({"create", "update", "delete"})


def _no_effect(node: object, value: object, site: Site) -> None:
    site.warning(Rule.NOT_IN_EFFECT, f"{site.origin} is kept, but has no effect here.")


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


def _subscription(node: MessageDeclaration, element: etree._Element, site: Site) -> None:
    key = element.get("correlationKey", "").strip()
    if key:
        node.correlation_key = site.template(key)


def _payload(node: EventDefinition, element: etree._Element, site: Site) -> None:
    site.error(
        Rule.ELEMENT_NOT_SUPPORTED,
        f"{site.origin} would send variables with the signal ({local_name(element)}). Remove it, and let the receiver "
        "read them, or send a message with variables.",
    )


_COMMON_ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    (MessageDefinition, "messageExpression"): _name_expression("message"),
    (SignalDefinition, "signalExpression"): _name_expression("signal"),
    (SignalDefinition, "async"): switch("asynchronous"),
    (SignalDefinition, "exclusive"): informative,
    (CompensationDefinition, "async"): _no_effect,
    (TimerDefinition, "businessCalendarName"): _no_effect,
    (SignalDeclaration, "scope"): _scope,
}

FLOWABLE_ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    **_COMMON_ATTRIBUTES,
    # Flowable stores the code there.
    (ErrorDefinition, "errorVariableName"): plain("code_variable"),
    (ErrorDefinition, "errorVariableLocalScope"): _no_effect,
    (ErrorDefinition, "errorVariableTransient"): _no_effect,
    (EscalationDefinition, "escalationCodeVariable"): plain("code_variable"),
    (TerminateDefinition, "terminateAll"): switch("everything"),
    (TerminateDefinition, "terminateMultiInstance"): switch("multi_instance"),
    (StartEvent, "interrupting"): informative,
}
FLOWABLE_ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (StartEvent, "variableListenerEventDefinition"): _variable_listener,
    (BoundaryEvent, "variableListenerEventDefinition"): _variable_listener,
    (IntermediateCatchEvent, "variableListenerEventDefinition"): _variable_listener,
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
    (SignalDefinition, "in"): _payload,
}

ZEEBE_ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (MessageDeclaration, "subscription"): _subscription,
}
