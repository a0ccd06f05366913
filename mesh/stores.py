"""Opens what a service keeps its data in: its database with its tables, and the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mesh.admin_http import Readiness
from mesh.bus.opening import is_broker, open_bus
from mesh.bus.port import Bus, BusError
from mesh.db.database import Database, DatabaseError, DatabaseRefused, DatabaseUnavailable
from mesh.db.schema import SchemaError, SchemaUnready, ensure_schema, open_database, sqlite_path
from mesh.db.statements import Fetch, fetch
from mesh.resilience.breaker import BreakerMetrics, CircuitBreaker
from mesh.resilience.service_bus import ServiceBus
from mesh.resilience.waiting import wait_for
from mesh.settings import MeshSettings
from mesh.startup import StartupError


async def open_service_database(
    settings: MeshSettings,
    migrations: str,
    head: str,
    *,
    metrics: BreakerMetrics | None = None,
    readiness: Readiness | None = None,
) -> Database:
    """Bring a service's database to version `head` and open it.

    `migrations` is the package of its Alembic migrations. A server that is away and a migration by another process
    are waited for. Raises `StartupError` where it cannot be used.
    """
    url = settings.own_database_url
    name = f"{settings.service_name} database"
    is_file = sqlite_path(url) is not None
    breaker = None if is_file else CircuitBreaker(name, metrics=metrics)

    async def opened() -> Database:
        await ensure_schema(url, migrations, head)
        return await open_database(url, settings.database_limits, breaker)

    def passes(error: Exception) -> bool:
        # What is wrong with a file, a password or a name does not mend itself.
        away = isinstance(error, DatabaseUnavailable) and not isinstance(error, DatabaseRefused)
        return (away and not is_file) or isinstance(error, SchemaUnready)

    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return await wait_for(name, opened, passes, seconds=settings.startup_wait_seconds, readiness=readiness)
    except (SchemaError, DatabaseError, OSError) as error:
        raise StartupError(f"The {settings.service_name} service cannot use its database: {error}.") from error


def database_check(database: Database) -> Callable[[], Awaitable[str]]:
    """Return a check for readiness that passes while the database answers."""

    async def check() -> str:
        await database.read(fetch(Fetch("SELECT 1")))
        return "answers"

    return check


async def open_service_bus(
    settings: MeshSettings, *, metrics: BreakerMetrics | None = None, readiness: Readiness | None = None
) -> Bus:
    """Open the bus: one in a file now, a broker in the background as soon as it is there.

    Raises `StartupError` where the file cannot be used.
    """
    bus = ServiceBus(
        lambda: open_bus(settings.own_bus_url, event_topics=settings.event_topics), metrics=metrics, readiness=readiness
    )
    if is_broker(settings.own_bus_url):
        bus.open_later()
        return bus
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await bus.open()
    except (BusError, DatabaseError, OSError) as error:
        raise StartupError(f"The {settings.service_name} service cannot use its bus: {error}.") from error
    return bus
