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
from engine_svc.runtime.behaviors import task_facts, task_listeners
from engine_svc.runtime.behaviors.added_tasks import PARENT_COMPLETED, end_parts
from engine_svc.runtime.behaviors.due_dates import InvalidDueDate, due_micros
from engine_svc.runtime.changes import NewUserTask
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import ROOT_SCOPE, Stage, Token, Wait
from mesh.errors import WrongState
from mesh.ids import member_id

DEFAULT_PRIORITY = 50
MAX_PRIORITY = 2**31 - 1
MAX_USER = 255
MAX_CATEGORY = 255
MAX_FORM_KEY = 512
"""Characters that lists and indexes of tasks have room for."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Create the task and wait for it; task listeners come between. Raises `WrongState` (EXPRESSION_FAILED)."""
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
    execution.wait(token)
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
    if spec.id_variable:
        execution.set_variable(token.scope_key, spec.id_variable, member_id(execution.instance.id, token.key))
    if not spec.listeners:
        _open(execution, token, task)
        return None
    task_facts.remember(execution, token, task)
    token.stage = Stage.TASK_CREATING
    return create(execution, token, element)


def create(execution: Execution, token: Token, element: Element) -> Request | None:
    """Call the listeners of the assignment, where there is an assignee, and of the creation; then open the task."""
    events = ("assignment", "create") if task_facts.was_assigned(token) else ("create",)
    paused = task_listeners.run(execution, token, element, *events)
    if paused is not None:
        return paused if isinstance(paused, Request) else None
    token.stage = Stage.ACTIVE
    _open(execution, token, task_facts.created(token))
    return None


def _open(execution: Execution, token: Token, task: NewUserTask) -> None:
    execution.wait(token, Wait.USER_TASK)
    token.assignee = task.assignee
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
    """The task is done: leave, behind its listeners. Its open parts end with it."""
    for name, value in completion.transient_variables.items():
        execution.set_transient(ROOT_SCOPE, name, value)
    key = token.key
    end_parts(execution, key, PARENT_COMPLETED)
    execution.changes.ended_user_tasks.append(key)
    execution.wait(token, Wait.NOTHING)
    if task_facts.has(element, "complete", "delete"):
        # Nobody can work on it any more, but it is over only when its listeners are done.
        token.detail = {**(token.detail or {}), "completion": [completion.outcome, completion.completed_by]}
        token.stage = Stage.TASK_COMPLETING
        execution.agenda.appendleft(token)
    else:
        _close(execution, token, element, completion.outcome, completion.completed_by)


def finish(execution: Execution, token: Token, element: Element) -> Request | None:
    """Call the listeners of the completion and of the end; then leave."""
    paused = task_listeners.run(execution, token, element, "complete", "delete")
    if paused is not None:
        return paused if isinstance(paused, Request) else None
    assert token.detail is not None
    outcome, completed_by = token.detail["completion"]
    token.stage = Stage.ACTIVE
    _close(execution, token, element, outcome, completed_by)
    return None


def _close(execution: Execution, token: Token, element: Element, outcome: str, completed_by: str) -> None:
    if token.detail is not None:
        token.detail = {name: value for name, value in token.detail.items() if name not in task_facts.KEPT} or None
    execution.changes.events.append((USER_TASK_COMPLETED, token.key, element.id, token.assignee, outcome, completed_by))
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
