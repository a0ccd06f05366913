"""Why an instance waits: each kind of wait by what it tells."""

from __future__ import annotations

from flowmesh.engine.v1 import explanation_service_pb2 as pb
from flowmesh.engine.v1 import process_instance_service_pb2
from flowmesh.engine.v1.explanation_service_pb2_grpc import ExplanationServiceStub
from flowmesh.engine.v1.message_service_pb2 import PublishMessageRequest
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from tests.integration.engine.serving import ENDS, Engine, model, refusal
from tests.unit.bpmn_models import definitions, flow

WAITS = f"""
<message id="m" name="Paid"/><signal id="g" name="Alarm"/>
<process id="waits" isExecutable="true">{ENDS}<parallelGateway id="f"/><parallelGateway id="j"/>
<userTask id="review" flowable:candidateGroups="sales"/>
<serviceTask id="ship" flowable:type="external-worker" flowable:topic="shipping"/>
<intermediateCatchEvent id="later"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>
</intermediateCatchEvent>
<intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<boundaryEvent id="alarm" attachedToRef="review"><signalEventDefinition signalRef="g"/></boundaryEvent>
<intermediateCatchEvent id="rich"><conditionalEventDefinition><condition>${{amount > 5}}</condition>
</conditionalEventDefinition></intermediateCatchEvent>
<receiveTask id="rest"/><task id="quick"/>
{flow("s", "f")}{flow("j", "e")}
{"".join(flow("f", n) + flow(n, "j") for n in ("review", "ship", "later", "paid", "rich", "rest", "quick"))}
</process>"""


async def explained(engine: Engine, instance_id: str) -> pb.ExplainProcessInstanceResponse:
    stub = ExplanationServiceStub(engine.channel)
    answer: pb.ExplainProcessInstanceResponse = await stub.ExplainProcessInstance(
        pb.ExplainProcessInstanceRequest(id=instance_id)
    )
    return answer


async def test_every_kind_of_wait(engine: Engine) -> None:
    await engine.deploy(definitions(WAITS))
    instance = await engine.start("waits", {"amount": 1})
    answer = await explained(engine, instance.id)
    waits = {wait.element_id: wait for wait in answer.waits}
    assert answer.wait_count == len(answer.waits) == 8
    told = {element: wait.description for element, wait in waits.items()}
    due = waits["later"].job.due_time.ToJsonString()
    assert told == {
        "review": "userTask review waits for one of group sales to claim and to complete its task",
        "ship": "serviceTask ship waits for a worker of type shipping",
        "later": f"intermediateCatchEvent later waits for a timer that is due at {due}",
        "paid": "intermediateCatchEvent paid waits for the message 'Paid'",
        "alarm": "boundaryEvent alarm waits for the signal 'Alarm'",
        "rich": "intermediateCatchEvent rich waits until the condition ${amount > 5} holds",
        "rest": "receiveTask rest waits to be triggered",
        "j": "parallelGateway j waits for tokens by the sequence flows "
        "review_j, ship_j, later_j, paid_j, rich_j, rest_j",
    }
    assert waits["alarm"].host_activity_id == waits["review"].activity_id
    assert all(wait.HasField("start_time") for wait in answer.waits)
    assert answer.summary.endswith(", and 7 more.")


async def test_a_failed_job_is_what_the_summary_tells(engine: Engine) -> None:
    await engine.deploy(definitions(WAITS))
    instance = await engine.start("waits", {"amount": 1})
    await engine.fail_job(await engine.one_job("shipping"), retries=0, error_message="no carrier")
    answer = await explained(engine, instance.id)
    assert answer.summary == (
        "ServiceTask ship waits for a worker of type shipping that has failed and has no retries left: no carrier, "
        "and 7 more."
    )
    (incident,) = next(wait for wait in answer.waits if wait.element_id == "ship").incidents
    assert incident.message == "no carrier"


async def test_a_called_instance_a_pause_and_the_end(engine: Engine) -> None:
    await engine.deploy(model("caller", ENDS + '<callActivity id="c" calledElement="called"/>', "s>c", "c>e"))
    await engine.deploy(model("called", ENDS + '<userTask id="u" flowable:assignee="ann"/>', "s>u", "u>e"))
    instance = await engine.start("caller")
    (wait,) = (await explained(engine, instance.id)).waits
    called = await explained(engine, wait.called_process_instance_id)
    assert called.process_instance.parent_process_instance_id == instance.id
    assert called.summary == "UserTask u waits for ann to complete its task."
    await engine.instances.SuspendProcessInstance(
        process_instance_service_pb2.SuspendProcessInstanceRequest(id=instance.id)
    )
    assert (await explained(engine, instance.id)).summary.startswith("The instance is paused")
    await engine.instances.CancelProcessInstance(
        process_instance_service_pb2.CancelProcessInstanceRequest(id=instance.id)
    )
    ended = await explained(engine, instance.id)
    assert (ended.summary, list(ended.waits)) == ("The instance is terminated: nothing can move it.", [])
    # What it had called ended with it, in the same transaction.
    assert (await explained(engine, wait.called_process_instance_id)).summary.startswith("The instance is terminated")


async def test_a_called_instance_that_will_never_answer(engine: Engine) -> None:
    await engine.deploy(model("caller", ENDS + '<callActivity id="c" calledElement="called"/>', "s>c", "c>e"))
    await engine.deploy(model("called", ENDS + '<userTask id="u"/>', "s>u", "u>e"))
    instance = await engine.start("caller")
    (wait,) = (await explained(engine, instance.id)).waits
    called = wait.called_process_instance_id
    instances = engine.instances
    await instances.CancelProcessInstance(process_instance_service_pb2.CancelProcessInstanceRequest(id=called))
    remedy = "only a modification, a migration or a cancellation moves this instance on"
    (wait,) = (await explained(engine, instance.id)).waits
    assert wait.description == f"callActivity c called the process instance {called}, which was terminated: {remedy}"
    await instances.DeleteProcessInstance(process_instance_service_pb2.DeleteProcessInstanceRequest(id=called))
    assert (await explained(engine, instance.id)).summary == (
        f"CallActivity c called the process instance {called}, which was deleted: {remedy}."
    )


async def test_an_instance_that_is_not_there(engine: Engine) -> None:
    refused = await refusal(explained(engine, "nothing"))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "PROCESS_INSTANCE_NOT_FOUND")


async def test_messages_that_came_and_did_not_match(engine: Engine) -> None:
    declared = '<message id="m" name="Paid"><extensionElements><zeebe:subscription correlationKey="=order"/>'
    catch = '<intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    await engine.deploy(
        definitions(
            f'{declared}</extensionElements></message><process id="pay" isExecutable="true">{ENDS}{catch}'
            f"{flow('s', 'paid')}{flow('paid', 'e')}</process>"
        )
    )
    stub = MessageServiceStub(engine.channel)
    await stub.PublishMessage(PublishMessageRequest(name="Paid", correlation_key="17"))
    instance = await engine.start("pay", {"order": "17"})
    await stub.PublishMessage(PublishMessageRequest(name="Paid", correlation_key="18"))
    (wait,) = (await explained(engine, instance.id)).waits
    assert wait.description == "intermediateCatchEvent paid waits for the message 'Paid' with the correlation key '17'"
    assert [(missed.correlation_key, missed.reason) for missed in wait.near_misses] == [
        ("18", "its correlation key is '18', not '17'"),
        ("17", "it came before the instance waited for it, and its time to live ended"),
    ]
    await stub.PublishMessage(PublishMessageRequest(name="Paid", correlation_key="17"))
    assert (await explained(engine, instance.id)).process_instance.status == ProcessInstance.STATUS_COMPLETED
