"""Accounts in a real identity service, and tokens for them: its own, and forged ones with all that it keeps secret."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from flowmesh.identity.v1 import access_service_pb2, role_service_pb2, session_service_pb2, user_service_pb2
from flowmesh.identity.v1.role_service_pb2_grpc import RoleServiceStub

from tests.infrastructure.identity import SigningKey
from tests.integration.identity import directory, signed_in

SIDE_BY_SIDE = 16


class Accounts:
    """Makes users with roles of their own by the calls that an administrator makes."""

    def __init__(self, identity: signed_in.Identity) -> None:
        self.identity = identity
        self.root_token = ""
        self._root: Any = None
        self.ended = ""
        """A token of a session that was ended."""
        # The private key that signs now: with less, half of the forgeries could not be made.
        signing = identity.service._signing_in.ring.signing_key(time.time_ns() // 1000)
        self.key = SigningKey.__new__(SigningKey)
        self.key.id, self.key.private = signing.id, signing.private_key

    async def begin(self) -> None:
        """Sign in as the first administrator."""
        self.root_token = (await self.identity.bootstrap()).access_token
        self._root = self.identity.client(self.root_token)

    async def tenants(self, *names: str) -> None:
        await directory.tenants(self._root, *names)

    async def allow(self, subject: str, *permissions: str, tenants: tuple[str, ...] | None = None) -> None:
        """Make a user who has these permissions; `tenants` None: in all of them."""
        belongs = {"all_tenants": True} if tenants is None else {}
        await directory.user(self._root, subject, *(tenants or ()), **belongs)
        if permissions:
            grant = access_service_pb2.Grant(permissions=permissions)
            details = role_service_pb2.RoleDetails(grants=[grant])
            roles: Any = RoleServiceStub(self.identity.channel)
            await roles.CreateRole(
                role_service_pb2.CreateRoleRequest(id=subject, details=details),
                metadata=(("authorization", f"Bearer {self.root_token}"),),
            )
            await directory.give(self._root, subject, subject)

    async def allow_each(self, wanted: dict[str, tuple[str, ...]]) -> None:
        """The same for many."""
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(subject: str) -> None:
            async with places:
                await self.allow(subject, *wanted[subject])

        await asyncio.gather(*map(one, wanted))

    async def disable(self, subject: str) -> None:
        await self._root.DisableUser(user_service_pb2.DisableUserRequest(id=subject))

    async def ended_session(self, subject: str) -> str:
        """Return an access token of a session that was begun by a password and has been ended."""
        from flowmesh.identity.v1.credential_service_pb2 import SetPasswordRequest

        await self._root.SetPassword(SetPasswordRequest(user_id=subject, password=signed_in.PASSWORD))
        tokens = await self.identity.login(subject)
        await self._root.Revoke(session_service_pb2.RevokeRequest(session_id=tokens.session_id))
        return tokens.access_token

    def token(self, subject: str, **claims: Any) -> str:
        """Sign a token as the service would; what it says is the test's."""
        return self.key.token(subject, **claims)
