"""What the mesh's server adds to a call, in µs of CPU: a bare grpc.aio method against a wrapped one.

Both answer the same message and are called in turns by one client in the same process, so what the client and grpc
itself cost cancels out. Run: `python bench/server_overhead.py [calls] [rounds]`.
"""

from __future__ import annotations

import asyncio
import platform
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

import grpc  # noqa: E402
import grpc.aio  # noqa: E402
import uvloop  # noqa: E402
from flowmesh.history.v1 import history_pb2, history_service_pb2  # noqa: E402

from mesh.metrics import Metrics  # noqa: E402
from mesh.rpc_metrics import RpcMetrics  # noqa: E402
from mesh.server import MeshServer  # noqa: E402
from mesh.settings import MeshSettings  # noqa: E402

IN_FLIGHT = 32
BUDGET = 25.0

SERVICE = history_service_pb2.DESCRIPTOR.services_by_name["HistoryService"]
METHOD = "GetHistoricProcessInstance"
Request = history_service_pb2.GetHistoricProcessInstanceRequest
Response = history_service_pb2.GetHistoricProcessInstanceResponse
METADATA = (
    ("x-correlation-id", "01938f5e-7a3b-7cc1-9d2e-4f5a6b7c8d9e"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
)


def answer(request: Request) -> Response:
    return Response(historic_process_instance=history_pb2.HistoricProcessInstance(id=request.id))


class Servicer:
    async def GetHistoricProcessInstance(self, request: Request) -> Response:
        return answer(request)

    def __getattr__(self, name: str) -> object:
        async def unused(request: object) -> object:
            raise NotImplementedError

        return unused


async def bare_server() -> tuple[grpc.aio.Server, int]:
    async def serve(request: Request, context: object) -> Response:
        return answer(request)

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        serve, request_deserializer=Request.FromString, response_serializer=Response.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, {METHOD: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def round_of(
    channel: grpc.aio.Channel, calls: int, metadata: tuple[tuple[str, str], ...] = ()
) -> tuple[float, float]:
    """Return CPU µs a call and calls a second."""
    call = channel.unary_unary(
        f"/{SERVICE.full_name}/{METHOD}",
        request_serializer=Request.SerializeToString,
        response_deserializer=Response.FromString,
    )
    request = Request(id="01938f5e-7a3b-7cc1-9d2e-4f5a6b7c8d9e")

    async def caller() -> None:
        for _ in range(calls // IN_FLIGHT):
            await call(request, metadata=(*METADATA, *metadata), timeout=10)

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    done = calls // IN_FLIGHT * IN_FLIGHT
    return (time.process_time() - cpu) / done * 1e6, done / (time.perf_counter() - wall)


async def main(calls: int, rounds: int) -> None:
    bare, bare_port = await bare_server()
    mesh = MeshServer(MeshSettings(drain_seconds=1), RpcMetrics(Metrics()))
    mesh.add(SERVICE, Servicer())
    mesh_port = await mesh.serve("127.0.0.1", 0)
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{bare_port}") as bare_channel,
        grpc.aio.insecure_channel(f"127.0.0.1:{mesh_port}") as mesh_channel,
    ):
        channels = {"bare": bare_channel, "mesh": mesh_channel}
        cpu: dict[str, list[float]] = {"bare": [], "mesh": []}
        rate: dict[str, list[float]] = {"bare": [], "mesh": []}
        for turn in range(-1, rounds):
            for name, channel in channels.items():
                spent, done = await round_of(channel, calls)
                if turn >= 0:  # the first turn warms up
                    cpu[name].append(spent)
                    rate[name].append(done)
    await bare.stop(None)
    await mesh.stop()
    print(
        f"Python {platform.python_version()}, grpcio {grpc.__version__}, {IN_FLIGHT} in flight, "
        f"{rounds} x {calls} calls"
    )
    for name in channels:
        print(
            f"{name}: {statistics.median(cpu[name]):6.1f} µs CPU a call (client and server), "
            f"{statistics.median(rate[name]):6.0f} calls a second"
        )
    overhead = statistics.median(m - b for b, m in zip(cpu["bare"], cpu["mesh"], strict=True))
    print(f"overhead: {overhead:.1f} µs a call (budget {BUDGET:.0f})")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000, int(sys.argv[2]) if len(sys.argv) > 2 else 7))
