"""The engine's process in the embedded mesh."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from pathlib import Path

from engine_svc.expressions.syntax import parse_expression
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD, EngineService
from engine_svc.settings import EngineSettings
from launcher.embedded.child_start import ChildStart
from mesh.admin_http import AdminServer, Readiness
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from mesh.stores import open_service_database
from mesh.telemetry import start_telemetry

_log = get_log(__name__)


async def main() -> None:
    """Serve until the process is told to stop. Raises StartupError."""
    start = ChildStart.from_command_line()
    given = start.settings["engine"]
    settings = EngineSettings.from_environment(**{**given, "data_dir": Path(given["data_dir"])})
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    metrics, readiness = Metrics(), Readiness()
    telemetry = start_telemetry(settings)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(telemetry.close)
        database = await open_service_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        closing.push_async_callback(database.close)
        service = EngineService(settings, database, metrics, telemetry=telemetry)
        service.add_checks(readiness)
        admin = AdminServer(metrics, readiness)
        await admin.serve(settings.host, settings.admin_port)
        closing.push_async_callback(admin.close)
        closing.push_async_callback(service.stop)
        await service.start()
        _log.info("The engine is serving", host=settings.host, port=settings.listen_port)
        # What start-up made stays: a full collection that went through it all would hold up every call for 100 ms.
        gc.freeze()
        start.ready()
        try:
            # The first expression would otherwise wait for the parser's tables, and the ready mesh for them.
            await asyncio.to_thread(parse_expression, "true")
            await until_stopped()
        finally:
            readiness.stopping = True


if __name__ == "__main__":
    run(main)
