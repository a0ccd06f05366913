"""Reads what events of a file refer to: messages, signals, escalations and errors (8.4)."""

from __future__ import annotations

from typing import TypeVar

from lxml import etree

from engine_svc.model.context import ParseContext
from engine_svc.model.elements import (
    BpmnElement,
    Definitions,
    ErrorDeclaration,
    EscalationDeclaration,
    MessageDeclaration,
    SignalDeclaration,
)
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, Schema, describe, read_common

_ERROR = Schema(attributes=dict.fromkeys(("errorCode", "structureRef"), ANY_VALUE))
_ESCALATION = Schema(attributes=dict.fromkeys(("escalationCode", "structureRef"), ANY_VALUE))
_MESSAGE = Schema(attributes={"itemRef": ANY_VALUE})
_SIGNAL = Schema(attributes={"structureRef": ANY_VALUE})

D = TypeVar("D", bound=BpmnElement)


def read_error(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    """Read an error, so that events can refer to it."""
    error = ErrorDeclaration(id=element.get("id", ""), code=element.get("errorCode", "").strip())
    read_common(context, element, error, _ERROR)
    definitions.errors.append(error)
    context.errors.setdefault(error.id, error)


def read_escalation(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    """Read an escalation, so that events can refer to it."""
    escalation = EscalationDeclaration(id=element.get("id", ""), code=element.get("escalationCode", "").strip())
    read_common(context, element, escalation, _ESCALATION)
    definitions.escalations.append(escalation)
    context.escalations.setdefault(escalation.id, escalation)


def read_message(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    """Read a message, so that events and tasks can refer to it."""
    message = MessageDeclaration(id=element.get("id", ""))
    read_common(context, element, message, _MESSAGE)
    _name_by_id(context, element, message)
    definitions.messages.append(message)
    context.messages.setdefault(message.id, message)


def read_signal(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    """Read a signal, so that events can refer to it."""
    signal = SignalDeclaration(id=element.get("id", ""))
    read_common(context, element, signal, _SIGNAL)
    _name_by_id(context, element, signal)
    definitions.signals.append(signal)
    context.signals.setdefault(signal.id, signal)


def referred(declared: dict[str, D], reference: str) -> D | None:
    """Return what a reference names. It is a qualified name: a prefix may stand before the id."""
    return declared.get(reference) or declared.get(reference.rpartition(":")[2])


def _name_by_id(
    context: ParseContext, element: etree._Element, declared: MessageDeclaration | SignalDeclaration
) -> None:
    if declared.name.strip():
        declared.name = declared.name.strip()
        return
    declared.name = declared.id
    context.warning(
        Rule.NAME_MISSING,
        element,
        f"{describe(element)} has no name; its id is taken for it. Give it the name that senders use.",
    )
