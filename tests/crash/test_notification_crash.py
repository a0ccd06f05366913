"""kill -9 of the notification service amid sending: nothing is lost, and what comes twice was on its way and has the same
id."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flowmesh.identity.v1 import directory_service_pb2
from flowmesh.notification.v1 import webhook_service_pb2
from flowmesh.notification.v1.webhook_service_pb2_grpc import WebhookServiceStub

from mesh.bus.opening import open_bus
from mesh.bus.topics import all_topics
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, fetch
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from tests.infrastructure.identity import SECRET
from tests.infrastructure.ports import free_port
from tests.integration.notification.mail_catcher import MailCatcher, mail_catcher
from tests.integration.notification.running import Directory, until
from tests.integration.notification.told_events import Instance, message, user
from tests.integration.notification.webhook_receiver import webhook_receiver

ROOT = Path(__file__).resolve().parents[2]
TASKS = 400
KILLS = 3
CONNECTIONS = 4
MOST_UNDER_WAY = 2 * CONNECTIONS
"""Of e-mails, and of webhooks to one host, which have half of the places."""


@pytest.fixture
async def identity_port() -> AsyncIterator[int]:
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    server.add(directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"], Directory())
    yield await server.serve("127.0.0.1", 0)
    await server.stop()


async def _start(folder: Path, identity_port: int, port: int, mails: MailCatcher) -> asyncio.subprocess.Process:
    settings: dict[str, Any] = {
        "port": port,
        "admin_port": 0,
        "data_dir": folder,
        "authentication": "off",
        "mesh_secret": SECRET,
        "identity_address": f"127.0.0.1:{identity_port}",
        "smtp_connections": CONNECTIONS,
        # How long a claim holds hangs on it.
        "smtp_send_seconds": 1,
        "webhook_connections": 2 * CONNECTIONS,
        "webhook_host_connections": CONNECTIONS,
        "webhook_seconds": 1,
        "webhook_plain_http": "true",
        "outgoing_networks": "127.0.0.0/8",
        **mails.settings(),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    environment |= {f"FLOWMESH_NOTIFICATION_{name.upper()}": str(value) for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notification_svc.main"),
        cwd=ROOT,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_is_lost_and_repeats_are_known_by_their_id(tmp_path: Path, identity_port: int) -> None:
    bus = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}")
    await bus.ensure_topics(all_topics())
    await bus.publish([message(user(f"u{number}")) for number in range(10)])
    instances = [Instance(f"i{number}") for number in range(TASKS)]
    port = free_port()
    async with webhook_receiver() as receiver:
        with mail_catcher() as mails:
            mails.seconds = receiver.seconds = 0.02
            process = await _start(tmp_path, identity_port, port, mails)
            try:
                await _add_webhook(port, receiver.url)
                events = [instance.task(f"t{number}", f"u{number % 10}") for number, instance in enumerate(instances)]
                await bus.publish([message(event) for event in events])
                for kill in range(1, KILLS + 1):
                    await until(lambda: len(mails.mails) >= kill * TASKS // (KILLS + 2), 200)  # noqa: B023
                    process.send_signal(signal.SIGKILL)
                    await process.wait()
                    process = await _start(tmp_path, identity_port, port, mails)
                await until(lambda: len(mails.ids()) == TASKS, 300)
                await until(lambda: len({one.id for one in receiver.received}) == TASKS, 300)
            finally:
                process.send_signal(signal.SIGTERM)
                await process.wait()
    await bus.close()
    repeated = [one for one, count in mails.ids().items() if count > 1]
    assert len(repeated) <= KILLS * MOST_UNDER_WAY
    # Of webhooks what comes again has the id that it had, and there is one of each event.
    posted = Counter(one.id for one in receiver.received)
    assert len([one for one, count in posted.items() if count > 1]) <= KILLS * MOST_UNDER_WAY
    tasks = {one.id: one.content["data"]["task"]["id"] for one in receiver.received}
    assert sorted(tasks.values()) == sorted(f"t{number}" for number in range(TASKS))
    database = await open_database(f"sqlite:///{tmp_path / 'notification.db'}")
    told = await database.read(fetch(Fetch("SELECT COUNT(*), COUNT(DISTINCT task_id) FROM notification")))
    ids = await database.read(fetch(Fetch("SELECT id FROM delivery")))
    await database.close()
    assert told == [(2 * TASKS, TASKS)]
    assert {one for (one,) in ids} == {one.strip("<>").partition("@")[0] for one in mails.ids()} | set(posted)


async def _add_webhook(port: int, url: str) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        create: Any = WebhookServiceStub(channel).CreateWebhook
        details = webhook_service_pb2.WebhookDetails(url=url)
        # The users are known by then: what is told of them is published before the tasks.
        await create(webhook_service_pb2.CreateWebhookRequest(details=details), wait_for_ready=True, timeout=60)
        await asyncio.sleep(3)
