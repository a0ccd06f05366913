"""Walls in tests: callers with rows, the methods that have to know them, and what calls come to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import grpc.aio
from flowmesh.auth.v1 import permission_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass

from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.call import CallContext
from mesh.status import error_info_of

RowsOption = permission_pb2.MethodPermission.Rows
TENANT = permission_pb2.MethodPermission.ROWS_TENANT
DEFINITION = permission_pb2.MethodPermission.ROWS_DEFINITION
INVOLVEMENT = permission_pb2.MethodPermission.ROWS_INVOLVEMENT
# Its generated type says less than it is.
_PERMISSION: Any = permission_pb2.method_permission


@dataclass(slots=True, frozen=True)
class Caller:
    """Who calls, and what is open to them."""

    user_id: str = ""
    rows: Rows = ALL_ROWS
    may_act_as: bool = True


NOBODY = Caller()


class Door:
    """Lets every call in as the caller that the test names, in place of tokens and grants."""

    def __init__(self) -> None:
        self.caller = NOBODY
        self.calls: list[CallContext] = []

    async def authorize(self, call: CallContext, _: permission_pb2.MethodPermission) -> None:
        """See `mesh.server.Authorize`."""
        call.user_id = self.caller.user_id or None
        call.may_act_as = self.caller.may_act_as
        call.narrow(self.caller.rows)
        self.calls.append(call)


def caller(user_id: str, *grants: RowGrant, groups: Iterable[str] = (), may_act_as: bool = True) -> Caller:
    """A caller to whom grants open rows."""
    return Caller(user_id, Rows(grants, user_id, frozenset(groups)), may_act_as)


def methods_of(modules: Iterable[ModuleType]) -> dict[str, MethodDescriptor]:
    """The methods of all services of some generated modules, by name."""
    found: dict[str, MethodDescriptor] = {}
    for module in modules:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                assert method.name not in found
                found[method.name] = method
    return found


def rows_of(method: MethodDescriptor) -> int:
    """By what the rows of a method are told apart."""
    option: int = method.GetOptions().Extensions[_PERMISSION].rows
    return option


Fields = Callable[[Any], Mapping[str, Any]]
"""The fields of a request, of the ids of what is there, or of what never was."""


@dataclass(slots=True, frozen=True)
class Named:
    """Calls that name things: where they are closed they come to what they come to where these never were."""

    fields: tuple[Fields, ...]
    walls: tuple[int, ...] = (TENANT, DEFINITION, INVOLVEMENT)


@dataclass(slots=True, frozen=True)
class Listed:
    """Calls that find things: where they are closed they find nothing, with and without a filter that names them."""

    fields: tuple[Fields, ...]
    walls: tuple[int, ...] = (TENANT, DEFINITION, INVOLVEMENT)


@dataclass(slots=True, frozen=True)
class Elsewhere:
    """A method with a test of its own, or without anything that could be closed; says why."""

    why: str
    walls: tuple[int, ...] = field(default=(), init=False)


Case = Named | Listed | Elsewhere


def named(*fields: Fields, walls: tuple[int, ...] = (TENANT, DEFINITION, INVOLVEMENT)) -> Named:
    """See `Named`."""
    return Named(fields, walls)


def listed(*fields: Fields) -> Listed:
    """See `Listed`."""
    return Listed(fields)


def request_of(method: MethodDescriptor, fields: Mapping[str, Any]) -> Any:
    """The request of a method."""
    return GetMessageClass(method.input_type)(**fields)


async def outcome(channel: grpc.aio.Channel, method: MethodDescriptor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a call comes to: the answer, or how it was refused."""
    request = request_of(method, fields)
    call = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    try:
        return MessageToDict(await call(request))
    except grpc.aio.AioRpcError as error:
        info = error_info_of(error)
        assert info is not None, error
        return {
            "refused": error.code().name,
            "reason": info.reason,
            "metadata": dict(info.metadata),
            "text": error.details(),
        }


def without_ids(found: Mapping[str, Any], things: Mapping[str, str]) -> str:
    """What a call came to as a text in which the values of `things` stand by their names."""
    text = json.dumps(found, sort_keys=True)
    for name, value in sorted(things.items(), key=lambda thing: -len(thing[1])):
        if value:
            text = text.replace(json.dumps(value)[1:-1], f"<{name}>")
    return text
