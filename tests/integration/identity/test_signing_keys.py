"""Keys of access tokens: how they follow each other, and that they are kept encrypted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import jwt
import orjson
import pytest
from flowmesh.identity.v1 import audit_service_pb2
from flowmesh.identity.v1.session_service_pb2 import GetKeySetRequest, ListSessionsRequest
from flowmesh.identity.v1.signing_key_service_pb2 import ListSigningKeysRequest, RotateSigningKeysRequest

from identity_svc.signing.key_pairs import KeySeal, SecretWrong, make_key_pair, private_key_of
from identity_svc.storage.signing_keys import drop_keys
from mesh.clock import ControlledClock
from mesh.db.statements import Fetch, fetch
from tests.integration.identity.signed_in import ROOT, SECRET, Identity, migrated, refused, running

PUBLISH, ROTATE, TOKEN = 330.0, 10_000.0, 600


@pytest.fixture
async def tables(database_url: str) -> str:
    return await migrated(database_url)


@pytest.fixture
def clock() -> ControlledClock:
    clock = ControlledClock()
    clock.turn_to(clock.now_micros())
    return clock


@pytest.fixture
async def identity(tables: str, tmp_path: Path, clock: ControlledClock) -> AsyncIterator[Identity]:
    async with running(tables, tmp_path, clock, key_rotation_seconds=ROTATE) as started:
        await started.bootstrap()
        yield started


def _pass(clock: ControlledClock, seconds: float) -> None:
    clock.turn_to(clock.now_micros() + int(seconds * 1_000_000))


async def _published(identity: Identity) -> list[str]:
    answer = await identity.client().GetKeySet(GetKeySetRequest())
    keys = orjson.loads(answer.data)["keys"]
    assert all(set(key) == {"kty", "use", "alg", "kid", "n", "e"} for key in keys)
    return [key["kid"] for key in keys]


async def _signer(identity: Identity) -> str:
    key_id: str = jwt.get_unverified_header((await identity.login(ROOT)).access_token)["kid"]
    return key_id


async def test_a_key_is_published_before_it_signs_and_kept_after(identity: Identity, clock: ControlledClock) -> None:
    ring = identity.service._signing_in.ring
    (first,) = await _published(identity)
    _pass(clock, ROTATE - PUBLISH - 1)
    assert not await ring.rotate_if_due()
    _pass(clock, 1)
    assert await ring.rotate_if_due()
    assert not await ring.rotate_if_due()
    published = await _published(identity)
    assert published[0] == first
    assert len(published) == 2
    _pass(clock, PUBLISH - 1)
    assert await _signer(identity) == first
    _pass(clock, 1)
    assert await _signer(identity) == published[1]
    # The last token of the first key runs out now; clocks may differ by a minute.
    _pass(clock, TOKEN + 59)
    assert await _published(identity) == published
    _pass(clock, 2)
    assert await _published(identity) == published[1:]
    await identity.database.write(drop_keys(clock.now_micros()))
    rows = await identity.database.read(fetch(Fetch("SELECT id FROM signing_key")))
    assert rows == [(published[1],)]


async def test_processes_that_find_it_due_at_once_make_one_key(
    tables: str, tmp_path: Path, clock: ControlledClock
) -> None:
    async with (
        running(tables, tmp_path, clock, key_rotation_seconds=ROTATE) as one,
        running(tables, tmp_path, clock, key_rotation_seconds=ROTATE) as other,
    ):
        await one.bootstrap()
        assert await _published(one) == await _published(other)
        _pass(clock, ROTATE)
        rings = [each.service._signing_in.ring for each in (one, other)]
        assert sorted(await asyncio.gather(*(ring.rotate_if_due() for ring in rings))) == [False, True]
        assert await _published(one) == await _published(other)
        assert len(await _published(one)) == 2


async def test_on_demand_another_process_knows_it_at_once(tables: str, tmp_path: Path) -> None:
    async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
        await one.bootstrap()
        root = await one.root()
        made = (await root.RotateSigningKeys(RotateSigningKeysRequest(request_id="a"))).signing_key
        # Another one is not made while it is to come.
        again = (await root.RotateSigningKeys(RotateSigningKeysRequest(request_id="b"))).signing_key
        assert again.id == made.id
        assert made.sign_time.seconds - made.create_time.seconds == PUBLISH
        async with asyncio.timeout(2):
            while made.id not in await _published(other):
                await asyncio.sleep(0.02)
        listed = (await root.ListSigningKeys(ListSigningKeysRequest())).signing_keys
        assert [key.id for key in listed] == await _published(one)
        assert listed[0].HasField("drop_time")
        assert not listed[1].HasField("drop_time")


async def test_revoked_keys_sign_nothing_that_is_taken(tables: str, tmp_path: Path) -> None:
    async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
        tokens = await one.bootstrap()
        (former,) = await _published(one)
        root = one.client(tokens.access_token)
        request = RotateSigningKeysRequest(request_id="leaked", revoke_now=True)
        made = (await root.RotateSigningKeys(request)).signing_key
        assert await _published(one) == [made.id] != [former]
        async with asyncio.timeout(5):
            for each in (one, other):
                while await _taken(each, tokens.access_token):
                    await asyncio.sleep(0.02)
        assert await _signer(other) == made.id
        fresh = await other.root()
        assert (await fresh.RotateSigningKeys(request)).signing_key.id == made.id
        listed = await fresh.ListAuditEntries(audit_service_pb2.ListAuditEntriesRequest(action="keys.revoke"))
        assert [entry.resource_id for entry in listed.audit_entries] == [made.id]


async def _taken(identity: Identity, token: str) -> bool:
    try:
        await identity.client(token).ListSessions(ListSessionsRequest())
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        return False
    return True


async def test_needs_the_permission(identity: Identity) -> None:
    await identity.add_user("ann")
    ann = identity.client((await identity.login("ann")).access_token)
    assert await refused(ann.RotateSigningKeys(RotateSigningKeysRequest())) == "ACCESS_DENIED"
    assert await refused(ann.ListSigningKeys(ListSigningKeysRequest())) == "ACCESS_DENIED"


async def test_private_keys_are_encrypted(identity: Identity) -> None:
    ((key_id, sealed),) = await identity.database.read(fetch(Fetch("SELECT id, sealed_key FROM signing_key")))
    content = KeySeal(SECRET).open(key_id, bytes(sealed))
    assert content not in bytes(sealed)
    with pytest.raises(SecretWrong):
        KeySeal("another secret").open(key_id, bytes(sealed))
    with pytest.raises(SecretWrong):
        KeySeal(SECRET).open("another key", bytes(sealed))


def test_bytes_that_were_changed_are_found() -> None:
    seal = KeySeal(SECRET)
    pair = make_key_pair(seal)
    assert private_key_of(seal, pair).key_size == 2048
    for place in (0, 5, 20, len(pair.sealed_key) - 1):
        changed = bytearray(pair.sealed_key)
        changed[place] ^= 1
        with pytest.raises(SecretWrong):
            seal.open(pair.id, bytes(changed))
