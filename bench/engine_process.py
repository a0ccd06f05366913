"""The engine in a process of its own, as a mesh runs it, without the relay, which is measured apart.

`python -m bench.engine_process DATABASE_URL [PROFILE]` prints its port and serves until it is told to stop. With
a second argument the process samples its own stacks and writes them to that file at the end.
"""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from bench.sampling import StackSampler
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD, EngineService
from engine_svc.settings import EngineSettings
from mesh.db.schema import ensure_schema, open_database
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.process import run, until_stopped


async def main() -> None:
    """Serve until the process is told to stop."""
    url = sys.argv[1]
    settings = EngineSettings(port=0, database_url=url, drain_seconds=1.0)
    configure_logs(settings.service_name, settings.instance, "warning")
    await ensure_schema(url, MIGRATIONS, MIGRATIONS_HEAD)
    async with AsyncExitStack() as closing:
        database = await open_database(url)
        closing.push_async_callback(database.close)
        service = EngineService(settings, database, Metrics())
        closing.push_async_callback(service.stop)
        if len(sys.argv) > 2:
            closing.enter_context(StackSampler(Path(sys.argv[2])))
        print(json.dumps({"port": await service.start()}), flush=True)
        await until_stopped()


if __name__ == "__main__":
    run(main)
