"""Opens what a service keeps its data in: its database with its tables, and the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusError
from mesh.db.database import Database, DatabaseError
from mesh.db.schema import SchemaError, ensure_schema, open_database
from mesh.db.statements import Fetch, fetch
from mesh.settings import MeshSettings
from mesh.startup import StartupError


async def open_service_database(settings: MeshSettings, migrations: str, head: str) -> Database:
    """Bring a service's database to version `head` and open it.

    `migrations` is the package of its Alembic migrations. Raises `StartupError` where it cannot be used.
    """
    url = settings.own_database_url
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await ensure_schema(url, migrations, head)
        return await open_database(url)
    except (SchemaError, DatabaseError, OSError) as error:
        raise StartupError(f"The {settings.service_name} service cannot use its database: {error}.") from error


def database_check(database: Database) -> Callable[[], Awaitable[str]]:
    """Return a check for readiness that passes while the database answers."""

    async def check() -> str:
        await database.read(fetch(Fetch("SELECT 1")))
        return "answers"

    return check


async def open_service_bus(settings: MeshSettings) -> Bus:
    """Open the bus. Raises `StartupError` where it cannot be used."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return await open_bus(settings.own_bus_url)
    except (BusError, DatabaseError, OSError) as error:
        raise StartupError(f"The {settings.service_name} service cannot use its bus: {error}.") from error
