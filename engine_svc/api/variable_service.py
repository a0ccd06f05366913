"""`flowmesh.engine.v1.VariableService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import variable_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import scope_variables
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from mesh.json_values import to_values


@dataclass(slots=True)
class VariableServicer:
    """Serves VariableService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    max_variable_bytes: int

    async def GetVariables(self, request: pb.GetVariablesRequest) -> pb.GetVariablesResponse:
        """See the contract."""
        variables = await scope_variables.read(
            self.executor, scope_variables.scope_named(request.scope_id), local=request.local, names=request.names
        )
        return pb.GetVariablesResponse(variables=to_values(variables))

    async def UpdateVariables(self, request: pb.UpdateVariablesRequest) -> bytes:
        """See the contract."""
        return await scope_variables.change(
            self.executor,
            scope_variables.scope_named(request.scope_id),
            read_variables(request.variables, "variables", self.max_variable_bytes),
            (),
            request_record("UpdateVariables", request.request_id, request),
            lambda instance: pb.UpdateVariablesResponse(process_instance=messages.process_instance(instance)),
            local=request.local,
        )

    async def DeleteVariables(self, request: pb.DeleteVariablesRequest) -> bytes:
        """See the contract."""
        return await scope_variables.change(
            self.executor,
            scope_variables.scope_named(request.scope_id),
            {},
            request.names,
            request_record("DeleteVariables", request.request_id, request),
            lambda instance: pb.DeleteVariablesResponse(process_instance=messages.process_instance(instance)),
            local=request.local,
        )
