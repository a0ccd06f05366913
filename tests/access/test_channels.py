"""What goes along with the calls of services to each other."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from flowmesh.identity.v1 import access_service_pb2 as pb
from flowmesh.identity.v1.access_service_pb2_grpc import AccessServiceStub

from mesh.call import CallContext, as_call, current_call
from mesh.channels import open_channel
from mesh.settings import MeshSettings
from mesh.status import reason_of
from tests.access.guarding import PERMISSION, guarded, settings
from tests.contract.plumbing import HISTORY, found
from tests.contract.test_channels import REQUEST
from tests.infrastructure.identity import ACCESS, Identity, access

ASK = pb.GetAccessRequest(subject_id="ann")


async def test_services_show_a_token_of_the_mesh(identity: Identity) -> None:
    identity.allow(access("ann", PERMISSION))
    address = f"127.0.0.1:{identity.port}"
    async with open_channel(address, settings(address), [ACCESS]) as channel:
        stub: Any = AccessServiceStub(channel)
        assert (await stub.GetAccess(ASK)).access.active
        call = CallContext("c-1")
        call.authorization = f"Bearer {identity.token('ann')}"
        with as_call(call):
            assert (await stub.GetAccess(ASK)).access.active


@pytest.mark.parametrize("secret", ["", "another-secret-of-more-than-32-characters"])
async def test_without_the_secret_of_the_mesh(identity: Identity, secret: str) -> None:
    address = f"127.0.0.1:{identity.port}"
    async with open_channel(address, MeshSettings(mesh_secret=secret), [ACCESS]) as channel:
        stub: Any = AccessServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetAccess(ASK, metadata=(("authorization", f"Bearer {identity.token('ann')}"),))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert reason_of(refused.value) == "CREDENTIALS_INVALID"


async def test_the_caller_is_passed_on(identity: Identity) -> None:
    seen: list[CallContext] = []

    async def answer(request: Any) -> Any:
        seen.append(current_call())
        return await found(request)

    identity.allow(access("ann", PERMISSION))
    async with guarded(identity, answer) as behind:
        target = f"127.0.0.1:{behind.server.port}"
        async with open_channel(target, settings(target), [HISTORY]) as channel:
            stub: Any = HistoryServiceStub(channel)

            async def front(request: Any) -> Any:
                return await stub.GetHistoricProcessInstance(REQUEST)

            async with guarded(identity, front) as service:
                assert await service.get(identity.token("ann", sid="s-7")) == "OK"
            # Nobody's call: the mesh has no rights of its own on what belongs to users.
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.GetHistoricProcessInstance(REQUEST)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    (call,) = seen
    assert (call.user_id, call.session_id, call.mesh_token) == ("ann", "s-7", "")
