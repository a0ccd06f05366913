"""A service as a child of the supervisor, started as it is in a container and asked for its readiness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from launcher.distributed.nodes import Node
from launcher.distributed.readiness import is_ready
from launcher.embedded.addresses import reachable
from launcher.embedded.log_files import ProcessLog
from launcher.embedded.service_process import ServiceProcess

_POLL_SECONDS = 0.1


class NodeProcess(ServiceProcess):
    """One process of a service."""

    def __init__(
        self,
        node: Node,
        host: str,
        environment: dict[str, str],
        log: ProcessLog,
        log_path: Path,
        *,
        inherited: int,
        before_exec: Callable[[], None],
    ) -> None:
        super().__init__(
            node.name, node.service.module, {}, log, log_path, inherited=inherited, before_exec=before_exec
        )
        self.node = node
        self._host = reachable(host).strip("[]")
        self._environment = environment

    async def _launch(self) -> asyncio.subprocess.Process:
        return await self._execute(self._module, inherited=(self._inherited,), environment=self._environment)

    async def _serves(self, process: asyncio.subprocess.Process) -> bool:
        while process.returncode is None:
            if await is_ready(self._host, self.node.admin_port, self.node.port):
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False
