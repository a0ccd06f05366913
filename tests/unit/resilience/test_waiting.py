"""Waiting for what a process needs."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator

import pytest

from mesh.admin_http import Readiness
from mesh.logs import configure_logs
from mesh.resilience.waiting import wait_for


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    configure_logs("test", "1", "info", stream)
    yield stream
    configure_logs("test", "1", "info")


class Needed:
    """Something that is there after some attempts."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.attempts = 0

    async def attempt(self) -> str:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise ConnectionError("refused")
        return "there"


def passes(error: Exception) -> bool:
    return isinstance(error, ConnectionError)


async def test_it_says_what_it_waits_for(lines: io.BytesIO) -> None:
    readiness = Readiness()
    needed = Needed(3)
    waiting = asyncio.create_task(wait_for("database", needed.attempt, passes, seconds=60, readiness=readiness))
    await asyncio.sleep(0.05)
    ready, report = await readiness.report()
    assert not ready
    assert (report["status"], report["waiting_for"]) == ("starting", {"database": "refused"})
    assert await waiting == "there"
    ready, report = await readiness.report()
    assert ready
    assert "waiting_for" not in report
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(line["message"], line["what"]) for line in told] == [("Waiting", "database"), ("It is there", "database")]
    assert told[0]["reason"] == "refused"


async def test_what_is_there_is_not_talked_about(lines: io.BytesIO) -> None:
    assert await wait_for("database", Needed(0).attempt, passes, seconds=1) == "there"
    assert lines.getvalue() == b""


async def test_it_gives_up_after_a_while() -> None:
    needed = Needed(1_000)
    with pytest.raises(ConnectionError):
        await wait_for("database", needed.attempt, passes, seconds=0.5)
    assert 2 < needed.attempts < 20


async def test_what_does_not_pass_is_not_waited_for() -> None:
    readiness = Readiness()
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        raise PermissionError("wrong password")

    with pytest.raises(PermissionError):
        await wait_for("database", attempt, passes, seconds=60, readiness=readiness)
    assert attempts == 1
    assert readiness.waiting == {}
