"""The processes of the embedded mesh and their order; `launcher.supervision` keeps them running."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from launcher.client.local_mesh import BOOTSTRAP_FILE
from launcher.embedded.addresses import check_authentication, gateway_settings, reachable, settled
from launcher.embedded.data_folder import DataFolder
from launcher.embedded.gateway_process import GatewayProcess
from launcher.embedded.mesh_secret import mesh_secrets
from launcher.embedded.options import MeshOptions
from launcher.embedded.parent_death import end_with_parent
from launcher.embedded.service_process import ServiceProcess
from launcher.supervision import Child, SupervisedMesh, all_or_none, run_mesh
from launcher.tls import MeshTls


class EmbeddedMesh(SupervisedMesh):
    """The processes of one mesh, on a data folder that this process holds."""

    max_restarts = 5

    def __init__(self, options: MeshOptions, folder: DataFolder) -> None:
        """Raises StartupError where a port or a log file cannot be had."""
        self.options = settled(dataclasses.replace(options, data=folder.path))
        # The services read the same environment.
        self._tls = MeshTls(os.environ).gateway()
        super().__init__(folder, verbose=options.verbose)
        options = self.options
        before_exec = end_with_parent()
        data = str(folder.path)
        check_authentication(options.authentication, options.host)
        secrets = mesh_secrets(folder.path)
        host = reachable(options.host)
        engine = {
            "host": options.host,
            "data_dir": data,
            "authentication": options.authentication,
            "identity_address": f"{host}:{options.identity_port}",
            "form_address": f"{host}:{options.form_port}",
            "engine_address": f"{host}:{options.engine_port}",
        }
        engine_settings = {
            **engine,
            "port": options.engine_port,
            "admin_port": options.engine_metrics_port,
            # None leaves it to the environment.
            "clock": None if options.clock == "system" else options.clock,
        }
        history = {**engine, "port": options.history_port, "admin_port": options.history_metrics_port}
        identity = {
            **engine,
            "port": options.identity_port,
            "bootstrap_token_file": str(folder.path / BOOTSTRAP_FILE),
        }
        form = {**engine, "port": options.form_port}
        monitoring = {**engine, "port": options.monitoring_port}
        notification = {**engine_settings, "port": options.notification_port}
        try:
            self._engine = ServiceProcess(
                "engine",
                "launcher.embedded.engine_process",
                {"engine": engine_settings},
                *self.process_log("engine"),
                inherited=folder.lock,
                before_exec=before_exec,
                secrets=secrets,
            )
            self._services = ServiceProcess(
                "services",
                "launcher.embedded.services_process",
                {
                    "history": history,
                    "identity": identity,
                    "form": form,
                    "monitoring": monitoring,
                    "notification": notification,
                },
                *self.process_log("services"),
                inherited=folder.lock,
                before_exec=before_exec,
                secrets=secrets,
            )
            self._gateway = GatewayProcess(
                dataclasses.replace(gateway_settings(options), tls=self._tls),
                folder.run,
                *self.process_log("gateway"),
                self._access_log,
                before_exec=before_exec,
            )
        except OSError as error:
            raise self.unwritable_logs(error) from None

    @property
    def stages(self) -> tuple[tuple[Child], ...]:
        """First the gateway, when its calls are answered, then the engine, then the services: it asks identity."""
        return ((self._gateway,), (self._engine,), (self._services,))

    @property
    def url(self) -> str:
        """The gateway's URL, as this machine reaches it."""
        return f"{self._tls.scheme}://{reachable(self.options.host)}:{self.options.port}"

    async def start(self) -> None:
        """Start every process; the gateway comes last, so that its first call finds the services.

        Raises StartupError; what was started must be stopped by `stop`.
        """
        await all_or_none(self._engine.start(), self._services.start(), self._gateway.prepare())
        await self._gateway.start()

    def state(self) -> dict[str, Any]:
        """Return the addresses."""
        host = reachable(self.options.host)
        return {
            "gateway": self.url,
            "authentication": self.options.authentication,
            "engine": f"{host}:{self.options.engine_port}",
            "identity": f"{host}:{self.options.identity_port}",
            "form": f"{host}:{self.options.form_port}",
            "notification": f"{host}:{self.options.notification_port}",
            "history": f"{host}:{self.options.history_port}",
            "monitoring": f"{host}:{self.options.monitoring_port}",
            "engine_metrics": f"http://{host}:{self.options.engine_metrics_port}/metrics",
            "services_metrics": f"http://{host}:{self.options.history_metrics_port}/metrics",
        }


def run_embedded_mesh(options: MeshOptions, on_ready: Callable[[EmbeddedMesh, float], None]) -> int:
    """Run the mesh until a signal ends it, and return the exit code; see `run_mesh`."""
    return run_mesh(options.data, lambda folder: EmbeddedMesh(options, folder), on_ready)
