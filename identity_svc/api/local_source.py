"""Keys, grants and changes for the calls of the identity service's own process: without going through the network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from flowmesh.identity.v1 import access_service_pb2 as pb

from identity_svc.api.access_service import AccessServicer
from identity_svc.commands.key_ring import KeyRing
from mesh.access.refusals import IdentityDown
from mesh.errors import DependencyDown, Overload


class LocalSource:
    """An `AccessSource` that asks the service in this process, from when it is `bound` on."""

    def __init__(self) -> None:
        self._servicer: AccessServicer | None = None
        self._ring: KeyRing | None = None
        self._bound = asyncio.Event()

    def bind(self, servicer: AccessServicer, ring: KeyRing) -> None:
        """Begin to answer."""
        self._servicer = servicer
        self._ring = ring
        self._bound.set()

    async def key_set(self) -> bytes:
        """See `AccessSource.key_set`."""
        await self._bound.wait()
        assert self._ring is not None
        return await self._ring.key_set()

    async def access(self, subject_id: str) -> pb.Access:
        """See `AccessSource.access`."""
        await self._bound.wait()
        assert self._servicer is not None
        try:
            return await self._servicer.access(subject_id)
        except DependencyDown as error:
            raise IdentityDown(error.message) from error

    async def changes(self) -> AsyncGenerator[pb.WatchSecurityChangesResponse, None]:
        """See `AccessSource.changes`."""
        await self._bound.wait()
        assert self._servicer is not None
        try:
            async with aclosing(self._servicer.changes(asyncio.Event())) as messages:
                async for message in messages:
                    yield message
        except (DependencyDown, Overload) as error:
            raise IdentityDown(error.message) from error
