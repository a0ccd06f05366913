"""Services whose contract a test makes up."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flowmesh.auth.v1 import permission_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, wrappers_pb2

# Its generated type says less than it is.
_OPTION: Any = permission_pb2.method_permission


def made_service(**options: permission_pb2.MethodPermission | None) -> Any:
    """Return the descriptor of a service with a method for each name.

    One that ends with `Stream` answers with a stream, one that ends with `Upload` takes one.

    Requests and answers are `google.protobuf.StringValue`.
    """
    package = f"flowmesh.made{uuid4().hex}.v1"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=[permission_pb2.DESCRIPTOR.name, wrappers_pb2.DESCRIPTOR.name],
    )
    service = file.service.add(name="MadeService")
    for name, option in options.items():
        method = service.method.add(
            name=name,
            input_type=".google.protobuf.StringValue",
            output_type=".google.protobuf.StringValue",
            server_streaming=name.endswith("Stream"),
            client_streaming=name.endswith("Upload"),
        )
        if option is not None:
            method.options.Extensions[_OPTION].CopyFrom(option)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return pool.FindFileByName(file.name).services_by_name["MadeService"]
