"""One thing of every kind in a tenant, and the calls that name or find them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flowmesh.engine.v1 import (
    activity_instance_service_pb2,
    attachment_service_pb2,
    batch_service_pb2,
    comment_service_pb2,
    event_subscription_service_pb2,
    message_service_pb2,
    migration_service_pb2,
)
from flowmesh.engine.v1.activity_instance_service_pb2_grpc import ActivityInstanceServiceStub
from flowmesh.engine.v1.attachment_service_pb2_grpc import AttachmentServiceStub
from flowmesh.engine.v1.batch_service_pb2_grpc import BatchServiceStub
from flowmesh.engine.v1.comment_service_pb2_grpc import CommentServiceStub
from flowmesh.engine.v1.event_subscription_service_pb2_grpc import EventSubscriptionServiceStub
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.migration_service_pb2_grpc import MigrationServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events.saga_id import saga_id_of
from mesh.ids import new_id
from mesh.json_values import to_values
from tests.infrastructure.walls import DEFINITION, TENANT, Case, Elsewhere, listed, named
from tests.integration.engine.serving import Engine, model, seconds, until, user_task
from tests.unit.bpmn_models import definitions, flow

FAR = Timestamp(seconds=4_000_000_000)
ONE = to_values({"a": 1})


@dataclass(slots=True, frozen=True)
class Things:
    """Where things of every kind are; the instance waits for all that an instance can wait for."""

    tenant: str
    key: str
    name: str
    """Of the messages, signals and job types."""
    deployment: str
    definition: str
    starting: str
    """Definition with start events."""
    other_version: str
    instance: str
    ended: str
    task: str
    ready_job: str
    leased_job: str
    lease: str
    failed_job: str
    timer: str
    incident: str
    receiving: str
    """Activity."""
    ad_hoc: str
    """Activity."""
    comment: str
    attachment: str
    migration: str
    batch: str
    saga: str

    def texts(self) -> dict[str, str]:
        """Every id by what it is."""
        return {name: text for name, text in asdict(self).items() if name != "lease"}


def never_was() -> Things:
    """Ids of the right form that nothing has."""
    instance = new_id()
    return Things(
        tenant="nowhere",
        key="neverdeployed",
        name="neversent",
        deployment=new_id(),
        definition=new_id(),
        starting=new_id(),
        other_version=new_id(),
        instance=instance,
        ended=new_id(),
        task=f"{instance}.901",
        ready_job=f"{instance}.902",
        leased_job=f"{instance}.903",
        lease="1",
        failed_job=f"{instance}.904",
        timer=f"{instance}.905",
        incident=f"{instance}.906",
        receiving=f"{instance}.907",
        ad_hoc=f"{instance}.908",
        comment=f"{instance}.909",
        attachment=f"{instance}.910",
        migration=new_id(),
        batch=new_id(),
        saga=saga_id_of(new_id()),
    )


def waiting(key: str, name: str) -> bytes:
    """A process that waits for everything at once."""
    branches = {
        "t": '<userTask id="t" name="Review" flowable:candidateUsers="ann" flowable:candidateGroups="sales"/>',
        "x": f'<serviceTask id="x" flowable:type="external-worker" flowable:topic="{name}-ready"/>',
        "y": f'<serviceTask id="y" flowable:type="external-worker" flowable:topic="{name}-leased"/>',
        "z": f'<serviceTask id="z" flowable:type="external-worker" flowable:topic="{name}-failed"/>',
        "d": '<intermediateCatchEvent id="d"><timerEventDefinition><timeDuration>PT9H</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>",
        "m": f'<intermediateCatchEvent id="m"><messageEventDefinition messageRef="{name}"/></intermediateCatchEvent>',
        "c": f'<intermediateCatchEvent id="c"><signalEventDefinition signalRef="{name}-signal"/>'
        "</intermediateCatchEvent>",
        "r": '<receiveTask id="r"/>',
        "h": '<adHocSubProcess id="h"><userTask id="a"/></adHocSubProcess>',
        "q": '<intermediateCatchEvent id="q"><conditionalEventDefinition><condition>${1 &gt; 2}</condition>'
        "</conditionalEventDefinition></intermediateCatchEvent>",
    }
    nodes = '<startEvent id="s"/><parallelGateway id="g"/><endEvent id="e"/>' + "".join(branches.values())
    flows = flow("s", "g") + "".join(flow("g", branch) + flow(branch, "e") for branch in branches)
    declared = f'<message id="{name}" name="{name}"/><signal id="{name}-signal" name="{name}-signal"/>'
    return definitions(f'{declared}<process id="{key}" isExecutable="true">{nodes}{flows}</process>')


def started(key: str, name: str) -> bytes:
    """A process that a message, a signal and a condition start."""
    events = {
        "sm": f'<messageEventDefinition messageRef="{name}-begin"/>',
        "ss": f'<signalEventDefinition signalRef="{name}-begins"/>',
        "sc": "<conditionalEventDefinition><condition>${a == 1}</condition></conditionalEventDefinition>",
    }
    nodes = "".join(f'<startEvent id="{event}">{content}</startEvent>' for event, content in events.items())
    nodes += '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>'
    flows = "".join(flow(event, "t") for event in ("s", *events)) + flow("t", "e")
    declared = f'<message id="{name}-begin" name="{name}-begin"/><signal id="{name}-begins" name="{name}-begins"/>'
    return definitions(f'{declared}<process id="{key}-starting" isExecutable="true">{nodes}{flows}</process>')


def acknowledged(key: str) -> bytes:
    """A process with a saga."""
    nodes = '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>' + flow("s", "t") + flow("t", "e")
    attribute = 'flowmesh:completionAcknowledgement="PT1H"'
    text = definitions(f'<process id="{key}-saga" isExecutable="true" {attribute}>{nodes}</process>')
    return text.replace(b"<definitions ", b'<definitions xmlns:flowmesh="urn:flowmesh:bpmn" ', 1)


async def make_things(engine: Engine, tenant: str, key: str) -> Things:
    """Make one thing of every kind; who calls may do all of it and is the creator of the batch."""
    channel, name = engine.channel, f"{key}-{tenant}"
    comments: Any = CommentServiceStub(channel)
    attachments: Any = AttachmentServiceStub(channel)
    migrations: Any = MigrationServiceStub(channel)
    batches: Any = BatchServiceStub(channel)
    messages: Any = MessageServiceStub(channel)
    subscriptions: Any = EventSubscriptionServiceStub(channel)

    deployment = await engine.deploy(
        waiting(key, name),
        started(key, name),
        acknowledged(key),
        model(
            f"{key}-straight",
            '<startEvent id="s"/><endEvent id="e"/><serviceTask id="v" flowable:async="true" '
            'flowable:expression="${1}"/>',
            "s>v",
            "v>e",
        ),
        tenant_id=tenant,
    )
    by_key = {definition.key: definition.id for definition in deployment.process_definitions}
    await engine.deploy(user_task(f"{key}-moved"), tenant_id=tenant)
    other_version = (await engine.deploy(user_task(f"{key}-moved"), tenant_id=tenant)).process_definitions[0].id

    instance = (await engine.start(key, tenant_id=tenant, initiator="ann", business_key=name, variables={"a": 1})).id
    (task,) = await engine.user_tasks(process_instance_id=instance)
    (leased,) = await engine.activate(f"{name}-leased", tenant_id=tenant, lease_duration=seconds(3600))
    (failing,) = await engine.activate(f"{name}-failed", tenant_id=tenant)
    await engine.fail_job(failing, retries=0, error_message="no")
    (incident,) = await engine.open_incidents(process_instance_id=instance)
    jobs = {job.element_id: job.id for job in await engine.open_jobs(process_instance_id=instance)}
    activities = await _activities(engine, instance)

    ended = await engine.start(f"{key}-straight", tenant_id=tenant, initiator="ann")
    await until(lambda: engine.finished_jobs(process_instance_id=ended.id))

    completed = await engine.start(f"{key}-saga", tenant_id=tenant)
    (last,) = await engine.user_tasks(process_instance_id=completed.id)
    await engine.complete_task(last.id)

    moving = await engine.start(f"{key}-moved", tenant_id=tenant, process_definition_version=1)
    plan = {"target_process_definition_id": other_version}
    migrated = await migrations.MigrateProcessInstance(
        migration_service_pb2.MigrateProcessInstanceRequest(id=moving.id, plan=plan)
    )
    comment = await comments.CreateUserTaskComment(
        comment_service_pb2.CreateUserTaskCommentRequest(user_task_id=task.id, text="so")
    )
    attachment = await attachments.CreateUserTaskAttachment(
        attachment_service_pb2.CreateUserTaskAttachmentRequest(user_task_id=task.id, name="n", content=b"x")
    )
    await messages.PublishMessage(
        message_service_pb2.PublishMessageRequest(name=f"{name}-kept", tenant_id=tenant, ttl=seconds(3600))
    )
    batch = await batches.CreateBatch(
        batch_service_pb2.CreateBatchRequest(operation={"set_variables": {"variables": ONE}}, target_ids=[moving.id])
    )
    waits = await subscriptions.ListEventSubscriptions(
        event_subscription_service_pb2.ListEventSubscriptionsRequest(process_instance_id=instance)
    )
    assert waits.event_subscriptions
    return Things(
        tenant=tenant,
        key=key,
        name=name,
        deployment=deployment.id,
        definition=by_key[key],
        starting=by_key[f"{key}-starting"],
        other_version=other_version,
        instance=instance,
        ended=ended.id,
        task=task.id,
        ready_job=jobs["x"],
        leased_job=leased.id,
        lease=leased.lease_token,
        failed_job=failing.id,
        timer=jobs["d"],
        incident=incident.id,
        receiving=activities["r"],
        ad_hoc=activities["h"],
        comment=comment.comment.id,
        attachment=attachment.attachment.id,
        migration=migrated.migration.id,
        batch=batch.batch.id,
        saga=saga_id_of(completed.id),
    )


async def _activities(engine: Engine, instance: str) -> dict[str, str]:
    stub: Any = ActivityInstanceServiceStub(engine.channel)
    answer = await stub.ListActivityInstances(
        activity_instance_service_pb2.ListActivityInstancesRequest(process_instance_id=instance)
    )
    return {activity.element_id: activity.id for activity in answer.activity_instances}


BPMN = user_task("deployed")


def _lease(x: Things) -> dict[str, Any]:
    return {"id": x.leased_job, "lease_token": x.lease}


CASES: dict[str, Case] = {
    # What can be read
    "ListActivityInstances": named(lambda x: {"process_instance_id": x.instance}),
    "ListEnabledActivities": named(lambda x: {"id": x.ad_hoc}),
    "ListUserTaskAttachments": listed(lambda x: {"user_task_id": x.task}),
    "ListProcessInstanceAttachments": listed(lambda x: {"process_instance_id": x.instance}),
    "GetAttachment": named(lambda x: {"id": x.attachment}),
    "GetAttachmentContent": named(lambda x: {"id": x.attachment}),
    "GetBatch": named(lambda x: {"id": x.batch}),
    "ListBatches": listed(lambda _: {}),
    "ListBatchItems": named(lambda x: {"id": x.batch}),
    "ListUserTaskComments": listed(lambda x: {"user_task_id": x.task}),
    "ListProcessInstanceComments": listed(lambda x: {"process_instance_id": x.instance}),
    "ValidateDeployment": Elsewhere("reads nothing that is stored"),
    "GetDeployment": named(lambda x: {"id": x.deployment}),
    "ListDeployments": listed(lambda _: {}, lambda x: {"tenant_id": x.tenant}),
    "GetDeploymentResource": named(lambda x: {"id": x.deployment, "resource_name": "m0.bpmn"}),
    "ListEventSubscriptions": listed(
        lambda _: {},
        lambda x: {"tenant_id": x.tenant},
        lambda x: {"process_instance_id": x.instance},
        lambda x: {"process_definition_key": x.key},
        lambda x: {"name": x.name},
    ),
    "ExplainProcessInstance": named(lambda x: {"id": x.instance}),
    "ListIncidents": listed(
        lambda _: {}, lambda x: {"tenant_id": x.tenant}, lambda x: {"process_instance_id": x.instance}
    ),
    "GetJob": named(lambda x: {"id": x.ready_job}),
    "ListJobs": listed(
        lambda _: {},
        lambda x: {"tenant_id": x.tenant},
        lambda x: {"process_instance_id": x.instance},
        lambda x: {"type": f"{x.name}-ready"},
        lambda x: {"process_definition_key": x.key},
    ),
    "ListFinishedJobs": listed(
        lambda _: {}, lambda x: {"tenant_id": x.tenant}, lambda x: {"process_instance_id": x.ended}
    ),
    "ListMessages": listed(lambda _: {}, lambda x: {"tenant_id": x.tenant}, lambda x: {"name": f"{x.name}-kept"}),
    "GetMigration": named(lambda x: {"id": x.migration}),
    "ListMigrations": listed(lambda _: {}),
    "PreviewMigration": named(
        lambda x: {"process_instance_id": x.instance, "plan": {"target_process_definition_id": x.other_version}},
        lambda x: {
            "source_process_definition_id": x.definition,
            "plan": {"target_process_definition_id": x.other_version},
        },
    ),
    "GetProcessDefinition": named(lambda x: {"id": x.definition}),
    "ListProcessDefinitions": listed(
        lambda _: {},
        lambda x: {"tenant_id": x.tenant},
        lambda x: {"key": x.key},
        lambda x: {"deployment_id": x.deployment},
        lambda _: {"order_by": "name desc"},
    ),
    "GetProcessDefinitionXml": named(lambda x: {"id": x.definition}),
    "GetProcessDefinitionDocument": named(lambda x: {"id": x.definition}),
    "GetProcessDefinitionDiagram": named(lambda x: {"id": x.definition}),
    "GetProcessDefinitionStartForm": named(lambda x: {"id": x.definition}),
    "GetProcessInstance": named(lambda x: {"id": x.instance}),
    "ListProcessInstances": listed(
        lambda _: {},
        lambda x: {"tenant_id": x.tenant},
        lambda x: {"process_definition_key": x.key},
        lambda x: {"process_definition_id": x.definition},
        lambda x: {"business_key": x.name},
        lambda _: {"status": 1},
    ),
    "GetProcessInstanceVariables": named(lambda x: {"id": x.instance}),
    "GetSaga": named(lambda x: {"id": x.saga}),
    "ListSagas": listed(lambda _: {}, lambda x: {"tenant_id": x.tenant}),
    "ListSagaSteps": named(lambda x: {"saga_id": x.saga}),
    "GetUserTask": named(lambda x: {"id": x.task}),
    "ListUserTasks": listed(
        lambda _: {"include_total_size": True},
        lambda x: {"tenant_id": x.tenant, "include_total_size": True},
        lambda _: {"candidate_user": "ann", "include_total_size": True},
        lambda _: {"candidate_user": "ann"},
        lambda _: {"candidate_groups": ["sales"], "order_by": "priority desc"},
        lambda _: {"assignee_or_candidate": "ann", "order_by": "due_time"},
        lambda _: {"involved_user": "ann"},
        lambda _: {"unassigned": True},
        lambda x: {"process_instance_id": x.instance},
        lambda x: {"process_definition_key": x.key},
        lambda x: {"business_key": x.name},
    ),
    "GetUserTaskVariables": named(lambda x: {"id": x.task}),
    "GetVariables": named(lambda x: {"scope_id": x.instance}, lambda x: {"scope_id": x.ad_hoc}),
    # What changes little
    "ActivateJobs": listed(lambda x: {"type": f"{x.name}-ready", "worker": "w", "max_jobs": 1}),
    "StreamJobs": Elsewhere("test_a_stream_gives_out_what_is_open"),
    "CreateUserTaskAttachment": named(lambda x: {"user_task_id": x.task, "name": "n", "url": "u"}),
    "CreateProcessInstanceAttachment": named(lambda x: {"process_instance_id": x.instance, "name": "n", "url": "u"}),
    "CreateUserTaskComment": named(lambda x: {"user_task_id": x.task, "text": "t"}),
    "CreateProcessInstanceComment": named(lambda x: {"process_instance_id": x.instance, "text": "t"}),
    "CreateBatch": named(
        lambda x: {
            "operation": {"set_variables": {"variables": ONE}},
            "filter": {"tenant_id": x.tenant, "process_definition_key": x.key},
        }
    ),
    "SuspendBatch": named(lambda x: {"id": x.batch}),
    "ResumeBatch": named(lambda x: {"id": x.batch}),
    "CancelBatch": named(lambda x: {"id": x.batch}),
    "CreateDeployment": named(lambda x: {"tenant_id": x.tenant, "resources": [{"name": "d.bpmn", "content": BPMN}]}),
    "UploadDeployment": named(lambda x: {"tenant_id": x.tenant, "resource_name": "d.bpmn", "file": {"data": BPMN}}),
    "PublishMessage": named(lambda x: {"name": "unheard", "tenant_id": x.tenant}),
    "CreateProcessInstance": named(
        lambda x: {"process_definition_key": x.key, "tenant_id": x.tenant},
        lambda x: {"process_definition_id": x.definition},
        lambda x: {"message_name": f"{x.name}-begin", "tenant_id": x.tenant},
        # Who starts an instance takes part in it.
        walls=(TENANT, DEFINITION),
    ),
    "BatchCreateProcessInstances": named(
        lambda x: {"instances": [{"process_definition_id": x.definition}]}, walls=(TENANT, DEFINITION)
    ),
    "CreateUserTask": named(
        lambda x: {"parent_task_id": x.task, "details": {"name": "part"}},
    ),
    "EvaluateStartConditions": listed(lambda x: {"tenant_id": x.tenant, "variables": ONE}),
    "EvaluateInstanceConditions": named(lambda x: {"id": x.instance, "variables": ONE}),
    "UpdateProcessInstanceVariables": named(lambda x: {"id": x.instance, "variables": ONE}),
    "DeleteProcessInstanceVariables": named(lambda x: {"id": x.instance, "names": ["b"]}),
    "UpdateVariables": named(
        lambda x: {"scope_id": x.instance, "variables": ONE}, lambda x: {"scope_id": x.ad_hoc, "variables": ONE}
    ),
    "DeleteVariables": named(lambda x: {"scope_id": x.instance, "names": ["b"]}),
    "ModifyProcessInstance": named(
        lambda x: {"id": x.instance, "validate_only": True, "instructions": [{"start_before": {"element_id": "t"}}]}
    ),
    "UpdateUserTask": named(lambda x: {"id": x.task, "details": {"name": "new"}}),
    "ClaimUserTask": named(lambda x: {"id": x.task}),
    "UnclaimUserTask": named(lambda x: {"id": x.task}),
    "AssignUserTask": named(lambda x: {"id": x.task, "user_id": "bob"}),
    "DelegateUserTask": named(lambda x: {"id": x.task, "user_id": "bob"}),
    "ResolveUserTask": named(lambda x: {"id": x.task}),
    "AddUserTaskCandidates": named(lambda x: {"id": x.task, "users": ["cid"]}),
    "RemoveUserTaskCandidates": named(lambda x: {"id": x.task, "users": ["cid"]}),
    "UpdateUserTaskVariables": named(lambda x: {"id": x.task, "variables": ONE}),
    "DeleteUserTaskVariables": named(lambda x: {"id": x.task, "names": ["b"]}),
    "ExtendJobLease": named(lambda x: {**_lease(x), "lease_duration": seconds(60)}),
    "RescheduleJob": named(lambda x: {"id": x.timer, "due_time": FAR}),
    "ResolveIncident": named(lambda x: {"id": x.incident}),
    "SetJobRetries": named(lambda x: {"id": x.failed_job, "retries": 2}),
    "BatchSetJobRetries": named(
        lambda x: {"ids": [x.failed_job], "retries": 2},
        lambda x: {"filter": {"process_definition_key": x.key}, "retries": 2},
    ),
    "MoveJobToDeadLetter": named(lambda x: {"id": x.failed_job}),
    "MoveJobFromDeadLetter": named(lambda x: {"id": x.failed_job}),
    "SuspendProcessDefinition": named(lambda x: {"id": x.definition}),
    "ResumeProcessDefinition": named(lambda x: {"id": x.definition}),
    "SuspendProcessInstance": named(lambda x: {"id": x.instance}),
    "ResumeProcessInstance": named(lambda x: {"id": x.instance}),
    # What takes something away, least first
    "StartAdHocActivity": named(lambda x: {"id": x.ad_hoc, "element_id": "a"}),
    "FailJob": named(lambda x: {**_lease(x), "retries": 1}),
    "CompleteJob": named(lambda x: _lease(x)),
    "BatchCompleteJobs": named(lambda x: {"completions": [_lease(x)]}),
    "ThrowJobError": named(lambda x: {**_lease(x), "error_code": "E"}),
    "RunJob": named(lambda x: {"id": x.timer}),
    "TriggerActivityInstance": named(lambda x: {"id": x.receiving}),
    "CorrelateMessage": named(
        lambda x: {"name": x.name, "process_instance_id": x.instance},
        lambda x: {"name": x.name, "tenant_id": x.tenant},
        lambda x: {"name": x.name, "tenant_id": x.tenant, "all": True},
    ),
    "BroadcastSignal": named(
        lambda x: {"name": f"{x.name}-signal", "process_instance_id": x.instance},
        lambda x: {"name": f"{x.name}-signal", "tenant_id": x.tenant},
    ),
    "CompleteAdHocSubProcess": named(lambda x: {"id": x.ad_hoc}),
    "AcknowledgeCompletion": named(lambda x: {"saga_id": x.saga}),
    "RejectCompletion": named(lambda x: {"saga_id": x.saga}),
    "RevertMigration": named(lambda x: {"id": x.migration}),
    "MigrateProcessInstance": named(
        lambda x: {"id": x.instance, "plan": {"target_process_definition_id": x.other_version}}
    ),
    "DeleteComment": named(lambda x: {"id": x.comment}),
    "DeleteAttachment": named(lambda x: {"id": x.attachment}),
    "DeleteUserTask": named(lambda x: {"id": x.task}),
    "CompleteUserTask": named(lambda x: {"id": x.task}),
    "CancelProcessInstance": named(lambda x: {"id": x.instance}),
    "RestartProcessInstance": named(lambda x: {"id": x.instance}),
    "DeleteProcessInstance": named(lambda x: {"id": x.instance}),
    "DeleteDeployment": named(lambda x: {"id": x.deployment}),
}
"""In the order in which they can all be made on one set of things."""
