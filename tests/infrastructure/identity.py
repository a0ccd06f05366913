"""An identity service for tests of what asks it: keys, grants and revocations that the test chooses, told over the
protocol by a real server. Its databases and passwords are tested elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from flowmesh.identity.v1 import access_service_pb2 as pb
from flowmesh.identity.v1 import session_service_pb2
from google.api import httpbody_pb2
from jwt.algorithms import RSAAlgorithm

from mesh.access.mesh_tokens import MeshTokenVerifier
from mesh.access.needs import Need, need_of
from mesh.call import CallContext
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings

SECRET = "of-the-tests-" + "0123456789" * 3
HEARTBEAT_SECONDS = 1.0
ACCESS = pb.DESCRIPTOR.services_by_name["AccessService"]
SESSIONS = session_service_pb2.DESCRIPTOR.services_by_name["SessionService"]


class SigningKey:
    """A key of the identity service."""

    def __init__(self, key_id: str = "") -> None:
        self.id = key_id or uuid4().hex
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_jwk(self) -> dict[str, Any]:
        described: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**described, "kid": self.id, "use": "sig", "alg": "RS256"}

    def token(self, subject: str, *, headers: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
        """Sign an access token; `claims` over the right ones, `without` one of them."""
        now = time.time()
        content: dict[str, Any] = {
            "iss": "flowmesh",
            "aud": "flowmesh",
            "sub": subject,
            "sid": f"session-of-{subject}",
            "jti": uuid4().hex,
            "iat": int(now),
            "exp": int(now) + 600,
            **claims,
        }
        content.pop(without, None)
        return jwt.encode(content, self.private, "RS256", {"typ": "at+jwt", "kid": self.id, **(headers or {})})


def access(
    subject: str,
    *permissions: str,
    tenants: tuple[str, ...] | None = None,
    groups: tuple[str, ...] = (),
    active: bool = True,
    **grant: Any,
) -> pb.Access:
    """One grant of some permissions; `tenants` None: all."""
    grants = [pb.Grant(permissions=permissions, **grant)] if permissions else []
    return pb.Access(
        subject_id=subject,
        active=active,
        group_ids=groups,
        tenant_ids=tenants or (),
        all_tenants=tenants is None,
        grants=grants,
    )


class Identity:
    """The servicers of both services, and what they tell."""

    def __init__(self) -> None:
        self.key = SigningKey()
        self.keys = [self.key]
        self.subjects: dict[str, pb.Access] = {}
        self.revoked: dict[str, float] = {}
        self.version = 1
        self.asked: list[str] = []
        self.key_sets = 0
        self.answer_seconds = 0.0
        """How slow it is."""
        self.silent = False
        """Whether streams say nothing, and stay open."""
        self.loses = False
        """Whether changes are not told by streams, apart from the version."""
        self.watching: dict[asyncio.Queue[pb.WatchSecurityChangesResponse], asyncio.Task[Any]] = {}
        self.port = 0
        self._server: MeshServer | None = None

    # What a test does

    def allow(self, granted: pb.Access) -> None:
        self.version += 1
        granted.version = self.version
        self.subjects[granted.subject_id] = granted
        self._tell(pb.WatchSecurityChangesResponse(subjects_changed={"subject_ids": [granted.subject_id]}))

    def change_everybody(self) -> None:
        """A role that many have was changed."""
        self.version += 1
        self._tell(pb.WatchSecurityChangesResponse(subjects_changed={"all": True}))

    def revoke(self, session: str) -> None:
        self.revoked[session] = time.time() + 600
        self._tell(self._revocation(session))

    def rotate(self) -> SigningKey:
        """Sign with a new key; the former ones stay valid."""
        self.key = SigningKey()
        self.keys.append(self.key)
        self._tell(pb.WatchSecurityChangesResponse(keys_changed={}))
        return self.key

    def withdraw(self, key: SigningKey) -> None:
        self.keys.remove(key)
        self._tell(pb.WatchSecurityChangesResponse(keys_changed={}))

    def cut(self) -> None:
        """End every stream."""
        for task in self.watching.values():
            task.cancel()

    def token(self, subject: str, **claims: Any) -> str:
        return self.key.token(subject, **claims)

    async def start(self, port: int = 0) -> int:
        server = MeshServer(
            MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), authorize=_mesh_alone(MeshTokenVerifier(SECRET))
        )
        server.add(ACCESS, self)
        server.add(SESSIONS, self)
        self._server = server
        self.port = await server.serve("127.0.0.1", port or self.port)
        return self.port

    async def say_serving(self, *, serving: bool) -> None:
        assert self._server is not None
        for service in ("", ACCESS.full_name, SESSIONS.full_name):
            await self._server.health.set(service, serving=serving)

    async def stop(self) -> None:
        if self._server is not None:
            self.cut()
            await self._server.stop()
            self._server = None

    # What it answers

    async def GetKeySet(self, request: Any) -> Any:
        self.key_sets += 1
        await asyncio.sleep(self.answer_seconds)
        keys = orjson.dumps({"keys": [key.public_jwk() for key in self.keys]})
        return httpbody_pb2.HttpBody(content_type="application/json", data=keys)

    async def GetAccess(self, request: Any) -> Any:
        self.asked.append(request.subject_id)
        granted = self.subjects.get(request.subject_id, pb.Access(subject_id=request.subject_id))
        await asyncio.sleep(self.answer_seconds)
        return pb.GetAccessResponse(access=granted)

    async def WatchSecurityChanges(self, request: Any) -> AsyncIterator[Any]:
        queue: asyncio.Queue[pb.WatchSecurityChangesResponse] = asyncio.Queue()
        task = asyncio.current_task()
        assert task is not None
        self.watching[queue] = task
        try:
            await asyncio.sleep(self.answer_seconds)
            for session in list(self.revoked):
                yield self._revocation(session)
            yield pb.WatchSecurityChangesResponse(complete=True, access_version=self.version)
            while True:
                message = pb.WatchSecurityChangesResponse(complete=True)
                with contextlib.suppress(TimeoutError):
                    message = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                if not self.silent:
                    message.access_version = self.version
                    yield message
        finally:
            del self.watching[queue]

    def __getattr__(self, name: str) -> Any:
        async def unused(request: Any) -> Any:
            raise AssertionError(name)

        return unused

    def _revocation(self, session: str) -> pb.WatchSecurityChangesResponse:
        message = pb.WatchSecurityChangesResponse(session_revoked={"session_id": session})
        message.session_revoked.forget_time.FromNanoseconds(int(self.revoked[session] * 1e9))
        return message

    def _tell(self, message: pb.WatchSecurityChangesResponse) -> None:
        message.complete = True
        for queue in self.watching:
            if not self.loses:
                queue.put_nowait(message)


def _mesh_alone(tokens: MeshTokenVerifier) -> Any:
    async def authorize(call: CallContext, option: Any) -> None:
        if need_of(option).need is Need.MESH:
            tokens.verify(call.mesh_token)

    return authorize


@contextlib.asynccontextmanager
async def identity_service() -> AsyncIterator[Identity]:
    """A running one."""
    made = Identity()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
