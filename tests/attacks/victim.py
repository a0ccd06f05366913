"""Whoever uses the mesh while somebody attacks it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import httpx

from tests.infrastructure.mesh import Mesh

UNLIMITED = {"FLOWMESH_GATEWAY_RATE_LIMIT": "0", "FLOWMESH_GATEWAY_RATE_LIMIT_SERVICE_ACCOUNTS": "0"}
"""Attacks are tried one by one: what would be refused for being the hundredth in a minute shows nothing."""
SLOWEST_SECONDS = 30.0
"""Of one small call of somebody else. Far more than it takes on a machine that is busy, far less than an endless loop."""
MEMORY_BYTES = 256 << 20
"""By how much a process may be larger than it was. What a bomb asks for is many times that."""


class Victim:
    """Calls the mesh again and again, and remembers how long that took."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._sizes = _sizes(mesh)
        self._processes = mesh.state()["processes"]
        self.seconds: list[float] = []
        self.failures: list[str] = []

    async def work(self, stop: asyncio.Event) -> None:
        """Call until told to stop."""
        async with self._mesh.rest() as rest:
            while not stop.is_set():
                for path in ("/v1/processInstances", "/v1/history/processInstances", "/v1/users"):
                    await self._call(rest, path)
                await asyncio.sleep(0.05)

    async def _call(self, rest: httpx.AsyncClient, path: str) -> None:
        begun = time.monotonic()
        try:
            answer = await rest.get(path, params={"pageSize": 1})
        except httpx.HTTPError as error:
            self.failures.append(f"{path}: {error!r}")
            return
        self.seconds.append(time.monotonic() - begun)
        if answer.status_code != 200:
            self.failures.append(f"{path}: {answer.status_code} {answer.text[:200]}")

    def check(self) -> None:
        """Raise `AssertionError` where the attack was felt."""
        assert not self.failures, self.failures[:3]
        assert self.seconds
        assert max(self.seconds) < SLOWEST_SECONDS, f"somebody else waited for {max(self.seconds):.1f} s"
        assert self._mesh.state()["processes"] == self._processes, "a process has ended"
        grown = {pid: size - self._sizes.get(pid, size) for pid, size in _sizes(self._mesh).items()}
        assert max(grown.values()) < MEMORY_BYTES, f"more bytes by process id: {grown}"


def _sizes(mesh: Mesh) -> dict[int, int]:
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = {}
    for pid in mesh.pids():
        try:
            sizes[pid] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except FileNotFoundError:
            continue
    return sizes


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Return the error of an answer, which must be a clear one of these statuses (400 where none is given)."""
    assert answer.status_code in (statuses or (400,)), f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    info = body["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["reason"]
    assert body["message"]
    for told in ("Traceback", 'File "/', "site-packages", "sqlite3.", "OperationalError", "object at 0x"):
        assert told not in answer.text, answer.text
    return body


def reason(answer: httpx.Response) -> str:
    """Return the reason of an error."""
    return str(answer.json()["details"][0]["reason"])
