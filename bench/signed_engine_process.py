"""The engine as a mesh runs it where callers must have signed in: `python -m bench.signed_engine_process DATABASE_URL`.

The address of identity and the secret of the mesh come from the environment. Prints its port.
"""

from __future__ import annotations

import json
import sys

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD, EngineService
from engine_svc.settings import EngineSettings
from mesh.logs import configure_logs
from mesh.process import run, until_stopped
from mesh.serving import serving


async def main() -> None:
    """Serve until the process is told to stop."""
    settings = EngineSettings.from_environment(port=0, database_url=sys.argv[1], drain_seconds=1.0)
    configure_logs(settings.service_name, settings.instance, "error")
    async with serving(settings) as process:
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        service = EngineService(settings, database, process.metrics, authorize=process.open_access())
        process.at_end(service.stop)
        print(json.dumps({"port": await service.start()}), flush=True)
        await until_stopped()


if __name__ == "__main__":
    run(main)
