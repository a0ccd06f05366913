"""A real grpc.aio server with the real contracts and canned behaviour."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import flowmesh.engine.v1
import flowmesh.form.v1
import flowmesh.history.v1
import flowmesh.identity.v1
import flowmesh.monitoring.v1
import flowmesh.notification.v1
import grpc
import grpc.aio
from google.protobuf import message_factory
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection


def _services(package: ModuleType) -> tuple[ModuleType, ...]:
    """The modules of a package that define services."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__) if module.name.endswith("_service_pb2")]
    return tuple(importlib.import_module(f"{package.__name__}.{name}") for name in names)


FILES = {
    "flowmesh.engine.v1": _services(flowmesh.engine.v1),
    "flowmesh.form.v1": _services(flowmesh.form.v1),
    "flowmesh.history.v1": _services(flowmesh.history.v1),
    "flowmesh.identity.v1": _services(flowmesh.identity.v1),
    "flowmesh.monitoring.v1": _services(flowmesh.monitoring.v1),
    "flowmesh.notification.v1": _services(flowmesh.notification.v1),
}

Answer = Callable[[Any, grpc.aio.ServicerContext], Any]


class Backend:
    """Serves every method of a package; records each call and answers what the test chose, else an empty message."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.calls: list[tuple[str, Message, dict[str, str | bytes]]] = []
        self.answers: dict[str, Answer] = {}
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def start(self, port: int = 0) -> None:
        server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 8 * 1024 * 1024)]
        )
        names = []
        for file in FILES[self.package]:
            for service in file.DESCRIPTOR.services_by_name.values():
                names.append(service.full_name)
                handlers = {method.name: self._handler(service.full_name, method) for method in service.methods}
                server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
        servicer = health.aio.HealthServicer()
        await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
        self.port = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        self._server = server

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    @property
    def last(self) -> tuple[str, Any, dict[str, str | bytes]]:
        return self.calls[-1]

    def reset(self) -> None:
        self.calls.clear()
        self.answers.clear()

    def _handler(self, service: str, method: Any) -> grpc.RpcMethodHandler:
        request_type = message_factory.GetMessageClass(method.input_type)
        response_type = message_factory.GetMessageClass(method.output_type)
        name = f"{service}/{method.name}"

        def record(request: Message, context: grpc.aio.ServicerContext) -> None:
            self.calls.append((name, request, dict(context.invocation_metadata() or ())))

        async def unary(request: Message, context: grpc.aio.ServicerContext) -> Message:
            record(request, context)
            answer = self.answers.get(method.name)
            if answer is None:
                return response_type()
            result = answer(request, context)
            return await result if inspect.isawaitable(result) else result

        async def stream(request: Message, context: grpc.aio.ServicerContext) -> AsyncIterator[Message]:
            record(request, context)
            answer = self.answers.get(method.name)
            if answer is not None:
                async for message in answer(request, context):
                    yield message

        kind: Any
        behaviour: Any
        if method.server_streaming:
            kind, behaviour = grpc.unary_stream_rpc_method_handler, stream
        else:
            kind, behaviour = grpc.unary_unary_rpc_method_handler, unary
        return kind(
            behaviour,
            request_deserializer=request_type.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
