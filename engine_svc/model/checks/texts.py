"""Texts that take part in execution: expressions must compile, constants must hold what is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import isodate

from engine_svc.expressions import (
    Constant,
    Evaluate,
    ExpressionSyntaxError,
    compile_condition,
    compile_value,
)
from engine_svc.model.elements import (
    Activity,
    AdHocSubProcess,
    CallActivity,
    ComplexGateway,
    ConditionalDefinition,
    Definitions,
    EndEvent,
    ErrorDefinition,
    EventDefinition,
    ExternalWork,
    FlowNode,
    IntermediateThrowEvent,
    Listener,
    ListValue,
    MapValue,
    MessageDefinition,
    ModelText,
    ModelValue,
    Process,
    ReceiveTask,
    SendTask,
    ServiceTask,
    SignalDefinition,
    StartEvent,
    TextKind,
    TimerDefinition,
    UserTask,
    VariableMapping,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.retry_cycle import read_retry_cycle
from engine_svc.model.rules import Rule

MAX_EXPRESSION_LENGTH = 250_000
"""Characters of all texts of a file that hold expressions: compiling them takes seconds by then."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)


def check_texts(process: Process, findings: Findings) -> None:
    """Report expressions that do not compile, and constants that cannot be what they stand for."""
    for listener in process.listeners:
        _check_all(_listener_texts(listener), process.id, findings)
    for _, body in containers(process):
        for flow in body.flows:
            for condition in (flow.condition, flow.skip_expression):
                if condition is not None:
                    _compiled(condition, flow.id, findings, compile_condition)
            for listener in flow.listeners:
                _check_all(_listener_texts(listener), flow.id, findings)
        for node in body.nodes:
            _check_node(node, findings)


def check_expression_length(definitions: Definitions, findings: Findings) -> bool:
    """Tell whether the expressions of a file are short enough to be compiled; report where they are not."""
    length = sum(
        len(text) for process in definitions.processes for text in _all_texts(process) if _has_expression(text)
    )
    if length <= MAX_EXPRESSION_LENGTH:
        return True
    findings.error(
        Rule.EXPRESSIONS_TOO_LONG,
        definitions.id,
        definitions.source,
        f"The expressions of the file have {length} characters together; at most {MAX_EXPRESSION_LENGTH} are "
        "compiled. Compute values in tasks, or split the file.",
    )
    return False


def is_due_date(text: str) -> bool:
    """Tell whether `text` is an ISO 8601 date, date-time or duration."""
    for parse in (isodate.parse_duration, isodate.parse_date, isodate.parse_datetime):
        try:
            parse(text)
        except (ValueError, OverflowError):
            continue
        return True
    return False


def _check_node(node: FlowNode, findings: Findings) -> None:
    _check_all(_texts(node), node.id, findings)
    for condition in _conditions(node):
        _compiled(condition, node.id, findings, compile_condition)
    _check_retry_cycle(node, findings)
    if isinstance(node, UserTask):
        _check_tolerated(node, findings)
        _check_constant(
            node.priority,
            node,
            findings,
            lambda text: _INTEGER.fullmatch(text) is not None,
            "a whole number",
        )
        for date in (node.due_date, node.follow_up_date):
            _check_constant(
                date,
                node,
                findings,
                is_due_date,
                "an ISO 8601 date (2030-01-31), date-time (2030-01-31T09:00:00Z) or duration from now (P3D)",
            )


def _texts(node: FlowNode) -> Iterator[ModelText]:
    """Yield the texts of a node that give values."""
    yield from _given(node.retry_cycle, node.job_priority)
    for listener in node.listeners:
        yield from _listener_texts(listener)
    yield from _mapping_texts(node.inputs)
    yield from _mapping_texts(node.outputs)
    if isinstance(node, Activity) and node.multi_instance is not None:
        loop = node.multi_instance
        yield from _given(loop.cardinality, loop.collection)
        if loop.output_element is not None:
            yield from _value_texts(loop.output_element)
    match node:
        case UserTask():
            yield from _given(node.assignee, node.owner, node.category, node.form_key)
            yield from node.candidate_users
            yield from node.candidate_groups
            for listener in node.task_listeners:
                yield from _listener_texts(listener)
        case ServiceTask():
            yield from _given(node.expression)
            yield from _work_texts(node.work)
        case CallActivity():
            yield from _given(node.called_element, node.version, node.business_key)
            yield from _mapping_texts(node.called_inputs)
            yield from _mapping_texts(node.called_outputs)
        case AdHocSubProcess():
            yield from _given(node.active_elements)
        case SendTask() | ReceiveTask():
            yield from _definition_texts(node.definition)
        case _:
            yield from _event_texts(node)


def _event_texts(node: FlowNode) -> Iterator[ModelText]:
    definition = getattr(node, "definition", None)
    if isinstance(definition, EventDefinition):
        yield from _definition_texts(definition)
    if isinstance(node, StartEvent):
        yield from _given(node.form_key)
    if isinstance(node, EndEvent | IntermediateThrowEvent):
        yield from _work_texts(node.work)


def _definition_texts(definition: EventDefinition | None) -> Iterator[ModelText]:
    match definition:
        case ErrorDefinition():
            yield from _given(definition.message)
        case MessageDefinition():
            yield from _given(definition.message, definition.correlation_key)
            yield from _mapping_texts(definition.outputs)
        case SignalDefinition():
            yield definition.signal
        case TimerDefinition():
            yield from _given(definition.text, definition.end_date)
        case _:
            pass


def _conditions(node: FlowNode) -> Iterator[ModelText]:
    """Yield the texts of a node that must give a bool."""
    if isinstance(node, Activity):
        yield from _given(node.skip_expression)
        if node.multi_instance is not None:
            yield from _given(node.multi_instance.completion_condition)
        if node.loop is not None:
            yield from _given(node.loop.condition)
    match node:
        case AdHocSubProcess():
            yield from _given(node.completion_condition)
        case ComplexGateway():
            yield from _given(node.activation_condition)
        case ServiceTask() if node.work is not None:
            for mapping in node.work.error_mappings:
                yield from _given(mapping.condition)
        case _:
            definition = getattr(node, "definition", None)
            if isinstance(definition, ConditionalDefinition):
                yield definition.condition


def _work_texts(work: ExternalWork | None) -> Iterator[ModelText]:
    if work is not None:
        yield from _given(work.job_type, work.retries_text, work.priority)
        yield from work.fields.values()


def _listener_texts(listener: Listener) -> Iterator[ModelText]:
    yield from _given(listener.expression, listener.job_type)
    yield from listener.fields.values()


def _mapping_texts(mappings: Iterable[VariableMapping]) -> Iterator[ModelText]:
    for mapping in mappings:
        yield mapping.target
        yield from _value_texts(mapping.value)


def _value_texts(value: ModelValue) -> Iterator[ModelText]:
    match value:
        case ModelText():
            yield value
        case ListValue(items=items):
            for item in items:
                yield from _value_texts(item)
        case MapValue(entries=entries):
            for entry in entries.values():
                yield from _value_texts(entry)


def _given(*texts: ModelText | None) -> Iterator[ModelText]:
    return (text for text in texts if text is not None)


def _all_texts(process: Process) -> Iterator[str]:
    for _, body in containers(process):
        yield from (flow.condition.text for flow in body.flows if flow.condition is not None)
        for node in body.nodes:
            yield from (text.text for text in _texts(node))
            yield from (text.text for text in _conditions(node))
            if isinstance(node, UserTask):
                yield from (text.text for text in _given(node.priority, node.due_date, node.follow_up_date))
                yield node.name
                yield node.documentation


def _has_expression(text: str) -> bool:
    return "${" in text or "#{" in text


def _check_all(texts: Iterable[ModelText], element_id: str, findings: Findings) -> None:
    for text in texts:
        _compiled(text, element_id, findings)


def _compiled(
    text: ModelText,
    element_id: str,
    findings: Findings,
    compile_text: Callable[[str], Evaluate] = compile_value,
) -> Evaluate | None:
    if text.kind is TextKind.LITERAL:
        return Constant(text.text)
    try:
        return compile_text(text.text)
    except ExpressionSyntaxError as error:
        feel = text.text.startswith("=")
        findings.error(
            Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED if feel else Rule.EXPRESSION_SYNTAX,
            element_id,
            text.source,
            f"{text.origin}: {error.message}, at column {error.column} of the expression "
            f"{_shortened(text.text)}. Correct the expression.",
        )
        return None


def _check_constant(
    text: ModelText | None, node: FlowNode, findings: Findings, accepts: Callable[[str], bool], expected: str
) -> None:
    if text is None:
        return
    evaluate = _compiled(text, node.id, findings)
    if isinstance(evaluate, Constant) and not accepts(str(evaluate.value).strip()):
        findings.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            node.id,
            text.source,
            f'{text.origin}="{_shortened(text.text)}" must be {expected}.',
        )


def _check_retry_cycle(node: FlowNode, findings: Findings) -> None:
    cycle = node.retry_cycle
    if cycle is not None and not _has_expression(cycle.text) and read_retry_cycle(cycle.text) is None:
        findings.warning(
            Rule.ATTRIBUTE_VALUE_INVALID,
            node.id,
            cycle.source,
            f'{cycle.origin} "{_shortened(cycle.text)}" is no retry cycle; the default of three tries is taken. Write '
            "it as R3/PT10S, or as durations separated by commas.",
        )


def _check_tolerated(node: UserTask, findings: Findings) -> None:
    for what, text in (("name", node.name), ("documentation", node.documentation)):
        if not _has_expression(text):
            continue
        try:
            compile_value(text)
        except ExpressionSyntaxError as error:
            findings.warning(
                Rule.EXPRESSION_SYNTAX,
                node.id,
                node.source,
                f"The {what} of {node.id!r} is shown as it is written, because its expression is not valid: "
                f"{error.message}, at column {error.column}.",
            )


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else text[:120] + "..."
