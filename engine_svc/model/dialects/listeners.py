"""Execution and task listeners: by expression, by script, or as work for an external worker."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import Site, local_name, text_of, written_name
from engine_svc.model.delegates import calls_a_bean
from engine_svc.model.dialects.dialect import ElementReader, whole_number
from engine_svc.model.dialects.fields import read_fields
from engine_svc.model.dialects.scripts import expression_or_script, read_script_element
from engine_svc.model.elements import (
    FlowNode,
    Listener,
    ListenerEvent,
    ModelText,
    Process,
    Script,
    SequenceFlow,
    TaskTimeout,
    TimerDefinition,
    TimerKind,
    UserTask,
)
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.rules import Rule

_SCRIPT_LISTENERS = (
    ".bpmn.listener.ScriptExecutionListener",
    ".bpmn.listener.ScriptTaskListener",
)
"""Ends of the class names of listeners whose fields hold a script."""
_NODE_EVENTS = (ListenerEvent.START, ListenerEvent.END)
_TASK_EVENTS = {event.value: event for event in ListenerEvent if event not in (*_NODE_EVENTS, ListenerEvent.TAKE)}
_ALL_TASK_EVENTS = (ListenerEvent.CREATE, ListenerEvent.ASSIGNMENT, ListenerEvent.COMPLETE, ListenerEvent.DELETE)
_ZEEBE_TASK_EVENTS: Mapping[str, ListenerEvent] = {
    "create": ListenerEvent.CREATE,
    "creating": ListenerEvent.CREATE,
    "assignment": ListenerEvent.ASSIGNMENT,
    "assigning": ListenerEvent.ASSIGNMENT,
    "complete": ListenerEvent.COMPLETE,
    "completing": ListenerEvent.COMPLETE,
    "update": ListenerEvent.UPDATE,
    "updating": ListenerEvent.UPDATE,
    "cancel": ListenerEvent.DELETE,
    "canceling": ListenerEvent.DELETE,
}


def execution_listener(node: FlowNode | SequenceFlow | Process, element: etree._Element, site: Site) -> None:
    """Read an execution listener of Flowable or Camunda 7."""
    name = element.get("event", "").strip()
    if isinstance(node, SequenceFlow):
        # A flow is only ever taken: Flowable and Camunda 7 call the listener whatever it says.
        events: tuple[ListenerEvent, ...] = (ListenerEvent.TAKE,)
    else:
        event = {"start": ListenerEvent.START, "end": ListenerEvent.END}.get(name)
        if event is None:
            if name == "take":
                site.warning(Rule.NOT_IN_EFFECT, f"{site.origin} waits for take, which only sequence flows do.")
            elif not name:
                # Flowable keeps it, and never calls it.
                site.warning(
                    Rule.NOT_IN_EFFECT, f"{site.origin} names no event and is never called. Write start or end."
                )
            else:
                site.error(
                    Rule.ATTRIBUTE_VALUE_INVALID, f'The event of {site.origin} must be start or end, not "{name}".'
                )
            return
        events = (event,)
    node.listeners.extend(_listeners(element, site, events))


def task_listener(node: UserTask, element: etree._Element, site: Site) -> None:
    """Read a task listener of Flowable or Camunda 7."""
    name = element.get("event", "").strip()
    events: tuple[ListenerEvent, ...]
    if name == "all":
        events = _ALL_TASK_EVENTS
    elif name == "timeout":
        _timeout(node, element, site)
        return
    elif name in _TASK_EVENTS:
        events = (_TASK_EVENTS[name],)
    else:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'The event of {site.origin} must be create, assignment, complete, update, delete or all, not "{name}".',
        )
        return
    node.task_listeners.extend(_listeners(element, site, events))


_TIMERS = {"timeDate": TimerKind.DATE, "timeDuration": TimerKind.DURATION, "timeCycle": TimerKind.CYCLE}


def _timeout(node: UserTask, element: etree._Element, site: Site) -> None:
    found = [time for child in element if local_name(child) == "timerEventDefinition" for time in child]
    times = [time for time in found if local_name(time) in _TIMERS]
    if len(times) != 1:
        site.error(
            Rule.TIMER_MISSING,
            f"{site.origin} waits for a timeout and must say when, once. Put a timerEventDefinition with a timeDate, "
            "timeDuration or timeCycle into it.",
        )
        return
    text = read_formal_expression(site.context, times[0])
    listeners = _listeners(element, site, (ListenerEvent.TIMEOUT,))
    if text is None:
        site.error(
            Rule.TIMER_MISSING, f"The timer of {site.origin} has no time. Write one into {local_name(times[0])}."
        )
        return
    timer = TimerDefinition(id="", source=site.source, kind=_TIMERS[local_name(times[0])], text=text)
    node.timeouts.extend(TaskTimeout(listener=listener, timer=timer) for listener in listeners)


def zeebe_listeners(field: str, event_of: Mapping[str, ListenerEvent]) -> ElementReader:
    """Return a reader of `zeebe:executionListeners` or `zeebe:taskListeners` into `field`."""

    def read(node: FlowNode, element: etree._Element, site: Site) -> None:
        for child in element:
            inner = Site(site.context, child, written_name(child))
            event = event_of.get(child.get("eventType", ""))
            job_type = child.get("type", "").strip()
            if event is None or not job_type:
                inner.error(
                    Rule.ATTRIBUTE_VALUE_INVALID,
                    f"{inner.origin} needs a type and an eventType that is one of {', '.join(event_of)}.",
                )
                continue
            if job_type.startswith("="):
                inner.error(
                    Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
                    f"The type of {inner.origin} is a FEEL expression; FEEL comes with a later release. Write a "
                    "static value.",
                )
                continue
            retries = child.get("retries", "").strip()
            getattr(node, field).append(
                Listener(
                    event=event,
                    job_type=inner.literal(job_type),
                    retries=whole_number(retries, inner, 1, 1000) if retries and not retries.startswith("=") else None,
                    source=inner.source,
                )
            )

    return read


zeebe_execution_listeners = zeebe_listeners("listeners", {"start": ListenerEvent.START, "end": ListenerEvent.END})
zeebe_task_listeners = zeebe_listeners("task_listeners", _ZEEBE_TASK_EVENTS)


def _listeners(element: etree._Element, site: Site, events: tuple[ListenerEvent, ...]) -> list[Listener]:
    fields = read_fields(element, site)
    action = _action(element, site, fields)
    if action is None:
        return []
    expression, script, job_type = action
    return [
        Listener(
            event=event,
            expression=expression,
            script=script,
            job_type=job_type,
            fields=fields if job_type else {},
            source=site.source,
        )
        for event in events
    ]


_Action = tuple[ModelText | None, Script | None, ModelText | None]


def _action(element: etree._Element, site: Site, fields: Mapping[str, ModelText]) -> _Action | None:
    """Return expression, script and job type, one of which is set; None where that was reported."""
    class_name = element.get("class", "").strip()
    expression = element.get("expression", "").strip()
    delegate = element.get("delegateExpression", "").strip()
    script = next((child for child in element if local_name(child) == "script"), None)
    if class_name.endswith(_SCRIPT_LISTENERS):
        return _scripted(
            expression_or_script(
                fields["language"].text if "language" in fields else "",
                fields["script"].text if "script" in fields else "",
                site,
            )
        )
    if class_name:
        return None, None, site.literal(class_name)
    if expression:
        if calls_a_bean(expression):
            return None, None, site.literal(expression)
        return site.template(expression), None, None
    if delegate:
        return None, None, site.literal(delegate)
    if script is not None:
        return _scripted(read_script_element(script, Site(site.context, script, written_name(script))))
    text = text_of(element)
    if element.get("type") == "script" and text:
        return _scripted(expression_or_script(element.get("language", ""), text, site))
    site.error(
        Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
        f"{site.origin} does not say what it does. Give it a class, an expression, a delegateExpression or a script.",
    )
    return None


def _scripted(found: ModelText | Script | None) -> _Action | None:
    if found is None:
        return None
    return (found, None, None) if isinstance(found, ModelText) else (None, found, None)
