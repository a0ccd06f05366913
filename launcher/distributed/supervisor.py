"""Starts the processes of the distributed profile; `launcher.supervision` keeps them running."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from launcher.distributed.node_process import NodeProcess
from launcher.distributed.nodes import gateway_settings, node_environment, settled_nodes
from launcher.distributed.options import DistributedOptions
from launcher.distributed.stores import Stores, settled_stores
from launcher.embedded.addresses import check_authentication, reachable
from launcher.embedded.data_folder import DataFolder
from launcher.embedded.gateway_process import GatewayProcess
from launcher.embedded.mesh_secret import mesh_secrets
from launcher.embedded.parent_death import end_with_parent
from launcher.embedded.service_process import child_environment
from launcher.supervision import Child, SupervisedMesh, all_or_none, run_mesh
from launcher.tls import MeshTls
from mesh.child_process import end_now
from mesh.startup import StartupError


class DistributedMesh(SupervisedMesh):
    """The processes of one mesh. One that cannot be kept running is tried again for ever; the others go on."""

    def __init__(self, options: DistributedOptions, folder: DataFolder) -> None:
        """Raises StartupError where an address is missing or wrong, or a port or a log file cannot be had."""
        self.options = options = dataclasses.replace(options, data=folder.path)
        _check_clock(options)
        check_authentication(options.authentication, options.host)
        self._secrets = mesh_secrets(folder.path)
        self.stores = settled_stores(options, os.environ)
        self.port, self.nodes = settled_nodes(options)
        tls = MeshTls(os.environ, None if options.certificates is None else options.certificates.absolute())
        self._tls = tls.gateway()
        super().__init__(folder, verbose=options.verbose)
        self._before_exec = end_with_parent()
        environment = {**child_environment(), **tls.environment(), **self._secrets}
        try:
            self._services = [
                NodeProcess(
                    node,
                    options.host,
                    node_environment(node, options, self.stores, self.nodes, environment),
                    *self.process_log(node.name),
                    inherited=folder.lock,
                    before_exec=self._before_exec,
                )
                for node in self.nodes
            ]
            self._gateway = GatewayProcess(
                dataclasses.replace(gateway_settings(options, self.port, self.nodes), tls=self._tls),
                folder.run,
                *self.process_log("gateway"),
                self._access_log,
                before_exec=self._before_exec,
            )
        except OSError as error:
            raise self.unwritable_logs(error) from None

    @property
    def stages(self) -> Sequence[Sequence[Child]]:
        """First the gateway, when its calls are answered; the services need no order, as nothing of theirs is lost."""
        return ((self._gateway,), self._services)

    @property
    def url(self) -> str:
        """The gateway's URL, as this machine reaches it."""
        return f"{self._tls.scheme}://{reachable(self.options.host)}:{self.port}"

    async def start(self) -> None:
        """Prepare databases and topics, then start every process, the gateway last. Raises StartupError."""
        await all_or_none(self._prepare(), self._gateway.prepare())
        await all_or_none(*(service.start() for service in self._services))
        await self._gateway.start()

    def state(self) -> dict[str, Any]:
        """Return the addresses, without users and passwords."""
        host = reachable(self.options.host)
        return {
            "profile": "distributed",
            "gateway": self.url,
            "authentication": self.options.authentication,
            "nodes": {
                node.name: {"grpc": f"{host}:{node.port}", "admin": f"http://{host}:{node.admin_port}"}
                for node in self.nodes
            },
            "stores": shown_stores(self.stores),
        }

    async def _prepare(self) -> None:
        given = {
            "databases": dict(self.stores.databases),
            "bus": self.stores.bus,
            "data_dir": str(self.options.data),
            "authentication": self.options.authentication,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "launcher.distributed.prepare"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=self._before_exec,
            start_new_session=True,
            env={**child_environment(), **self._secrets},
        )
        try:
            _, errors = await process.communicate(json.dumps(given).encode())
        except asyncio.CancelledError:
            await end_now(process)
            raise
        if process.returncode != 0:
            words = errors.decode("utf-8", "replace").strip().splitlines()
            raise StartupError(words[-1] if words else "The databases and the bus could not be prepared.")


def shown_stores(stores: Stores) -> dict[str, str]:
    """Return where the stores are, without users and passwords."""
    urls = {**{f"database of {name}": url for name, url in stores.databases.items()}, "bus": stores.bus}
    if stores.cache:
        urls["cache"] = stores.cache
    return {name: _shown(url) for name, url in urls.items()}


def run_distributed_mesh(options: DistributedOptions, on_ready: Callable[[DistributedMesh, float], None]) -> int:
    """Run the mesh until a signal ends it, and return the exit code; see `run_mesh`."""
    return run_mesh(options.data, lambda folder: DistributedMesh(options, folder), on_ready)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    options = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{options}"


def _check_clock(options: DistributedOptions) -> None:
    if options.clock == "system" or options.force_clock:
        return
    raise StartupError(
        "--clock controlled is for tests on a database of their own: every engine would go by a clock of its own. "
        "Leave it out, or add --force-clock if that is what you want."
    )
