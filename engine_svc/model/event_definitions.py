"""Reads event definitions (10.5.5): what an event waits for or throws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, Site, boolean, local_name, text_of, written_name
from engine_svc.model.declarations import referred
from engine_svc.model.dialects.feel_subset import feel_text
from engine_svc.model.elements import (
    CancelDefinition,
    CompensationDefinition,
    ConditionalDefinition,
    ErrorDefinition,
    EscalationDefinition,
    EventDefinition,
    LinkDefinition,
    MessageDeclaration,
    MessageDefinition,
    ModelText,
    SignalDeclaration,
    SignalDefinition,
    TerminateDefinition,
    TimerDefinition,
    TimerKind,
)
from engine_svc.model.event_drafts import EventDraft, MessageDraft
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.message_events import finished_message
from engine_svc.model.namespaces import split
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, ChildReader, Schema, describe, pass_over, read_common

DEFINITIONS = (
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "conditionalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "compensateEventDefinition",
    "cancelEventDefinition",
    "linkEventDefinition",
    "terminateEventDefinition",
)
DEFINITION_REFERENCE = "eventDefinitionRef"

_END_DATE = "endDate"

_Reader = Callable[[ParseContext, etree._Element, Any], EventDefinition | None]


def definition_readers(*allowed: str) -> Mapping[str, ChildReader]:
    """Return readers for the definitions that a kind of event may have; any other one is reported."""

    def read(context: ParseContext, element: etree._Element, node: Any) -> None:
        definition = _referred_definition(context, element)
        if definition is None:
            return
        name = local_name(definition)
        if name not in allowed:
            what = name.removesuffix("EventDefinition")
            context.error(
                Rule.EVENT_DEFINITION_NOT_ALLOWED,
                element,
                f"{describe_owner(element)} cannot have a {name}. Use an event that can wait for or throw "
                f"a {what} there.",
            )
        elif node.definition is not None:
            context.error(
                Rule.EVENT_DEFINITION_SEVERAL,
                element,
                f"{describe_owner(element)} has several event definitions, and only one is executed. Model each one "
                "as an event of its own.",
            )
        else:
            node.definition = _READERS[name](context, definition, node)

    return dict.fromkeys((*DEFINITIONS, DEFINITION_REFERENCE), read)


def describe_owner(element: etree._Element) -> str:
    """Return type and id of the event that has an event definition, or of a task itself, for messages."""
    owner = element.getparent() if local_name(element) in DEFINITIONS else element
    return describe(element if owner is None else owner)


def read_message_reference(
    context: ParseContext, element: etree._Element, definition: MessageDefinition, origin: str = "messageRef"
) -> None:
    """Set name and correlation key from the `messageRef` of an event definition or task.

    A reference that names no message of the file is taken as the message's name, with a warning.
    """
    reference = element.get("messageRef", "").strip()
    site = Site(context, element, origin)
    if not reference:
        return
    message = referred(context.messages, reference)
    if message is None:
        _warn_unknown(context, element, Rule.MESSAGE_REF_UNKNOWN, "messageRef", reference, "message", "message name")
        definition.message = site.template(reference)
        return
    definition.message = _name_of(message, Site(context, element, "message name"))
    definition.correlation_key = message.correlation_key


def _name_of(declared: MessageDeclaration | SignalDeclaration, site: Site) -> ModelText:
    text = feel_text(site, declared.name) if declared.name.startswith("=") else site.template(declared.name)
    # What could not be understood was reported; its place is taken, so that nothing is reported twice.
    text = text or site.literal(declared.name)
    return replace(text, source=declared.source)


def _referred_definition(context: ParseContext, element: etree._Element) -> etree._Element | None:
    if local_name(element) != DEFINITION_REFERENCE:
        return element
    reference = text_of(element)
    definition = context.event_definitions.get(reference)
    if definition is None:
        definition = context.event_definitions.get(reference.rpartition(":")[2])
    if definition is None:
        context.error(
            Rule.EVENT_DEFINITION_REF_UNKNOWN,
            element,
            f"eventDefinitionRef of {describe_owner(element)} names {reference!r}, which is no event definition beside "
            "the processes. Correct the reference, or put the definition into the event.",
        )
    return definition


# Errors and escalations


def _read_error(context: ParseContext, element: etree._Element, node: Any) -> ErrorDefinition:
    definition = ErrorDefinition(id=element.get("id", ""))
    read_common(context, element, definition, _ERROR)
    reference = element.get("errorRef", "").strip()
    if not reference:
        return definition
    error = referred(context.errors, reference)
    # Flowable and Camunda 7 take a reference that names nothing as the code itself.
    definition.code = reference if error is None else error.code
    if error is None:
        _warn_unknown(context, element, Rule.ERROR_REF_UNKNOWN, "errorRef", reference, "error", "error code")
    else:
        definition.message = error.message
        if not error.code:
            _report_missing_code(context, element, node, Rule.ERROR_CODE_MISSING, "error", error.id)
    _refuse_feel(context, element, "error code", definition.code)
    return definition


def _read_escalation(context: ParseContext, element: etree._Element, node: Any) -> EscalationDefinition:
    definition = EscalationDefinition(id=element.get("id", ""))
    read_common(context, element, definition, _ESCALATION)
    reference = element.get("escalationRef", "").strip()
    if not reference:
        return definition
    escalation = referred(context.escalations, reference)
    definition.code = reference if escalation is None else escalation.code
    if escalation is None:
        rule = Rule.ESCALATION_REF_UNKNOWN
        _warn_unknown(context, element, rule, "escalationRef", reference, "escalation", "escalation code")
    elif not escalation.code:
        _report_missing_code(context, element, node, Rule.ESCALATION_CODE_MISSING, "escalation", escalation.id)
    _refuse_feel(context, element, "escalation code", definition.code)
    return definition


def _report_missing_code(
    context: ParseContext, element: etree._Element, node: Any, rule: Rule, what: str, identifier: str
) -> None:
    if _throws(node):
        context.error(
            rule,
            element,
            f"The {what} {identifier!r} that {describe_owner(element)} throws has no {what}Code. Give it one.",
        )
    else:
        context.warning(
            rule,
            element,
            f"The {what} {identifier!r} has no {what}Code: {describe_owner(element)} catches every {what}. Give it "
            f"one, or remove {what}Ref.",
        )


def _refuse_feel(context: ParseContext, element: etree._Element, what: str, code: str) -> None:
    if code.startswith("="):
        context.error(
            Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
            element,
            f"The {what} of {describe_owner(element)} is a FEEL expression; FEEL comes with a later release. "
            "Write a static value.",
        )


# Messages and signals


def _read_message(context: ParseContext, element: etree._Element, node: Any) -> MessageDefinition:
    if isinstance(node, EventDraft):
        draft = MessageDraft(id=element.get("id", ""), event=node)
        _read_message_parts(context, element, draft)
        return finished_message(context, element, draft)
    definition = MessageDefinition(id=element.get("id", ""))
    _read_message_parts(context, element, definition)
    if not definition.message.text:
        context.error(
            Rule.MESSAGE_REF_MISSING,
            element,
            f"{describe_owner(element)} does not say which message it waits for. Add messageRef with the id of a "
            "message of the file.",
        )
    return definition


def _read_message_parts(context: ParseContext, element: etree._Element, definition: MessageDefinition) -> None:
    read_common(context, element, definition, _MESSAGE)
    if not definition.message.text:
        read_message_reference(context, element, definition)


def _read_signal(context: ParseContext, element: etree._Element, node: Any) -> SignalDefinition:
    definition = SignalDefinition(id=element.get("id", ""))
    read_common(context, element, definition, _SIGNAL)
    reference = element.get("signalRef", "").strip()
    if reference and not definition.signal.text:
        signal = referred(context.signals, reference)
        if signal is None:
            _warn_unknown(context, element, Rule.SIGNAL_REF_UNKNOWN, "signalRef", reference, "signal", "signal name")
            definition.signal = Site(context, element, "signalRef").template(reference)
        else:
            definition.signal = _name_of(signal, Site(context, element, "signal name"))
            definition.instance_wide = signal.instance_wide
    if not definition.signal.text:
        context.error(
            Rule.SIGNAL_REF_MISSING,
            element,
            f"{describe_owner(element)} does not say which signal it means. Add signalRef with the id of a signal of "
            "the file.",
        )
    return definition


def _warn_unknown(
    context: ParseContext, element: etree._Element, rule: Rule, attribute: str, reference: str, what: str, taken: str
) -> None:
    context.warning(
        rule,
        element,
        f"{attribute} of {describe_owner(element)} names no {what} of the file; {reference!r} is taken as the {taken}. "
        f"Declare the {what} beside the process.",
    )


# Timers and conditions


def _timer_reader(kind: TimerKind) -> ChildReader:
    def read(context: ParseContext, element: etree._Element, definition: TimerDefinition) -> None:
        for key, value in element.attrib.items():
            if split(str(key))[1] == _END_DATE and str(value).strip():
                definition.end_date = Site(context, element, _END_DATE).template(str(value).strip())
        text = read_formal_expression(context, element, also_known=frozenset({_END_DATE}))
        if text is None:
            return
        if definition.text.text:
            context.error(
                Rule.ATTRIBUTE_CONFLICT,
                element,
                f"{written_name(element)} is the second time of {describe_owner(element)}. Keep one of timeDate, "
                "timeDuration and timeCycle.",
            )
            return
        definition.kind = kind
        definition.text = text

    return read


def _read_timer(context: ParseContext, element: etree._Element, node: Any) -> TimerDefinition:
    definition = TimerDefinition(id=element.get("id", ""))
    before = context.findings.error_count
    read_common(context, element, definition, _TIMER)
    if not definition.text.text and context.findings.error_count == before:
        context.error(
            Rule.TIMER_MISSING,
            element,
            f"The timer of {describe_owner(element)} has no time. Add timeDate, timeDuration or timeCycle.",
        )
    return definition


def _read_condition(context: ParseContext, element: etree._Element, definition: ConditionalDefinition) -> None:
    text = read_formal_expression(context, element)
    if text is not None:
        definition.condition = text


def _read_conditional(context: ParseContext, element: etree._Element, node: Any) -> ConditionalDefinition:
    definition = ConditionalDefinition(id=element.get("id", ""))
    before = context.findings.error_count
    read_common(context, element, definition, _CONDITIONAL)
    if not definition.condition.text and context.findings.error_count == before:
        context.error(
            Rule.CONDITION_MISSING,
            element,
            f"{describe_owner(element)} has no condition to wait for. Add <condition>${{...}}</condition>.",
        )
    return definition


# The others


def _read_compensation(context: ParseContext, element: etree._Element, node: Any) -> CompensationDefinition:
    definition = CompensationDefinition(
        id=element.get("id", ""),
        activity_ref=element.get("activityRef", "").strip(),
        wait_for_completion=boolean(element.get("waitForCompletion", "true")) is not False,
    )
    read_common(context, element, definition, _COMPENSATION)
    if definition.activity_ref and not _throws(node):
        context.warning(
            Rule.ATTRIBUTE_IGNORED,
            element,
            f"activityRef of {describe_owner(element)} has no effect: only throws say what is compensated. Remove it.",
        )
    return definition


def _read_link(context: ParseContext, element: etree._Element, node: Any) -> LinkDefinition:
    definition = LinkDefinition(id=element.get("id", ""), link=element.get("name", "").strip())
    read_common(context, element, definition, _LINK)
    if not definition.link:
        context.error(
            Rule.LINK_NAME_MISSING,
            element,
            f"The link of {describe_owner(element)} has no name. Give throw and catch event the same link name.",
        )
    return definition


def _plain_reader(kind: type[EventDefinition]) -> _Reader:
    def read(context: ParseContext, element: etree._Element, node: Any) -> EventDefinition:
        definition = kind(id=element.get("id", ""))
        read_common(context, element, definition, _PLAIN)
        return definition

    return read


def _throws(node: Any) -> bool:
    return isinstance(node, EventDraft)


_PLAIN = Schema()
_ERROR = Schema(attributes={"errorRef": ANY_VALUE})
_ESCALATION = Schema(attributes={"escalationRef": ANY_VALUE})
_MESSAGE = Schema(attributes={"messageRef": ANY_VALUE}, children={"operationRef": pass_over})
_SIGNAL = Schema(attributes={"signalRef": ANY_VALUE})
_TIMER = Schema(
    children={
        "timeDate": _timer_reader(TimerKind.DATE),
        "timeDuration": _timer_reader(TimerKind.DURATION),
        "timeCycle": _timer_reader(TimerKind.CYCLE),
    }
)
_CONDITIONAL = Schema(children={"condition": _read_condition})
_COMPENSATION = Schema(attributes={"activityRef": ANY_VALUE, "waitForCompletion": ANY_VALUE})
_LINK = Schema(children={"source": pass_over, "target": pass_over})

_READERS: Mapping[str, _Reader] = {
    "messageEventDefinition": _read_message,
    "timerEventDefinition": _read_timer,
    "signalEventDefinition": _read_signal,
    "conditionalEventDefinition": _read_conditional,
    "errorEventDefinition": _read_error,
    "escalationEventDefinition": _read_escalation,
    "compensateEventDefinition": _read_compensation,
    "cancelEventDefinition": _plain_reader(CancelDefinition),
    "linkEventDefinition": _read_link,
    "terminateEventDefinition": _plain_reader(TerminateDefinition),
}
