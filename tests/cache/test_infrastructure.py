"""The Redis of the tests can be killed, paused and brought back as it was."""

from __future__ import annotations

import pytest

from tests.infrastructure.redis import RedisServer


def test_a_restart_brings_back_what_was_saved(redis_server: RedisServer) -> None:
    redis_server.command("SET", "key", "old")
    redis_server.save()
    redis_server.command("SET", "key", "new")
    redis_server.restart()
    assert redis_server.command("GET", "key") == b"$3\r\nold\r\n"
    assert redis_server.memory() > 1 << 20


def test_a_paused_server_does_not_answer_and_a_killed_one_refuses(redis_server: RedisServer) -> None:
    redis_server.pause()
    with pytest.raises(TimeoutError):
        redis_server.command("PING")
    redis_server.resume()
    assert redis_server.command("PING") == b"+PONG\r\n"
    redis_server.pause()
    redis_server.kill()
    with pytest.raises(ConnectionRefusedError):
        redis_server.command("PING")
