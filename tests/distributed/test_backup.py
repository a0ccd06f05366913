"""Backups that are taken while the mesh works, and a mesh that goes on from one."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from pathlib import Path

import httpx
import pytest

from launcher.backups import BackupFailed, back_up, restore
from launcher.distributed.options import DistributedOptions
from launcher.distributed.stores import settled_databases, settled_stores
from tests.distributed.traffic import deploy, traffic
from tests.e2e.processes import eventually, only_task
from tests.infrastructure.distributed import distributed_options, own_databases
from tests.infrastructure.kafka import KafkaCluster
from tests.infrastructure.mariadb import MariadbServer
from tests.infrastructure.mesh import Mesh, running_mesh
from tests.launcher.running import flowmesh

pytestmark = [pytest.mark.slow, pytest.mark.distributed, pytest.mark.mariadb, pytest.mark.timeout(300)]


async def _all(rest: httpx.AsyncClient, path: str, field: str) -> dict[str, dict]:
    """Every instance of a list, by id."""
    found: dict[str, dict] = {}
    token = ""
    while True:
        answer = await rest.get(path, params={"pageSize": 200, "pageToken": token})
        assert answer.status_code == 200, answer.text
        content = answer.json()
        found |= {each["id"]: each for each in content[field]}
        token = content.get("nextPageToken", "")
        if not token:
            return found


def _running(instances: dict[str, dict]) -> set[str]:
    return {key for key, each in instances.items() if "endTime" not in each}


async def test_a_mesh_goes_on_from_a_backup_that_was_taken_under_load(
    mesh: Mesh,
    rest: httpx.AsyncClient,
    mariadb_server: MariadbServer,
    kafka_cluster: KafkaCluster,
    tmp_path: Path,
) -> None:
    database, bus = (mesh.options[mesh.options.index(name) + 1] for name in ("--database", "--bus"))
    await deploy(rest)
    target = tmp_path / "backup"
    async with traffic(mesh) as record:
        await record.reaches(40)
        before = list(record.completed), list(record.started)
        done = await asyncio.to_thread(
            flowmesh, "backup", "--to", str(target), FLOWMESH_DATABASE_URL=database, FLOWMESH_BUS_URL=bus
        )
        assert done.returncode == 0, done.stderr
        await record.reaches(20)
    assert not record.failures, "a backup fails no call"
    description = json.loads((target / "backup.json").read_text())
    assert description["databases"] == ["engine", "form", "history", "identity", "notification"]
    assert description["commits_waited_seconds"] < 10

    # Another server's empty databases, and an empty bus: all that is left is the backup.
    with own_databases(mariadb_server) as restored, kafka_cluster.own_url() as fresh_bus:
        done = await asyncio.to_thread(flowmesh, "restore", str(target), "--database", restored)
        assert done.returncode == 0, done.stderr
        options = distributed_options(restored, fresh_bus, engines=1)
        # What a backup has not: without it nobody reads the keys that sign tokens.
        secret = {"FLOWMESH_MESH_SECRET": (mesh.folder / "data" / "mesh-secret").read_text().strip()}
        with running_mesh(tmp_path / "mesh", options, secret) as second:
            async with second.rest() as client:
                await _check_restored(client, *before)
        # It is not empty any more.
        with pytest.raises(BackupFailed, match="is not empty"):
            await restore(target, settled_databases(restored, {}))


async def _check_restored(client: httpx.AsyncClient, completed: list[str], started: list[str]) -> None:
    engine = await _all(client, "/v1/processInstances", "processInstances")
    running = _running(engine)

    async def history_agrees() -> dict[str, dict] | None:
        history = await _all(client, "/v1/history/processInstances", "historicProcessInstances")
        # What the engine has not, history has not either: both are of one moment.
        return history if (history.keys(), _running(history)) == (engine.keys(), running) else None

    history = await eventually(history_agrees, 60)
    assert set(started) <= history.keys()
    assert all("endTime" in history[instance] for instance in completed)
    for instance in running:
        task = await only_task(client, instance)
        answer = await client.post(f"/v1/userTasks/{task['id']}:complete", json={})
        assert answer.status_code == 200, answer.text
    answer = await client.post("/v1/processInstances", json={"processDefinitionKey": "traffic"})
    assert answer.status_code == 200, answer.text


async def test_what_is_no_backup_or_would_overwrite_is_refused(mesh: Mesh, tmp_path: Path) -> None:
    database, bus = (mesh.options[mesh.options.index(name) + 1] for name in ("--database", "--bus"))
    stores = settled_stores(DistributedOptions(database=database, bus=bus), {})
    with pytest.raises(BackupFailed, match="exists already"):
        await back_up(stores, tmp_path)
    with pytest.raises(BackupFailed, match="is not a finished backup"):
        await restore(tmp_path, stores.databases)
    wrong = settled_stores(DistributedOptions(database="mariadb://root@127.0.0.1:1/", bus=bus), {})
    with pytest.raises(BackupFailed, match="was not taken"):
        await back_up(wrong, tmp_path / "none")
    assert not os.listdir(tmp_path)


async def test_a_damaged_backup_is_not_loaded_in_silence(
    mesh: Mesh, mariadb_server: MariadbServer, tmp_path: Path
) -> None:
    database, bus = (mesh.options[mesh.options.index(name) + 1] for name in ("--database", "--bus"))
    target = tmp_path / "backup"
    await back_up(settled_stores(DistributedOptions(database=database, bus=bus), {}), target)
    dump = gzip.decompress((target / "engine.sql.gz").read_bytes())
    (target / "engine.sql.gz").write_bytes(gzip.compress(dump.replace(b"INSERT INTO", b"INSERT INFO", 1)))
    with own_databases(mariadb_server) as restored, pytest.raises(BackupFailed, match=r"engine\.sql\.gz could not"):
        await restore(target, settled_databases(restored, {}))
