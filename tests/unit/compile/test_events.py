"""Events and gateways in the executable graph."""

from __future__ import annotations

import pytest

from engine_svc.compile.executable import (
    NO_ELEMENT,
    CancelTrigger,
    CatchSpec,
    CompensationThrowSpec,
    CompensationTrigger,
    ComplexGatewaySpec,
    ConditionTrigger,
    Element,
    ElementKind,
    ErrorThrowSpec,
    EscalationThrowSpec,
    EscalationTrigger,
    ExecutableProcess,
    ExpressionTaskSpec,
    ExternalTaskSpec,
    LinkThrowSpec,
    MessageThrowSpec,
    MessageTrigger,
    SignalThrowSpec,
    SignalTrigger,
    StartSpec,
    SubProcessSpec,
    TerminateSpec,
    TimerTrigger,
    VariableTrigger,
)
from engine_svc.compile.load import load_bpmn
from tests.unit.bpmn_models import definitions, flow
from tests.unit.expressions.variables import Variables

DECLARED = """
<message id="m"
         name="Order ${kind}"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>
<message id="m7" name="Order"><extensionElements><zeebe:subscription correlationKey="${id}"/></extensionElements></message>
<signal id="sg" name="Alert" flowable:scope="processInstance"/>
<error id="er" errorCode="BROKE" camunda:errorMessage="${why}"/>
<escalation id="es" escalationCode="UP"/>
"""
MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="sg"/>'
TIMER = '<timerEventDefinition><timeCycle flowable:endDate="${end}">R3/${step}</timeCycle></timerEventDefinition>'


def compiled(content: str) -> ExecutableProcess:
    """A process with a user task `n` and what is given."""
    row = '<startEvent id="s"/><userTask id="n"/><endEvent id="e"/>' + flow("s", "n") + flow("n", "e")
    result = load_bpmn(definitions(f'{DECLARED}<process id="p" isExecutable="true">{row}{content}</process>'))
    assert result.is_valid, result.problems
    (executable,) = result.processes
    return executable


def element(executable: ExecutableProcess, identifier: str) -> Element:
    return executable.elements[executable.by_id[identifier]]


def caught(definition: str) -> CatchSpec:
    """The spec of a catch event."""
    executable = compiled(f'<intermediateCatchEvent id="c">{definition}</intermediateCatchEvent>' + flow("n", "c"))
    assert element(executable, "c").kind is ElementKind.CATCH_EVENT
    spec = element(executable, "c").spec
    assert isinstance(spec, CatchSpec)
    return spec


def thrown(definition: str) -> tuple[Element, Element]:
    """A throw event and an end event of the same definition."""
    executable = compiled(
        f'<intermediateThrowEvent id="c">{definition}</intermediateThrowEvent><endEvent id="x">{definition}</endEvent>'
        + flow("n", "c")
        + flow("c", "x")
    )
    return element(executable, "c"), element(executable, "x")


def test_timers() -> None:
    trigger = caught(TIMER).trigger
    assert isinstance(trigger, TimerTrigger)
    assert trigger.kind == "cycle"
    assert trigger.text(Variables(step="PT1H")) == "R3/PT1H"
    assert trigger.end_date is not None
    assert trigger.end_date(Variables(end="2030-01-01")) == "2030-01-01"


def test_messages_and_signals() -> None:
    message = caught(MESSAGE).trigger
    assert isinstance(message, MessageTrigger)
    assert message.name(Variables(kind="A")) == "Order A"
    assert message.correlation_key is not None
    assert message.correlation_key(Variables(id=7)) == 7
    written_as_elsewhere = caught('<messageEventDefinition messageRef="m7"/>').trigger
    assert isinstance(written_as_elsewhere, MessageTrigger)
    assert written_as_elsewhere.correlation_key is not None
    assert written_as_elsewhere.correlation_key(Variables(id=7)) == 7
    signal = caught(SIGNAL).trigger
    assert isinstance(signal, SignalTrigger)
    assert (signal.name(Variables()), signal.instance_wide) == ("Alert", True)


def test_conditions_know_the_variables_that_they_read() -> None:
    written = "<condition>${stock &lt; limit.low and execution.hasVariable('open')}</condition>"
    every = caught(f"<conditionalEventDefinition>{written}</conditionalEventDefinition>").trigger
    assert isinstance(every, ConditionTrigger)
    assert every.variables == {"stock", "limit", "open"}
    assert every.condition(Variables(stock=2, limit={"low": 2})) is False
    named = caught(
        '<conditionalEventDefinition camunda:variableName="stock" camunda:variableEvents="update">'
        f"{written}</conditionalEventDefinition>"
    ).trigger
    assert isinstance(named, ConditionTrigger)
    assert named.variables == {"stock"}
    assert named.variable_events == {"update"}


def test_variables() -> None:
    listener = '<extensionElements><flowable:variableListenerEventDefinition variableName="v"/></extensionElements>'
    assert caught(listener) == CatchSpec(VariableTrigger("v", "all"))


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        (MESSAGE, ElementKind.MESSAGE_THROW),
        (SIGNAL, ElementKind.SIGNAL_THROW),
        ('<escalationEventDefinition escalationRef="es"/>', ElementKind.ESCALATION_THROW),
        ("<compensateEventDefinition/>", ElementKind.COMPENSATION_THROW),
    ],
)
def test_what_throws_between_and_at_the_end(definition: str, kind: ElementKind) -> None:
    for node, ends in zip(thrown(definition), (False, True), strict=True):
        assert node.kind is kind
        assert isinstance(node.spec, MessageThrowSpec | SignalThrowSpec | EscalationThrowSpec | CompensationThrowSpec)
        assert node.spec.ends is ends


def test_what_is_thrown() -> None:
    signal = thrown(SIGNAL.replace("signalRef", 'flowable:async="true" signalRef'))[0].spec
    assert isinstance(signal, SignalThrowSpec)
    assert (signal.instance_wide, signal.asynchronous) == (True, True)
    message = thrown(MESSAGE)[1].spec
    assert isinstance(message, MessageThrowSpec)
    assert message.correlation_key is not None
    escalation = thrown('<escalationEventDefinition escalationRef="es"/>')[0].spec
    assert escalation == EscalationThrowSpec("UP")
    assert thrown("<compensateEventDefinition/>")[0].spec == CompensationThrowSpec(NO_ELEMENT)
    assert thrown('<compensateEventDefinition activityRef="n"/>')[1].spec == CompensationThrowSpec(1, ends=True)


def test_end_events() -> None:
    executable = compiled(
        '<endEvent id="a"><errorEventDefinition errorRef="er"/></endEvent>'
        '<endEvent id="b"><terminateEventDefinition flowable:terminateAll="true"/></endEvent>'
        '<endEvent id="c"><terminateEventDefinition flowable:terminateMultiInstance="true"/></endEvent>'
        '<transaction id="t"><startEvent id="ts"/><endEvent id="te"><cancelEventDefinition/></endEvent>'
        + flow("ts", "te")
        + '</transaction><boundaryEvent id="tb" attachedToRef="t"><cancelEventDefinition/></boundaryEvent>'
        + "".join(flow("n", target) for target in "abct")
    )
    error = element(executable, "a").spec
    assert isinstance(error, ErrorThrowSpec)
    assert error.code == "BROKE"
    assert error.message is not None
    assert error.message(Variables(why="so")) == "so"
    assert element(executable, "b").spec == TerminateSpec(everything=True)
    assert element(executable, "c").spec == TerminateSpec(everything=False, multi_instance=True)
    assert element(executable, "te").kind is ElementKind.CANCEL_END_EVENT
    assert element(executable, "tb").spec == CatchSpec(CancelTrigger())
    assert element(executable, "t").spec == SubProcessSpec(executable.by_id["ts"], transaction=True)


def test_messages_that_workers_and_expressions_send() -> None:
    throw, end = thrown('<messageEventDefinition camunda:type="external" camunda:topic="send"/>')
    for node, ends in ((throw, False), (end, True)):
        assert node.kind is ElementKind.EXTERNAL_TASK
        assert isinstance(node.spec, ExternalTaskSpec)
        assert (node.spec.job_type(Variables()), node.spec.ends) == ("send", ends)
    throw, end = thrown('<messageEventDefinition camunda:expression="${1 + 1}" camunda:resultVariable="r"/>')
    for node in (throw, end):
        assert node.kind is ElementKind.EXPRESSION_TASK
        assert isinstance(node.spec, ExpressionTaskSpec)
        assert (node.spec.expression(Variables()), node.spec.result_variable) == (2, "r")
    assert end.bpmn_type == "endEvent"


def test_several_starts() -> None:
    executable = compiled(
        f'<startEvent id="a">{MESSAGE}</startEvent><startEvent id="b" flowable:initiator="who">{TIMER}</startEvent>'
        '<eventBasedGateway id="g" instantiate="true"/>'
        f'<intermediateCatchEvent id="c">{SIGNAL}</intermediateCatchEvent>' + flow("a", "n") + flow("b", "n")
        + flow("g", "c")
    )  # fmt: skip
    assert executable.start == 0
    assert [executable.elements[index].id for index in executable.starts] == ["s", "a", "b", "g"]
    assert element(executable, "s").spec == StartSpec()
    start = element(executable, "b").spec
    assert isinstance(start, StartSpec)
    assert start.initiator_variable == "who"
    assert isinstance(start.trigger, TimerTrigger)


def test_a_process_without_none_start_event() -> None:
    xml = definitions(
        f'{DECLARED}<process id="p"><startEvent id="a">{MESSAGE}</startEvent><task id="t"/>{flow("a", "t")}</process>'
    )
    (executable,) = load_bpmn(xml).processes
    assert (executable.start, executable.starts) == (NO_ELEMENT, (0,))


def test_boundary_events_and_their_wrapping() -> None:
    executable = compiled(
        f'<boundaryEvent id="a" attachedToRef="n" cancelActivity="false">{TIMER}</boundaryEvent>'
        '<boundaryEvent id="b" attachedToRef="n"><compensateEventDefinition/></boundaryEvent>'
        '<boundaryEvent id="c" attachedToRef="n"><escalationEventDefinition escalationRef="es" '
        'camunda:escalationCodeVariable="v"/></boundaryEvent>'
        '<task id="undo" isForCompensation="true"/><association id="as" sourceRef="b" targetRef="undo"/>'
    )
    task = element(executable, "n")
    assert [executable.elements[index].id for index in task.boundary] == ["a", "b", "c"]
    assert task.wrapping is not None
    assert task.wrapping.compensation_handler == executable.by_id["undo"]
    assert element(executable, "undo").wrapping is None
    assert element(executable, "e").wrapping is None
    timer = element(executable, "a").spec
    assert isinstance(timer, CatchSpec)
    assert not timer.interrupting
    assert element(executable, "b").spec == CatchSpec(CompensationTrigger())
    assert element(executable, "c").spec == CatchSpec(EscalationTrigger("UP", "v"))


def test_event_sub_processes() -> None:
    executable = compiled(
        f'<subProcess id="h" triggeredByEvent="true"><startEvent id="hs" isInterrupting="false">{SIGNAL}</startEvent>'
        '<task id="ht"/>' + flow("hs", "ht") + "</subProcess>"
        f'<boundaryEvent id="b" attachedToRef="h">{TIMER}</boundaryEvent>'
    )  # fmt: skip
    assert executable.event_sub_processes == {-1: (executable.by_id["h"],)}
    handler = element(executable, "h")
    assert handler.spec == SubProcessSpec(executable.by_id["hs"])
    assert handler.boundary == ()
    start = element(executable, "hs").spec
    assert isinstance(start, StartSpec)
    assert not start.interrupting
    assert isinstance(start.trigger, SignalTrigger)


def test_links() -> None:
    link = '<linkEventDefinition name="there"/>'
    executable = compiled(
        f'<intermediateThrowEvent id="a">{link}</intermediateThrowEvent>'
        f'<intermediateThrowEvent id="b">{link}</intermediateThrowEvent>'
        f'<intermediateCatchEvent id="c">{link}</intermediateCatchEvent>' + flow("n", "a") + flow("n", "b")
    )
    for name in "ab":
        assert element(executable, name).kind is ElementKind.LINK_THROW_EVENT
        assert element(executable, name).spec == LinkThrowSpec(executable.by_id["c"])
    assert element(executable, "c").kind is ElementKind.NONE_THROW_EVENT


def test_an_inclusive_join_can_be_reached_by_a_link() -> None:
    link = '<linkEventDefinition name="there"/>'
    executable = compiled(
        f'<inclusiveGateway id="g"/><task id="a"/><intermediateThrowEvent id="b">{link}</intermediateThrowEvent>'
        f'<intermediateCatchEvent id="c">{link}</intermediateCatchEvent><inclusiveGateway id="j"/>'
        + "".join(flow(*ends.split(">")) for ends in ("n>g", "g>a", "g>b", "a>j", "c>j"))
    )
    join = element(executable, "j")
    by_link = next(found for found in join.incoming if executable.elements[found.source].id == "c")
    found = {executable.elements[index].id for index in join.reaches_flow[by_link.index]}
    assert found == {"s", "n", "g", "b", "c"}


def test_an_event_based_gateway_takes_no_conditions() -> None:
    executable = compiled(
        f'<eventBasedGateway id="g"/><intermediateCatchEvent id="c">{SIGNAL}</intermediateCatchEvent>'
        + flow("n", "g")
        + flow("g", "c", "${x}")
    )
    assert element(executable, "g").kind is ElementKind.EVENT_BASED_GATEWAY
    assert element(executable, "g").outgoing[0].condition is None


def test_complex_gateways() -> None:
    condition = "<activationCondition>${nrOfInstances > 1}</activationCondition>"
    executable = compiled(
        f'<complexGateway id="g">{condition}</complexGateway><complexGateway id="h"/>' + flow("n", "g") + flow("g", "h")
    )
    gateway = element(executable, "g").spec
    assert isinstance(gateway, ComplexGatewaySpec)
    assert gateway.activation_condition is not None
    assert gateway.activation_condition(Variables(nrOfInstances=2)) is True
    assert element(executable, "h").spec == ComplexGatewaySpec()
