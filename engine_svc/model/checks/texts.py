"""Texts that take part in execution: expressions must compile, constants must hold what is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import isodate

from engine_svc.expressions import (
    Constant,
    Evaluate,
    ExpressionSyntaxError,
    compile_condition,
    compile_value,
)
from engine_svc.model.elements import (
    Definitions,
    ErrorEndEvent,
    FlowNode,
    ModelText,
    Process,
    ServiceTask,
    StartEvent,
    TextKind,
    UserTask,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule

MAX_EXPRESSION_LENGTH = 250_000
"""Characters of all texts of a file that hold expressions: compiling them takes seconds by then."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)


def check_texts(process: Process, findings: Findings) -> None:
    """Report expressions that do not compile, and constants that cannot be what they stand for."""
    for _, body in containers(process):
        for flow in body.flows:
            if flow.condition is not None:
                _compiled(flow.condition, flow.id, findings, compile_condition)
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
    for text in _texts(node):
        _compiled(text, node.id, findings)
    if isinstance(node, UserTask):
        _check_tolerated(node, findings)
        _check_constant(
            node.priority,
            node,
            findings,
            lambda text: _INTEGER.fullmatch(text) is not None,
            "a whole number",
        )
        _check_constant(
            node.due_date,
            node,
            findings,
            is_due_date,
            "an ISO 8601 date (2030-01-31), date-time (2030-01-31T09:00:00Z) or duration from now (P3D)",
        )


def _texts(node: FlowNode) -> list[ModelText]:
    match node:
        case UserTask():
            single = (node.assignee, node.form_key)
            lists = (*node.candidate_users, *node.candidate_groups)
        case ServiceTask():
            single = (node.job_type, node.expression)
            lists = tuple(node.fields.values())
        case StartEvent():
            single = (node.form_key, None)
            lists = ()
        case ErrorEndEvent():
            single = (node.error.message, None)
            lists = ()
        case _:
            return []
    return [*(text for text in single if text is not None), *lists]


def _all_texts(process: Process) -> Iterator[str]:
    for _, body in containers(process):
        yield from (flow.condition.text for flow in body.flows if flow.condition is not None)
        for node in body.nodes:
            yield from (text.text for text in _texts(node))
            if isinstance(node, UserTask):
                yield from (text.text for text in (node.priority, node.due_date) if text is not None)
                yield node.name
                yield node.documentation


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
