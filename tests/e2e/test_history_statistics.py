"""Statistics, retention and archives of a whole mesh: by REST through the gateway, and by the commands."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.mesh import ROOT, Mesh, config_home
from tests.integration.engine.serving import user_task

COUNT = 5
PATIENCE_SECONDS = 60


def command(mesh: Mesh, *arguments: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    done = subprocess.run(
        [sys.executable, "-m", "launcher", *arguments, "--url", mesh.url, "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "XDG_CONFIG_HOME": str(config_home()),
            "FLOWMESH_DATA_DIR": str(mesh.folder / "data"),
        },
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


async def until(rest: httpx.AsyncClient, path: str, found: Any, **query: Any) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await rest.get(path, params=query)
            assert answer.status_code == 200, answer.text
            if found(answer.json()):
                return answer.json()
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_what_is_counted_kept_archived_and_restored(tmp_path: Path) -> None:
    mesh = Mesh(tmp_path, settings={"FLOWMESH_HISTORY_RETENTION_INTERVAL_SECONDS": "0.2"}).start()
    try:
        async with mesh.rest(60) as rest:
            await rest.post(
                "/v1/deployments:upload",
                params={"resourceName": "leave.bpmn"},
                content=user_task("leave"),
                headers={"content-type": "application/xml"},
            )
            token = ""
            for number in range(COUNT):
                started = await rest.post(
                    "/v1/processInstances", json={"processDefinitionKey": "leave", "businessKey": f"L-{number}"}
                )
                assert started.status_code == 200, started.text
                token = started.json()["commitToken"]
            query = {"processDefinitionKey": "leave", "afterCommitToken": token}
            (counted,) = (await rest.get("/v1/statistics/processes", params=query)).json()["processStatistics"]
            assert counted["running"] == str(COUNT)
            tasks = (await rest.get("/v1/userTasks")).json()["userTasks"]
            for task in tasks:
                done = await rest.post(f"/v1/userTasks/{task['id']}:complete", json={})
                token = done.json()["commitToken"]
            query["afterCommitToken"] = token
            (counted,) = (await rest.get("/v1/statistics/processes", params=query)).json()["processStatistics"]
            assert (counted["running"], counted["completed"]) == ("0", str(COUNT))
            assert counted["durations"]["count"] == str(COUNT)
            time = {"startTime": "2020-01-01T00:00:00Z", "endTime": "2020-01-03T00:00:00Z"}
            days = (await rest.get("/v1/statistics/throughput", params={**time, "timeZone": "Asia/Shanghai"})).json()
            assert [day["startTime"] for day in days["periods"]] == [
                "2019-12-31T16:00:00Z",
                "2020-01-01T16:00:00Z",
                "2020-01-02T16:00:00Z",
            ]
            wrong = await rest.get("/v1/statistics/throughput", params={**time, "timeZone": "Mars"})
            assert wrong.status_code == 400
            assert wrong.json()["details"][0]["reason"] == "TIME_ZONE_UNKNOWN"

            hot = await asyncio.to_thread(command, mesh, "statistics", "activities", "leave")
            assert {one["elementType"] for one in hot} >= {"startEvent", "userTask", "endEvent"}
            slow = await asyncio.to_thread(command, mesh, "statistics", "bottlenecks", "leave")
            assert slow[0]["elementType"] == "userTask"
            assert await asyncio.to_thread(command, mesh, "statistics", "overdue") == []
            today = await asyncio.to_thread(command, mesh, "statistics", "throughput", "--by", "hour")
            assert sum(int(period["completed"]) for period in today) == COUNT
            await asyncio.to_thread(command, mesh, "statistics", "durations")
            await asyncio.to_thread(command, mesh, "statistics", "processes")
            compared = await asyncio.to_thread(command, mesh, "statistics", "compare", "leave", "1", "2")
            assert compared["base"]["completed"] == str(COUNT)

            kept = (await rest.get("/v1/history/processInstances")).json()["historicProcessInstances"][0]["id"]
            await asyncio.to_thread(command, mesh, "retention", "keep", kept)
            await asyncio.to_thread(command, mesh, "retention", "set", "--key", "leave", "--days", "0", "--archive")
            left = await until(
                rest, "/v1/history/processInstances", lambda page: len(page["historicProcessInstances"]) == 1
            )
            assert left["historicProcessInstances"][0]["id"] == kept
            policies = await asyncio.to_thread(command, mesh, "retention", "list")
            assert [policy["keep"] for policy in policies] == ["0s"]
            (counted,) = (await rest.get("/v1/statistics/processes")).json()["processStatistics"]
            assert counted["completed"] == str(COUNT)

            (archive,) = await asyncio.to_thread(command, mesh, "archives", "list")
            assert int(archive["instanceCount"]) == COUNT - 1
            # In the data folder, a copy of which is the backup.
            assert (mesh.folder / "data" / "archives" / archive["id"] / "manifest.json").exists()
            verified = await asyncio.to_thread(command, mesh, "archives", "verify", archive["id"])
            assert verified["intact"] is True
            restored = await asyncio.to_thread(command, mesh, "archives", "restore", archive["id"])
            assert restored["restoring"] == "RESTORING_DONE"
            read = await asyncio.to_thread(command, mesh, "archives", "read", archive["id"])
            assert len(read) == COUNT - 1
            one = await asyncio.to_thread(command, mesh, "archives", "read", archive["id"], read[0]["id"])
            assert {activity["elementType"] for activity in one["activities"]} >= {"startEvent", "userTask"}
            assert len(one["tasks"]) == 1
            assert {entry["kind"] for entry in one["timeline"]} >= {"KIND_INSTANCE_STARTED", "KIND_TASK_COMPLETED"}
            await asyncio.to_thread(command, mesh, "archives", "remove-restored", archive["id"])
            await asyncio.to_thread(command, mesh, "archives", "delete", archive["id"])
            await until(rest, "/v1/archives", lambda page: not page["archives"])
            await asyncio.to_thread(command, mesh, "retention", "release", kept)
            await until(rest, "/v1/history/processInstances", lambda page: not page["historicProcessInstances"])
            gone = await rest.delete("/v1/retentionPolicies", params={"processDefinitionKey": "leave"})
            assert gone.status_code == 200
    finally:
        await asyncio.to_thread(mesh.stop)
