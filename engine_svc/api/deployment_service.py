"""`flowmesh.engine.v1.DeploymentService`."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass

from flowmesh.engine.v1 import deployment_service_pb2 as pb
from google.api import httpbody_pb2

from engine_svc.api import messages
from engine_svc.commands.deployment_removal import delete_deployment
from engine_svc.commands.deployments import CheckForms, LoadedBundle, create_deployment, load_bundle, no_forms
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.walls import require_tenant
from engine_svc.compile.load import FORM_ENDINGS, YAML_ENDINGS
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.definitions import (
    DEPLOYMENT_COLUMNS,
    StoredDeployment,
    list_deployments,
    read_deployment,
    read_deployment_tenant,
    read_resource,
)
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.errors import InvalidField, NotFound, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of

MAX_RESOURCE_BYTES = 5 * 1024 * 1024
TENANT_ID = DEPLOYMENT_COLUMNS.index("tenant_id")
XML = "application/xml"
YAML = "application/yaml"
JSON = "application/json"


@dataclass(slots=True)
class DeploymentServicer:
    """Serves DeploymentService."""

    executor: InstanceExecutor
    database: Database
    check_forms: CheckForms = no_forms

    async def CreateDeployment(self, request: pb.CreateDeploymentRequest) -> pb.CreateDeploymentResponse:
        """See the contract."""
        stored, bundle = await self._deploy(
            request.name,
            request.tenant_id,
            [(resource.name, resource.content) for resource in request.resources],
            request_record("CreateDeployment", request.request_id, request),
            force=request.force,
        )
        return pb.CreateDeploymentResponse(
            deployment=messages.deployment(stored),
            warnings=[messages.problem(name, problem) for name, problem in bundle.problems],
            duplicate=stored.duplicate,
        )

    async def UploadDeployment(self, request: pb.UploadDeploymentRequest) -> pb.UploadDeploymentResponse:
        """See the contract."""
        content = request.file.data
        if not content:
            raise _invalid("file", "the body is empty; send the file's bytes")
        if len(content) > MAX_RESOURCE_BYTES:
            raise _invalid("file", f"the file has {len(content)} bytes; at most {MAX_RESOURCE_BYTES} are taken")
        stored, bundle = await self._deploy(
            request.name,
            request.tenant_id,
            [(request.resource_name, content)],
            request_record("UploadDeployment", request.request_id, request),
        )
        return pb.UploadDeploymentResponse(
            deployment=messages.deployment(stored),
            warnings=[messages.problem(name, problem) for name, problem in bundle.problems],
            duplicate=stored.duplicate,
        )

    async def _deploy(
        self,
        name: str,
        tenant_id: str,
        resources: Sequence[tuple[str, bytes]],
        record: RequestRecord | None,
        *,
        force: bool = False,
    ) -> tuple[StoredDeployment, LoadedBundle]:
        require_tenant(open_rows(), tenant_id)
        return await create_deployment(
            self.database,
            self.executor.definitions,
            self.executor.clock,
            name=name,
            tenant_id=tenant_id,
            resources=resources,
            force=force,
            request=record,
            check_forms=self.check_forms,
        )

    async def ValidateDeployment(self, request: pb.ValidateDeploymentRequest) -> pb.ValidateDeploymentResponse:
        """See the contract."""
        # It reads nothing that is stored, so that whatever rows are open are enough.
        open_rows()
        bundle = await load_bundle(
            [(resource.name, resource.content) for resource in request.resources], self.check_forms
        )
        return pb.ValidateDeploymentResponse(
            deployable=not any(problem.is_error for _, problem in bundle.problems),
            problems=[messages.problem(name, problem) for name, problem in bundle.problems],
        )

    async def DeleteDeployment(self, request: pb.DeleteDeploymentRequest) -> bytes:
        """See the contract."""
        opened = open_rows()
        if not opened.unrestricted:
            # What is not there any more may be a repeated request's.
            tenant_id = await self.database.read(read_deployment_tenant(request.id))
            if tenant_id is not None and not opened.allow(tenant_id):
                raise _missing(request.id)
        return await delete_deployment(
            self.executor,
            request.id,
            request.reason,
            request_record("DeleteDeployment", request.request_id, request),
            lambda terminated: pb.DeleteDeploymentResponse(terminated_instance_count=terminated),
            cascade=request.cascade,
        )

    async def GetDeployment(self, request: pb.GetDeploymentRequest) -> pb.GetDeploymentResponse:
        """See the contract."""
        stored = await self.database.read(read_deployment(request.id))
        if stored is None or not open_rows().allow(stored.row[TENANT_ID]):
            raise _missing(request.id)
        return pb.GetDeploymentResponse(deployment=messages.deployment(stored))

    async def ListDeployments(self, request: pb.ListDeploymentsRequest) -> pb.ListDeploymentsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self.database.read(
            list_deployments(request.tenant_id, request.name, open_rows(), str(after[0]) if after else None, size + 1)
        )
        page = found[:size]
        return pb.ListDeploymentsResponse(
            deployments=[messages.deployment(stored) for stored in page],
            next_page_token=encode_page_token(request, (page[-1].row[0],)) if len(found) > size else "",
        )

    async def GetDeploymentResource(self, request: pb.GetDeploymentResourceRequest) -> httpbody_pb2.HttpBody:
        """See the contract."""
        content = await self.database.read(read_resource(request.id, request.resource_name))
        opened = open_rows()
        if content is not None and not opened.unrestricted:
            tenant_id = await self.database.read(read_deployment_tenant(request.id))
            if tenant_id is None or not opened.allow(tenant_id):
                content = None
        if content is None:
            raise _missing(f"{request.id}/{request.resource_name}")
        name = request.resource_name.lower()
        kinds = {".bpmn": XML, **dict.fromkeys(YAML_ENDINGS, YAML), **dict.fromkeys(FORM_ENDINGS, JSON)}
        kind = next((kind for ending, kind in kinds.items() if name.endswith(ending)), mimetypes.guess_type(name)[0])
        return httpbody_pb2.HttpBody(content_type=kind or "application/octet-stream", data=content)


def _missing(deployment_id: str) -> NotFound:
    return NotFound("DEPLOYMENT_NOT_FOUND", f"there is no deployment {deployment_id}", metadata={"id": deployment_id})


def _invalid(field: str, description: str) -> InvalidField:
    return InvalidField("FIELD_INVALID", description, violations=[Violation(field, description)])
