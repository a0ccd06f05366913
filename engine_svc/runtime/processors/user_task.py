"""User task (BPMN 2.0 section 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine_svc.compile.executable import Element, Evaluate, UserTaskSpec
from engine_svc.events.record import USER_TASK_COMPLETED
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.errors import ExpressionError, OperationError
from engine_svc.runtime.behaviors.added_tasks import PARENT_COMPLETED, end_parts
from engine_svc.runtime.behaviors.due_dates import InvalidDueDate, due_micros
from engine_svc.runtime.changes import NewUserTask
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Token, Wait
from mesh.errors import WrongState

DEFAULT_PRIORITY = 50
MAX_PRIORITY = 2**31 - 1
MAX_USER = 255
MAX_CATEGORY = 255
MAX_FORM_KEY = 512
"""Characters that lists and indexes of tasks have room for."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Create the task and wait for it. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, UserTaskSpec)
    name = _text_as_written(execution, token, element, spec.name)
    description = _text_as_written(execution, token, element, spec.description) if spec.description else ""
    assignee = "" if spec.assignee is None else _text(execution, token, element, spec.assignee, MAX_USER)
    users = _names(execution, token, element, spec.candidate_users)
    groups = _names(execution, token, element, spec.candidate_groups)
    priority = _priority(execution, token, element, spec.priority)
    due = 0 if spec.due_date is None else _due(execution, token, element, spec.due_date)
    owner = "" if spec.owner is None else _text(execution, token, element, spec.owner, MAX_USER)
    follow_up = 0 if spec.follow_up_date is None else _due(execution, token, element, spec.follow_up_date)
    category = "" if spec.category is None else _text(execution, token, element, spec.category, MAX_CATEGORY)
    form_key = "" if spec.form_key is None else _text(execution, token, element, spec.form_key, MAX_FORM_KEY)
    execution.wait(token, Wait.USER_TASK)
    token.assignee = assignee
    task = NewUserTask(
        token.key,
        element.id,
        name,
        description,
        assignee,
        users,
        groups,
        priority,
        due,
        form_key,
        owner,
        follow_up,
        category,
    )
    execution.changes.new_user_tasks.append(task)
    execution.changes.events.append(task.created_event())


@dataclass(slots=True, frozen=True)
class Completion:
    """What is told of a completion beside the variables."""

    outcome: str = ""
    completed_by: str = ""
    transient_variables: Mapping[str, Any] = field(default_factory=dict)
    """Seen in the instance's own scope until the step is over."""


def complete(execution: Execution, token: Token, element: Element, completion: Completion) -> None:
    """The task is done: leave. Its open parts end with it."""
    for name, value in completion.transient_variables.items():
        execution.set_transient(ROOT_SCOPE, name, value)
    key = token.key
    end_parts(execution, key, PARENT_COMPLETED)
    execution.changes.ended_user_tasks.append(key)
    execution.changes.events.append(
        (USER_TASK_COMPLETED, key, element.id, token.assignee, completion.outcome, completion.completed_by)
    )
    execution.wait(token, Wait.NOTHING)
    execution.complete(token, element)


def _text_as_written(execution: Execution, token: Token, element: Element, expression: Evaluate) -> str:
    """Names and descriptions that cannot be resolved stay as the model has them, as in Flowable."""
    try:
        value = expression(execution.reader(execution.scope_of(token), element, key=token.key))
    except ExpressionError as error:
        return error.expression
    return value if isinstance(value, str) else _as_text(value, element)


def _text(execution: Execution, token: Token, element: Element, expression: Evaluate, longest: int) -> str:
    value = execution.evaluate(expression, token, element)
    text = value if isinstance(value, str) else _as_text(value, element)
    return _bounded(text, longest, element)


def _as_text(value: Any, element: Element) -> str:
    try:
        return to_string(value)
    except OperationError as error:
        raise _failed(element, str(error)) from error


def _bounded(text: str, longest: int, element: Element) -> str:
    if len(text) > longest:
        raise _failed(element, f"{text[:40]!r}... has {len(text)} characters, more than the {longest} allowed")
    return text


def _names(execution: Execution, token: Token, element: Element, expressions: tuple[Evaluate, ...]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for expression in expressions:
        value = execution.evaluate(expression, token, element)
        for entry in _listed(value, element):
            names.setdefault(_bounded(entry, MAX_USER, element))
    return tuple(names)


def _listed(value: Any, element: Element) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [name for part in value.split(",") if (name := part.strip())]
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return [name for entry in value if (name := entry.strip())]
    raise _failed(element, f"candidates must be a text or a list of texts, not {type(value).__name__}")


def _priority(execution: Execution, token: Token, element: Element, expression: Evaluate | None) -> int:
    if expression is None:
        return DEFAULT_PRIORITY
    value = execution.evaluate(expression, token, element)
    if value is None or value == "":
        return DEFAULT_PRIORITY
    priority = _whole_number(value)
    if priority is None:
        raise _failed(element, f"the priority must be a whole number, not {value!r}")
    if not -MAX_PRIORITY <= priority <= MAX_PRIORITY:
        raise _failed(element, f"the priority {priority} is out of range")
    return priority


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    return None


def _due(execution: Execution, token: Token, element: Element, expression: Evaluate) -> int:
    value = execution.evaluate(expression, token, element)
    if value is None or value == "":
        return 0
    try:
        return due_micros(value, execution.now)
    except InvalidDueDate as error:
        raise _failed(element, str(error)) from error


def _failed(element: Element, message: str) -> WrongState:
    return WrongState("EXPRESSION_FAILED", f"element {element.id}: {message}", metadata={"element_id": element.id})
