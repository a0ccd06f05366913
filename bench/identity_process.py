"""The identity service, with an API key in its folder: `python -m bench.identity_process FOLDER`. Prints its port.

The secret of the mesh comes from the environment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from identity_svc.api.own_access import OwnAccess
from identity_svc.main import MIGRATIONS_HEAD, IdentityService
from identity_svc.settings import IdentitySettings
from identity_svc.storage.schema import MIGRATIONS
from launcher.machine_key import ACCOUNT_ID, keep_machine_key
from mesh.logs import configure_logs
from mesh.process import run, until_stopped
from mesh.serving import serving


async def main() -> None:
    """Serve until the process is told to stop."""
    folder = Path(sys.argv[1])
    settings = IdentitySettings.from_environment(port=0, data_dir=folder, drain_seconds=1.0)
    configure_logs(settings.service_name, settings.instance, "error")
    async with serving(settings) as process:
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        own_access = OwnAccess()
        authorize = process.open_access(own_access)
        service = IdentityService(settings, database, bus, process.metrics, authorize=authorize, own_access=own_access)
        process.at_end(service.stop)
        port = await service.start()
        await keep_machine_key(folder, service.machine_account(ACCOUNT_ID))
        print(json.dumps({"port": port}), flush=True)
        await until_stopped()


if __name__ == "__main__":
    run(main)
