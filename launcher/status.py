"""`flowmesh status`: what the mesh of a data folder is doing."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from launcher.distributed.readiness import ask
from mesh.bus.opening import open_bus
from mesh.bus.port import BusError
from mesh.db.database import DatabaseError

LAG_SECONDS = 5.0
_UP, _DOWN = "up", "DOWN"


class NotRunning(Exception):
    """No mesh runs on the folder; the message is one sentence for people."""


async def mesh_status(data: Path) -> dict[str, Any]:
    """Return the processes of the mesh with their health, and how far consumers are behind. Raises NotRunning."""
    try:
        state = json.loads((data / "run" / "mesh.json").read_text())
        os.kill(state["supervisor"], 0)
    except (OSError, ValueError):
        raise NotRunning(f"No mesh is running on {data}.") from None
    admins = {name: node["admin"] for name, node in state.get("nodes", {}).items()}
    if not admins:
        admins = {name: state[f"{name}_metrics"].removesuffix("/metrics") for name in ("engine", "services")}
    names = list(state["processes"])
    reports = await asyncio.gather(*(_report(name, state, admins) for name in names))
    return {
        "profile": state.get("profile", "embedded"),
        "gateway": state["gateway"],
        "processes": dict(zip(names, reports, strict=True)),
        "lag": await _lag(data, state),
    }


async def _report(name: str, state: dict[str, Any], admins: dict[str, str]) -> dict[str, Any]:
    process: dict[str, Any] = {"pid": state["processes"][name]}
    url = urlsplit(admins.get(name, state["gateway"]))
    page = "/readyz" if name in admins else "/healthz"
    status, body = await ask(url.hostname or "", url.port or 0, page, tls=url.scheme == "https")
    process["status"] = _UP if status == 200 else _DOWN
    if status != 200:
        process["detail"] = _failed_checks(body) or "no answer"
    return process


def _failed_checks(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError):
        return body.decode(errors="replace").strip()
    return "; ".join(f"{name}: {check['detail']}" for name, check in checks.items() if check["status"] != "up")


async def _lag(data: Path, state: dict[str, Any]) -> dict[str, int] | str:
    """Return how many messages each consumer group has left, or why that cannot be told."""
    # What the mesh tells of itself has no password.
    told = state.get("stores", {}).get("bus") or f"sqlite:///{quote(str(data / 'bus.db'))}"
    bus_url = os.environ.get("FLOWMESH_BUS_URL") or told
    try:
        async with asyncio.timeout(LAG_SECONDS):
            bus = await open_bus(bus_url)
            try:
                groups = await bus.consumer_groups()
                return {group: sum(each.lag for each in await bus.group_offsets(group)) for group in groups}
            finally:
                await bus.close()
    except (BusError, DatabaseError, OSError, TimeoutError) as error:
        return f"the bus does not answer ({error})"


def print_status(status: dict[str, Any], *, as_json: bool) -> int:
    """Print it; return 0 where everything is up, else 1."""
    processes, lag = status["processes"], status["lag"]
    groups = lag if isinstance(lag, dict) else {"consumers": lag}
    width = max(map(len, (*processes, *groups)), default=0)
    if as_json:
        print(json.dumps(status), flush=True)
    else:
        lines = [f"{status['profile']} mesh at {status['gateway']}"]
        lines += [
            f"  {name:{width}} {process['status']:5} pid {process['pid']}  {process.get('detail', '')}".rstrip()
            for name, process in processes.items()
        ]
        lines += [
            f"  {group:{width}} {f'{count} events behind' if isinstance(count, int) else count}"
            for group, count in groups.items()
        ]
        print("\n".join(lines), flush=True)
    return 0 if all(process["status"] == _UP for process in processes.values()) else 1
