"""Where keys, grants and changes come from: the identity service, over a channel of the mesh."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import grpc
import grpc.aio
from flowmesh.identity.v1 import access_service_pb2, session_service_pb2
from flowmesh.identity.v1.access_service_pb2_grpc import AccessServiceStub
from flowmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub

from mesh.access.refusals import IdentityDown
from mesh.resilience.breaker import BreakerOpen

SERVICES = (
    access_service_pb2.DESCRIPTOR.services_by_name["AccessService"],
    session_service_pb2.DESCRIPTOR.services_by_name["SessionService"],
)
ANSWER_SECONDS = 2.0
"""How long an answer may take, before the identity service counts as one that is down."""


class AccessSource(Protocol):
    """What the identity service tells other services. Every method raises IdentityDown where it does not answer."""

    async def key_set(self) -> bytes:
        """Return the public keys as a JSON Web Key Set."""

    async def access(self, subject_id: str) -> access_service_pb2.Access:
        """Return what a subject was granted, never older than a change that was told before."""

    def changes(self) -> AsyncGenerator[access_service_pb2.WatchSecurityChangesResponse, None]:
        """Tell what is revoked, then every change; see `WatchSecurityChanges`."""


class RemoteSource:
    """See `AccessSource`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # Generated stubs serve channels of both kinds; typed as neither, they may be awaited.
        self._access: Any = AccessServiceStub(channel)
        self._sessions: Any = SessionServiceStub(channel)

    async def key_set(self) -> bytes:
        """See `AccessSource.key_set`."""
        try:
            answer = await self._sessions.GetKeySet(session_service_pb2.GetKeySetRequest(), timeout=ANSWER_SECONDS)
        except (grpc.aio.AioRpcError, BreakerOpen) as error:
            raise _down(error) from error
        text: bytes = answer.data
        return text

    async def access(self, subject_id: str) -> access_service_pb2.Access:
        """See `AccessSource.access`."""
        request = access_service_pb2.GetAccessRequest(subject_id=subject_id)
        try:
            answer = await self._access.GetAccess(request, timeout=ANSWER_SECONDS)
        except (grpc.aio.AioRpcError, BreakerOpen) as error:
            raise _down(error) from error
        access: access_service_pb2.Access = answer.access
        return access

    async def changes(self) -> AsyncGenerator[access_service_pb2.WatchSecurityChangesResponse, None]:
        """See `AccessSource.changes`."""
        call = self._access.WatchSecurityChanges(access_service_pb2.WatchSecurityChangesRequest())
        try:
            async for response in call:
                yield response
        except grpc.aio.AioRpcError as error:
            raise _down(error) from error
        finally:
            call.cancel()


def _down(error: grpc.aio.AioRpcError | BreakerOpen) -> IdentityDown:
    if isinstance(error, BreakerOpen):
        return IdentityDown(error.message)
    detail = f"{error.code().name}: {error.details()}"
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        detail += " (FLOWMESH_MESH_SECRET must be the same for all services of the mesh)"
    return IdentityDown(detail)
