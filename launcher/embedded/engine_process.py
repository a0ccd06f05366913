"""The engine's process in the embedded mesh."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine_svc.expressions.syntax import parse_expression
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD, EngineService
from engine_svc.settings import EngineSettings
from launcher.embedded.child_start import ChildStart
from mesh.bus.topics import all_topics
from mesh.logs import configure_logs, get_log
from mesh.process import run, until_stopped
from mesh.serving import serving

_log = get_log(__name__)


async def main() -> None:
    """Serve until the process is told to stop. Raises StartupError."""
    start = ChildStart.from_command_line()
    given = start.settings["engine"]
    settings = EngineSettings.from_environment(**{**given, "data_dir": Path(given["data_dir"])})
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        await bus.ensure_topics(all_topics())
        authorize = process.open_access()
        service = EngineService(
            settings, database, process.metrics, telemetry=process.telemetry, bus=bus, authorize=authorize
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        await service.start()
        _log.info("The engine is serving", host=settings.host, port=settings.listen_port)
        await process.access_known()
        start.ready()
        # The first expression would otherwise wait for the parser's tables, and the ready mesh for them.
        await asyncio.to_thread(parse_expression, "true")
        await until_stopped()


if __name__ == "__main__":
    run(main)
