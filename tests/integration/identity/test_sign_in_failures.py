"""What becomes of failures to sign in: lock-out by name and of everybody, and that nothing tells who there is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from flowmesh.identity.v1 import audit_service_pb2
from flowmesh.identity.v1.session_service_pb2 import ChangePasswordRequest, LoginRequest, RefreshRequest

from mesh.clock import ControlledClock
from mesh.db.statements import Fetch, fetch
from mesh.status import reason_of
from tests.integration.identity.signed_in import (
    PASSWORD,
    ROOT,
    Identity,
    failure,
    migrated,
    refused,
    retry_seconds,
    running,
)

FAILURES = 3
RULES = {"sign_in_failures": FAILURES, "sign_in_lock_seconds": 10.0, "sign_in_longest_lock_seconds": 35.0}


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
    async with running(tables, tmp_path, clock, **RULES) as started:
        await started.bootstrap()
        yield started


def _pass(clock: ControlledClock, seconds: float) -> None:
    clock.turn_to(clock.now_micros() + int(seconds * 1_000_000))


async def _fail(identity: Identity, user: str, times: int = 1) -> None:
    for _ in range(times):
        assert await refused(identity.login(user, "wrong")) == "CREDENTIALS_INVALID"


async def _locked_for(identity: Identity, user: str, password: str = PASSWORD) -> float:
    error = await failure(identity.login(user, password))
    assert reason_of(error) == "SIGN_IN_LOCKED"
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return retry_seconds(error)


@pytest.mark.parametrize("user", [ROOT, "nobody"])
async def test_lock_doubles_with_each_further_failure(identity: Identity, clock: ControlledClock, user: str) -> None:
    await _fail(identity, user, FAILURES)
    for seconds in (10, 20, 35, 35):
        # Neither the right password nor a wrong one is looked at, and neither makes it longer.
        assert await _locked_for(identity, user) == seconds
        assert await _locked_for(identity, user, "wrong") == seconds
        _pass(clock, seconds - 1)
        assert await _locked_for(identity, user) == 1
        _pass(clock, 1)
        await _fail(identity, user)


async def test_others_are_not_locked_out(identity: Identity) -> None:
    await identity.add_user("ann")
    await _fail(identity, "ann", FAILURES)
    assert await _locked_for(identity, "ann") > 0
    await identity.login(ROOT)


async def test_success_forgets_failures(identity: Identity) -> None:
    for _ in range(3):
        await _fail(identity, ROOT, FAILURES - 1)
        await identity.login(ROOT)


async def test_time_forgets_failures(tables: str, tmp_path: Path, clock: ControlledClock) -> None:
    async with running(tables, tmp_path, clock, sign_in_forget_seconds=100.0, **RULES) as identity:
        await identity.bootstrap()
        await _fail(identity, ROOT, FAILURES - 1)
        _pass(clock, 101)
        await _fail(identity, ROOT, FAILURES - 1)
        await identity.login(ROOT)


async def test_lock_holds_in_every_process_and_after_a_restart(
    tables: str, tmp_path: Path, clock: ControlledClock
) -> None:
    async with running(tables, tmp_path, clock, **RULES) as one:
        await one.bootstrap()
        async with running(tables, tmp_path, clock, **RULES) as other:
            await _fail(one, ROOT)
            await _fail(other, ROOT, FAILURES - 1)
            assert await _locked_for(one, ROOT) == 10
    async with running(tables, tmp_path, clock, **RULES) as again:
        assert await _locked_for(again, ROOT) == 10


async def test_guesses_at_once_get_no_more_answers_than_one_after_the_other(
    tables: str, tmp_path: Path, clock: ControlledClock
) -> None:
    async with running(tables, tmp_path, clock, **RULES) as one, running(tables, tmp_path, clock, **RULES) as other:
        await one.bootstrap()
        guesses = [
            each.client().Login(LoginRequest(user=ROOT, password=f"guess-{n}"))
            for n, each in enumerate((one, other) * 20)
        ]
        answers = await asyncio.gather(*guesses, return_exceptions=True)
        reasons = [reason_of(answer) for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
        assert len(reasons) == len(guesses)
        assert reasons.count("CREDENTIALS_INVALID") == FAILURES
        assert reasons.count("SIGN_IN_LOCKED") == len(guesses) - FAILURES


async def test_spraying_locks_passwords_for_all_and_nothing_else(
    tables: str, tmp_path: Path, clock: ControlledClock
) -> None:
    settings = {"spraying_failures": 10, "spraying_lock_seconds": 5.0, "spraying_longest_lock_seconds": 8.0}
    async with running(tables, tmp_path, clock, **settings) as one, running(tables, tmp_path, clock) as other:
        tokens = await one.bootstrap()
        for n in range(10):
            await _fail(one, f"user-{n}")
        assert await _locked_for(one, ROOT) == 5
        # It is in the database.
        assert await _locked_for(other, "somebody-else") == 5
        # Who is signed in stays so.
        await one.client().Refresh(RefreshRequest(refresh_token=tokens.refresh_token))
        _pass(clock, 5)
        await one.login(ROOT)
        for n in range(10):
            await _fail(one, f"another-{n}")
        assert await _locked_for(one, ROOT) == 8
        listed = await (one.client(tokens.access_token)).ListAuditEntries(
            audit_service_pb2.ListAuditEntriesRequest(action="signIns.lock")
        )
        assert [entry.resource_type for entry in listed.audit_entries] == ["everybody", "everybody"]


async def test_slow_failures_are_no_spraying(tables: str, tmp_path: Path, clock: ControlledClock) -> None:
    async with running(tables, tmp_path, clock, spraying_failures=5) as identity:
        await identity.bootstrap()
        for n in range(12):
            await _fail(identity, f"user-{n}")
            _pass(clock, 16)
        await identity.login(ROOT)


async def test_changing_a_password_counts_failures_too(identity: Identity, clock: ControlledClock) -> None:
    await identity.add_user("ann")
    ann = identity.client((await identity.login("ann")).access_token)
    wrong = ChangePasswordRequest(old_password="wrong", new_password="meadow kettle rides")
    for _ in range(FAILURES):
        assert await refused(ann.ChangePassword(wrong)) == "CREDENTIALS_INVALID"
    right = ChangePasswordRequest(old_password=PASSWORD, new_password="meadow kettle rides")
    assert await refused(ann.ChangePassword(right)) == "SIGN_IN_LOCKED"
    assert await _locked_for(identity, "ann") == 10
    _pass(clock, 10)
    await ann.ChangePassword(right)


async def test_rows_do_not_tell_who_was_tried(identity: Identity) -> None:
    await _fail(identity, "secretly-typed")
    rows = await identity.database.read(fetch(Fetch("SELECT * FROM sign_in_failure")))
    assert len(rows) == 2
    assert "secretly" not in str(rows)


async def test_names_are_pruned(identity: Identity, clock: ControlledClock) -> None:
    from identity_svc.storage.sign_in_failures import prune_failures

    await _fail(identity, "nobody")
    now = clock.now_micros()
    assert await identity.database.write(prune_failures(now)) == 0
    assert await identity.database.write(prune_failures(now + 1)) == 2


async def test_who_is_not_there_costs_a_hash_as_well(tables: str, tmp_path: Path) -> None:
    """With hashes as they are by default, the answers for a user that exists and one that does not cost as much."""
    async with running(
        tables, tmp_path, password_hash_kibibytes=19 << 10, password_hash_passes=2, sign_in_failures=1000
    ) as identity:
        await identity.bootstrap()
        seconds: dict[str, list[float]] = {ROOT: [], "nobody": []}
        for _ in range(15):
            for user, taken in seconds.items():
                # Of this process alone, in all of its threads: what the machine does beside is not in it.
                begun = time.process_time()
                await _fail(identity, user)
                taken.append(time.process_time() - begun)
        known, unknown = (min(taken) for taken in seconds.values())
        assert 0.75 < known / unknown < 1.33, (known, unknown)
        assert min(known, unknown) > 0.005


async def test_hashes_follow_the_settings(tables: str, tmp_path: Path) -> None:
    async def stored(identity: Identity) -> str:
        rows = await identity.database.read(fetch(Fetch("SELECT hash FROM password_credential")))
        found: str = rows[0][0]
        return found

    async with running(tables, tmp_path) as identity:
        await identity.bootstrap()
        assert "$argon2id$v=19$m=64,t=1,p=1$" in await stored(identity)
    async with running(tables, tmp_path, password_hash_kibibytes=128) as identity:
        await _fail(identity, ROOT)
        assert "m=64," in await stored(identity)
        await asyncio.gather(*(identity.login(ROOT) for _ in range(5)))
        assert "m=128," in await stored(identity)
        await identity.login(ROOT)
