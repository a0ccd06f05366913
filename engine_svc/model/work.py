"""What a service task, or a message event, says of how its work is done (10.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from engine_svc.model.context import ParseContext
from engine_svc.model.delegates import calls_a_bean
from engine_svc.model.elements import ErrorMapping, ExternalWork, ModelText, TextKind
from engine_svc.model.rules import Rule

BUILT_IN_TYPES = frozenset({"mail", "http", "camel", "mule", "send-event", "external-worker", "external"})
"""Values of `flowable:type` and `camunda:type` whose work a worker does."""
_REFUSED_TYPES = {
    "shell": "Shell tasks are switched off: they would run commands on the engine's machine. Do the work in an "
    "external worker.",
    "dmn": "Decision tables come with a later release. Decide in gateway conditions, or in an external worker.",
    "case": "Cases (CMMN) are not executed. Call a process instead.",
}


@dataclass(eq=False, kw_only=True)
class WorkDraft:
    """What the attributes and extension elements of one task say, in whatever order they come.

    A mix-in for elements of the model that may have work: dialects put their settings here.
    """

    work_type: str = ""
    """`flowable:type`, `camunda:type`."""
    topic: ModelText | None = None
    class_name: ModelText | None = None
    delegate: ModelText | None = None
    evaluated: ModelText | None = None
    """`expression`: evaluated by the engine, or by a worker where it calls a bean."""
    job_type: ModelText | None = None
    """Of a zeebe:taskDefinition or a connector."""
    retries: int | None = None
    retries_text: ModelText | None = None
    work_priority: ModelText | None = None
    headers: dict[str, str] = field(default_factory=dict)
    injected: dict[str, ModelText] = field(default_factory=dict)
    error_mappings: list[ErrorMapping] = field(default_factory=list)
    decision: str = ""
    """The decision of a business rule task."""
    rules: str = ""
    """The rules of a business rule task that a rule engine runs."""
    triggerable: bool = False
    operation: str = ""
    """`operationRef`: what a web service or a class of an interface does."""
    reported: bool = False
    """Something that says how the work is done was refused: that it is not said need not be reported as well."""


@dataclass(slots=True, frozen=True)
class Implementation:
    """How work is done: by a worker, by an expression, or not said."""

    work: ExternalWork | None = None
    expression: ModelText | None = None


def implementation_of(context: ParseContext, element: etree._Element, draft: WorkDraft) -> Implementation | None:
    """Return what does the work of `element`; None where that was reported, empty where it says nothing."""
    refused = _REFUSED_TYPES.get(draft.work_type)
    if refused is None and draft.decision:
        refused = _REFUSED_TYPES["dmn"]
    elif refused is None and draft.rules:
        refused = "Rules of a rule engine are not run. Do the work in an external worker."
    if refused is not None:
        context.error(Rule.ELEMENT_NOT_SUPPORTED, element, refused)
        return None
    if draft.work_type and draft.work_type not in BUILT_IN_TYPES:
        context.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            element,
            f"The task type {draft.work_type!r} is not known. Use an external task with a topic and do the work in a "
            "worker.",
        )
        return None
    if draft.work_type in ("external", "external-worker") and draft.topic is None:
        context.error(
            Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
            element,
            f'type="{draft.work_type}" needs a topic. Add the topic attribute that workers poll for.',
        )
        return None
    job_types = [text for text in (draft.job_type, draft.class_name, draft.delegate, _by_type(draft)) if text]
    if len(job_types) + (draft.evaluated is not None) > 1:
        context.error(
            Rule.ATTRIBUTE_CONFLICT,
            element,
            "The task says in several ways what does its work. Keep one of class, expression, delegateExpression, "
            "type and task definition.",
        )
        return None
    if draft.evaluated is not None:
        if not draft.triggerable and not calls_a_bean(draft.evaluated.text):
            return Implementation(expression=draft.evaluated)
        job_types = [ModelText(draft.evaluated.text, draft.evaluated.source, draft.evaluated.origin, TextKind.LITERAL)]
    if not job_types and draft.operation:
        job_types = [ModelText(draft.operation, context.source(element), "operationRef", TextKind.LITERAL)]
    if not job_types:
        return Implementation()
    return Implementation(
        work=ExternalWork(
            job_type=job_types[0],
            retries=draft.retries,
            retries_text=draft.retries_text,
            priority=draft.work_priority,
            headers=draft.headers,
            fields=draft.injected,
            error_mappings=draft.error_mappings,
        )
    )


def _by_type(draft: WorkDraft) -> ModelText | None:
    if draft.work_type in ("external", "external-worker"):
        return draft.topic
    if draft.work_type:
        return ModelText(draft.work_type, kind=TextKind.LITERAL, origin="type")
    return None
