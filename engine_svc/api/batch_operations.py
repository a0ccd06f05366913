"""What a batch does to an item: the ordinary call, with a request id of the item's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowmesh.engine.v1 import batch_pb2, job_service_pb2, migration_service_pb2
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb2

from engine_svc.api.job_service import JobServicer
from engine_svc.api.migration_service import MigrationServicer
from engine_svc.api.process_instance_service import ProcessInstanceServicer


@dataclass(slots=True)
class BatchOperations:
    """Does the operations of batches by the services that offer them one by one."""

    instances: ProcessInstanceServicer
    migrations: MigrationServicer
    jobs: JobServicer

    async def perform(self, operation: bytes, target_id: str, request_id: str) -> None:
        """Do a serialised `BatchOperation` to an item. Raises `DomainError`."""
        message = batch_pb2.BatchOperation.FromString(operation)
        about: dict[str, Any] = {"id": target_id, "request_id": request_id}
        match message.WhichOneof("operation"):
            case "modify":
                modify = message.modify
                await self.instances.ModifyProcessInstance(
                    instances_pb2.ModifyProcessInstanceRequest(
                        instructions=modify.instructions,
                        reason=modify.reason,
                        skip_listeners=modify.skip_listeners,
                        skip_mappings=modify.skip_mappings,
                        **about,
                    )
                )
            case "migrate":
                await self.migrations.MigrateProcessInstance(
                    migration_service_pb2.MigrateProcessInstanceRequest(plan=message.migrate, **about)
                )
            case "cancel":
                await self.instances.CancelProcessInstance(
                    instances_pb2.CancelProcessInstanceRequest(reason=message.cancel.reason, **about)
                )
            case "delete":
                await self.instances.DeleteProcessInstance(
                    instances_pb2.DeleteProcessInstanceRequest(reason=message.delete.reason, **about)
                )
            case "suspend":
                await self.instances.SuspendProcessInstance(instances_pb2.SuspendProcessInstanceRequest(**about))
            case "resume":
                await self.instances.ResumeProcessInstance(instances_pb2.ResumeProcessInstanceRequest(**about))
            case "restart":
                restart = message.restart
                await self.instances.RestartProcessInstance(
                    instances_pb2.RestartProcessInstanceRequest(
                        start_element_ids=restart.start_element_ids,
                        variables=restart.variables,
                        without_last_variables=restart.without_last_variables,
                        **about,
                    )
                )
            case "set_variables":
                await self.instances.UpdateProcessInstanceVariables(
                    instances_pb2.UpdateProcessInstanceVariablesRequest(
                        variables=message.set_variables.variables, **about
                    )
                )
            case "set_job_retries":
                await self.jobs.SetJobRetries(
                    job_service_pb2.SetJobRetriesRequest(retries=message.set_job_retries.retries, **about)
                )
            case unknown:
                # A newer release may have stored it: an error of the item, not a guess.
                raise NotImplementedError(f"this release knows no batch operation {unknown}")
