"""Calls to a service whose callers have to sign in, the identity service being as it should."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from mesh.call import CallContext, current_call
from mesh.status import error_info_of
from tests.access.guarding import PERMISSION, Guarded, eventually, guarded
from tests.contract.plumbing import found
from tests.infrastructure.identity import Identity, access


async def test_a_call_needs_a_token_and_its_permission(identity: Identity, service: Guarded) -> None:
    identity.allow(access("ann", PERMISSION))
    identity.allow(access("bob", "jobs.*"))
    assert await service.get(None) == "CREDENTIALS_INVALID"
    assert await service.get("junk") == "CREDENTIALS_INVALID"
    assert await service.get(identity.token("ann")) == "OK"
    assert await service.get(identity.token("bob")) == "ACCESS_DENIED"
    assert await service.get(identity.token("nobody")) == "CREDENTIALS_INVALID"


async def test_who_calls_comes_from_the_token_alone(identity: Identity) -> None:
    seen: list[CallContext] = []

    async def answer(request: Any) -> Any:
        seen.append(current_call())
        return await found(request)

    identity.allow(access("ann", "*", groups=("g",)))
    forged = (("x-flowmesh-sub", "root"),)
    async with guarded(identity, answer) as service:
        assert await service.get(identity.token("ann", sid="s-1"), metadata=forged) == "OK"
        assert await service.get(None, metadata=forged) == "CREDENTIALS_INVALID"
    (call,) = seen
    assert (call.user_id, call.session_id, call.rows.user_id) == ("ann", "s-1", "ann")
    assert call.rows.unrestricted
    assert call.grants is not None
    assert call.grants.group_ids == {"g"}


async def test_two_tokens_are_none(identity: Identity, service: Guarded) -> None:
    identity.allow(access("ann", PERMISSION))
    right = identity.token("ann")
    for other in (right, "junk"):
        assert await service.get(right, metadata=(("authorization", f"Bearer {other}"),)) == "CREDENTIALS_INVALID"


async def test_refusal_names_the_permission(identity: Identity, service: Guarded) -> None:
    identity.allow(access("bob", "jobs.*"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await service.server.get(metadata=(("authorization", f"Bearer {identity.token('bob')}"),))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    info = error_info_of(refused.value)
    assert info is not None
    assert (info.reason, dict(info.metadata)) == ("ACCESS_DENIED", {"permission": PERMISSION})
    assert (refused.value.details() or "").startswith(f"This needs the permission {PERMISSION}, which you were not")


async def test_changes_count_within_seconds(identity: Identity, service: Guarded) -> None:
    token, other = identity.token("ann"), identity.token("bob")
    identity.allow(access("ann", PERMISSION))
    identity.allow(access("bob", PERMISSION))
    for each in (token, other):
        assert await service.get(each) == "OK"
    identity.allow(access("ann", "jobs.*"))
    assert await service.until(token, "ACCESS_DENIED") < 3
    identity.allow(access("ann", PERMISSION))
    assert await service.until(token, "OK") < 3
    identity.allow(access("ann", PERMISSION, active=False))
    assert await service.until(token, "CREDENTIALS_INVALID") < 3
    assert await service.get(other) == "OK"
    identity.revoke("session-of-bob")
    assert await service.until(other, "SESSION_REVOKED") < 3
    # Another session of the same user goes on.
    assert await service.get(identity.token("bob", sid="another")) == "OK"


async def test_a_role_that_many_have(identity: Identity, service: Guarded) -> None:
    tokens = []
    for number in range(5):
        identity.allow(access(f"user{number}", PERMISSION))
        tokens.append(identity.token(f"user{number}"))
    assert [await service.get(token) for token in tokens] == ["OK"] * 5
    for number in range(5):
        identity.subjects[f"user{number}"] = access(f"user{number}", "jobs.*")
    identity.change_everybody()
    for token in tokens:
        await service.until(token, "ACCESS_DENIED")


async def test_every_process_hears_of_it(identity: Identity) -> None:
    identity.allow(access("ann", PERMISSION))
    async with guarded(identity) as first, guarded(identity) as second:
        token = identity.token("ann")
        assert await first.get(token) == await second.get(token) == "OK"
        identity.allow(access("ann"))
        await asyncio.gather(first.until(token, "ACCESS_DENIED", 3), second.until(token, "ACCESS_DENIED", 3))


async def test_grants_are_asked_for_once(identity: Identity, service: Guarded) -> None:
    identity.allow(access("ann", PERMISSION))
    await asyncio.sleep(0.1)
    identity.answer_seconds = 0.2
    token = identity.token("ann")
    assert await asyncio.gather(*(service.get(token) for _ in range(20))) == ["OK"] * 20
    await asyncio.sleep(2.2)
    assert await service.get(token) == "OK"
    assert identity.asked == ["ann"]


async def test_who_called_lately_is_read_before_the_next_call(identity: Identity, service: Guarded) -> None:
    identity.allow(access("ann", PERMISSION))
    assert await service.get(identity.token("ann")) == "OK"
    identity.allow(access("ann", PERMISSION, "jobs.*"))
    await eventually(lambda: identity.asked == ["ann", "ann"], 3)
    assert await service.get(identity.token("ann")) == "OK"
    assert identity.asked == ["ann", "ann"]
