"""Requests that bring a tenant into the engine take no id that a database would take for another one's."""

from __future__ import annotations

import pytest
from flowmesh.engine.v1 import deployment_service_pb2, user_task_service_pb2
from google.protobuf.message import Message

from mesh.errors import InvalidField
from mesh.validation import validate

MAKING = [
    deployment_service_pb2.CreateDeploymentRequest,
    deployment_service_pb2.UploadDeploymentRequest,
    user_task_service_pb2.CreateUserTaskRequest,
]


def _complaints(kind: type[Message], tenant_id: str) -> list[str]:
    try:
        validate(kind(tenant_id=tenant_id))
    except InvalidField as error:
        return [fault.field for fault in error.violations]
    return []


@pytest.mark.parametrize("kind", MAKING)
def test_spaces_at_the_ends_are_refused(kind: type[Message]) -> None:
    for tenant_id in ("acme ", " acme", " ", "acme\t", "acme\n"):
        assert "tenant_id" in _complaints(kind, tenant_id), repr(tenant_id)
    for tenant_id in ("", "a", "acme", "acme north", "上海 分公司"):
        assert "tenant_id" not in _complaints(kind, tenant_id), repr(tenant_id)
