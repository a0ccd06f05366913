"""A running identity service for tests, and callers who are signed in as somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.auth.v1 import permission_pb2
from flowmesh.identity.v1 import (
    access_service_pb2,
    role_assignment_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)
from flowmesh.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from flowmesh.identity.v1.group_service_pb2_grpc import GroupServiceStub
from flowmesh.identity.v1.permission_service_pb2_grpc import PermissionServiceStub
from flowmesh.identity.v1.role_assignment_service_pb2_grpc import RoleAssignmentServiceStub
from flowmesh.identity.v1.role_service_pb2_grpc import RoleServiceStub
from flowmesh.identity.v1.tenant_service_pb2_grpc import TenantServiceStub
from flowmesh.identity.v1.user_service_pb2_grpc import UserServiceStub

from identity_svc.access.grants import matches
from identity_svc.commands.administrators import make_administrator
from identity_svc.commands.changes import Changes
from identity_svc.main import IdentityService
from identity_svc.queries.caller import THE_MESH
from identity_svc.settings import IdentitySettings
from identity_svc.storage.layout import USER
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.subject_access import SubjectAccess, read_access
from identity_svc.storage.subjects import Subject
from mesh.access.rows import RowGrant, Rows
from mesh.bus.port import Bus
from mesh.call import CallContext
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import Denied
from mesh.metrics import Metrics
from mesh.server import Authorize
from mesh.status import error_info_of

Grant = access_service_pb2.Grant
MethodPermission = permission_pb2.MethodPermission
_UNDISTINGUISHED = MethodPermission.Rows.ROWS_UNSPECIFIED


def rows_of(access: SubjectAccess, needed: MethodPermission) -> Rows:
    """The rows that somebody may touch by a method of the directory, which tells tenants apart and nothing else."""
    counting = [
        RowGrant(grant.tenants)
        for grant in access.grants
        if any(matches(pattern, needed.permission) for pattern in grant.permissions)
        and grant.keys is None
        and not grant.involved_only
        and (grant.tenants is None or needed.rows != _UNDISTINGUISHED)
    ]
    if not counting:
        raise Denied("ACCESS_DENIED", "not allowed", metadata={"permission": needed.permission})
    return Rows(tuple(counting), access.subject_id)


def authorizing(database: Database) -> Authorize:
    """Lets calls do what the directory itself says; the correlation id names the caller."""

    async def authorize(call: CallContext, needed: MethodPermission) -> None:
        access = await database.read(read_access(call.correlation_id))
        call.user_id = access.subject_id
        call.narrow(rows_of(access, needed))

    return authorize


class Caller:
    """The services as somebody calls them."""

    def __init__(self, port: int, name: str) -> None:
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._metadata = (("x-correlation-id", name),) if name else ()
        for stub in (
            UserServiceStub,
            GroupServiceStub,
            TenantServiceStub,
            RoleServiceStub,
            RoleAssignmentServiceStub,
            PermissionServiceStub,
            AuditServiceStub,
        ):
            for method, call in vars(stub(self.channel)).items():
                setattr(self, method, self._signed_in(call))

    def _signed_in(self, call: Any) -> Any:
        return lambda request: call(request, metadata=self._metadata)

    def __getattr__(self, method: str) -> Any:
        raise AttributeError(method)


@dataclass
class Directory:
    """A running service with its database and bus."""

    service: IdentityService
    database: Database
    bus: Bus
    port: int
    callers: dict[str, Caller]

    def as_(self, name: str) -> Any:
        """The services as this user calls them; without a name nobody is signed in."""
        if name not in self.callers:
            self.callers[name] = Caller(self.port, name)
        return self.callers[name]

    async def close(self) -> None:
        for caller in self.callers.values():
            await caller.channel.close()
        await self.service.stop()


async def start(database: Database, bus: Bus, *, signed_in: bool = True) -> Directory:
    """Start a service on a database with tables."""
    authorize = authorizing(database) if signed_in else None
    settings = IdentitySettings(port=0, drain_seconds=0, mesh_secret="a-secret-of-tests-" * 2)
    service = IdentityService(settings, database, bus, Metrics(), authorize=authorize, clock=SystemClock())
    return Directory(service, database, bus, await service.start(), {})


def administrator(name: str) -> Program[None]:
    """Make somebody who may do everything, as the mesh does at its first start."""
    yield from lock_changes()
    changes = Changes(THE_MESH, SystemClock().now_micros())
    yield from make_administrator(changes, Subject(name, USER))
    yield from changes.write()


@dataclass(slots=True, frozen=True)
class Refused:
    """How a call was refused."""

    code: str
    reason: str
    metadata: dict[str, str]
    message: str

    @property
    def kind(self) -> tuple[str, str]:
        return self.code, self.reason


async def refusal(call: Any) -> Refused:
    """Await a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    info = error_info_of(refused.value)
    assert info is not None, refused.value
    return Refused(refused.value.code().name, info.reason, dict(info.metadata), refused.value.details() or "")


async def user(caller: Any, name: str, *tenants: str, **details: Any) -> user_service_pb2.User:
    """Make a user of tenants (the one without a name, where none is given)."""
    request = user_service_pb2.CreateUserRequest(
        id=name, details=user_service_pb2.UserDetails(tenant_ids=tenants, **details)
    )
    made: user_service_pb2.User = (await caller.CreateUser(request)).user
    return made


async def tenants(caller: Any, *names: str) -> None:
    """Make tenants."""
    for name in names:
        await caller.CreateTenant(tenant_service_pb2.CreateTenantRequest(id=name))


async def give(
    caller: Any, role: str, subject: str = "", *, group: str = "", narrowing: Any = None
) -> role_assignment_service_pb2.RoleAssignment:
    """Give a role to a user or a group."""
    assignee = {"group_id": group} if group else {"subject_id": subject}
    request = role_assignment_service_pb2.CreateRoleAssignmentRequest(role_id=role, narrowing=narrowing, **assignee)
    made: role_assignment_service_pb2.RoleAssignment = (await caller.CreateRoleAssignment(request)).role_assignment
    return made


async def administrator_of(caller: Any, name: str, tenant: str) -> None:
    """Make a user of a tenant who administers it."""
    await user(caller, name, tenant)
    await give(caller, "administrator", name, narrowing=Grant(tenant_ids=[tenant]))
