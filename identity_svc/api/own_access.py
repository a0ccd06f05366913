"""What the process of the identity service itself goes by when it is called: asked where it is, by no call to itself.

A call would wait until the process is ready, and that waits for what the call tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from flowmesh.identity.v1 import access_service_pb2 as pb

from identity_svc.api.access_service import AccessServicer
from identity_svc.commands.key_ring import KeyRing
from mesh.access.refusals import IdentityDown
from mesh.access.source import ANSWER_SECONDS
from mesh.errors import DependencyDown, Overload


class OwnAccess:
    """See `mesh.access.source.AccessSource`. It answers from `open` on; who asks before waits for a while."""

    def __init__(self) -> None:
        self._opened: asyncio.Future[tuple[AccessServicer, KeyRing]] = asyncio.get_running_loop().create_future()

    def open(self, servicer: AccessServicer, ring: KeyRing) -> None:
        """Answer, once keys and changes are read."""
        self._opened.set_result((servicer, ring))

    async def key_set(self) -> bytes:
        """See `AccessSource.key_set`."""
        _, ring = await self._answering()
        return await ring.key_set()

    async def access(self, subject_id: str) -> pb.Access:
        """See `AccessSource.access`."""
        servicer, _ = await self._answering()
        try:
            return (await servicer.GetAccess(pb.GetAccessRequest(subject_id=subject_id))).access
        except DependencyDown as error:
            raise IdentityDown(error.message) from error

    async def changes(self) -> AsyncGenerator[pb.WatchSecurityChangesResponse, None]:
        """See `AccessSource.changes`."""
        servicer, _ = await self._answering()
        try:
            # Until the process ends: nobody else has to go on with another one.
            async with aclosing(servicer.changes(asyncio.Event())) as messages:
                async for message in messages:
                    yield message
        except (DependencyDown, Overload) as error:
            raise IdentityDown(error.message) from error

    async def _answering(self) -> tuple[AccessServicer, KeyRing]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.shield(self._opened)
        except TimeoutError:
            raise IdentityDown("it is starting") from None
