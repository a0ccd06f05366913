from __future__ import annotations

import pytest

from engine_svc.compile.executable import RetrySpec, ScriptSpec, UserTaskSpec, Wrapping
from tests.unit.bpmn_models import around, definitions, flow
from tests.unit.compile.surroundings import element, load, task, value, wrapping
from tests.unit.model.findings import errors, warnings


def test_nothing_surrounds_a_plain_task() -> None:
    assert element('<task id="n"/>').wrapping is None
    assert element('<userTask id="n" flowable:async="false" flowable:exclusive="true"/>').wrapping is None


def test_an_event_on_the_boundary_needs_a_wrapping() -> None:
    boundary = '<boundaryEvent id="b" attachedToRef="n"><errorEventDefinition/></boundaryEvent>'
    assert wrapping(f'<task id="n"/>{boundary}') == Wrapping()


@pytest.mark.parametrize(
    ("attributes", "before", "after"),
    [
        ('flowable:async="true"', True, False),
        ('activiti:async="true"', True, False),
        ('camunda:asyncBefore="true"', True, False),
        ('camunda:asyncAfter="true"', False, True),
        ('flowable:async="true" flowable:asyncLeave="true"', True, True),
        ('activiti:asyncBefore="true" activiti:asyncAfter="true"', True, True),
    ],
)
@pytest.mark.parametrize("kind", ["userTask", "task", "callActivity calledElement='x'", "receiveTask"])
def test_asynchronous(kind: str, attributes: str, before: bool, after: bool) -> None:
    found = wrapping(f'<{kind} id="n" {attributes}/>')
    assert (found.async_before, found.async_after, found.exclusive) == (before, after, True)


def test_how_the_job_runs() -> None:
    found = wrapping(
        task(
            'flowable:async="true" flowable:exclusive="false" camunda:jobPriority="${p}"',
            "<flowable:failedJobRetryTimeCycle>R5/PT5M</flowable:failedJobRetryTimeCycle>",
        )
    )
    assert not found.exclusive
    assert value(found.job_priority, p=9) == 9
    assert found.retry == RetrySpec(5, (300_000_000,))
    waits = "<camunda:failedJobRetryTimeCycle>PT5S,PT1M</camunda:failedJobRetryTimeCycle>"
    assert wrapping(task('camunda:asyncBefore="true"', waits)).retry == RetrySpec(3, (5_000_000, 60_000_000))
    expression = "<camunda:failedJobRetryTimeCycle>${cycle}</camunda:failedJobRetryTimeCycle>"
    assert value(wrapping(task('camunda:asyncBefore="true"', expression)).retry.text, cycle="R2/PT1S") == "R2/PT1S"


def test_jobs_have_the_priority_of_their_process() -> None:
    tasks = '<userTask id="n" camunda:asyncBefore="true"/><userTask id="m"/>'
    process = load(
        definitions(
            f'<process id="p" camunda:jobPriority="7"><startEvent id="s"/>{tasks}{flow("s", "n")}{flow("n", "m")}'
            "</process>"
        )
    )
    _, asynchronous, plain = process.elements
    assert asynchronous.wrapping is not None
    assert value(asynchronous.wrapping.job_priority) == "7"
    assert plain.wrapping is None


def test_a_retry_cycle_that_cannot_be_read_is_the_default() -> None:
    node = task('flowable:async="true"', "<flowable:failedJobRetryTimeCycle>often</flowable:failedJobRetryTimeCycle>")
    assert (errors(around(node)), warnings(around(node))) == ([], [("ATTRIBUTE_VALUE_INVALID", "n")])
    assert wrapping(node).retry == RetrySpec()


def test_skip_expression() -> None:
    assert value(wrapping(task('flowable:skipExpression="${x == 1}"')).skip, x=1) is True
    xml = definitions(
        '<process id="p"><startEvent id="s"/><task id="t"/>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="t" flowable:skipExpression="${x}"/></process>'
    )
    assert value(load(xml).flows[0].skip, x="true") is True


def test_a_skip_expression_that_is_none_skips_nothing() -> None:
    node = task('flowable:skipExpression="skipExpression"')
    assert (errors(around(node)), warnings(around(node))) == ([], [("NOT_IN_EFFECT", "n")])
    assert element(node).wrapping is None


def test_execution_listeners() -> None:
    found = wrapping(
        task(
            extensions="""
            <flowable:executionListener event="end" expression="${execution.setVariable('a', 1)}"/>
            <flowable:executionListener event="start" class="org.x.Listener">
              <flowable:field name="f" stringValue="v"/></flowable:executionListener>
            <camunda:executionListener event="start" delegateExpression="${bean}"/>
            <flowable:executionListener event="start" expression="${bean.call(execution)}"/>
            <camunda:executionListener event="end"><camunda:script scriptFormat="javascript">x = 1</camunda:script>
            </camunda:executionListener>
            <camunda:executionListener event="end"><camunda:script scriptFormat="juel">${1 + 1}</camunda:script>
            </camunda:executionListener>
            """
        )
    )
    kinds = [listener.work is not None for listener in found.start_listeners]
    assert kinds == [True, True, True]
    types = [value(listener.work.job_type) for listener in found.start_listeners if listener.work is not None]
    assert types == ["org.x.Listener", "${bean}", "${bean.call(execution)}"]
    first = found.start_listeners[0].work
    assert first is not None
    assert value(first.inputs["f"]) == "v"
    assert found.end_listeners[0].expression is not None
    assert found.end_listeners[1].script == ScriptSpec("x = 1")
    assert value(found.end_listeners[2].expression) == 2


@pytest.mark.parametrize(
    "listener",
    [
        '<flowable:executionListener event="start" class="org.flowable.engine.impl.bpmn.listener.ScriptExecutionListener">'
        '<flowable:field name="script"><flowable:string>x = 1</flowable:string></flowable:field>'
        '<flowable:field name="language" stringValue="javascript"/></flowable:executionListener>',
        '<activiti:executionListener event="start" class="org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener">'
        '<activiti:field name="script" stringValue="x = 1"/><activiti:field name="language" stringValue="javascript"/>'
        "</activiti:executionListener>",
        '<flowable:executionListener event="start" type="script"><flowable:script language="javascript">x = 1'
        "</flowable:script></flowable:executionListener>",
    ],
)
def test_script_listeners(listener: str) -> None:
    (found,) = wrapping(task(extensions=listener)).start_listeners
    assert found.script == ScriptSpec("x = 1")


def test_listeners_of_flows_are_called_when_they_are_taken() -> None:
    xml = definitions(
        '<process id="p"><startEvent id="s"/><task id="t"/><sequenceFlow id="f" sourceRef="s" targetRef="t">'
        '<extensionElements><flowable:executionListener event="start" expression="${1}"/></extensionElements>'
        "</sequenceFlow></process>"
    )
    assert [listener.event for listener in load(xml).flows[0].listeners] == ["take"]


def test_listeners_of_processes() -> None:
    xml = definitions(
        '<process id="p"><extensionElements><flowable:executionListener event="start" expression="${1}"/>'
        '<flowable:executionListener event="end" class="a.B"/></extensionElements>'
        f'<startEvent id="s"/><task id="t"/>{flow("s", "t")}</process>'
    )
    process = load(xml)
    assert (len(process.start_listeners), len(process.end_listeners)) == (1, 1)


def test_task_listeners() -> None:
    spec = element(
        task(
            extensions="""
            <flowable:taskListener event="create" expression="${task.setAssignee('x')}"/>
            <flowable:taskListener event="all" class="a.B"/>
            <camunda:taskListener event="update" delegateExpression="${bean}"/>
            <flowable:taskListener event="complete" class="org.flowable.engine.impl.bpmn.listener.ScriptTaskListener">
              <flowable:field name="script" stringValue="${2}"/></flowable:taskListener>
            """
        )
    ).spec
    assert isinstance(spec, UserTaskSpec)
    assert [listener.event for listener in spec.listeners] == [
        "create",
        "create",
        "assignment",
        "complete",
        "delete",
        "update",
        "complete",
    ]
    assert value(spec.listeners[-1].expression) == 2


def test_zeebe_listeners() -> None:
    found = element(
        task(
            extensions='<zeebe:executionListeners><zeebe:executionListener eventType="start" type="t" retries="5"/>'
            '</zeebe:executionListeners><zeebe:taskListeners><zeebe:taskListener eventType="completing" type="u"/>'
            "</zeebe:taskListeners>"
        )
    )
    assert found.wrapping is not None
    (start,) = found.wrapping.start_listeners
    assert start.work is not None
    assert (value(start.work.job_type), start.work.retries) == ("t", 5)
    assert isinstance(found.spec, UserTaskSpec)
    assert [listener.event for listener in found.spec.listeners] == ["complete"]


@pytest.mark.parametrize(
    ("extension", "rule"),
    [
        ('<flowable:executionListener event="never" class="a"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('<flowable:executionListener event="start"/>', "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('<flowable:executionListener event="start" expression="${"/>', "EXPRESSION_SYNTAX"),
        ('<flowable:taskListener event="never" class="a"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('<camunda:taskListener event="timeout" class="a"/>', "TIMER_MISSING"),
        (
            '<camunda:executionListener event="start"><camunda:script scriptFormat="groovy">x</camunda:script>'
            "</camunda:executionListener>",
            "SCRIPT_LANGUAGE_NOT_SUPPORTED",
        ),
        (
            '<camunda:executionListener event="start"><camunda:script scriptFormat="javascript" resource="x.js"/>'
            "</camunda:executionListener>",
            "ELEMENT_NOT_SUPPORTED",
        ),
        (
            '<camunda:executionListener event="start"><camunda:script scriptFormat="groovy" resource="x.groovy"/>'
            "</camunda:executionListener>",
            "SCRIPT_LANGUAGE_NOT_SUPPORTED",
        ),
        ("<zeebe:taskListeners><zeebe:taskListener type='x'/></zeebe:taskListeners>", "ATTRIBUTE_VALUE_INVALID"),
    ],
)
def test_bad_listeners(extension: str, rule: str) -> None:
    assert errors(around(task(extensions=extension))) == [(rule, "n")]


@pytest.mark.parametrize("event", ["", 'event="take"'])
def test_a_listener_that_is_never_called(event: str) -> None:
    xml = around(task(extensions=f'<flowable:executionListener {event} class="a"/>'))
    assert errors(xml) == []
    assert ("NOT_IN_EFFECT", "n") in warnings(xml)


def test_camunda_parameters() -> None:
    found = wrapping(
        task(
            extensions="""<camunda:inputOutput>
            <camunda:inputParameter name="plain">Hello ${who}</camunda:inputParameter>
            <camunda:inputParameter name="nothing"/>
            <camunda:inputParameter name="list"><camunda:list><camunda:value>${x}</camunda:value>
              <camunda:value>b</camunda:value></camunda:list></camunda:inputParameter>
            <camunda:inputParameter name="map"><camunda:map><camunda:entry key="${key}">${x}</camunda:entry>
              <camunda:entry key="inner"><camunda:list><camunda:value>1</camunda:value></camunda:list></camunda:entry>
              </camunda:map></camunda:inputParameter>
            <camunda:inputParameter name="computed"><camunda:script scriptFormat="juel">${x + 1}</camunda:script>
              </camunda:inputParameter>
            <camunda:outputParameter name="out">${x * 2}</camunda:outputParameter></camunda:inputOutput>"""
        )
    )
    given = {value(mapping.target): value(mapping.value, who="kermit", x=3, key="k") for mapping in found.inputs}
    assert given == {
        "plain": "Hello kermit",
        "nothing": None,
        "list": [3, "b"],
        "map": {"k": 3, "inner": ["1"]},
        "computed": 4,
    }
    assert [value(mapping.value, x=3) for mapping in found.outputs] == [6]


def test_zeebe_mappings() -> None:
    found = wrapping(
        task(
            extensions="""<zeebe:ioMapping><zeebe:input source="=order.total" target="amount"/>
            <zeebe:input source="fixed" target="text"/><zeebe:output source="=amount &gt; 3" target="result.big.one"/>
            </zeebe:ioMapping>"""
        )
    )
    first, second = found.inputs
    assert (value(first.target), value(first.value, order={"total": 7})) == ("amount", 7)
    assert (value(second.target), value(second.value)) == ("text", "fixed")
    (output,) = found.outputs
    assert (value(output.target), output.target_path) == ("result", ("big", "one"))
    assert value(output.value, amount=4) is True


@pytest.mark.parametrize(
    ("extension", "rule"),
    [
        (
            "<camunda:inputOutput><camunda:inputParameter>x</camunda:inputParameter></camunda:inputOutput>",
            "ELEMENT_NOT_SUPPORTED",
        ),
        (
            '<camunda:inputOutput><camunda:inputParameter name="a"><camunda:script scriptFormat="javascript">1'
            "</camunda:script></camunda:inputParameter></camunda:inputOutput>",
            "ELEMENT_NOT_SUPPORTED",
        ),
        (
            '<camunda:inputOutput><camunda:inputParameter name="a"><camunda:script scriptFormat="groovy">1'
            "</camunda:script></camunda:inputParameter></camunda:inputOutput>",
            "SCRIPT_LANGUAGE_NOT_SUPPORTED",
        ),
        (
            '<camunda:inputOutput><camunda:inputParameter name="a"><camunda:list><camunda:value>${</camunda:value>'
            "</camunda:list></camunda:inputParameter></camunda:inputOutput>",
            "EXPRESSION_SYNTAX",
        ),
        (
            '<zeebe:ioMapping><zeebe:input source="=[1..2]" target="a"/></zeebe:ioMapping>',
            "EXPRESSION_LANGUAGE_NOT_SUPPORTED",
        ),
        ('<zeebe:ioMapping><zeebe:input source="=a"/></zeebe:ioMapping>', "ATTRIBUTE_VALUE_INVALID"),
    ],
)
def test_bad_mappings(extension: str, rule: str) -> None:
    assert errors(around(task(extensions=extension))) == [(rule, "n")]
