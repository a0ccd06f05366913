"""The identity service: the only place where its parts are wired. `python -m identity_svc.main` runs it alone."""

from __future__ import annotations

from flowmesh.identity.v1 import (
    audit_service_pb2,
    directory_service_pb2,
    group_service_pb2,
    permission_service_pb2,
    role_assignment_service_pb2,
    role_service_pb2,
    service_account_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)

from identity_svc.api.audit_service import AuditServicer
from identity_svc.api.callers import Callers
from identity_svc.api.directory_service import DirectoryServicer
from identity_svc.api.group_service import GroupServicer
from identity_svc.api.own_access import OwnAccess
from identity_svc.api.permission_service import PermissionServicer
from identity_svc.api.role_assignment_service import RoleAssignmentServicer
from identity_svc.api.role_service import RoleServicer
from identity_svc.api.service_account_service import ServiceAccountServicer
from identity_svc.api.tenant_service import TenantServicer
from identity_svc.api.user_service import UserServicer
from identity_svc.commands.machine_account import MachineAccount
from identity_svc.commands.start import prepare_directory
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.waking_database import WakingDatabase
from identity_svc.relay import IdentityRelay
from identity_svc.settings import IdentitySettings
from identity_svc.signing_in import SigningIn
from identity_svc.storage.schema import HEAD, MIGRATIONS
from identity_svc.workers import retention
from identity_svc.workers.retention import Retention
from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.bus.port import Bus
from mesh.bus.topics import all_topics
from mesh.clock import Clock, SystemClock
from mesh.database_clock import DatabaseClock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.periodic import Periodic
from mesh.process import run, until_stopped
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.stores import database_check
from mesh.telemetry import Telemetry

MIGRATIONS_HEAD = HEAD

_log = get_log(__name__)


class IdentityService:
    """A running identity service, on a database that is open and has its tables: its gRPC server and its relay.

    What it is given it does not close. `rpcs` is needed where several services share `metrics`. Without `authorize`
    nobody has to sign in, and everybody may give what they like. `own_access`: what `authorize` asks, opened by
    `start`.
    """

    def __init__(
        self,
        settings: IdentitySettings,
        database: Database,
        bus: Bus,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
        own_access: OwnAccess | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._database = database = WakingDatabase(database)
        self._bus = bus
        self._database_clock = DatabaseClock(database) if clock is None and settings.shares_database else None
        self._clock = clock or self._database_clock or SystemClock()
        self._refusals = RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings, rpcs or RpcMetrics(metrics), telemetry=telemetry, authorize=authorize, refusals=self._refusals
        )
        self._own_access = own_access
        self._relay = IdentityRelay(database, bus, metrics, self._clock)
        self._writer = writer = DirectoryWriter(database, self._clock, self._relay.wake)
        self._signing_in = SigningIn(settings, database, self._clock, metrics, bound=authorize is not None)
        self._signing_in.add_to(self.server)
        served, callers = ServedDatabase(database), Callers(bound=authorize is not None)
        for module, name, servicer in (
            (user_service_pb2, "UserService", UserServicer(served, writer, callers)),
            (
                service_account_service_pb2,
                "ServiceAccountService",
                ServiceAccountServicer(served, writer, callers),
            ),
            (group_service_pb2, "GroupService", GroupServicer(served, writer, callers)),
            (tenant_service_pb2, "TenantService", TenantServicer(served, writer, callers)),
            (role_service_pb2, "RoleService", RoleServicer(served, writer, callers)),
            (
                role_assignment_service_pb2,
                "RoleAssignmentService",
                RoleAssignmentServicer(served, writer, callers),
            ),
            (permission_service_pb2, "PermissionService", PermissionServicer()),
            (audit_service_pb2, "AuditService", AuditServicer(served, callers)),
            (directory_service_pb2, "DirectoryService", DirectoryServicer(served, self._clock)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)
        old = Retention(database, self._clock, settings.request_retention_seconds)
        self._retention = Periodic("identity retention", retention.INTERVAL_SECONDS, old.run)

    def machine_account(self, account_id: str) -> MachineAccount:
        """Return the account by which the commands of a machine sign in, for who starts the mesh there.

        `prepare_directory` must have been done, as `start` does.
        """
        return MachineAccount(account_id, ServedDatabase(self._database), self._clock, self._signing_in.api_keys)

    async def start(self) -> int:
        """Listen and begin the work beside the calls; return the port.

        Raises `StartupError` where the port cannot be had, `DatabaseError` and `BusError` where one does not answer.
        """
        await self._bus.ensure_topics(all_topics())
        if self._database_clock is not None:
            await self._database_clock.start()
        await prepare_directory(self._database, self._clock)
        await self._signing_in.open()
        if self._own_access is not None:
            self._own_access.open(self._signing_in.access, self._signing_in.ring)
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        self._refusals.start()
        await self._signing_in.start()
        self._relay.start()
        self._retention.start()
        return port

    async def stop(self) -> None:
        """Drain the server, and end the work beside the calls."""
        await self.server.stop()
        await self._refusals.stop()
        await self._writer.close()
        await self._signing_in.stop()
        await self._retention.stop()
        await self._relay.stop()
        if self._database_clock is not None:
            await self._database_clock.stop()

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready only while the database answers."""
        readiness.add("identity database", database_check(self._database))
        self.server.follow(readiness)


async def serve(settings: IdentitySettings) -> None:
    """Run the service alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        own_access = OwnAccess()
        service = IdentityService(
            settings,
            database,
            bus,
            process.metrics,
            telemetry=process.telemetry,
            authorize=process.open_access(own_access),
            own_access=own_access,
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("Identity is serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the service alone, with the settings of the environment."""
    settings = IdentitySettings.from_environment()
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    await serve(settings)


if __name__ == "__main__":
    run(main)
