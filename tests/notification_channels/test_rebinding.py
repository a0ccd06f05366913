"""Names that lead elsewhere at each look-up, and names whose servers do not answer."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections import Counter
from typing import Any

import pytest

from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.port import Delivered, Failed
from tests.notification_channels.hooks import channel, message
from tests.notification_channels.receiver import receiver


class _Names:
    """Answers look-ups of one name, one list of addresses after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.asked = 0
        self._answers = answers
        real = socket.getaddrinfo

        def answer(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
            if host not in ("rebinding.example", b"rebinding.example"):
                return real(host, port, *arguments, **named)
            found = self._answers[min(self.asked, len(self._answers) - 1)]
            self.asked += 1
            return [
                (
                    socket.AF_INET6 if ":" in each else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (each, port, 0, 0) if ":" in each else (each, port),
                )
                for each in found
            ]

        monkeypatch.setattr(socket, "getaddrinfo", answer)


async def test_a_name_that_changes_between_looking_and_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the check and the connection use one and the same look-up."""
    only_second = NetworkRules((ipaddress.ip_network("127.0.0.2/32"),))
    names = _Names(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    async with receiver() as end, channel(rules=only_second, plain_http=True) as hooks:
        url = f"http://rebinding.example:{end.port}/"
        await hooks.check(url)
        assert names.asked == 0, "checking a URL looks nothing up"
        first = await hooks.send(message(url))
        second = await hooks.send(message(url))
    # 127.0.0.2 was looked up, permitted and connected to, where nobody listens; then the name led to 127.0.0.1.
    assert isinstance(first, Failed)
    assert "refuses connections" in first.reason
    assert second == Failed(False, "The host of the URL is none on the public internet.")
    assert names.asked == 2
    assert not end.connections


async def test_of_several_addresses_only_permitted_ones_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = NetworkRules((ipaddress.ip_network("127.0.0.1/32"),))
    _Names(monkeypatch, ["10.255.255.1", "fe80::1", "127.0.0.1"])
    async with receiver() as end, channel(rules=rules, plain_http=True) as hooks:
        outcome = await hooks.send(message(f"http://rebinding.example:{end.port}/"))
    assert isinstance(outcome, Delivered)
    assert end.requests[0].headers["host"] == f"rebinding.example:{end.port}"


async def test_names_without_an_answer_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, end_of_test, real = Counter[str](), threading.Event(), socket.getaddrinfo

    def answer(host: Any, *arguments: Any, **named: Any) -> Any:
        asked[host] += 1
        if host.endswith(".silent.example"):
            end_of_test.wait(60)
            raise socket.gaierror("no answer")
        return real("127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    try:
        async with receiver() as end, channel(plain_http=True, connect_seconds=2.0, seconds=9.0) as hooks:
            silent = [f"http://n{number}.silent.example/" for number in range(20)]
            waiting = [asyncio.create_task(hooks.send(message(url))) for url in silent * 2]
            await asyncio.sleep(0.2)
            async with asyncio.timeout(1.5):
                assert isinstance(await hooks.send(message(f"http://good.example:{end.port}/")), Delivered)
            outcomes = await asyncio.gather(*waiting)
    finally:
        end_of_test.set()
    assert set(outcomes) == {Failed(True, "There was no connection within 2 s.", timed_out=True)}
    # Each name is looked up once for all who wait for it.
    assert set(asked.values()) == {1}
