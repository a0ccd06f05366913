"""The objects `execution` and `task` as expressions and scripts use them, on a real instance."""

from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.executable import PROCESS_SCOPE, Element, ElementKind, ExecutableProcess
from engine_svc.expressions import ExpressionError, OperationError, compile_value
from engine_svc.expressions.hosts import EXECUTION, TASK
from engine_svc.runtime.execution import Execution, ScopeReader
from engine_svc.runtime.execution_host import ExecutionHost
from engine_svc.runtime.task_host import ListenerTask, TaskHost, TaskReader
from engine_svc.runtime.unit import Unit
from engine_svc.scripts.call import TASK_METHODS, TaskCall
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Instance

INSTANCE_ID = "01234567-0000-7000-8000-000000000000"
NOW = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z."""


class Around:
    """An instance that waits in a user task inside a sub-process, with variables in both scopes."""

    def __init__(self) -> None:
        self.element = Element(0, "t", "Approve", ElementKind.USER_TASK, "userTask", PROCESS_SCOPE)
        process = ExecutableProcess("p", "P", "", "", 0, (self.element,), (), {"t": 0})
        self.instance = Instance(
            INSTANCE_ID,
            Definition("definition-id", "p", 1, "", process),
            tenant_id="",
            business_key="order-7",
            start_micros=NOW,
        )
        self.execution = Execution(self.instance, Unit(NOW, lambda: "id", "kermit"))
        self.outer, self.inner = ROOT_SCOPE, 5
        self.execution.open_scope(self.outer, ROOT_SCOPE, {"a": 1, "shared": "outer"})
        self.execution.open_scope(self.inner, ROOT_SCOPE, {"shared": "inner"})
        self.reader = ScopeReader(self.execution, self.inner, self.element, key=7, event="start")
        self.task = ListenerTask(
            id=f"{INSTANCE_ID}.7",
            element_id="t",
            execution_id=f"{INSTANCE_ID}.7",
            name="Approve",
            candidate_users=["eve"],
            create_micros=NOW,
        )
        self.host = TaskHost(self.execution, self.inner, self.task, event="create")

    def value(self, text: str) -> Any:
        return compile_value(text)(TaskReader(self.reader, self.host))

    @property
    def scopes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        scopes = self.instance.scopes
        return scopes[self.outer].variables, scopes[self.inner].variables


@pytest.fixture
def around() -> Around:
    return Around()


def test_the_objects_offer_what_the_contracts_promise(around: Around) -> None:
    execution = ExecutionHost(around.execution, around.inner, around.element)
    assert set(execution.members) == EXECUTION.members
    assert set(execution.methods) == set(EXECUTION.methods)
    assert set(around.host.members) == TASK.members
    assert set(around.host.methods) == set(TASK.methods)
    assert set(TASK.methods) >= TASK_METHODS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${execution.processInstanceId}", INSTANCE_ID),
        ("${execution.getProcessInstanceId()}", INSTANCE_ID),
        ("${execution.rootProcessInstanceId}", INSTANCE_ID),
        ("${execution.id.startsWith(execution.processInstanceId)}", True),
        ("${execution.processDefinitionId}", "definition-id"),
        ("${execution.businessKey}", "order-7"),
        ("${execution.processBusinessKey}", "order-7"),
        ("${execution.processInstanceBusinessKey}", "order-7"),
        ("${execution.getProcessInstanceBusinessKey()}", "order-7"),
        ("${execution.currentActivityId}", "t"),
        ("${execution.currentActivityName}", "Approve"),
        ("${execution.eventName}", "start"),
        ("${execution.tenantId}", None),
        ("${execution.parentId}", None),
        ("${execution.superExecutionId}", None),
        ("${execution.variables}", {"a": 1, "shared": "inner"}),
        ("${execution.variables.a}", 1),
        ("${execution.getVariables().size()}", 2),
        ("${execution.getVariableNames()}", ["a", "shared"]),
        ("${execution.hasVariables()}", True),
        ("${execution.getVariable('shared')}", "inner"),
        ("${execution.getVariable('none')}", None),
        ("${execution.hasVariable('a')}", True),
        ("${execution.getVariableLocal('a')}", None),
        ("${execution.getVariableLocal('shared')}", "inner"),
        ("${execution.hasVariableLocal('a')}", False),
        ("${execution.getVariablesLocal()}", {"shared": "inner"}),
        ("${execution.getVariableNamesLocal()}", ["shared"]),
        ("${execution.getTransientVariable('a')}", None),
        ("${authenticatedUserId}", "kermit"),
        ("${currentUser()}", "kermit"),
        ("${now()}", "2023-11-14T22:13:20.000Z"),
        ("${dateTime().plusDays(1).toDate()}", "2023-11-15T22:13:20.000Z"),
        ("${vars:get(shared)}", "inner"),
        ("${vars:getOrDefault(none, 3)}", 3),
    ],
)
def test_reading(around: Around, text: str, expected: Any) -> None:
    assert around.value(text) == expected


def test_writing_goes_to_the_nearest_scope_that_has_it(around: Around) -> None:
    around.value("${execution.setVariable('shared', 2)}")
    around.value("${execution.setVariable('a', a + 1)}")
    around.value("${execution.setVariable('new', shared)}")
    around.value("${execution.setVariableLocal('a', 'local')}")
    assert around.scopes == ({"a": 2, "shared": "outer", "new": 2}, {"shared": 2, "a": "local"})
    around.value("${execution.setVariables(execution.variables)}")
    assert around.scopes == ({"a": 2, "shared": "outer", "new": 2}, {"shared": 2, "a": "local"})


def test_removing(around: Around) -> None:
    around.value("${execution.removeVariable('shared')}")
    assert around.value("${shared}") == "outer"
    around.value("${execution.removeVariableLocal('shared')}")
    assert around.value("${shared}") == "outer"
    around.value("${execution.removeVariable('shared')}")
    around.value("${execution.removeVariable('shared')}")
    assert around.scopes == ({"a": 1}, {})


def test_transient_variables_are_never_stored(around: Around) -> None:
    around.value("${execution.setTransientVariable('t', 1)}")
    assert around.value("${t + execution.getVariable('t') + execution.getTransientVariable('t')}") == 3
    around.value("${execution.setVariable('t', 2)}")
    assert around.value("${t}") == 2
    assert around.scopes == ({"a": 1, "shared": "outer"}, {"shared": "inner"})
    around.value("${execution.removeVariable('t')}")
    assert around.value("${execution.hasVariable('t')}") is False
    around.value("${execution.setTransientVariable('t', 3)}")
    around.value("${execution.removeTransientVariable('t')}")
    assert around.value("${execution.hasVariable('t')}") is False


def test_facts_for_scripts_are_values(around: Around) -> None:
    host = ExecutionHost(around.execution, around.inner, around.element, key=7, event="end")
    facts = host.facts()
    assert facts["eventName"] == "end"
    assert facts["id"] == f"{INSTANCE_ID}.7"
    assert "variables" not in facts
    assert set(facts) == EXECUTION.members - {"variables"}


def test_an_execution_without_an_activity(around: Around) -> None:
    reader = around.execution.reader(ROOT_SCOPE)
    assert compile_value("${execution.id}")(reader) == INSTANCE_ID
    assert compile_value("${execution.currentActivityId}")(reader) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${execution.setVariable('', 1)}", "non-empty text"),
        ("${execution.setVariable('execution', 1)}", "non-empty text"),
        ("${execution.setVariable(1, 1)}", "non-empty text"),
        ("${execution.setVariables(a)}", "an object of names and values"),
        ("${execution.setVariable('x', execution)}", "an engine object is not a value"),
        ("${task.setAssignee(1)}", "a text is needed"),
        ("${task.setName(task.variables)}", "a text is needed"),
        ("${task.setPriority('high')}", "a priority is a whole number"),
        ("${task.setPriority(1.5)}", "a priority is a whole number"),
        ("${task.setDueDate('tomorrow')}", "is no ISO 8601 date"),
        ("${task.addCandidateUser('')}", "name of a candidate is empty"),
        ("${task.addCandidateGroups(3)}", "a list of names is needed"),
        ("${task.complete()}", "no method complete()"),
        ("${task.secret}", "no property secret"),
    ],
)
def test_what_is_refused(around: Around, text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        around.value(text)
    assert message in raised.value.message


def test_texts_of_a_task_are_bounded(around: Around) -> None:
    around.execution.set_local(around.inner, "long", "x" * 256)
    with pytest.raises(ExpressionError, match="256 characters, more than the 255 allowed"):
        around.value("${task.setAssignee(long)}")


def test_a_listener_reads_the_task(around: Around) -> None:
    assert around.value("${task.id}") == around.task.id
    assert around.value("${task.getName()} ${task.eventName} ${task.taskDefinitionKey}") == "Approve create t"
    assert around.value("${task.assignee}") is None
    assert around.value("${task.dueDate}") is None
    assert around.value("${task.createTime}") == "2023-11-14T22:13:20.000Z"
    assert around.value("${task.priority}") == 50
    assert around.value("${task.candidateUsers}") == ["eve"]
    assert around.value("${task.getVariable('a')}") == 1
    assert around.value("${task.processInstanceId == execution.processInstanceId}") is True
    assert around.host.facts()["candidateGroups"] == []


def test_a_listener_changes_the_task(around: Around) -> None:
    for text in (
        "${task.setAssignee(currentUser())}",
        "${task.setName(task.name.concat('!'))}",
        "${task.setDescription(null)}",
        "${task.setOwner('boss')}",
        "${task.setCategory('c')}",
        "${task.setFormKey('f')}",
        "${task.setPriority(80)}",
        "${task.setDueDate(dateTime().plusDays(1).toDate())}",
        "${task.addCandidateUser('joe')}",
        "${task.addCandidateUser('joe')}",
        "${task.addCandidateUsers('ann, bob')}",
        "${task.deleteCandidateUser('eve')}",
        "${task.deleteCandidateUser('nobody')}",
        "${task.addCandidateGroup('sales')}",
        "${task.setVariable('a', 5)}",
        "${task.setVariableLocal('b', 6)}",
    ):
        assert around.value(text) is None
    task = around.task
    assert (task.assignee, task.name, task.owner, task.category, task.form_key) == (
        "kermit",
        "Approve!",
        "boss",
        "c",
        "f",
    )
    assert (task.priority, task.due_micros) == (80, NOW + 86_400_000_000)
    assert task.candidate_users == ["joe", "ann", "bob"]
    assert task.candidate_groups == ["sales"]
    assert around.value("${task.dueDate}") == "2023-11-15T22:13:20.000Z"
    assert around.scopes == ({"a": 5, "shared": "outer"}, {"shared": "inner", "b": 6})


def test_what_a_script_asked_of_the_task(around: Around) -> None:
    around.host.apply(
        [
            TaskCall("setAssignee", ("kermit",)),
            TaskCall("setDueDate", ("1970-01-02T00:00:00.000Z",)),
            TaskCall("addCandidateGroups", (["a", "b"],)),
            TaskCall("setPriority", (7.0,)),
        ]
    )
    task = around.task
    assert (task.assignee, task.due_micros, task.candidate_groups, task.priority) == (
        "kermit",
        86_400_000_000,
        ["a", "b"],
        7,
    )
    with pytest.raises(OperationError, match="wrong number of arguments"):
        around.host.apply([TaskCall("setAssignee", ())])
    with pytest.raises(OperationError, match="cannot call"):
        around.host.apply([TaskCall("setVariable", ("a", 1))])


def test_elsewhere_task_is_a_variable_like_any_other(around: Around) -> None:
    around.execution.set_local(around.inner, "task", {"kind": "x"})
    assert compile_value("${task.kind}")(around.reader) == "x"
