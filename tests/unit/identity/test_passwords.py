"""Which passwords are good enough, and hashing beside the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from identity_svc.passwords.hashing import HashCost, PasswordHashing
from identity_svc.passwords.policy import PasswordPolicy
from mesh.errors import InvalidField, Overload

CHEAP = HashCost(64, 1, 1)


def _fault(password: str, user_id: str = "ann") -> str:
    try:
        PasswordPolicy().check(password, user_id, "password")
    except InvalidField as error:
        assert error.reason == "PASSWORD_TOO_WEAK"
        assert {fault.field for fault in error.violations} == {"password"}
        return error.message
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "violet tractor sings",
        "x7Kp2mQz9LwT",
        "tulip-kettle-77",
        "ñandú über straße",
        "correct horse battery lamp",
        "日本語のパスワードです漢字",
        "x7Kp2mQz9LwT" * 80,
    ],
)
def test_good_ones(password: str) -> None:
    assert _fault(password) == ""


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P@ssw0rd2024!!",
        "qwertyuiop123",
        "1q2w3e4r5t6y7u8i",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "zyxwvutsrqponml",
        "Flowmesh-2026-!",
        "administrator1",
        "iloveyou123456",
        "correcthorsebatterystaple",
        "            ",
        "a" * 1024,
    ],
)
def test_what_is_guessed_first(password: str) -> None:
    assert "guessed first" in _fault(password)


def test_length_and_user_id() -> None:
    assert "12 characters" in _fault("x7Kp2mQz9Lw")
    assert "1024 characters" in _fault("x7Kp2mQz9LwT" * 86)
    assert "id of the user" in _fault("violet-TRACTOR-sings", "tractor")
    # Nearly everything contains such an id.
    assert _fault("violet tractor sings", "v") == ""


def test_checking_takes_no_time_worth_mentioning() -> None:
    begun = time.process_time()
    _fault("ab1" * 341)
    assert time.process_time() - begun < 0.1


async def test_hashes_are_told_apart_and_renewed() -> None:
    hashing, dearer = PasswordHashing(CHEAP), PasswordHashing(HashCost(128, 1, 1))
    try:
        stored = await hashing.hash("violet tractor sings")
        assert stored != await hashing.hash("violet tractor sings")
        right = await hashing.verify(stored, "violet tractor sings")
        assert right.right
        assert right.new_hash is None
        assert not (await hashing.verify(stored, "violet tractor sing")).right
        assert not (await hashing.verify(None, "violet tractor sings")).right
        renewed = await dearer.verify(stored, "violet tractor sings")
        assert renewed.new_hash is not None
        assert (await dearer.verify(renewed.new_hash, "violet tractor sings")).new_hash is None
    finally:
        hashing.close()
        dearer.close()


async def test_the_event_loop_goes_on_and_too_many_are_refused() -> None:
    hashing = PasswordHashing(HashCost(64 << 10, 3, 1), threads=1, waiting=2)
    try:
        work = [asyncio.create_task(hashing.hash("x")) for _ in range(6)]
        await asyncio.sleep(0)
        longest = 0.0
        while not all(task.done() for task in work):
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - begun)
        refused = [task.exception() for task in work if task.exception() is not None]
        assert len(refused) == 3
        assert all(isinstance(error, Overload) and error.reason == "BACKPRESSURE" for error in refused)
        assert longest < 0.1
        # Their places are free again.
        await hashing.hash("x")
    finally:
        hashing.close()


async def test_who_goes_away_keeps_the_place_until_the_thread_is_done() -> None:
    hashing = PasswordHashing(HashCost(64 << 10, 3, 1), threads=1, waiting=0)
    try:
        task = asyncio.create_task(hashing.hash("x"))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
        with pytest.raises(Overload):
            await hashing.hash("y")
        async with asyncio.timeout(10):
            while True:
                try:
                    await hashing.hash("z")
                except Overload:
                    await asyncio.sleep(0.01)
                else:
                    break
    finally:
        hashing.close()
