"""What a mesh does beside the engine, in one process: the relay and the history service.

`python -m bench.background_process ENGINE_DATABASE_URL FOLDER` prints the port of history and works until it is
told to stop. Bus and history database lie in the folder.
"""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from engine_svc.relay import EngineRelay
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.local import LocalBus
from mesh.bus.topics import all_topics
from mesh.db.schema import ensure_schema, open_database
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.process import run, until_stopped


async def main() -> None:
    """Relay and consume until the process is told to stop."""
    engine_url, folder = sys.argv[1], Path(sys.argv[2])
    settings = HistorySettings(port=0, data_dir=folder, drain_seconds=1.0)
    configure_logs(settings.service_name, settings.instance, "warning")
    await ensure_schema(settings.own_database_url, MIGRATIONS, HEAD)
    async with AsyncExitStack() as closing:
        engine_database = await open_database(engine_url)
        closing.push_async_callback(engine_database.close)
        history_database = await open_database(settings.own_database_url)
        closing.push_async_callback(history_database.close)
        bus = await LocalBus.open(folder / "bus.db")
        closing.push_async_callback(bus.close)
        await bus.ensure_topics(all_topics())
        metrics = Metrics()
        relay = EngineRelay(engine_database, bus, metrics)
        relay.start()
        closing.push_async_callback(relay.stop)
        history = HistoryService(settings, history_database, bus, metrics)
        closing.push_async_callback(history.stop)
        print(json.dumps({"port": await history.start()}), flush=True)
        await until_stopped()


if __name__ == "__main__":
    run(main)
