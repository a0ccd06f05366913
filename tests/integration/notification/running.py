"""A running notification service for tests, with the identity service's directory as the test wants it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.auth.v1 import permission_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.identity.v1 import directory_service_pb2
from flowmesh.notification.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from flowmesh.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from flowmesh.notification.v1.preference_service_pb2_grpc import PreferenceServiceStub
from flowmesh.notification.v1.rule_service_pb2_grpc import NotificationRuleServiceStub
from flowmesh.notification.v1.template_service_pb2_grpc import TemplateServiceStub
from flowmesh.notification.v1.webhook_service_pb2_grpc import WebhookServiceStub

from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.bus.port import Bus
from mesh.call import CallContext
from mesh.clock import ControlledClock
from mesh.db.database import Database
from mesh.db.statements import Fetch, Row, fetch
from mesh.errors import Denied
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from mesh.status import error_info_of
from notification_svc.main import NotificationService
from notification_svc.settings import NotificationSettings
from tests.infrastructure.identity import SECRET
from tests.integration.notification.told_events import NOON, message

WAIT_SECONDS = 30.0
STUBS = (
    NotificationServiceStub,
    PreferenceServiceStub,
    NotificationRuleServiceStub,
    TemplateServiceStub,
    WebhookServiceStub,
    DeliveryServiceStub,
)


class Directory:
    """The identity service's directory."""

    def __init__(self) -> None:
        self.entries: list[directory_service_pb2.DirectoryEntry] = []
        self.asked = 0

    async def ListDirectoryEntries(self, request: Any) -> Any:
        self.asked += 1
        first = int(request.page_token or 0)
        page = directory_service_pb2.ListDirectoryEntriesResponse(entries=self.entries[first : first + 2])
        page.read_time.FromMicroseconds(NOON)
        if first + 2 < len(self.entries):
            page.next_page_token = str(first + 2)
        return page


@contextlib.asynccontextmanager
async def directory_server(directory: Directory) -> AsyncIterator[grpc.aio.Channel]:
    """Serve a directory; give a channel to it."""
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    server.add(directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"], directory)
    port = await server.serve("127.0.0.1", 0)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop()


@dataclass
class Access:
    """Which tenants are open to whom, by permissions; None: all. Who is not named may do nothing but what is its own."""

    tenants: dict[str, frozenset[str] | None] = field(default_factory=dict)

    async def authorize(self, call: CallContext, needed: permission_pb2.MethodPermission) -> None:
        """The token, or else the correlation id, names the caller."""
        name = call.authorization.removeprefix("Bearer ") or call.correlation_id
        call.user_id = name
        call.grants = object()  # type: ignore[assignment] # not None: callers have to sign in
        if needed.signed_in:
            call.narrow(Rows((), name))
        elif name in self.tenants:
            opened = self.tenants[name]
            call.narrow(ALL_ROWS if opened is None else Rows((RowGrant(opened),), name))
        else:
            raise Denied("ACCESS_DENIED", "not allowed", metadata={"permission": needed.permission})


class Caller:
    """The services as somebody calls them."""

    def __init__(self, port: int, name: str) -> None:
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._metadata = (("x-correlation-id", name),)
        for stub in STUBS:
            for method, call in vars(stub(self.channel)).items():
                setattr(self, method, self._signed_in(call))

    def _signed_in(self, call: Any) -> Any:
        return lambda request: call(request, metadata=self._metadata)

    def __getattr__(self, method: str) -> Any:
        raise AttributeError(method)


@dataclass
class Running:
    """A running service."""

    service: NotificationService
    database: Database
    bus: Bus
    clock: ControlledClock
    directory: Directory
    access: Access
    port: int
    callers: dict[str, Caller] = field(default_factory=dict)

    def as_(self, name: str) -> Any:
        """The services as this user calls them."""
        if name not in self.callers:
            self.callers[name] = Caller(self.port, name)
        return self.callers[name]

    @property
    def root(self) -> Any:
        """The services as somebody calls them who may do everything."""
        self.access.tenants["root"] = None
        return self.as_("root")

    async def publish(self, *events: EventEnvelope) -> None:
        """Put events on the bus, and wait until they were taken in."""
        for consumer in (self.service._workflow, self.service._directory):
            assert consumer.counters.dead_letters == 0
        before = self.taken
        await self.bus.publish([message(event) for event in events])
        await until(lambda: self.taken >= before + len(events))
        assert self.service._workflow.counters.dead_letters == self.service._directory.counters.dead_letters == 0

    @property
    def taken(self) -> int:
        both = (self.service._workflow.counters, self.service._directory.counters)
        return sum(each.handled + each.duplicates + each.dead_letters for each in both)

    async def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """Read the database."""
        return await self.database.read(fetch(Fetch(sql, parameters)))

    async def settled(self) -> None:
        """Wait until nothing is to be sent now, but to webhooks that are left alone for a while."""

        async def nothing() -> bool:
            now = self.clock.now_micros()
            return not await self.rows(
                "SELECT d.id FROM delivery d LEFT JOIN webhook w ON w.id=d.recipient_id AND w.state=1 WHERE d.state=1 "
                "AND (d.lease<>'' OR (d.next_attempt_at<=? AND (w.held_until IS NULL OR w.held_until<=?)))",
                now,
                now,
            )

        await until(nothing)

    async def turn(self, micros: int) -> None:
        """Turn the clock, and wait for what is due by then."""
        self.clock.turn_to(micros)

        async def told() -> bool:
            return not await self.rows("SELECT task_id FROM reminder WHERE remind_at<=?", micros)

        await until(told)
        await self.settled()


async def until(holds: Callable[[], Any], seconds: float = WAIT_SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, "it does not come to hold"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(
    database: Database, bus: Bus, *, directory: Directory | None = None, signed_in: bool = True, **settings: Any
) -> AsyncIterator[Running]:
    """Start a service on a database with tables, its clock at noon."""
    directory = directory or Directory()
    clock, access = ControlledClock(), Access()
    clock.turn_to(NOON)
    given = {
        "port": 0,
        "drain_seconds": 0,
        "mesh_secret": SECRET,
        "retry_first_seconds": 10.0,
        "webhook_plain_http": True,
        "outgoing_networks": "127.0.0.0/8",
        **settings,
    }
    async with directory_server(directory) as channel:
        service = NotificationService(
            NotificationSettings(**given),
            database,
            bus,
            Metrics(),
            authorize=access.authorize if signed_in else None,
            clock=clock,
            identity=channel,
        )
        port = await service.start()
        made = Running(service, database, bus, clock, directory, access, port)
        try:
            await until(lambda: service._reading is not None and service._reading.known.is_set())
            yield made
        finally:
            for caller in made.callers.values():
                await caller.channel.close()
            await service.stop()


async def refused(call: Any) -> tuple[str, str]:
    """Await a call that must fail; return its code and reason."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    info = error_info_of(failed.value)
    assert info is not None, failed.value
    return failed.value.code().name, info.reason


def numbers(rows: Sequence[Row]) -> list[Any]:
    """Return the first column."""
    return [row[0] for row in rows]
