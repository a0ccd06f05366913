from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from engine_svc.runtime import step, user_task_commands
from engine_svc.runtime.changes import NewJob, NewUserTask
from engine_svc.runtime.requests import run_alone
from mesh.errors import NotFound, WrongState
from tests.unit.runtime.running import INSTANCE_ID, NOW, Run, model

ENDS = '<startEvent id="s"/><endEvent id="e"/>'
DAY = 86_400_000_000


def around(node: str, variables: dict[str, Any] | None = None, **options: Any) -> Run:
    return Run(model(ENDS + node, "s>n", "n>e"), variables, **options)


def user_task(attributes: str, variables: dict[str, Any] | None = None) -> NewUserTask:
    (task,) = around(f'<userTask id="n" {attributes}/>', variables).tasks.values()
    return task


def job(node: str, variables: dict[str, Any] | None = None) -> NewJob:
    (created,) = around(node, variables).jobs.values()
    return created


def reason_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(WrongState) as refused:
        result = call(*arguments)
        if isinstance(result, Generator):
            run_alone(result)
    return refused.value.reason


# User tasks


def test_a_bare_user_task() -> None:
    task = user_task('name="Look"')
    assert task == NewUserTask(task.key, "n", "Look", "", "", (), (), 50, 0, "")


def test_everything_a_user_task_may_have() -> None:
    node = (
        '<userTask id="n" name="Check ${order.id}" flowable:assignee="${boss}" flowable:candidateUsers="ann, bob,ann"'
        ' flowable:candidateGroups="${groups}" flowable:priority="${p}" flowable:dueDate="${due}"'
        ' flowable:formKey="form-${order.id}"><documentation>For ${boss}</documentation></userTask>'
    )
    variables = {"order": {"id": 7}, "boss": "kim", "groups": ["sales", " it "], "p": "80", "due": "P1D"}
    run = around(node, variables)
    (task,) = run.tasks.values()
    assert task == NewUserTask(
        task.key, "n", "Check 7", "For kim", "kim", ("ann", "bob"), ("sales", "it"), 80, NOW + DAY, "form-7"
    )
    assert run.instance.tokens[task.key].assignee == "kim"


def test_a_name_that_cannot_be_resolved_stays_as_written() -> None:
    assert user_task('name="Check ${missing.id}"').name == "Check ${missing.id}"


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), (None, ""), ([1, "a"], '[1,"a"]'), ({"a": 1}, '{"a":1}'), (1.5, "1.5")]
)
def test_a_name_shows_values_as_texts_with_expressions_do(value: Any, shown: str) -> None:
    assert user_task('name="${v}"', {"v": value}).name == shown
    assert user_task('name=" ${v} "', {"v": value}).name in (shown, f" {shown} ")


def test_an_assignee_that_cannot_be_resolved_is_an_error() -> None:
    assert reason_of(user_task, 'flowable:assignee="${missing}"') == "EXPRESSION_FAILED"


@pytest.mark.parametrize("value", [{"a": 1}, 5, ["a", 1], True])
def test_candidates_of_a_wrong_type(value: Any) -> None:
    assert reason_of(user_task, 'flowable:candidateUsers="${v}"', {"v": value}) == "EXPRESSION_FAILED"


@pytest.mark.parametrize(
    ("value", "names"), [(None, ()), ("", ()), (" , ,a", ("a",)), ([], ()), (["a", "", "a"], ("a",))]
)
def test_candidates_without_names(value: Any, names: tuple[str, ...]) -> None:
    assert user_task('flowable:candidateUsers="${v}"', {"v": value}).candidate_users == names


@pytest.mark.parametrize("attribute", ["assignee", "candidateUsers", "candidateGroups", "formKey"])
def test_a_name_longer_than_lists_have_room_for(attribute: str) -> None:
    assert reason_of(user_task, f'flowable:{attribute}="${{v}}"', {"v": "x" * 600}) == "EXPRESSION_FAILED"


@pytest.mark.parametrize(
    ("value", "priority"), [(7, 7), ("7", 7), (" -3 ", -3), (7.0, 7), (None, 50), ("", 50), (2**31 - 1, 2**31 - 1)]
)
def test_priority(value: Any, priority: int) -> None:
    assert user_task('flowable:priority="${v}"', {"v": value}).priority == priority


@pytest.mark.parametrize("value", [7.5, "7.5", "high", True, [1], 2**31, "1_000", "١٢", -(2**40)])
def test_a_priority_that_is_no_whole_number(value: Any) -> None:
    assert reason_of(user_task, 'flowable:priority="${v}"', {"v": value}) == "EXPRESSION_FAILED"


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("P3D", NOW + 3 * DAY),
        ("PT8H", NOW + DAY // 3),
        ("P1M", NOW + 30 * DAY),
        ("P1Y", NOW + 366 * DAY),
        ("2026-01-31", 1_769_817_600_000_000),
        ("2026-01-31T09:00:00Z", 1_769_850_000_000_000),
        ("2026-01-31T09:00:00", 1_769_850_000_000_000),
        ("2026-01-31T11:00:00+02:00", 1_769_850_000_000_000),
        ("2026-01-31T09:00:00.123456Z", 1_769_850_000_123_456),
        (" 2026-01-31 ", 1_769_817_600_000_000),
        (None, 0),
        ("", 0),
    ],
)
def test_due_date(value: Any, due: int) -> None:
    assert user_task('flowable:dueDate="${v}"', {"v": value}).due_micros == due


@pytest.mark.parametrize(
    "value", ["tomorrow", "2026-02-30", "PX", 5, True, "P10000Y", "T", "9999-12-31T23:59:59-01:00", "P99999999999D"]
)
def test_a_due_date_that_is_none(value: Any) -> None:
    assert reason_of(user_task, 'flowable:dueDate="${v}"', {"v": value}) == "EXPRESSION_FAILED"


def test_claim_and_unclaim() -> None:
    run = around('<userTask id="n"/>')
    (key,) = run.tasks
    assert run.run(user_task_commands.claim(run.instance, key, "ann", NOW)).events
    assert run.run(user_task_commands.claim(run.instance, key, "ann", NOW)).events == []
    with pytest.raises(WrongState) as refused:
        run.run(user_task_commands.claim(run.instance, key, "bob", NOW))
    assert refused.value.reason == "USER_TASK_ALREADY_CLAIMED"
    assert refused.value.metadata == {"id": f"{INSTANCE_ID}.{key}", "assignee": "ann"}
    assert run.named(run.run(user_task_commands.assign(run.instance, key, "", NOW))) == [
        ("USER_TASK_ASSIGNED", key, "", "ann")
    ]
    assert run.run(user_task_commands.assign(run.instance, key, "", NOW)).events == []
    run.run(user_task_commands.claim(run.instance, key, "bob", NOW))
    assert run.named(run.complete("n"))[0] == ("USER_TASK_COMPLETED", key, "n", "bob", "", "")


def test_commands_on_a_task_that_is_not_open() -> None:
    run = around('<userTask id="n"/>')
    (key,) = run.tasks
    run.complete("n")
    assert reason_of(step.complete_user_task, run.instance, key, {}, NOW) == "USER_TASK_ALREADY_COMPLETED"
    assert reason_of(user_task_commands.claim, run.instance, key, "ann", NOW) == "USER_TASK_ALREADY_COMPLETED"
    for unknown in (0, 999):
        with pytest.raises(NotFound, match="there is no user task"):
            run_alone(step.complete_user_task(run.instance, unknown, {}, NOW))


def test_a_job_is_no_user_task_nor_the_other_way_round() -> None:
    jobs = around('<serviceTask id="n" flowable:type="external-worker" flowable:topic="work"/>')
    with pytest.raises(NotFound):
        run_alone(step.complete_user_task(jobs.instance, next(iter(jobs.jobs)), {}, NOW))
    tasks = around('<userTask id="n"/>')
    with pytest.raises(NotFound):
        run_alone(step.complete_job(tasks.instance, next(iter(tasks.tasks)), {}, NOW))


# External tasks


def test_an_external_task() -> None:
    created = job('<serviceTask id="n" flowable:type="external-worker" flowable:topic="ship"/>')
    assert created == NewJob(created.key, "n", "ship", 3, 0, {}, {})


def test_job_type_by_expression() -> None:
    node = '<serviceTask id="n" camunda:type="external" camunda:topic="${how}-ship" camunda:taskPriority="7"/>'
    created = job(node, {"how": "air"})
    assert (created.type, created.priority) == ("air-ship", 7)


@pytest.mark.parametrize("value", [None, "", 5, ["a"], "x" * 256])
def test_a_job_type_that_is_none(value: Any) -> None:
    node = '<serviceTask id="n" flowable:type="external-worker" flowable:topic="${how}"/>'
    assert reason_of(job, node, {"how": value}) == "EXPRESSION_FAILED"


def test_headers_and_retries_of_zeebe() -> None:
    created = job(
        '<serviceTask id="n"><extensionElements><zeebe:taskDefinition type="pay" retries="5"/>'
        '<zeebe:taskHeaders><zeebe:header key="k" value="v"/></zeebe:taskHeaders></extensionElements></serviceTask>'
    )
    assert (created.type, created.retries, created.headers) == ("pay", 5, {"k": "v"})


def test_injected_fields_are_inputs() -> None:
    created = job(
        '<serviceTask id="n" flowable:class="com.example.Mail"><extensionElements>'
        '<flowable:field name="to" stringValue="ann"/>'
        '<flowable:field name="amount"><flowable:expression>${a * 2}</flowable:expression></flowable:field>'
        "</extensionElements></serviceTask>",
        {"a": 4},
    )
    assert (created.type, created.inputs) == ("com.example.Mail", {"to": "ann", "amount": 8})


def test_a_job_fails_until_it_raises_an_incident() -> None:
    run = around('<serviceTask id="n" flowable:type="external-worker" flowable:topic="work"/>')
    (key,) = run.jobs
    attempt = step.fail_job(run.instance, key, retries=1, error_message="busy", error_code="", now=NOW)
    assert run.named(attempt) == [("JOB_FAILED", key, "work", "n", 1, "busy", "")]
    assert attempt.new_incidents == []
    last = step.fail_job(run.instance, key, retries=0, error_message="down", error_code="", now=NOW)
    (incident,) = last.new_incidents
    assert run.named(last) == [
        ("JOB_FAILED", key, "work", "n", 0, "down", ""),
        ("INCIDENT_RAISED", incident.key, "JOB_NO_RETRIES", "n", key, "down"),
    ]
    assert run.instance.incidents == {incident.key: key}
    solved = step.resolve_incident(run.instance, incident.key, NOW)
    assert run.named(solved) == [("INCIDENT_RESOLVED", incident.key)]
    assert solved.ended_incidents == [incident.key]
    run.complete("n")
    assert run.completed


def test_an_error_that_nothing_catches_is_an_incident_whatever_retries_are_left() -> None:
    run = around('<serviceTask id="n" flowable:type="external-worker" flowable:topic="work"/>')
    (key,) = run.jobs
    thrown = step.fail_job(run.instance, key, retries=2, error_message="no stock", error_code="E1", now=NOW)
    (incident,) = thrown.new_incidents
    assert incident.type == step.INCIDENT_UNHANDLED_ERROR
    assert incident.message == "error E1 is not caught: no stock"
    assert not run.instance.ended


# Expression tasks and the object `execution`


def expression(text: str, variables: dict[str, Any] | None = None, **options: Any) -> Run:
    return around(
        f'<serviceTask id="n" flowable:expression="{text}" flowable:resultVariable="r"/>', variables, **options
    )


def test_an_expression_task_keeps_its_result() -> None:
    run = expression("${a + 1}", {"a": 1})
    assert run.completed
    assert run.variables == {"a": 1, "r": 2}


def test_an_expression_task_without_a_result_variable() -> None:
    run = around('<serviceTask id="n" flowable:expression="${1 + 1}"/>')
    assert run.completed
    assert run.variables == {}


def test_an_expression_that_fails_names_element_and_expression() -> None:
    with pytest.raises(WrongState) as refused:
        expression("${missing}")
    assert refused.value.reason == "EXPRESSION_FAILED"
    assert refused.value.metadata == {"element_id": "n", "expression": "${missing}"}


def test_execution_sets_and_gets_variables() -> None:
    assert expression("${execution.setVariable('x', a * 2)}", {"a": 4}).variables == {"a": 4, "x": 8, "r": None}
    assert expression("${execution.getVariable('a')}", {"a": 4}).variables["r"] == 4
    assert expression("${execution.getVariable('missing')}").variables["r"] is None
    assert expression("${execution.hasVariable('a')}", {"a": None}).variables["r"] is True
    assert expression("${execution.hasVariable('missing')}").variables["r"] is False


def test_execution_knows_its_instance() -> None:
    assert expression("${execution.processInstanceId}").variables["r"] == INSTANCE_ID
    assert expression("${execution.processInstanceBusinessKey}", business_key="b-1").variables["r"] == "b-1"
    assert expression("${execution.processInstanceBusinessKey}").variables["r"] is None


@pytest.mark.parametrize("name", ["''", "1", "'execution'", "null"])
def test_execution_refuses_what_is_no_name(name: str) -> None:
    assert reason_of(expression, f"${{execution.setVariable({name}, 1)}}") == "EXPRESSION_FAILED"


def test_the_initiator_goes_to_its_variable() -> None:
    nodes = '<startEvent id="s" flowable:initiator="who"/><userTask id="n" flowable:assignee="${who}"/>'
    started = model(nodes, "s>n")
    assert next(iter(Run(started, initiator="ann").tasks.values())).assignee == "ann"
    given = Run(started, {"who": "bob"}, initiator="ann")
    assert next(iter(given.tasks.values())).assignee == "bob"
    assert given.log[0][1] == "ann"
    assert reason_of(Run, started) == "EXPRESSION_FAILED"


def test_manual_and_abstract_tasks_pass() -> None:
    run = Run(model(ENDS + '<task id="a"/><manualTask id="b"/>', "s>a", "a>b", "b>e"))
    assert run.passed == ["s", "a", "b", "e"]
    assert run.completed
