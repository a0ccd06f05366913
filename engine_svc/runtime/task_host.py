"""The object `task` of task listeners and of a user task's expressions: the task as they see and change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine_svc.expressions.access import call_method
from engine_svc.expressions.datetimes import iso_text
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import VariableReader
from engine_svc.runtime.behaviors.due_dates import InvalidDueDate, due_micros
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.execution_host import VariableHost
from engine_svc.scripts.call import TASK_METHODS, TaskCall

MAX_PRIORITY = 2**31 - 1
MAX_NAME = 255
"""Characters of a user, a group, a category."""
MAX_TEXT = 4000
"""Characters of a name or description that a listener sets."""


@dataclass(slots=True, kw_only=True)
class ListenerTask:
    """A user task while its listeners run. Whoever calls them looks at what has changed afterwards.

    Times in microseconds since the Unix epoch, 0: none; texts are empty where there is none.
    """

    id: str
    element_id: str
    execution_id: str
    name: str = ""
    description: str = ""
    assignee: str = ""
    owner: str = ""
    priority: int = 50
    due_micros: int = 0
    category: str = ""
    form_key: str = ""
    create_micros: int = 0
    candidate_users: list[str] = field(default_factory=list)
    candidate_groups: list[str] = field(default_factory=list)


class TaskHost(VariableHost):
    """The object `task`. `event` is what a listener is called for; local variables are those of the scope.

    `open_scope`: opens the task's own scope and returns its key, where the task has none yet; the first local variable
    that is set does so, and `scope_key` is that around the task until then.
    """

    __slots__ = ("_event", "_open_scope", "_task")

    def __init__(
        self,
        execution: Execution,
        scope_key: int,
        task: ListenerTask,
        *,
        event: str = "",
        open_scope: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(execution, scope_key)
        self._task = task
        self._event = event
        self._open_scope = open_scope

    @property
    def members(self) -> Mapping[str, Callable[[], Any]]:
        """Properties that expressions may read."""
        task, instance = self._task, self._execution.instance
        return {
            "id": lambda: task.id,
            "name": lambda: task.name or None,
            "description": lambda: task.description or None,
            "assignee": lambda: task.assignee or None,
            "owner": lambda: task.owner or None,
            "priority": lambda: task.priority,
            "dueDate": lambda: iso_text(task.due_micros) if task.due_micros else None,
            "category": lambda: task.category or None,
            "formKey": lambda: task.form_key or None,
            "createTime": lambda: iso_text(task.create_micros) if task.create_micros else None,
            "eventName": lambda: self._event or None,
            "taskDefinitionKey": lambda: task.element_id,
            "processInstanceId": lambda: instance.id,
            "processDefinitionId": lambda: instance.definition.id,
            "executionId": lambda: task.execution_id,
            "tenantId": lambda: instance.tenant_id or None,
            "candidateUsers": lambda: list(task.candidate_users),
            "candidateGroups": lambda: list(task.candidate_groups),
            "variables": self.visible,
        }

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Methods that expressions may call."""
        task = self._task
        return {
            **super().methods,
            "setName": self._text_setter("name", MAX_TEXT),
            "setDescription": self._text_setter("description", MAX_TEXT),
            "setAssignee": self._text_setter("assignee", MAX_NAME),
            "setOwner": self._text_setter("owner", MAX_NAME),
            "setCategory": self._text_setter("category", MAX_NAME),
            "setFormKey": self._text_setter("form_key", 512),
            "setPriority": self._set_priority,
            "setDueDate": self._set_due_date,
            "addCandidateUser": lambda name: _add(task.candidate_users, [name]),
            "addCandidateUsers": lambda names: _add(task.candidate_users, _list(names)),
            "addCandidateGroup": lambda name: _add(task.candidate_groups, [name]),
            "addCandidateGroups": lambda names: _add(task.candidate_groups, _list(names)),
            "deleteCandidateUser": lambda name: _drop(task.candidate_users, name),
            "deleteCandidateGroup": lambda name: _drop(task.candidate_groups, name),
        }

    def apply(self, calls: Iterable[TaskCall]) -> None:
        """Do what a script asked of the task. Raises `OperationError`, before which some calls may have been done."""
        for call in calls:
            if call.method not in TASK_METHODS:
                raise OperationError(f"a script cannot call task.{call.method}()")
            call_method(self, call.method, list(call.arguments))

    def _local(self) -> dict[str, Any]:
        return super()._local() if self._open_scope is None else {}

    def _set_local(self, name: Any, value: Any) -> None:
        if self._open_scope is not None:
            self._scope_key, self._open_scope = self._open_scope(), None
        super()._set_local(name, value)

    def _remove_local(self, name: Any) -> None:
        if self._open_scope is None:
            super()._remove_local(name)

    def _text_setter(self, attribute: str, longest: int) -> Callable[[Any], None]:
        def set_text(value: Any) -> None:
            setattr(self._task, attribute, "" if value is None else _text(value, longest))

        return set_text

    def _set_priority(self, value: Any) -> None:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not -MAX_PRIORITY <= value <= MAX_PRIORITY:
            raise OperationError(f"a priority is a whole number within 32 bits, not {value!r:.40}")
        self._task.priority = value

    def _set_due_date(self, value: Any) -> None:
        if value is None or value == "":
            self._task.due_micros = 0
            return
        try:
            self._task.due_micros = due_micros(value, self._execution.now)
        except InvalidDueDate as error:
            raise OperationError(str(error)) from error


class TaskReader:
    """What the expressions of a task listener see: `task`, and all that `around` shows."""

    __slots__ = ("_around", "_host", "now_micros", "user")

    def __init__(self, around: VariableReader, host: TaskHost) -> None:
        self._around = around
        self._host = host
        self.now_micros: int | None = getattr(around, "now_micros", None)
        self.user: str | None = getattr(around, "user", None)

    def lookup(self, name: str) -> Any:
        """Return `task` or what is visible by that name; raise `KeyError` where nothing is."""
        return self._host if name == "task" else self._around.lookup(name)


def _text(value: Any, longest: int) -> str:
    if type(value) is not str:
        raise OperationError(f"a text is needed, not {value!r:.40}")
    if len(value) > longest:
        raise OperationError(f"the text has {len(value)} characters, more than the {longest} allowed")
    return value


def _list(names: Any) -> list[Any]:
    if type(names) is str:
        return [name for part in names.split(",") if (name := part.strip())]
    if type(names) is list:
        return names
    raise OperationError(f"a list of names is needed, not {names!r:.40}")


def _add(candidates: list[str], names: list[Any]) -> None:
    for name in names:
        if not name:
            raise OperationError("the name of a candidate is empty")
        if _text(name, MAX_NAME) not in candidates:
            candidates.append(name)


def _drop(candidates: list[str], name: Any) -> None:
    if name in candidates:
        candidates.remove(name)
