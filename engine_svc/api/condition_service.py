"""`flowmesh.engine.v1.ConditionService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import condition_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.api.events import failure
from engine_svc.commands import condition_evaluation
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.signal_delivery import MAX_TOLD
from engine_svc.commands.variables import read_variables


@dataclass(slots=True)
class ConditionServicer:
    """Serves ConditionService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    max_variable_bytes: int

    async def EvaluateInstanceConditions(self, request: pb.EvaluateInstanceConditionsRequest) -> bytes:
        """See the contract."""
        return await condition_evaluation.evaluate_instance(
            self.executor,
            request.id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("EvaluateInstanceConditions", request.request_id, request),
            lambda instance, fired: pb.EvaluateInstanceConditionsResponse(
                process_instance=messages.process_instance(instance), fired=fired
            ),
        )

    async def EvaluateStartConditions(self, request: pb.EvaluateStartConditionsRequest) -> bytes:
        """See the contract."""
        return await condition_evaluation.evaluate_starts(
            self.executor,
            request.tenant_id,
            request.process_definition_key,
            request.business_key,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("EvaluateStartConditions", request.request_id, request),
            lambda instances, failures: pb.EvaluateStartConditionsResponse(
                process_instances=[messages.process_instance(instance) for instance in instances],
                failures=[failure(one) for one in failures[:MAX_TOLD]],
            ),
        )
