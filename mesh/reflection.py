"""gRPC server reflection, version 1 and the v1alpha that older tools ask for; their messages are the same."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import flowmesh
import grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

from mesh.health import SERVICE as HEALTH

_SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


def handlers(services: Sequence[str]) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
    """Return what a server registers to tell of these services, of health, of reflection and of the rest of the mesh.

    Behind the gateway all services have one address, and whichever of them answers must know the others' contracts.
    """
    servicer: ReflectionServicer | None = None

    async def reflect(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        nonlocal servicer
        if servicer is None:
            # The contracts of the others are loaded only where somebody asks.
            known = {*services, *_contract_services(), HEALTH, *_SERVICES}
            servicer = ReflectionServicer(sorted(known))
        async for response in servicer.ServerReflectionInfo(requests, context):
            yield response

    method = grpc.stream_stream_rpc_method_handler(
        reflect,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return tuple(
        grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": method}) for service in _SERVICES
    )


def _contract_services() -> set[str]:
    found: set[str] = set()
    for root in map(Path, flowmesh.__path__):
        for path in root.rglob("*_service_pb2.py"):
            module = ".".join((root.name, *path.relative_to(root).with_suffix("").parts))
            services = importlib.import_module(module).DESCRIPTOR.services_by_name.values()
            found.update(service.full_name for service in services)
    return found
