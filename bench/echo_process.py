"""The reference: a bare grpc.aio server that answers every call with the same bytes. No code of the mesh.

`python -m bench.echo_process BYTES` prints its port and serves until it is told to stop.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import grpc
import grpc.aio
import uvloop

METHOD = "/bench.Echo/Call"


async def serve(answer_bytes: int) -> None:
    """Answer every call with so many bytes."""
    answer = b"x" * answer_bytes

    async def call(request: bytes, context: object) -> bytes:
        return answer

    _, service, method = METHOD.split("/")
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(call)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"port": port}), flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await server.stop(None)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
