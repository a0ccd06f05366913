"""What checking a call costs, in µs: a signature, a token that is known, the whole check, and the check in the server.

The last compares `MeshServer` with and without it, called in turns by one client in the same process.
Run: `python bench/authorization.py [calls] [rounds]`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

import grpc.aio  # noqa: E402
import uvloop  # noqa: E402
from flowmesh.auth.v1 import permission_pb2  # noqa: E402

from bench import server_overhead as overhead  # noqa: E402
from mesh.access.opening import Access  # noqa: E402
from mesh.call import CallContext  # noqa: E402
from mesh.metrics import Metrics  # noqa: E402
from mesh.rpc_metrics import RpcMetrics  # noqa: E402
from mesh.server import MeshServer  # noqa: E402
from mesh.settings import MeshSettings  # noqa: E402
from tests.infrastructure.identity import SECRET, Identity, access  # noqa: E402

SUBJECTS = 200
BUDGET = 5.0


async def least(turns: int, count: int, work: Callable[[], Awaitable[Any]]) -> float:
    """Return the least µs that one piece of work took, of some turns."""
    best = float("inf")
    for _ in range(turns):
        started = time.perf_counter()
        for _ in range(count):
            await work()
        best = min(best, time.perf_counter() - started)
    return best / count * 1e6


def granted(subject: str) -> Any:
    """What a clerk has: several roles, narrowed, one of them with the permission."""
    made = access(subject, "userTasks.*", tenants=("a", "b"), groups=("g1", "g2"), involved_only=True)
    made.grants.add(permissions=["processInstances.get", "processInstances.list"], process_definition_keys=["order*"])
    made.grants.add(permissions=["history.*"], tenant_ids=["a"])
    return made


async def main(calls: int, rounds: int) -> None:
    identity = Identity()
    await identity.start()
    subjects = [f"user{number}" for number in range(SUBJECTS)]
    for subject in subjects:
        identity.allow(granted(subject))
    identity.allow(access("root", "*"))
    settings = MeshSettings(identity_address=f"127.0.0.1:{identity.port}", mesh_secret=SECRET, drain_seconds=0.2)
    known = Access(settings, Metrics())
    known.start()
    assert await known.known(10)
    headers = [f"Bearer {identity.token(subject)}" for subject in subjects]
    option = permission_pb2.MethodPermission(
        permission="history.processInstances.get", rows=permission_pb2.MethodPermission.ROWS_TENANT
    )

    async def nothing(call: CallContext, option: Any) -> None:
        pass

    def checks(authorize: Any) -> Callable[[], Awaitable[None]]:
        turn = iter(range(1 << 60))

        async def one() -> None:
            call = CallContext("c", method="/flowmesh.history.v1.HistoryService/GetHistoricProcessInstance")
            call.authorization = headers[next(turn) % SUBJECTS]
            await authorize(call, option)

        return one

    tokens = known.authorize.tokens

    async def signature() -> None:
        tokens.forget()
        await tokens.verify(headers[0])

    async def known_token() -> None:
        tokens.known(headers[0])

    checked = checks(known.authorize)
    for _ in headers:
        await checked()
    empty, whole = await least(rounds, 20_000, checks(nothing)), await least(rounds, 20_000, checked)
    print(f"a signature: {await least(rounds, 1_000, signature):6.1f} µs")
    print(f"a known token: {await least(rounds, 20_000, known_token):6.2f} µs")
    print(f"the whole check, {SUBJECTS} callers in turn: {whole - empty:.2f} µs (budget {BUDGET:.0f})")

    token = identity.token("root")
    servers, channels = [], {}
    for name, authorize in (("off", None), ("on", known.authorize)):
        server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), authorize=authorize)
        server.add(overhead.SERVICE, overhead.Servicer())
        servers.append(server)
        channels[name] = grpc.aio.insecure_channel(f"127.0.0.1:{await server.serve('127.0.0.1', 0)}")
    cpu: dict[str, list[float]] = {"off": [], "on": []}
    for turn in range(-1, rounds):
        for name, channel in channels.items():
            spent, _ = await overhead.round_of(channel, calls, (("authorization", f"Bearer {token}"),))
            if turn >= 0:  # the first turn warms up
                cpu[name].append(spent)
    for name, channel in channels.items():
        print(f"authentication {name}: {statistics.median(cpu[name]):6.1f} µs CPU a call (client and server)")
        await channel.close(None)
    added = statistics.median(on - off for off, on in zip(cpu["off"], cpu["on"], strict=True))
    print(f"added to a call: {added:.1f} µs")
    for server in servers:
        await server.stop()
    await known.close()
    await identity.stop()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000, int(sys.argv[2]) if len(sys.argv) > 2 else 7))
