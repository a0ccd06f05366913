"""The process of the services beside the engine in the embedded mesh: history, and the relay of the engine's outbox.

The relay lives here because the engine's event loop is the mesh's bottleneck, and this one's is not.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from engine_svc.relay import EngineRelay
from engine_svc.settings import EngineSettings
from engine_svc.storage import migrations
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from launcher.embedded.child_start import ChildStart
from mesh.admin_http import AdminServer, Readiness
from mesh.bus.topics import all_topics
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from mesh.stores import open_service_bus, open_service_database
from mesh.telemetry import start_telemetry

_log = get_log(__name__)


async def main() -> None:
    """Serve until the process is told to stop. Raises StartupError."""
    start = ChildStart.from_command_line()
    given = start.settings["history"]
    settings = HistorySettings.from_environment(**{**given, "data_dir": Path(given["data_dir"])})
    of_engine = EngineSettings.from_environment(data_dir=Path(given["data_dir"]))
    configure_logs("services", settings.instance, settings.log_level)
    metrics, readiness = Metrics(), Readiness()
    telemetry = start_telemetry(settings)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(telemetry.close)
        database = await open_service_database(settings, MIGRATIONS, HEAD)
        closing.push_async_callback(database.close)
        outbox = await open_service_database(of_engine, migrations.__name__, migrations.HEAD)
        closing.push_async_callback(outbox.close)
        bus = await open_service_bus(settings)
        closing.push_async_callback(bus.close)
        await bus.ensure_topics(all_topics())
        relay = EngineRelay(outbox, bus, metrics)
        service = HistoryService(settings, database, bus, metrics, telemetry=telemetry, hasten=relay.wake)
        service.add_checks(readiness)
        admin = AdminServer(metrics, readiness)
        await admin.serve(settings.host, settings.admin_port)
        closing.push_async_callback(admin.close)
        closing.push_async_callback(service.stop)
        await service.start()
        relay.start()
        closing.push_async_callback(relay.stop)
        _log.info("History is serving", host=settings.host, port=settings.listen_port)
        start.ready()
        try:
            await until_stopped()
        finally:
            readiness.stopping = True


if __name__ == "__main__":
    run(main)
