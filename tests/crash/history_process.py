"""The history service in a process that can be killed: `python -m tests.crash.history_process DATABASE BUS`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from mesh.bus.local import LocalBus
from mesh.db.schema import open_database
from mesh.metrics import Metrics


async def main(database_url: str, bus_path: str) -> None:
    """Serve until killed; the port is printed once it does."""
    database = await open_database(database_url)
    bus = await LocalBus.open(Path(bus_path))
    settings = HistorySettings(port=0, mesh_secret="a-secret-of-the-mesh-with-more-than-32-characters")
    service = HistoryService(settings, database, bus, Metrics())
    print(await service.start(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
