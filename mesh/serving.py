"""A process of services from its start to its end: what it opens is closed in the opposite order, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from mesh.admin_http import AdminServer, Readiness
from mesh.bus.port import Bus
from mesh.db.database import Database, DatabaseUnavailable
from mesh.logs import get_log
from mesh.metrics import Metrics
from mesh.resilience.breaker import BreakerMetrics
from mesh.server import Authorize
from mesh.settings import MeshSettings
from mesh.stores import database_check, open_service_bus, open_service_database
from mesh.telemetry import start_telemetry
from mesh.tls import tls_source

if TYPE_CHECKING:
    from mesh.access.opening import Access
    from mesh.access.source import AccessSource

ACCESS_SECONDS = 5.0
"""How long a process that starts waits for the identity service, before it says that it is ready."""

_log = get_log(__name__)


class ServingProcess:
    """What the services of a process share; made by `serving`. Raises `StartupError` for files of TLS of no use."""

    def __init__(self, settings: MeshSettings, closing: AsyncExitStack) -> None:
        self.metrics = Metrics()
        self.readiness = Readiness()
        self.breakers = BreakerMetrics(self.metrics)
        if settings.tls is not None:
            tls_source(settings.tls).observe(self.metrics)
        self.telemetry = start_telemetry(settings)
        self._settings = settings
        self._closing = closing
        self._access: Access | None = None
        self.at_end(self.telemetry.close)

    def at_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Let this be done when the process ends, before what was named earlier."""
        self._closing.push_async_callback(close)

    async def open_database(self, settings: MeshSettings, migrations: str, head: str) -> Database:
        """Open the database of a service for this process; see `open_service_database`. Raises `StartupError`."""

        async def pending() -> str:
            raise DatabaseUnavailable("it is not open yet")

        self.readiness.add(f"{settings.service_name} database", pending)
        database = await open_service_database(
            settings, migrations, head, metrics=self.breakers, readiness=self.readiness
        )
        self.readiness.add(f"{settings.service_name} database", database_check(database))
        self.at_end(database.close)
        return database

    async def open_bus(self) -> Bus:
        """Open the bus for this process. Raises `StartupError`."""
        bus = await open_service_bus(self._settings, metrics=self.breakers, readiness=self.readiness)
        self.at_end(bus.close)
        return bus

    def open_access(self, source: AccessSource | None = None) -> Authorize | None:
        """Begin to ask the identity service who may call; return the check for the servers of this process.

        None where nobody has to sign in. `source`: how it is asked, where not by calls. Raises `StartupError` where the
        mesh has no secret.
        """
        settings = self._settings
        if not settings.requires_authentication:
            return None
        # Some 25 ms at import, which who asks nobody need not pay.
        from mesh.access.opening import Access

        access = Access(settings, self.metrics, source=source, breakers=self.breakers, telemetry=self.telemetry)
        access.add_checks(self.readiness)
        self.at_end(access.close)
        access.start()
        self._access = access
        return access.authorize

    async def access_known(self) -> None:
        """Wait for a while until calls can be checked, so that a process that says it is ready need not refuse any."""
        if self._access is not None and not await self._access.known(ACCESS_SECONDS):
            _log.warning("Calls are refused until the identity service answers")

    async def open_admin(self) -> None:
        """Serve metrics and health, from before anything is waited for. Raises `StartupError` for a port in use."""
        admin = AdminServer(self.metrics, self.readiness)
        await admin.serve(self._settings.host, self._settings.admin_port)
        self.at_end(admin.close)


@asynccontextmanager
async def serving(settings: MeshSettings) -> AsyncIterator[ServingProcess]:
    """Make what a process shares; at the end it is not ready any more, and everything is closed."""
    async with AsyncExitStack() as closing:
        process = ServingProcess(settings, closing)
        try:
            yield process
        finally:
            process.readiness.stopping = True
