"""Identity services for tests of signing in: real ones, that check every call by the tokens they have made."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from flowmesh.identity.v1 import service_account_service_pb2, session_service_pb2, user_service_pb2
from flowmesh.identity.v1.access_service_pb2_grpc import AccessServiceStub
from flowmesh.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from flowmesh.identity.v1.credential_service_pb2_grpc import CredentialServiceStub
from flowmesh.identity.v1.group_service_pb2_grpc import GroupServiceStub
from flowmesh.identity.v1.role_assignment_service_pb2_grpc import RoleAssignmentServiceStub
from flowmesh.identity.v1.role_service_pb2_grpc import RoleServiceStub
from flowmesh.identity.v1.service_account_service_pb2_grpc import ServiceAccountServiceStub
from flowmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from flowmesh.identity.v1.signing_key_service_pb2_grpc import SigningKeyServiceStub
from flowmesh.identity.v1.tenant_service_pb2_grpc import TenantServiceStub
from flowmesh.identity.v1.user_service_pb2_grpc import UserServiceStub
from google.rpc import error_details_pb2

from identity_svc.main import IdentityService
from identity_svc.settings import IdentitySettings
from identity_svc.storage.schema import HEAD, MIGRATIONS
from mesh.access.mesh_tokens import MeshTokenMaker
from mesh.access.opening import Access
from mesh.bus.opening import open_bus
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.metrics import Metrics
from mesh.status import error_info_of, reason_of, status_of
from tests.infrastructure.mesh import free_ports

SECRET = "a secret of tests that nobody else has 0123456789".replace(" ", "-")
PASSWORD = "violet-tractor-sings"
ROOT = "root"
PATIENCE_SECONDS = 10.0
CHEAP: dict[str, Any] = {"password_hash_kibibytes": 64, "password_hash_passes": 1}
"""Hashes that cost next to nothing."""

_STUBS = (
    AccessServiceStub,
    AuditServiceStub,
    CredentialServiceStub,
    GroupServiceStub,
    RoleAssignmentServiceStub,
    RoleServiceStub,
    ServiceAccountServiceStub,
    SessionServiceStub,
    SigningKeyServiceStub,
    TenantServiceStub,
    UserServiceStub,
)


class Client:
    """All methods of an identity service, as the bearer of a token calls them."""

    def __init__(self, channel: grpc.aio.Channel, *metadata: tuple[str, str]) -> None:
        self._metadata = metadata
        for stub in _STUBS:
            for method, call in vars(stub(channel)).items():
                setattr(self, method, self._with_metadata(call))

    def _with_metadata(self, call: Any) -> Any:
        return lambda request, **named: call(request, metadata=self._metadata, **named)

    def __getattr__(self, method: str) -> Any:
        raise AttributeError(method)


@dataclass
class Identity:
    """A running process, as far as one loop can be one: a service with connections and knowledge of its own."""

    service: IdentityService
    access: Access
    database: Database
    port: int
    channel: grpc.aio.Channel
    bootstrap_token: str
    folder: Path
    _closing: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    def client(self, token: str = "") -> Client:
        return Client(self.channel, *((("authorization", f"Bearer {token}"),) if token else ()))

    def of_mesh(self) -> Client:
        return Client(self.channel, ("x-flowmesh-mesh-token", MeshTokenMaker(SECRET, "test").token()))

    async def bootstrap(self) -> session_service_pb2.Tokens:
        request = session_service_pb2.BootstrapRequest(
            bootstrap_token=self.bootstrap_token, user_id=ROOT, password=PASSWORD
        )
        return (await self.client().Bootstrap(request)).tokens

    async def root(self) -> Client:
        return self.client((await self.login(ROOT)).access_token)

    async def login(self, user: str, password: str = PASSWORD) -> session_service_pb2.Tokens:
        request = session_service_pb2.LoginRequest(user=user, password=password)
        return (await self.client().Login(request)).tokens

    async def add_user(self, user_id: str, *, email: str = "", password: str = PASSWORD, **details: Any) -> None:
        from flowmesh.identity.v1.credential_service_pb2 import SetPasswordRequest

        root = await self.root()
        await root.CreateUser(
            user_service_pb2.CreateUserRequest(id=user_id, details=user_service_pb2.UserDetails(email=email, **details))
        )
        if password:
            await root.SetPassword(SetPasswordRequest(user_id=user_id, password=password))

    async def add_account(self, account_id: str, **details: Any) -> None:
        await (await self.root()).CreateServiceAccount(
            service_account_service_pb2.CreateServiceAccountRequest(
                id=account_id, details=service_account_service_pb2.ServiceAccountDetails(**details)
            )
        )

    async def close(self) -> None:
        await self._closing.aclose()


async def start(database_url: str, folder: Path, clock: Clock | None = None, **settings: Any) -> Identity:
    """Start a process on a database that has its tables."""
    (port,) = free_ports(1)
    # Of the database's own settings those count that it is opened with.
    configured = IdentitySettings.from_environment(
        {},
        port=port,
        data_dir=folder,
        mesh_secret=SECRET,
        identity_address=f"127.0.0.1:{port}",
        **{**CHEAP, **settings},
    )
    closing = contextlib.AsyncExitStack()
    database = await open_database(database_url)
    closing.push_async_callback(database.close)
    bus = await open_bus(f"sqlite:///{folder / 'bus.db'}")
    closing.push_async_callback(bus.close)
    metrics = Metrics()
    access = Access(configured, metrics)
    closing.push_async_callback(access.close)
    service = IdentityService(configured, database, bus, metrics, authorize=access.authorize, clock=clock)
    closing.push_async_callback(service.stop)
    announced = _Announced()
    logger = logging.getLogger("identity_svc.commands.bootstrap")
    logger.addHandler(announced)
    try:
        await service.start()
    except BaseException:
        await closing.aclose()
        raise
    finally:
        logger.removeHandler(announced)
    access.start()
    assert await access.known(PATIENCE_SECONDS)
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    closing.push_async_callback(channel.close)
    return Identity(service, access, database, port, channel, announced.token, folder, closing)


class _Announced(logging.Handler):
    """Reads the bootstrap token from the log, as people do."""

    def __init__(self) -> None:
        super().__init__()
        self.token = ""

    def emit(self, record: logging.LogRecord) -> None:
        fields = record.__dict__.get("flowmesh_fields", {})
        self.token = fields.get("bootstrap_token", self.token)


async def migrated(database_url: str) -> str:
    """Make the tables of a database."""
    # In this process: the one that `ensure_schema` starts for it takes a second.
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    return database_url


@contextlib.asynccontextmanager
async def running(
    database_url: str, folder: Path, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[Identity]:
    """A process for the block."""
    identity = await start(database_url, folder, clock, **settings)
    try:
        yield identity
    finally:
        await identity.close()


async def refused(call: Any) -> str:
    """Return the reason for which a call is refused; fails where it is not."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        reason = reason_of(error)
        assert reason, error
        return reason
    raise AssertionError(f"not refused: {answer}")


async def failure(call: Any) -> grpc.aio.AioRpcError:
    """Return the error of a call; fails where there is none."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError(f"not refused: {answer}")


def retry_seconds(error: grpc.aio.AioRpcError) -> float:
    """Return after which time the caller may come back."""
    retry = error_details_pb2.RetryInfo()
    for detail in status_of(error).details:
        if detail.Unpack(retry):
            return retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    raise AssertionError("the error does not say when to come back")


def metadata_of(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """Return the metadata of a refusal."""
    info = error_info_of(error)
    assert info is not None
    return dict(info.metadata)
