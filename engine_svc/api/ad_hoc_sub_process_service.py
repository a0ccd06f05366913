"""`flowmesh.engine.v1.AdHocSubProcessService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import ad_hoc_sub_process_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import ad_hoc_sub_processes
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables


@dataclass(slots=True)
class AdHocSubProcessServicer:
    """Serves AdHocSubProcessService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    max_variable_bytes: int

    async def ListEnabledActivities(self, request: pb.ListEnabledActivitiesRequest) -> pb.ListEnabledActivitiesResponse:
        """See the contract."""
        elements = await ad_hoc_sub_processes.enabled_activities(self.executor, request.id)
        return pb.ListEnabledActivitiesResponse(
            enabled_activities=[
                pb.EnabledActivity(element_id=element.id, element_name=element.name, element_type=element.bpmn_type)
                for element in elements
            ]
        )

    async def StartAdHocActivity(self, request: pb.StartAdHocActivityRequest) -> bytes:
        """See the contract."""
        return await ad_hoc_sub_processes.start_activity(
            self.executor,
            request.id,
            request.element_id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("StartAdHocActivity", request.request_id, request),
            lambda instance: pb.StartAdHocActivityResponse(process_instance=messages.process_instance(instance)),
        )

    async def CompleteAdHocSubProcess(self, request: pb.CompleteAdHocSubProcessRequest) -> bytes:
        """See the contract."""
        return await ad_hoc_sub_processes.complete(
            self.executor,
            request.id,
            request_record("CompleteAdHocSubProcess", request.request_id, request),
            lambda instance: pb.CompleteAdHocSubProcessResponse(process_instance=messages.process_instance(instance)),
        )
