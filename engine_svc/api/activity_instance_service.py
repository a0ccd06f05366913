"""`flowmesh.engine.v1.ActivityInstanceService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import activity_instance_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import activities
from engine_svc.commands.activities import RunningActivity
from engine_svc.commands.executor import InstanceExecutor, instance_missing
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.state.instance import Wait
from mesh.ids import member_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of

WAITS = {
    Wait.NOTHING: pb.ActivityInstance.WAITS_FOR_CONTENT,
    Wait.USER_TASK: pb.ActivityInstance.WAITS_FOR_USER_TASK,
    Wait.EXTERNAL_JOB: pb.ActivityInstance.WAITS_FOR_EXTERNAL_JOB,
    Wait.TIMER: pb.ActivityInstance.WAITS_FOR_TIMER,
    Wait.ASYNC_JOB: pb.ActivityInstance.WAITS_FOR_ASYNC_JOB,
    Wait.MESSAGE: pb.ActivityInstance.WAITS_FOR_MESSAGE,
    Wait.SIGNAL: pb.ActivityInstance.WAITS_FOR_SIGNAL,
    Wait.CONDITION: pb.ActivityInstance.WAITS_FOR_CONDITION,
    Wait.VARIABLE: pb.ActivityInstance.WAITS_FOR_VARIABLE,
    Wait.CALL: pb.ActivityInstance.WAITS_FOR_CALLED_INSTANCE,
    Wait.TRIGGER: pb.ActivityInstance.WAITS_FOR_TRIGGER,
}


@dataclass(slots=True)
class ActivityInstanceServicer:
    """Serves ActivityInstanceService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    max_variable_bytes: int

    async def ListActivityInstances(self, request: pb.ListActivityInstancesRequest) -> pb.ListActivityInstancesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int)
        behind = after[0] if after is not None else 0
        assert isinstance(behind, int)
        instance = await self.executor.load(request.process_instance_id)
        if instance is None:
            raise instance_missing(request.process_instance_id)
        found = [
            activity
            for activity in activities.running(instance)
            if activity.key > behind and request.element_id in ("", activity.element.id)
        ]
        return pb.ListActivityInstancesResponse(
            activity_instances=[_activity(instance.id, activity) for activity in found[:size]],
            next_page_token=encode_page_token(request, [found[size - 1].key]) if len(found) > size else "",
        )

    async def TriggerActivityInstance(self, request: pb.TriggerActivityInstanceRequest) -> bytes:
        """See the contract."""
        return await activities.trigger(
            self.executor,
            request.id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            read_variables(request.transient_variables, "transient_variables", self.max_variable_bytes),
            request_record("TriggerActivityInstance", request.request_id, request),
            lambda instance: pb.TriggerActivityInstanceResponse(process_instance=messages.process_instance(instance)),
        )


def _activity(instance_id: str, activity: RunningActivity) -> pb.ActivityInstance:
    return pb.ActivityInstance(
        id=member_id(instance_id, activity.key),
        element_id=activity.element.id,
        element_name=activity.element.name,
        element_type=activity.element.bpmn_type,
        start_time=messages.timestamp(activity.start_micros),
        parent_activity_id=member_id(instance_id, activity.parent_key) if activity.parent_key else "",
        attached_activity_id=member_id(instance_id, activity.attached_key) if activity.attached_key else "",
        called_process_instance_id=activity.called,
        waits_for=WAITS[activity.waits_for],
        due_time=messages.timestamp(activity.due_micros),
        process_instance_id=instance_id,
    )
