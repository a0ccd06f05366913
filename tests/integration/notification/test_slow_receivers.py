"""A webhook receiver that does not answer holds up nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from flowmesh.notification.v1 import delivery_service_pb2 as pb
from flowmesh.notification.v1 import webhook_service_pb2 as webhooks
from flowmesh.notification.v1.delivery_service_pb2 import Delivery

from mesh.bus.port import Bus
from mesh.db.database import Database
from notification_svc.delivery.hosts import Hosts, host_of
from tests.integration.notification.running import Running, running, until
from tests.integration.notification.told_events import Instance
from tests.integration.notification.webhook_receiver import webhook_receiver

EVENTS = 150
PLACES = 6
NEVER = 3600.0


async def _webhook(service: Running, url: str) -> str:
    details = webhooks.WebhookDetails(url=url)
    made = await service.root.CreateWebhook(webhooks.CreateWebhookRequest(details=details))
    one: str = made.webhook.id
    return one


async def _ended(service: Running, webhook: str) -> list[Any]:
    listed = await service.root.ListDeliveries(pb.ListDeliveriesRequest(webhook_id=webhook, page_size=500))
    return [one for one in listed.deliveries if one.state != Delivery.STATE_PENDING]


@pytest.mark.timeout(300)
async def test_one_that_never_answers(notification: Database, bus: Bus) -> None:
    async with (
        running(
            notification,
            bus,
            webhook_connections=PLACES,
            webhook_host_connections=2,
            # Longer than the test, so that nothing gets a place by a message that was given up.
            webhook_seconds=120.0,
        ) as service,
        webhook_receiver("127.0.0.2") as dead,
        webhook_receiver("127.0.0.3") as good,
    ):
        dead.seconds = NEVER
        # One tenant has several of them: they are one host.
        stuck = [await _webhook(service, f"{dead.url}/{number}") for number in range(3)]
        instance = Instance("i1")
        # What waits there is more than all places, before there is anything for the other one.
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(EVENTS)))
        await until(lambda: len(dead.received) == 2)
        quick = await _webhook(service, good.url)
        other = Instance("i2")
        await service.publish(*(other.task(f"u{number}", "ada") for number in range(EVENTS)))
        await until(lambda: len(good.received) == EVENTS, 120)
        told = [one.content["data"]["task"]["id"] for one in good.received]
        assert sorted(told) == sorted(f"u{number}" for number in range(EVENTS))
        async with asyncio.timeout(60):
            while len(await _ended(service, quick)) < EVENTS:
                await asyncio.sleep(0.05)
        assert len(dead.received) == 2
        assert [await _ended(service, one) for one in stuck] == [[], [], []]


@pytest.mark.timeout(300)
async def test_one_that_is_slow_gets_one_place(notification: Database, bus: Bus) -> None:
    async with (
        # An answer in its time, but more than half of it.
        running(notification, bus, webhook_host_connections=4, webhook_seconds=2.0) as service,
        webhook_receiver("127.0.0.2") as slow,
    ):
        slow.seconds = 1.2
        await _webhook(service, slow.url)
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(40)))
        # Those claimed before it was known, at most twice the places of a host; then one after the other.
        await until(lambda: len(slow.received) >= 10)
        assert slow.most_open <= 4
        slow.most_open = 0
        before = len(slow.received)
        await until(lambda: len(slow.received) >= before + 2)
        assert slow.most_open == 1
        # As soon as it answers in time, it has all its places again.
        slow.seconds = 0.2
        slow.most_open = 0
        await until(lambda: slow.most_open > 1)
        assert slow.most_open <= 4


def test_places_of_hosts() -> None:
    hosts = Hosts(places=4, each=2, slow_seconds=1.0)
    assert hosts.room("a") == 4
    for _ in range(4):
        hosts.claim("a")
    assert hosts.room("a") == 0
    # Whether somebody waits who could go on now.
    assert hosts.done("a")
    assert not hosts.done("a")
    hosts.note("a", 5.0)
    assert hosts.room("a") == 0
    assert hosts.done("a")
    assert hosts.done("a")
    assert hosts.room("a") == 1
    # All slow ones together have half of the places.
    for name in ("a", "b"):
        hosts.claim(name)
        hosts.note(name, 5.0)
    hosts.claim("c")
    hosts.note("c", 5.0)
    hosts.done("c")
    assert hosts.room("c") == 0
    hosts.note("a", 0.1)
    assert hosts.room("a") == 3
    assert hosts.room("c") == 1


def test_slow_hosts_of_one_round() -> None:
    """However many of them there are, they are given no more than half of the places."""
    hosts = Hosts(places=6, each=2, slow_seconds=1.0)
    for name in "abcde":
        hosts.claim(name)
        # A connection that does not come about is given up sooner.
        hosts.note(name, 0.1, timed_out=True)
        hosts.done(name)
    rooms = hosts.rooms({f"{name}{number}": name for name in "abcde" for number in range(2)} | {"quick": "z"})
    assert rooms.pop("quick") == 4
    assert sorted(rooms.values()) == [0] * 7 + [1] * 3


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.com:8443/x", "example.com"),
        ("https://example.com./x", "example.com"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_hosts_of_urls(url: str, host: str) -> None:
    assert host_of(url) == host
