"""Pieces of processes that tests put together."""

from __future__ import annotations

from itertools import pairwise

from tests.unit.bpmn_models import definitions, flow

CAUSES = {
    "timer": "<timerEventDefinition><timeDuration>PT1M</timeDuration></timerEventDefinition>",
    "cycle": "<timerEventDefinition><timeCycle>R3/PT1M</timeCycle></timerEventDefinition>",
    "message": '<messageEventDefinition messageRef="msg"/>',
    "signal": '<signalEventDefinition signalRef="sig"/>',
    "error": '<errorEventDefinition errorRef="err"/>',
    "any_error": "<errorEventDefinition/>",
    "escalation": '<escalationEventDefinition escalationRef="esc"/>',
    "condition": '<conditionalEventDefinition><condition xsi:type="tFormalExpression">${go}</condition>'
    "</conditionalEventDefinition>",
    "compensation": "<compensateEventDefinition/>",
    "terminate": "<terminateEventDefinition/>",
    "terminate_all": '<terminateEventDefinition flowable:terminateAll="true"/>',
    "terminate_mi": '<terminateEventDefinition flowable:terminateMultiInstance="true"/>',
}
DECLARED = (
    '<message id="msg" name="msg"/><signal id="sig" name="sig"/><error id="err" errorCode="E"/>'
    '<escalation id="esc" escalationCode="X"/>'
)


def flows(*texts: str) -> str:
    """Sequence flows: `a>b`, `a>b>c`, or `a>b:${condition}`."""
    made = []
    for text in texts:
        ends, _, condition = text.partition(":")
        nodes = ends.split(">")
        made += [flow(source, target, condition) for source, target in pairwise(nodes)]
    return "".join(made)


def a_process(content: str, *connected: str, key: str = "p", attributes: str = "") -> str:
    """A process whose start event is written `s` in the flows. In a file ids are unique, so others have a longer one."""
    first = "s" if key == "p" else f"s.{key}"
    texts = [f"{first}{text[1:]}" if text.startswith("s>") else text for text in connected]
    start = f'<startEvent id="{first}"/>'
    return f'<process id="{key}" isExecutable="true" {attributes}>{start}{content}{flows(*texts)}</process>'


def file_of(*processes: str) -> bytes:
    """A file with processes, and the messages, signals, errors and escalations of `CAUSES`."""
    return definitions(DECLARED + "".join(processes))


def one(content: str, *connected: str, attributes: str = "") -> bytes:
    """A file with one process `p` that has the start event `s`."""
    return file_of(a_process(content, *connected, attributes=attributes))


def tasks(*names: str) -> str:
    """User tasks."""
    return "".join(f'<userTask id="{name}"/>' for name in names)


def end(name: str, cause: str = "") -> str:
    """An end event."""
    return f'<endEvent id="{name}">{CAUSES[cause] if cause else ""}</endEvent>'


def throw(name: str, cause: str) -> str:
    """An intermediate throw event."""
    return f'<intermediateThrowEvent id="{name}">{CAUSES[cause]}</intermediateThrowEvent>'


def boundary(name: str, host: str, cause: str, *, interrupting: bool = True) -> str:
    """A boundary event."""
    cancels = "" if interrupting else 'cancelActivity="false"'
    return f'<boundaryEvent id="{name}" attachedToRef="{host}" {cancels}>{CAUSES[cause]}</boundaryEvent>'


def sub(
    name: str, content: str, *connected: str, attributes: str = "", kind: str = "subProcess", loop: str = ""
) -> str:
    """A sub-process with the start event `in.<name>`."""
    start = f'<startEvent id="in.{name}"/>'
    return f'<{kind} id="{name}" {attributes}>{loop}{start}{content}{flows(*connected)}</{kind}>'


def handler(name: str, cause: str, content: str, *connected: str, interrupting: bool = True) -> str:
    """An event sub-process with the start event `in.<name>`."""
    cancels = "" if interrupting else 'isInterrupting="false"'
    start = f'<startEvent id="in.{name}" {cancels}>{CAUSES[cause]}</startEvent>'
    return f'<subProcess id="{name}" triggeredByEvent="true">{start}{content}{flows(*connected)}</subProcess>'


def call(name: str, key: str, content: str = "") -> str:
    """A call activity."""
    return f'<callActivity id="{name}" calledElement="{key}">{content}</callActivity>'


def several(count: str = "3", *, sequential: bool = False, until: str = "") -> str:
    """Multi-instance characteristics by cardinality."""
    condition = f"<completionCondition>{until}</completionCondition>" if until else ""
    ordering = 'isSequential="true"' if sequential else ""
    return (
        f"<multiInstanceLoopCharacteristics {ordering}><loopCardinality>{count}</loopCardinality>{condition}"
        "</multiInstanceLoopCharacteristics>"
    )


def each(collection: str, element: str = "item", *, sequential: bool = False, until: str = "", more: str = "") -> str:
    """Multi-instance characteristics by collection."""
    condition = f"<completionCondition>{until}</completionCondition>" if until else ""
    ordering = 'isSequential="true"' if sequential else ""
    return (
        f'<multiInstanceLoopCharacteristics {ordering} flowable:collection="{collection}" '
        f'flowable:elementVariable="{element}">{more}{condition}</multiInstanceLoopCharacteristics>'
    )


def listener(event: str, text: str) -> str:
    """An execution listener that puts a text at the end of the variable `log`."""
    expression = "${execution.setVariable('log', log.concat('" + text + " '))}"
    return f'<flowable:executionListener event="{event}" expression="{expression}"/>'


def extensions(*content: str) -> str:
    """Extension elements."""
    return f"<extensionElements>{''.join(content)}</extensionElements>"
