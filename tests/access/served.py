"""Every service of the mesh in this process, on real databases and a real bus, whose callers have to sign in."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from flowmesh.auth.v1 import permission_pb2
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2, process_instance_service_pb2
from flowmesh.engine.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from flowmesh.engine.v1.user_task_service_pb2 import ListUserTasksRequest
from flowmesh.engine.v1.user_task_service_pb2_grpc import UserTaskServiceStub
from flowmesh.form.v1.form_definition_service_pb2 import CreateFormDefinitionRequest
from flowmesh.form.v1.form_definition_service_pb2_grpc import FormDefinitionServiceStub
from flowmesh.history.v1.history_service_pb2 import GetHistoricProcessInstanceRequest
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from google.api import httpbody_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc

from engine_svc import main as engine
from engine_svc.relay import EngineRelay
from engine_svc.settings import EngineSettings
from form_svc.main import FormService
from form_svc.settings import FormSettings
from form_svc.storage import schema as form_schema
from history_svc import main as history
from history_svc.settings import HistorySettings
from mesh.access.needs import MethodNeed, need_of
from mesh.access.opening import Access
from mesh.bus.opening import open_bus
from mesh.bus.topics import all_topics
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.metrics import Metrics
from mesh.settings import MeshSettings
from mesh.status import error_info_of, reason_of
from monitoring_svc.main import MonitoringService
from monitoring_svc.settings import MonitoringSettings
from notification_svc import main as notification
from notification_svc.settings import NotificationSettings
from tests.access.accounts import Accounts
from tests.infrastructure.ports import free_ports
from tests.integration.engine.serving import user_task
from tests.integration.identity import signed_in

DESCRIPTORS = Path(__file__).resolve().parents[2] / "gen" / "descriptors.binpb"
TENANT = "acme"
KEY = "review"
INSIDER = "insider-of-acme"
"""A user of the tenant alone."""
# Its generated type says less than it is.
_OPTION: Any = permission_pb2.method_permission


@dataclass(slots=True, frozen=True)
class Outcome:
    """How a call ended: its code, the reason of a refusal and its text, or the answer's bytes."""

    code: str
    reason: str = ""
    text: str = ""
    permission: str = ""
    answer: bytes = b""


@dataclass(slots=True, frozen=True)
class Method:
    """A method of a contract."""

    path: str
    need: MethodNeed
    streams: bool
    descriptor: Any = field(repr=False)


def all_methods() -> Iterator[Method]:
    """Every method of every service of every contract."""
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    pool = descriptor_pool.Default()
    for file in files.file:
        if not file.package.startswith("flowmesh.") or not file.service:
            continue
        importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        for service in file.service:
            described = pool.FindServiceByName(f"{file.package}.{service.name}")
            for method in described.methods:
                option = method.GetOptions().Extensions[_OPTION]
                path = f"/{described.full_name}/{method.name}"
                yield Method(path, need_of(option), method.server_streaming, method)


class Served:
    """The services, found by what their health says they serve."""

    def __init__(self, accounts: Accounts, channels: list[grpc.aio.Channel]) -> None:
        self.accounts = accounts
        self._channels = channels
        self._by_service: dict[str, grpc.aio.Channel] = {}
        self.things: dict[str, str] = {}
        """Ids of what there is in the tenant, by kind."""

    async def find(self, service: str) -> grpc.aio.Channel | None:
        """Return a channel to who serves a service."""
        for channel in self._channels:
            if service in self._by_service:
                break
            health: Any = health_pb2_grpc.HealthStub(channel)
            try:
                await health.Check(health_pb2.HealthCheckRequest(service=service))
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.NOT_FOUND
            else:
                self._by_service[service] = channel
        return self._by_service.get(service)

    async def call(
        self, method: Method, token: str | None, request: bytes = b"", metadata: tuple[tuple[str, str], ...] = ()
    ) -> Outcome:
        """Call with bytes. Of a stream the first message is the answer; one that says nothing ends as OK."""
        channel = await self.find(method.descriptor.containing_service.full_name)
        assert channel is not None
        if token is not None:
            metadata = (*metadata, ("authorization", f"Bearer {token}"))
        try:
            if not method.streams:
                return Outcome(
                    "OK", answer=await channel.unary_unary(method.path)(request, metadata=metadata, timeout=20)
                )
            stream = channel.unary_stream(method.path)(request, metadata=metadata)
            try:
                async with asyncio.timeout(0.5):
                    answer = await stream.read()
            except TimeoutError:
                answer = b""
            finally:
                stream.cancel()
            return Outcome("OK", answer=answer if isinstance(answer, bytes) else b"")
        except grpc.aio.AioRpcError as error:
            info = error_info_of(error)
            permission = info.metadata.get("permission", "") if info is not None else ""
            return Outcome(error.code().name, reason_of(error), error.details() or "", permission)


async def _database(closing: AsyncExitStack, path: Path, migrations: str, head: str) -> Database:
    url = f"sqlite:///{path}"
    await asyncio.to_thread(migrate, url, migrations, head)
    database = await open_database(url)
    closing.push_async_callback(database.close)
    return database


@asynccontextmanager
async def served_mesh(folder: Path) -> AsyncIterator[Served]:
    """All services, with a few things in them."""
    async with AsyncExitStack() as closing:
        url = await signed_in.migrated(f"sqlite:///{folder / 'identity.db'}")
        identity = await closing.enter_async_context(signed_in.running(url, folder))
        own: dict[str, Any] = {"port": 0, "drain_seconds": 0.2, "mesh_secret": signed_in.SECRET}
        known = Access(MeshSettings(**{**own, "identity_address": f"127.0.0.1:{identity.port}"}), Metrics())
        known.start()
        closing.push_async_callback(known.close)
        assert await known.known(10)
        bus = await open_bus(f"sqlite:///{folder / 'bus.db'}")
        closing.push_async_callback(bus.close)
        await bus.ensure_topics(all_topics())
        engine_database = await _database(closing, folder / "engine.db", engine.MIGRATIONS, engine.MIGRATIONS_HEAD)
        history_database = await _database(closing, folder / "history.db", history.MIGRATIONS, history.MIGRATIONS_HEAD)
        form_database = await _database(closing, folder / "form.db", form_schema.MIGRATIONS, form_schema.HEAD)
        engine_port, form_port = free_ports(2)
        between = {"engine_address": f"127.0.0.1:{engine_port}", "form_address": f"127.0.0.1:{form_port}"}
        notification_database = await _database(
            closing, folder / "notification.db", notification.MIGRATIONS, notification.MIGRATIONS_HEAD
        )
        relay = EngineRelay(engine_database, bus, Metrics())
        relay.start()
        closing.push_async_callback(relay.stop)
        allowed: dict[str, Any] = {"authorize": known.authorize}
        services: list[Any] = [
            engine.EngineService(
                EngineSettings(**{**own, **between, "port": engine_port}),
                engine_database,
                Metrics(),
                bus=bus,
                **allowed,
            ),
            history.HistoryService(HistorySettings(**own), history_database, bus, Metrics(), **allowed),
            MonitoringService(MonitoringSettings(**own), bus, Metrics(), **allowed),
            FormService(
                FormSettings(**{**own, **between, "port": form_port}), form_database, bus, Metrics(), **allowed
            ),
            notification.NotificationService(
                NotificationSettings(**own, identity_address=f"127.0.0.1:{identity.port}"),
                notification_database,
                bus,
                Metrics(),
                **allowed,
            ),
        ]
        channels = [identity.channel]
        for service in services:
            port = await service.start()
            closing.push_async_callback(service.stop)
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
            closing.push_async_callback(channel.close, None)
            channels.append(channel)
        accounts = Accounts(identity)
        await accounts.begin()
        served = Served(accounts, channels)
        await accounts.tenants(TENANT)
        await _furnish(served)
        yield served


async def _furnish(served: Served) -> None:
    """Put a process, an instance and a task into the tenant, and wait until history knows of them."""
    signed = (("authorization", f"Bearer {served.accounts.root_token}"),)
    deploying: Any = DeploymentServiceStub(await served.find("flowmesh.engine.v1.DeploymentService"))
    starting: Any = ProcessInstanceServiceStub(await served.find("flowmesh.engine.v1.ProcessInstanceService"))
    listing: Any = UserTaskServiceStub(await served.find("flowmesh.engine.v1.UserTaskService"))
    reading: Any = HistoryServiceStub(await served.find("flowmesh.history.v1.HistoryService"))
    request = deployment_service_pb2.CreateDeploymentRequest(
        resources=[deployment_pb2.Resource(name="m.bpmn", content=user_task(KEY))], tenant_id=TENANT
    )
    deployment = (await deploying.CreateDeployment(request, metadata=signed)).deployment
    start = process_instance_service_pb2.CreateProcessInstanceRequest(process_definition_key=KEY, tenant_id=TENANT)
    instance = (await starting.CreateProcessInstance(start, metadata=signed)).process_instance
    (task,) = (
        await listing.ListUserTasks(ListUserTasksRequest(process_instance_id=instance.id), metadata=signed)
    ).user_tasks
    await served.accounts.allow(INSIDER, tenants=(TENANT,))
    making: Any = FormDefinitionServiceStub(await served.find("flowmesh.form.v1.FormDefinitionService"))
    schema = httpbody_pb2.HttpBody(data=b'{"type": "default", "id": "form-of-acme", "components": []}')
    form = CreateFormDefinitionRequest(tenant_id=TENANT, schema=schema)
    made = (await making.CreateFormDefinition(form, metadata=signed)).form_definition
    served.things = {
        "form": made.id,
        "deployment": deployment.id,
        "definition": instance.process_definition_id,
        "instance": instance.id,
        "task": task.id,
        "user": INSIDER,
    }
    async with asyncio.timeout(20):
        while True:
            try:
                await reading.GetHistoricProcessInstance(
                    GetHistoricProcessInstanceRequest(id=instance.id), metadata=signed
                )
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.NOT_FOUND
                await asyncio.sleep(0.05)
            else:
                return
