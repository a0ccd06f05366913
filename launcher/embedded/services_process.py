"""The process of the services beside the engine in the embedded mesh: history, identity, forms, monitoring,
notifications, the relay of the outbox.

The relay lives here because the engine's event loop is the mesh's bottleneck, and this one's is not.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine_svc.relay import EngineRelay
from engine_svc.settings import EngineSettings
from engine_svc.storage import migrations
from form_svc.main import FormService
from form_svc.settings import FormSettings
from form_svc.storage import schema as form_schema
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from identity_svc.api.own_access import OwnAccess
from identity_svc.main import IdentityService
from identity_svc.settings import IdentitySettings
from identity_svc.storage import schema as identity_schema
from launcher.embedded.child_start import ChildStart
from launcher.machine_key import ACCOUNT_ID, keep_machine_key
from mesh.bus.topics import all_topics
from mesh.db.schema import ensure_schemas_of_files
from mesh.logs import configure_logs, get_log
from mesh.process import run, until_stopped
from mesh.rpc_metrics import RpcMetrics
from mesh.serving import serving
from monitoring_svc.main import MonitoringService
from monitoring_svc.settings import MonitoringSettings
from notification_svc.main import NotificationService
from notification_svc.settings import NotificationSettings
from notification_svc.storage import schema as notification_schema

_log = get_log(__name__)


async def main() -> None:
    """Serve until the process is told to stop. Raises StartupError."""
    start = ChildStart.from_command_line()
    given = start.settings["history"]
    of_history = HistorySettings.from_environment(**{**given, "data_dir": Path(given["data_dir"])})
    of_engine = EngineSettings.from_environment(data_dir=Path(given["data_dir"]))
    of_monitoring = MonitoringSettings.from_environment(
        **{**start.settings["monitoring"], "data_dir": Path(given["data_dir"])}
    )
    of_form = FormSettings.from_environment(**{**start.settings["form"], "data_dir": Path(given["data_dir"])})
    of_notification = NotificationSettings.from_environment(
        **{**start.settings["notification"], "data_dir": Path(given["data_dir"])}
    )
    to_identity = start.settings["identity"]
    paths = {name: Path(to_identity[name]) for name in ("data_dir", "bootstrap_token_file")}
    of_identity = IdentitySettings.from_environment(**{**to_identity, **paths})
    configure_logs("services", of_history.instance, of_history.log_level)
    async with serving(of_history) as process:
        await process.open_admin()
        await ensure_schemas_of_files(
            (of_history.own_database_url, MIGRATIONS, HEAD),
            (of_identity.own_database_url, identity_schema.MIGRATIONS, identity_schema.HEAD),
            (of_form.own_database_url, form_schema.MIGRATIONS, form_schema.HEAD),
            (of_notification.own_database_url, notification_schema.MIGRATIONS, notification_schema.HEAD),
        )
        database, directory, forms, outbox, inboxes, bus = await asyncio.gather(
            process.open_database(of_history, MIGRATIONS, HEAD),
            process.open_database(of_identity, identity_schema.MIGRATIONS, identity_schema.HEAD),
            process.open_database(of_form, form_schema.MIGRATIONS, form_schema.HEAD),
            process.open_database(of_engine, migrations.__name__, migrations.HEAD),
            process.open_database(of_notification, notification_schema.MIGRATIONS, notification_schema.HEAD),
            process.open_bus(),
        )
        await bus.ensure_topics(all_topics())
        relay = EngineRelay(outbox, bus, process.metrics)
        own_access = OwnAccess()
        rpcs, authorize, telemetry = RpcMetrics(process.metrics), process.open_access(own_access), process.telemetry
        identity = IdentityService(
            of_identity,
            directory,
            bus,
            process.metrics,
            rpcs=rpcs,
            telemetry=telemetry,
            authorize=authorize,
            own_access=own_access,
        )
        history = HistoryService(
            of_history,
            database,
            bus,
            process.metrics,
            rpcs=rpcs,
            telemetry=telemetry,
            authorize=authorize,
            hasten=relay.wake,
        )
        form = FormService(
            of_form,
            forms,
            bus,
            process.metrics,
            rpcs=rpcs,
            telemetry=telemetry,
            authorize=authorize,
            breakers=process.breakers,
        )
        monitoring = MonitoringService(
            of_monitoring, bus, process.metrics, rpcs=rpcs, telemetry=telemetry, authorize=authorize
        )
        notification = NotificationService(
            of_notification,
            inboxes,
            bus,
            process.metrics,
            rpcs=rpcs,
            telemetry=telemetry,
            authorize=authorize,
            breakers=process.breakers,
        )
        history.add_checks(process.readiness)
        identity.add_checks(process.readiness)
        form.add_checks(process.readiness)
        notification.add_checks(process.readiness)
        # First, as the others ask it who may call.
        for service in (identity, form, notification, history, monitoring):
            process.at_end(service.stop)
            await service.start()
        if authorize is not None:
            await keep_machine_key(of_identity.data_dir, identity.machine_account(ACCOUNT_ID))
        relay.start()
        process.at_end(relay.stop)
        _log.info("The services beside the engine are serving", host=of_history.host)
        start.ready()
        await until_stopped()


if __name__ == "__main__":
    run(main)
