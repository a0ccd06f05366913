"""Texts that take part in execution: expressions must compile, constants must hold what is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engine_svc.expressions import (
    Constant,
    Evaluate,
    ExpressionSyntaxError,
    compile_condition,
    compile_value,
)
from engine_svc.expressions.timers import Cycle, InvalidTimer, due_date
from engine_svc.model.elements import (
    BpmnElement,
    ConditionalDefinition,
    Definitions,
    FlowNode,
    ModelText,
    Process,
    TextKind,
    TimerDefinition,
    TimerKind,
    UserTask,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.retry_cycle import read_retry_cycle
from engine_svc.model.rules import Rule
from engine_svc.model.texts import texts_in

MAX_EXPRESSION_LENGTH = 250_000
"""Characters of all texts of a file that hold expressions: compiling them takes seconds by then."""

_SOME_TIME = 1_700_000_000_000_000
"""Timers that are constant are tried at this time; whether they can be read does not depend on it."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)


def check_texts(process: Process, findings: Findings) -> None:
    """Report expressions that do not compile, and constants that cannot be what they stand for."""
    for owner, body in containers(process):
        if owner is process:
            _check_element(process, findings)
        for flow in body.flows:
            _check_element(flow, findings)
        for node in body.nodes:
            _check_element(node, findings)
            _check_retry_cycle(node, findings)
            if isinstance(node, UserTask):
                _check_user_task(node, findings)
            definition = getattr(node, "definition", None)
            if isinstance(definition, TimerDefinition):
                _check_timer(node, definition, findings)
            elif isinstance(definition, ConditionalDefinition):
                _check_condition(node, definition, findings)


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


def _is_due_date(text: str) -> bool:
    try:
        due_date(text, _SOME_TIME)
    except InvalidTimer:
        return False
    return True


def _check_element(element: BpmnElement, findings: Findings) -> None:
    for held in texts_in(element):
        # A task's name that is an expression is read by people: what cannot be evaluated stays as it is written.
        if held.field != "task_name":
            _compiled(held.text, element.id, findings, compile_condition if held.is_condition else compile_value)


def _check_user_task(node: UserTask, findings: Findings) -> None:
    _check_tolerated(node, findings)
    for timeout in node.timeouts:
        _check_timer(node, timeout.timer, findings)
    _check_constant(node.priority, node, findings, lambda text: _INTEGER.fullmatch(text) is not None, "a whole number")
    for text in (node.due_date, node.follow_up_date):
        _check_constant(
            text,
            node,
            findings,
            _is_due_date,
            "an ISO 8601 date (2030-01-31), date-time (2030-01-31T09:00:00Z) or duration from now (P3D)",
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


def _check_timer(node: BpmnElement, timer: TimerDefinition, findings: Findings) -> None:
    end = _constant_of(timer.end_date)
    text = _constant_of(timer.text)
    try:
        if end is not None:
            due_date(end, _SOME_TIME)
        # A missing text was reported by the parser.
        if not text:
            return
        if timer.kind is TimerKind.CYCLE:
            Cycle.parse(text, _SOME_TIME)
        else:
            due_date(text, _SOME_TIME)
    except InvalidTimer as error:
        findings.error(
            Rule.TIMER_INVALID, node.id, timer.text.source, f"The timer of {node.id!r} is not valid: {error}."
        )


def _check_condition(node: BpmnElement, definition: ConditionalDefinition, findings: Findings) -> None:
    if _constant_of(definition.condition):
        findings.warning(
            Rule.CONDITION_IGNORED,
            node.id,
            definition.condition.source,
            f"The condition of {node.id!r} is the same always. Write an expression that reads a variable.",
        )


def _constant_of(text: ModelText | None) -> str | None:
    """Return the value of a text that is the same always; None where it is an expression, or is not valid."""
    if text is None:
        return None
    if text.kind is TextKind.LITERAL:
        return text.text
    try:
        evaluate = compile_value(text.text)
    except ExpressionSyntaxError:
        return None
    return str(evaluate.value) if isinstance(evaluate, Constant) else None


def _all_texts(process: Process) -> Iterator[str]:
    for owner, body in containers(process):
        elements: list[BpmnElement] = [*body.flows, *body.nodes]
        if owner is process:
            elements.append(process)
        for element in elements:
            yield from (held.text.text for held in texts_in(element))
            if isinstance(element, UserTask):
                yield element.name
                yield element.documentation


def _has_expression(text: str) -> bool:
    return "${" in text or "#{" in text


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
    text: ModelText | None, node: UserTask, findings: Findings, accepts: Callable[[str], bool], expected: str
) -> None:
    value = _constant_of(text)
    if text is not None and value is not None and not accepts(value.strip()):
        findings.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            node.id,
            text.source,
            f'{text.origin}="{_shortened(text.text)}" must be {expected}.',
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
