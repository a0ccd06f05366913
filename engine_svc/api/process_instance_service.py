"""`flowmesh.engine.v1.ProcessInstanceService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import process_instance_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.api.instructions import read_instructions
from engine_svc.commands import modifications, process_instances, scope_variables
from engine_svc.commands.executor import InstanceExecutor, Start, instance_missing
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.commands.walls import is_open, standing_of_row
from engine_svc.runtime.instructions import Options
from engine_svc.state.instance import ROOT_SCOPE
from engine_svc.storage.instances import InstanceFilter, fetch_summary, fetch_told_revision, list_summaries
from mesh.access.acting import acting_user
from mesh.call import find_call, open_rows
from mesh.commit_token import encode_commit_token
from mesh.db.database import Database
from mesh.errors import InvalidField, Violation
from mesh.json_values import to_values
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class ProcessInstanceServicer:
    """Serves ProcessInstanceService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    max_variable_bytes: int

    async def CreateProcessInstance(self, request: pb.CreateProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await self.executor.create(
            [self._start(request, "")],
            request_record("CreateProcessInstance", request.request_id, request),
            lambda instances: pb.CreateProcessInstanceResponse(
                process_instance=messages.process_instance(instances[0])
            ),
        )

    async def BatchCreateProcessInstances(self, request: pb.BatchCreateProcessInstancesRequest) -> bytes:
        """See the contract."""
        return await self.executor.create(
            [self._start(spec, f"instances[{position}].") for position, spec in enumerate(request.instances)],
            request_record("BatchCreateProcessInstances", request.request_id, request),
            lambda instances: pb.BatchCreateProcessInstancesResponse(
                process_instances=[messages.process_instance(instance) for instance in instances]
            ),
        )

    def _start(self, spec: pb.CreateProcessInstanceRequest | pb.ProcessInstanceSpec, prefix: str) -> Start:
        message_name = spec.message_name if isinstance(spec, pb.CreateProcessInstanceRequest) else ""
        named = [bool(spec.process_definition_id), bool(spec.process_definition_key), bool(message_name)]
        if sum(named) != 1:
            other = ", or message_name" if isinstance(spec, pb.CreateProcessInstanceRequest) else ""
            given = "one of them only" if any(named) else "one of them"
            description = f"give process_definition_key or process_definition_id{other}: {given}"
            field = f"{prefix}process_definition_key"
            raise InvalidField("FIELD_INVALID", description, violations=[Violation(field, description)])
        return Start(
            definition_id=spec.process_definition_id,
            message_name=message_name,
            definition_key=spec.process_definition_key,
            definition_version=spec.process_definition_version,
            tenant_id=spec.tenant_id,
            business_key=spec.business_key,
            variables=read_variables(spec.variables, f"{prefix}variables", self.max_variable_bytes),
            initiator=acting_user(find_call(), f"{prefix}initiator", spec.initiator),
        )

    async def GetProcessInstance(self, request: pb.GetProcessInstanceRequest) -> pb.GetProcessInstanceResponse:
        """See the contract."""
        row = await self.database.read(fetch_summary(request.id))
        if row is None or not await is_open(self.database, open_rows(), standing_of_row(row)):
            raise instance_missing(request.id)
        told = await self.database.read(fetch_told_revision(request.id))
        return pb.GetProcessInstanceResponse(
            process_instance=messages.process_instance_of_row(row),
            commit_token=encode_commit_token([(request.id, told)] if told else []),
        )

    async def ListProcessInstances(self, request: pb.ListProcessInstancesRequest) -> pb.ListProcessInstancesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = InstanceFilter(
            request.process_definition_key,
            request.process_definition_id,
            request.business_key,
            request.tenant_id,
            request.status,
        )
        rows = await self.database.read(list_summaries(wanted, open_rows(), str(after[0]) if after else None, size + 1))
        page = rows[:size]
        return pb.ListProcessInstancesResponse(
            process_instances=[messages.process_instance_of_row(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )

    async def CancelProcessInstance(self, request: pb.CancelProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await process_instances.cancel(
            self.executor,
            request.id,
            request.reason,
            request_record("CancelProcessInstance", request.request_id, request),
            lambda instance: pb.CancelProcessInstanceResponse(process_instance=messages.process_instance(instance)),
        )

    async def DeleteProcessInstance(self, request: pb.DeleteProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await process_instances.delete(
            self.executor,
            request.id,
            request.reason,
            request_record("DeleteProcessInstance", request.request_id, request),
            lambda instance: pb.DeleteProcessInstanceResponse(process_instance=messages.process_instance(instance)),
        )

    async def SuspendProcessInstance(self, request: pb.SuspendProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await process_instances.suspend(
            self.executor,
            request.id,
            request_record("SuspendProcessInstance", request.request_id, request),
            lambda instance: pb.SuspendProcessInstanceResponse(process_instance=messages.process_instance(instance)),
        )

    async def ResumeProcessInstance(self, request: pb.ResumeProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await process_instances.resume(
            self.executor,
            request.id,
            request_record("ResumeProcessInstance", request.request_id, request),
            lambda instance: pb.ResumeProcessInstanceResponse(process_instance=messages.process_instance(instance)),
        )

    async def GetProcessInstanceVariables(
        self, request: pb.GetProcessInstanceVariablesRequest
    ) -> pb.GetProcessInstanceVariablesResponse:
        """See the contract."""
        variables = await scope_variables.read(self.executor, (request.id, ROOT_SCOPE), local=True, names=request.names)
        return pb.GetProcessInstanceVariablesResponse(variables=to_values(variables))

    async def UpdateProcessInstanceVariables(self, request: pb.UpdateProcessInstanceVariablesRequest) -> bytes:
        """See the contract."""
        return await scope_variables.change(
            self.executor,
            (request.id, ROOT_SCOPE),
            read_variables(request.variables, "variables", self.max_variable_bytes),
            (),
            request_record("UpdateProcessInstanceVariables", request.request_id, request),
            lambda instance: pb.UpdateProcessInstanceVariablesResponse(
                process_instance=messages.process_instance(instance)
            ),
            local=True,
        )

    async def DeleteProcessInstanceVariables(self, request: pb.DeleteProcessInstanceVariablesRequest) -> bytes:
        """See the contract."""
        return await scope_variables.change(
            self.executor,
            (request.id, ROOT_SCOPE),
            {},
            request.names,
            request_record("DeleteProcessInstanceVariables", request.request_id, request),
            lambda instance: pb.DeleteProcessInstanceVariablesResponse(
                process_instance=messages.process_instance(instance)
            ),
            local=True,
        )

    async def ModifyProcessInstance(self, request: pb.ModifyProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await modifications.modify(
            self.executor,
            request.id,
            read_instructions(request.id, request.instructions, self.max_variable_bytes),
            Options(request.reason, skip_listeners=request.skip_listeners, skip_mappings=request.skip_mappings),
            request_record("ModifyProcessInstance", request.request_id, request),
            lambda instance: pb.ModifyProcessInstanceResponse(process_instance=messages.process_instance(instance)),
            validate_only=request.validate_only,
        )

    async def RestartProcessInstance(self, request: pb.RestartProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await process_instances.restart(
            self.executor,
            request.id,
            list(request.start_element_ids),
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("RestartProcessInstance", request.request_id, request),
            lambda instance: pb.RestartProcessInstanceResponse(process_instance=messages.process_instance(instance)),
            without_last_variables=request.without_last_variables,
        )
