"""Events that throw, while their attributes and extensions are read in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine_svc.model.elements import (
    EndEvent,
    ExternalWork,
    IntermediateThrowEvent,
    ModelText,
    ThrownMessageDefinition,
    VariableMapping,
)
from engine_svc.model.work import WorkDraft


@dataclass(eq=False, kw_only=True)
class MessageDraft(WorkDraft, ThrownMessageDefinition):
    """A message definition while it is read: Camunda 7 writes there what sends the message."""

    event: EventDraft


@dataclass(eq=False, kw_only=True)
class EventDraft(WorkDraft):
    """An event while it is read: Camunda 8 writes there what sends the message."""

    sent_by: ExternalWork | None = None
    """What sends the message, by the message definition."""
    error_message: ModelText | None = None
    """The message of the error that it throws."""
    payload: list[VariableMapping] = field(default_factory=list)
    """Values that go with what it throws."""


@dataclass(eq=False, kw_only=True)
class EndEventDraft(EventDraft, EndEvent):
    """An end event while it is read."""


@dataclass(eq=False, kw_only=True)
class ThrowEventDraft(EventDraft, IntermediateThrowEvent):
    """A throw event while it is read."""
