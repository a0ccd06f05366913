"""Events: what they wait for and throw, in all dialects, and what is taken for what is not said."""

from __future__ import annotations

from typing import TypeVar

import pytest

from engine_svc.model.elements import (
    BoundaryEvent,
    CompensationDefinition,
    ConditionalDefinition,
    EndEvent,
    ErrorDefinition,
    EscalationDefinition,
    EventDefinition,
    EventSubProcess,
    FlowNode,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    MessageDefinition,
    ReceiveTask,
    SignalDefinition,
    StartEvent,
    TerminateDefinition,
    ThrownMessageDefinition,
    TimerDefinition,
    TimerKind,
    VariableDefinition,
)
from engine_svc.model.parse import parse_bpmn
from tests.unit.bpmn_models import definitions, flow
from tests.unit.model.findings import errors, problems, warnings

N = TypeVar("N", bound=FlowNode)
D = TypeVar("D", bound=EventDefinition)

DECLARED = """
<message id="order" name="Order ${kind}"/>
<message id="keyed" name="Keyed"><extensionElements><zeebe:subscription correlationKey="=orderId"/></extensionElements>
</message>
<message id="nameless"/>
<signal id="alert" name="Alert"/><signal id="near" name="Near" flowable:scope="processInstance"/>
<error id="broke" name="Broke" errorCode="BROKE"/><error id="bare"/>
<error id="late" errorCode="LATE" camunda:errorMessage="late by ${days}"/>
<escalation id="up" escalationCode="UP"/><escalation id="plain"/>
<timerEventDefinition id="shared"><timeDuration>PT1H</timeDuration></timerEventDefinition>
"""


def file(content: str, declared: str = DECLARED) -> bytes:
    """A process with a user task `n` and what is given."""
    row = '<startEvent id="s"/><userTask id="n"/><endEvent id="e"/>' + flow("s", "n") + flow("n", "e")
    return definitions(f'{declared}<process id="p" isExecutable="true">{row}{content}</process>')


def caught(definition: str) -> bytes:
    """A file whose task `n` is followed by a catch event `c`."""
    return file(f'<intermediateCatchEvent id="c">{definition}</intermediateCatchEvent>' + flow("n", "c"))


def thrown(definition: str, declared: str = DECLARED) -> bytes:
    """A file whose task `n` is followed by a throw event `c`."""
    return file(f'<intermediateThrowEvent id="c">{definition}</intermediateThrowEvent>' + flow("n", "c"), declared)


def ended(definition: str, extensions: str = "") -> bytes:
    """A file whose task `n` is followed by an end event `c`."""
    return file(f'<endEvent id="c">{extensions}{definition}</endEvent>' + flow("n", "c"))


def on_boundary(definition: str, attributes: str = "") -> bytes:
    """A file whose task `n` has a boundary event `c`."""
    return file(f'<boundaryEvent id="c" attachedToRef="n" {attributes}>{definition}</boundaryEvent>')


def node_of(xml: bytes, kind: type[N], identifier: str = "c") -> N:
    """A node of the process itself."""
    assert errors(xml) == []
    model = parse_bpmn(xml).definitions
    assert model is not None
    found = next(node for node in model.processes[0].body.nodes if node.id == identifier)
    assert type(found) is kind
    return found


def definition_of(xml: bytes, kind: type[D], identifier: str = "c") -> D:
    """The event definition of a node of the process itself."""
    model = parse_bpmn(xml).definitions
    assert errors(xml) == []
    assert model is not None
    found = next(node for node in model.processes[0].body.nodes if node.id == identifier)
    definition = getattr(found, "definition", None)
    assert type(definition) is kind
    return definition


# Messages and signals


@pytest.mark.parametrize(
    ("definition", "name", "key"),
    [
        ('<messageEventDefinition messageRef="order"/>', "Order ${kind}", None),
        ('<messageEventDefinition messageRef="tns:order"/>', "Order ${kind}", None),
        ('<messageEventDefinition messageRef="keyed"/>', "Keyed", "${orderId}"),
        ('<messageEventDefinition flowable:messageExpression="${which}"/>', "${which}", None),
        ('<messageEventDefinition messageRef="keyed"><operationRef>o</operationRef></messageEventDefinition>', "Keyed", "${orderId}"),
    ],
)  # fmt: skip
def test_messages_are_named_by_their_declaration(definition: str, name: str, key: str | None) -> None:
    read = definition_of(caught(definition), MessageDefinition)
    assert read.message.text == name
    assert (read.correlation_key.text if read.correlation_key else None) == key


def test_a_reference_without_declaration_is_taken_as_the_name() -> None:
    for definition, rule, kind in (
        ('<messageEventDefinition messageRef="direct"/>', "MESSAGE_REF_UNKNOWN", MessageDefinition),
        ('<signalEventDefinition signalRef="direct"/>', "SIGNAL_REF_UNKNOWN", SignalDefinition),
    ):
        xml = caught(definition)
        assert warnings(xml) == [("NAME_MISSING", "nameless"), (rule, "c")]
        read = definition_of(xml, kind)
        assert (read.message if isinstance(read, MessageDefinition) else read.signal).text == "direct"  # type: ignore[attr-defined]


def test_a_message_without_name_is_named_by_its_id() -> None:
    read = definition_of(caught('<messageEventDefinition messageRef="nameless"/>'), MessageDefinition)
    assert read.message.text == "nameless"


def test_signals() -> None:
    plain = definition_of(caught('<signalEventDefinition signalRef="alert"/>'), SignalDefinition)
    assert (plain.signal.text, plain.instance_wide, plain.asynchronous) == ("Alert", False, False)
    near = definition_of(thrown('<signalEventDefinition signalRef="near" flowable:async="true"/>'), SignalDefinition)
    assert (near.signal.text, near.instance_wide, near.asynchronous) == ("Near", True, True)
    named = definition_of(caught('<signalEventDefinition flowable:signalExpression="${s}"/>'), SignalDefinition)
    assert named.signal.text == "${s}"


@pytest.mark.parametrize(
    ("attributes", "job_type"),
    [
        ('camunda:type="external" camunda:topic="send"', "send"),
        ('camunda:class="org.example.Send"', "org.example.Send"),
        ('flowable:delegateExpression="${sender}"', "${sender}"),
        ('camunda:expression="${sender.send(execution)}"', "${sender.send(execution)}"),
    ],
)
def test_a_worker_sends_a_message(attributes: str, job_type: str) -> None:
    definition = f'<messageEventDefinition messageRef="order" {attributes}/>'
    throw = node_of(thrown(definition), IntermediateThrowEvent)
    end = node_of(ended(definition), EndEvent)
    assert throw.work is not None
    assert end.work is not None
    assert throw.work.job_type.text == end.work.job_type.text == job_type


def test_a_worker_of_camunda_8_sends_a_message() -> None:
    extensions = (
        '<extensionElements><zeebe:taskDefinition type="send" retries="5"/><zeebe:taskHeaders>'
        '<zeebe:header key="k" value="v"/></zeebe:taskHeaders></extensionElements>'
    )
    end = node_of(ended("<messageEventDefinition/>", extensions), EndEvent)
    assert end.work is not None
    assert (end.work.job_type.text, end.work.retries, end.work.headers) == ("send", 5, {"k": "v"})


def test_an_expression_sends_a_message() -> None:
    xml = ended('<messageEventDefinition camunda:expression="${1 + 1}" camunda:resultVariable="r"/>')
    definition = definition_of(xml, ThrownMessageDefinition)
    assert definition.expression is not None
    assert (definition.expression.text, definition.result_variable) == ("${1 + 1}", "r")


def test_the_engine_sends_a_message_itself() -> None:
    end = node_of(ended('<messageEventDefinition messageRef="keyed"/>'), EndEvent)
    assert end.work is None
    assert isinstance(end.definition, ThrownMessageDefinition)
    assert end.definition.correlation_key is not None


def test_a_message_that_is_not_said_is_not_sent() -> None:
    for xml in (thrown("<messageEventDefinition/>"), ended("<messageEventDefinition/>")):
        assert ("MESSAGE_REF_MISSING", "c") in warnings(xml)
        assert errors(xml) == []


# Timers


@pytest.mark.parametrize(
    ("timer", "kind", "text", "end"),
    [
        ("<timeDate>2030-01-31T09:00:00</timeDate>", TimerKind.DATE, "2030-01-31T09:00:00", None),
        ("<timeDuration> PT5M\n</timeDuration>", TimerKind.DURATION, "PT5M", None),
        ('<timeDuration xsi:type="tFormalExpression">${wait}</timeDuration>', TimerKind.DURATION, "${wait}", None),
        ("<timeCycle>R3/PT10S</timeCycle>", TimerKind.CYCLE, "R3/PT10S", None),
        ("<timeCycle>0 0/5 * * * ?</timeCycle>", TimerKind.CYCLE, "0 0/5 * * * ?", None),
        ("<timeCycle>R3/PT10H/${end}</timeCycle>", TimerKind.CYCLE, "R3/PT10H/${end}", None),
        (
            '<timeCycle flowable:endDate="2030-02-25T16:42:11+00:00">R/PT10H</timeCycle>',
            TimerKind.CYCLE,
            "R/PT10H",
            "2030-02-25T16:42:11+00:00",
        ),
        ('<timeCycle activiti:endDate="${end}">R/PT10H</timeCycle>', TimerKind.CYCLE, "R/PT10H", "${end}"),
        ("<timeDuration>=duration(&quot;PT1H&quot;)</timeDuration>", TimerKind.DURATION, "${'PT1H'}", None),
    ],
)
def test_timers(timer: str, kind: TimerKind, text: str, end: str | None) -> None:
    xml = caught(f"<timerEventDefinition>{timer}</timerEventDefinition>")
    assert warnings(xml) == [("NAME_MISSING", "nameless")]
    read = definition_of(xml, TimerDefinition)
    assert (read.kind, read.text.text) == (kind, text)
    assert (read.end_date.text if read.end_date else None) == end


@pytest.mark.parametrize(
    ("timer", "rule"),
    [
        ("", "TIMER_MISSING"),
        ("<timeDate/>", "TIMER_MISSING"),
        ("<timeDate>soon</timeDate>", "TIMER_INVALID"),
        ("<timeDuration>5 minutes</timeDuration>", "TIMER_INVALID"),
        ("<timeDuration>-PT5M</timeDuration>", "TIMER_INVALID"),
        ("<timeCycle>PT5M</timeCycle>", "TIMER_INVALID"),
        ("<timeCycle>0 0 0 30 2 ?</timeCycle>", "TIMER_INVALID"),
        ('<timeCycle flowable:endDate="never">R/PT5M</timeCycle>', "TIMER_INVALID"),
        ("<timeDate>2030-01-01</timeDate><timeDuration>PT5M</timeDuration>", "ATTRIBUTE_CONFLICT"),
        ("<timeDuration>${a +}</timeDuration>", "EXPRESSION_SYNTAX"),
    ],
)
def test_timers_that_never_fire(timer: str, rule: str) -> None:
    found = errors(caught(f"<timerEventDefinition>{timer}</timerEventDefinition>"))
    assert [name for name, _ in found] == [rule]


# Conditions and variables


def test_conditions() -> None:
    definition = (
        '<conditionalEventDefinition camunda:variableName="stock" camunda:variableEvents="create, update">'
        "<condition xsi:type='tFormalExpression'>${stock &lt; 5}</condition></conditionalEventDefinition>"
    )
    read = definition_of(caught(definition), ConditionalDefinition)
    assert (read.condition.text, read.variable_name) == ("${stock < 5}", "stock")
    assert read.variable_events == {"create", "update"}
    assert ("CONDITION_IGNORED", "c") in warnings(caught("<conditionalEventDefinition><condition>true</condition></conditionalEventDefinition>"))  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "rule"),
    [
        ("<conditionalEventDefinition/>", "CONDITION_MISSING"),
        ("<conditionalEventDefinition><condition>stock low</condition></conditionalEventDefinition>", "EXPRESSION_SYNTAX"),
        (
            '<conditionalEventDefinition camunda:variableEvents="always"><condition>${x}</condition>'
            "</conditionalEventDefinition>",
            "ATTRIBUTE_VALUE_INVALID",
        ),
    ],
)  # fmt: skip
def test_conditions_that_are_refused(definition: str, rule: str) -> None:
    assert [name for name, _ in errors(caught(definition))] == [rule]


@pytest.mark.parametrize("prefix", ["flowable:", ""])
def test_variable_listener_events(prefix: str) -> None:
    listener = (
        f'<extensionElements><flowable:variableListenerEventDefinition {prefix}variableName="stock" '
        f'{prefix}variableChangeType="update-create"/></extensionElements>'
    )
    read = definition_of(caught(listener), VariableDefinition)
    assert (read.variable_name, read.change_type) == ("stock", "update-create")
    assert definition_of(on_boundary(listener), VariableDefinition).variable_name == "stock"
    for wrong in (listener.replace("update-create", "touch"), listener.replace("variableName", "variable")):
        assert ("ATTRIBUTE_VALUE_INVALID", "c") in errors(caught(wrong))


def test_events_of_the_event_registry_come_as_messages() -> None:
    extensions = (
        '<extensionElements><flowable:eventType>orderPlaced</flowable:eventType>'
        '<flowable:eventOutParameter source="id" target="orderId"/>'
        '<flowable:eventCorrelationParameter name="customer" value="${customer}"/></extensionElements>'
    )  # fmt: skip
    xml = caught(extensions)
    assert ("NOT_IN_EFFECT", "c") in warnings(xml)
    read = definition_of(xml, MessageDefinition)
    assert read.message.text == "orderPlaced"
    assert read.correlation_key is not None
    (mapping,) = node_of(xml, IntermediateCatchEvent).outputs
    assert mapping.target.text == "orderId"
    receiving = file(f'<receiveTask id="c">{extensions}</receiveTask>' + flow("n", "c"))
    assert ("NOT_IN_EFFECT", "c") in warnings(receiving)
    definition = node_of(receiving, ReceiveTask).definition
    assert definition is not None
    assert definition.message.text == "orderPlaced"


# Errors and escalations


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ('<errorEventDefinition errorRef="broke"/>', ("BROKE", "", "")),
        ('<errorEventDefinition errorRef="tns:broke"/>', ("BROKE", "", "")),
        ("<errorEventDefinition/>", ("", "", "")),
        (
            '<errorEventDefinition errorRef="broke" camunda:errorCodeVariable="c" camunda:errorMessageVariable="m"/>',
            ("BROKE", "c", "m"),
        ),
        ('<errorEventDefinition id="d" flowable:errorVariableName="c"/>', ("", "c", "")),
        ('<errorEventDefinition activiti:errorVariableName="c"/>', ("", "c", "")),
    ],
)
def test_a_boundary_event_and_an_event_sub_process_catch(definition: str, expected: tuple[str, str, str]) -> None:
    read = definition_of(on_boundary(definition), ErrorDefinition)
    assert (read.code, read.code_variable, read.message_variable) == expected
    start = f'<startEvent id="hs" isInterrupting="true">{definition}</startEvent>'
    handler = node_of(file(f'<subProcess id="h" triggeredByEvent="true">{start}</subProcess>'), EventSubProcess, "h")
    assert handler.bpmn_type == "eventSubProcess"
    (inner,) = handler.body.nodes
    assert isinstance(inner, StartEvent)
    assert isinstance(inner.definition, ErrorDefinition)


def test_an_error_end_event_throws_with_a_message() -> None:
    read = definition_of(ended('<errorEventDefinition errorRef="late"/>'), ErrorDefinition)
    assert read.code == "LATE"
    assert read.message is not None
    assert read.message.text == "late by ${days}"
    broken = DECLARED.replace("${days}", "${days")
    end = '<endEvent id="c"><errorEventDefinition errorRef="late"/></endEvent>'
    assert errors(file(end + flow("n", "c"), broken)) == [("EXPRESSION_SYNTAX", "c")]


def test_parameters_of_errors() -> None:
    message = (
        '<extensionElements><flowable:out sourceExpression="too ${late}" target="errorMessage"/></extensionElements>'
    )
    read = definition_of(ended('<errorEventDefinition errorRef="broke"/>', message), ErrorDefinition)
    assert read.message is not None
    assert read.message.text == "too ${late}"
    other = message.replace("errorMessage", "order")
    (sent,) = definition_of(ended('<errorEventDefinition errorRef="broke"/>', other), ErrorDefinition).payload
    assert sent.target.text == "order"
    taken = '<extensionElements><flowable:in source="a" target="b"/></extensionElements><errorEventDefinition/>'
    (kept,) = node_of(on_boundary(taken), BoundaryEvent).parameters
    assert (kept.source, kept.target.text, kept.expression) == ("a", "b", None)
    nothing = ended("<terminateEventDefinition/>", other)
    assert ("NOT_IN_EFFECT", "c") in warnings(nothing)
    assert errors(on_boundary(taken.replace('target="b"', ""))) == [("ATTRIBUTE_VALUE_INVALID", "c")]


@pytest.mark.parametrize(
    ("given", "sent", "everything"),
    [
        ('<camunda:in source="a" target="b"/>', ["b"], False),
        ('<camunda:in sourceExpression="${a + 1}" target="b"/><camunda:in source="c" target="c"/>', ["b", "c"], False),
        ('<camunda:in variables="all"/>', [], True),
        ('<camunda:in businessKey="${key}"/>', [], False),
    ],
)
def test_what_goes_with_a_signal(given: str, sent: list[str], everything: bool) -> None:
    inside = f"<extensionElements>{given}</extensionElements>"
    xml = thrown(f'<signalEventDefinition signalRef="alert">{inside}</signalEventDefinition>')
    read = definition_of(xml, SignalDefinition)
    assert [mapping.target.text for mapping in read.payload] == sent
    assert read.all_variables is everything
    assert (("NOT_IN_EFFECT", "c") in warnings(xml)) is ("businessKey" in given)


def test_escalations() -> None:
    read = definition_of(
        on_boundary('<escalationEventDefinition escalationRef="up" camunda:escalationCodeVariable="v"/>'),
        EscalationDefinition,
    )
    assert (read.code, read.code_variable) == ("UP", "v")
    assert definition_of(thrown("<escalationEventDefinition/>"), EscalationDefinition).code == ""


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        (on_boundary('<errorEventDefinition errorRef="UNHEARD_OF"/>'), "ERROR_REF_UNKNOWN"),
        (on_boundary('<errorEventDefinition errorRef="bare"/>'), "ERROR_CODE_MISSING"),
        (on_boundary('<escalationEventDefinition escalationRef="UNHEARD_OF"/>'), "ESCALATION_REF_UNKNOWN"),
        (on_boundary('<escalationEventDefinition escalationRef="plain"/>'), "ESCALATION_CODE_MISSING"),
        (on_boundary("<errorEventDefinition/>", 'cancelActivity="false"'), "ATTRIBUTE_IGNORED"),
        (on_boundary('<errorEventDefinition flowable:errorVariableTransient="true"/>'), "NOT_IN_EFFECT"),
        (on_boundary('<timerEventDefinition flowable:businessCalendarName="own"><timeDuration>PT1S</timeDuration></timerEventDefinition>'), "NOT_IN_EFFECT"),
    ],
)  # fmt: skip
def test_what_is_accepted_with_a_warning(xml: bytes, rule: str) -> None:
    assert errors(xml) == []
    assert (rule, "c") in warnings(xml)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (ended('<errorEventDefinition errorRef="bare"/>'), "ERROR_CODE_MISSING"),
        (thrown('<escalationEventDefinition escalationRef="plain"/>'), "ESCALATION_CODE_MISSING"),
        (caught("<messageEventDefinition/>"), "MESSAGE_REF_MISSING"),
        (caught("<signalEventDefinition/>"), "SIGNAL_REF_MISSING"),
        (thrown("<signalEventDefinition/>"), "SIGNAL_REF_MISSING"),
        (caught(""), "EVENT_DEFINITION_MISSING"),
        (on_boundary(""), "EVENT_DEFINITION_MISSING"),
        (caught('<errorEventDefinition errorRef="broke"/>'), "EVENT_DEFINITION_NOT_ALLOWED"),
        (thrown("<timerEventDefinition><timeDate>2030-01-01</timeDate></timerEventDefinition>"), "EVENT_DEFINITION_NOT_ALLOWED"),
        (thrown("<terminateEventDefinition/>"), "EVENT_DEFINITION_NOT_ALLOWED"),
        (on_boundary("<terminateEventDefinition/>"), "EVENT_DEFINITION_NOT_ALLOWED"),
        (ended('<linkEventDefinition name="x"/>'), "EVENT_DEFINITION_NOT_ALLOWED"),
        (ended("<errorEventDefinition/><terminateEventDefinition/>"), "EVENT_DEFINITION_SEVERAL"),
        (caught('<messageEventDefinition messageRef="order"/><signalEventDefinition signalRef="alert"/>'), "EVENT_DEFINITION_SEVERAL"),
        (caught("<eventDefinitionRef>unheard</eventDefinitionRef>"), "EVENT_DEFINITION_REF_UNKNOWN"),
        (on_boundary("<errorEventDefinition/>", 'cancelActivity="perhaps"'), "ATTRIBUTE_VALUE_INVALID"),
        (on_boundary("<errorEventDefinition/>", 'parallelMultiple="true"'), "ATTRIBUTE_NOT_SUPPORTED"),
        (ended('<terminateEventDefinition flowable:terminateAll="perhaps"/>'), "ATTRIBUTE_VALUE_INVALID"),
        (thrown("<linkEventDefinition/>"), "LINK_NAME_MISSING"),
    ],
)  # fmt: skip
def test_what_is_refused(xml: bytes, expected: str) -> None:
    assert errors(xml) == [(expected, "c")]


def test_codes_in_feel() -> None:
    declared = '<error id="feel" errorCode="=code"/><escalation id="feel2" escalationCode="=code"/>'
    for definition in ('<errorEventDefinition errorRef="feel"/>', '<escalationEventDefinition escalationRef="feel2"/>'):
        boundary = f'<boundaryEvent id="c" attachedToRef="n">{definition}</boundaryEvent>'
        assert errors(file(boundary, declared)) == [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "c")]


# The others


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", (False, False)),
        ('flowable:terminateAll="false"', (False, False)),
        ('flowable:terminateAll="true"', (True, False)),
        ('activiti:terminateAll="true"', (True, False)),
        ('flowable:terminateMultiInstance="true"', (False, True)),
    ],
)
def test_a_terminate_end_event_ends_its_scope_or_more(attributes: str, expected: tuple[bool, bool]) -> None:
    read = definition_of(ended(f"<terminateEventDefinition {attributes}/>"), TerminateDefinition)
    assert (read.everything, read.multi_instance) == expected


def test_compensation_of_one_activity() -> None:
    read = definition_of(
        thrown('<compensateEventDefinition activityRef="n" waitForCompletion="false"/>'), CompensationDefinition
    )
    assert (read.activity_ref, read.wait_for_completion) == ("n", False)


def test_compensation_by_the_name_of_the_handler() -> None:
    boundary = '<boundaryEvent id="b" attachedToRef="n"><compensateEventDefinition/></boundaryEvent>'
    handler = '<task id="undo" isForCompensation="true"/><association id="a" sourceRef="b" targetRef="undo"/>'
    throw = '<endEvent id="c"><compensateEventDefinition activityRef="undo"/></endEvent>' + flow("n", "c")
    assert definition_of(file(boundary + handler + throw), CompensationDefinition).activity_ref == "n"


def test_an_event_definition_beside_the_processes() -> None:
    read = definition_of(caught("<eventDefinitionRef>shared</eventDefinitionRef>"), TimerDefinition)
    assert read.text.text == "PT1H"
    assert definition_of(on_boundary("<eventDefinitionRef>tns:shared</eventDefinitionRef>"), TimerDefinition).text.text


def test_start_events_of_a_process() -> None:
    starts = (
        '<startEvent id="m"><messageEventDefinition messageRef="order"/></startEvent>'
        '<startEvent id="t"><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent>'
        '<startEvent id="g" isInterrupting="false"><signalEventDefinition signalRef="alert"/></startEvent>'
        '<startEvent id="c"><conditionalEventDefinition><condition>${x}</condition></conditionalEventDefinition>'
        "</startEvent>"
    )
    xml = file(starts + flow("m", "n") + flow("t", "n") + flow("g", "n") + flow("c", "n"))
    assert warnings(xml) == [("NAME_MISSING", "nameless")]
    assert [node_of(xml, StartEvent, name).interrupting for name in "mtgc"] == [True, True, False, True]


def test_boundary_events_that_do_not_interrupt() -> None:
    timer = "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>"
    assert node_of(on_boundary(timer), BoundaryEvent).interrupting
    assert not node_of(on_boundary(timer, 'cancelActivity="false"'), BoundaryEvent).interrupting
    compensation = '<task id="undo" isForCompensation="true"/><association id="a" sourceRef="c" targetRef="undo"/>'
    boundary = (
        '<boundaryEvent id="c" attachedToRef="n" cancelActivity="false"><compensateEventDefinition/></boundaryEvent>'
    )
    xml = file(boundary + compensation)
    assert node_of(xml, BoundaryEvent).interrupting
    assert problems(xml)[1:] == ()


def test_none_throw_events() -> None:
    assert node_of(thrown(""), IntermediateThrowEvent).definition is None
