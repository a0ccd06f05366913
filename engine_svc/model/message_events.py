"""Message events that send: by the engine, by a worker, or by an expression (10.5.5)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from lxml import etree

from engine_svc.model.context import ParseContext
from engine_svc.model.elements import (
    BpmnElement,
    EndEvent,
    IntermediateThrowEvent,
    ThrownMessageDefinition,
)
from engine_svc.model.event_drafts import EventDraft, MessageDraft
from engine_svc.model.rules import Rule
from engine_svc.model.schema import describe
from engine_svc.model.work import implementation_of

E = TypeVar("E", bound=BpmnElement)


def finished_message(context: ParseContext, element: etree._Element, draft: MessageDraft) -> ThrownMessageDefinition:
    """Return the definition that was read; work of a worker goes to the event."""
    definition = without_draft(draft, ThrownMessageDefinition)
    implementation = implementation_of(context, element, draft)
    if implementation is not None:
        definition.expression = implementation.expression
        draft.event.sent_by = implementation.work
    return definition


def set_work(
    context: ParseContext, element: etree._Element, draft: EventDraft, node: EndEvent | IntermediateThrowEvent
) -> None:
    """Set what sends the message of an event, and report where nothing is said of it."""
    implementation = implementation_of(context, element, draft)
    own = implementation.work if implementation is not None else None
    if draft.sent_by is None and own is None:
        return
    if isinstance(node.definition, ThrownMessageDefinition):
        node.work = draft.sent_by or own
    else:
        context.warning(
            Rule.NOT_IN_EFFECT, element, f"The work of {describe(element)} is not done: only message events send."
        )


def without_draft(draft: Any, kind: type[E]) -> E:
    """Return the element of the model that a draft has become."""
    return kind(**{field.name: getattr(draft, field.name) for field in fields(kind)})
