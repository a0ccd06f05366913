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

IDENTITY_SECONDS = 30.0
"""How long identity, in the other process, is waited for. Without it the engine starts all the same."""
_POLL_SECONDS = 0.02

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
        if settings.requires_authentication:
            await _until_listening(settings.identity_address)
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


async def _until_listening(address: str) -> None:
    """Wait until an address takes connections: a channel that was refused once would pause before it tries again."""
    host, _, port = address.rpartition(":")
    deadline = asyncio.get_running_loop().time() + IDENTITY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            writer.close()
            return


if __name__ == "__main__":
    run(main)
