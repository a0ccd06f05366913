"""Who did what, from the call at the gateway to the checked chain; history built again; in both profiles."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import grpc
import httpx
from flowmesh.history.v1 import audit_service_pb2 as pb
from flowmesh.history.v1.audit_service_pb2_grpc import AuditServiceStub

from tests.infrastructure.mesh import Mesh
from tests.integration.engine.serving import user_task
from tests.launcher.running import flowmesh

PATIENCE_SECONDS = 30.0


async def _records(rest: httpx.AsyncClient, count: int = 1, **filters: Any) -> list[dict[str, Any]]:
    """Wait until the audit has so many entries; return them, oldest first."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await rest.get("/v1/auditRecords", params={"orderBy": "sequence", **filters})
            assert answer.status_code == 200, answer.text
            found: list[dict[str, Any]] = answer.json().get("auditRecords", [])
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


async def _deployed(rest: httpx.AsyncClient, key: str) -> None:
    answer = await rest.post(
        "/v1/deployments:upload", params={"resourceName": f"{key}.bpmn"}, content=user_task(key), headers=_XML
    )
    assert answer.status_code == 200, answer.text


_XML = {"content-type": "application/xml"}


async def test_an_operation_is_told_with_who_what_and_from_where(rest: httpx.AsyncClient) -> None:
    await _deployed(rest, "audited")
    headers = {"x-correlation-id": "audited-1", "x-flowmesh-client-address": "203.0.113.9"}
    body = {"processDefinitionKey": "audited", "variables": {"salary": 4711}}
    answer = await rest.post("/v1/processInstances", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    instance_id = answer.json()["processInstance"]["id"]
    (record,) = await _records(rest, correlationId="audited-1")
    assert record["method"] == "flowmesh.engine.v1.ProcessInstanceService/CreateProcessInstance"
    assert (record["service"], record["outcome"]) == ("engine", "OUTCOME_SUCCEEDED")
    assert (record["resourceType"], record["resourceId"]) == ("processInstance", instance_id)
    assert record["processDefinitionKey"] == "audited"
    # Nobody can say by themselves where they are.
    assert record["clientAddress"] == "127.0.0.1"
    assert record["userId"]
    assert record["sessionId"]
    assert record["after"]["variables"] == ["salary"]
    assert "4711" not in json.dumps(record)
    one = await rest.get(f"/v1/auditRecords/{record['sequence']}")
    assert one.json()["auditRecord"] == record
    missing = await rest.get("/v1/auditRecords/999999999")
    assert missing.status_code == 404
    task = (await rest.get("/v1/userTasks", params={"processInstanceId": instance_id})).json()["userTasks"][0]
    done = await rest.post(f"/v1/userTasks/{task['id']}:complete", json={})
    assert done.status_code == 200, done.text
    found = await _records(rest, 2, resourceId=instance_id)
    assert [entry["method"].rpartition("/")[2] for entry in found] == ["CreateProcessInstance", "CompleteUserTask"]
    assert found[1]["after"]["userTasks"][task["id"]]["state"] == "COMPLETED"
    assert found[1]["after"]["status"] == "COMPLETED"


async def test_what_identity_changes_is_told_without_secrets(rest: httpx.AsyncClient) -> None:
    answer = await rest.post("/v1/users", json={"id": "audited.user", "details": {"displayName": "Au"}})
    assert answer.status_code == 200, answer.text
    answer = await rest.post("/v1/users/audited.user:setPassword", json={"password": "Vq7 tumbling-otters marmalade"})
    assert answer.status_code == 200, answer.text
    found = await _records(rest, 2, resourceId="audited.user")
    (created,) = [entry for entry in found if entry["action"] == "users.create"]
    assert created["service"] == "identity"
    assert created["method"] == "flowmesh.identity.v1.UserService/CreateUser"
    assert created["clientAddress"] == "127.0.0.1"
    assert "otters" not in json.dumps(found)


async def test_refused_calls_are_told_together(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{_history_port(mesh)}") as channel:
        stub: Any = AuditServiceStub(channel)
        for _ in range(5):
            try:
                await stub.ListAuditRecords(pb.ListAuditRecordsRequest())
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            else:
                raise AssertionError("the call was let in")
    found = await _records(rest, kind="KIND_REFUSAL", method="flowmesh.history.v1.AuditService/ListAuditRecords")
    assert sum(int(entry["count"]) for entry in found) >= 5
    assert {entry["outcome"] for entry in found} == {"OUTCOME_REFUSED"}
    assert all(entry["reason"] for entry in found)
    assert all(entry["clientAddress"] == "127.0.0.1" for entry in found)


def _history_port(mesh: Mesh) -> int:
    state = mesh.state()
    found = [node["grpc"] for name, node in state.get("nodes", {}).items() if name.startswith("history")]
    address: str = found[0] if found else state["history"]
    return int(address.rpartition(":")[2])


async def test_the_chain_is_checked_by_one_command(mesh: Mesh, rest: httpx.AsyncClient, tmp_path: Path) -> None:
    await _deployed(rest, "checked")
    await _records(rest, method="flowmesh.engine.v1.DeploymentService/UploadDeployment")
    options = ("--url", mesh.url)
    done = await asyncio.to_thread(flowmesh, "audit", "verify", "--json", *options)
    assert done.returncode == 0, done.stderr
    checked = json.loads(done.stdout)
    assert checked["problems"] == []
    assert checked["signed"]
    assert checked["checkedEntries"] > 0
    head = checked["head"]
    anchor = f"{head['sequence']}:{head['hash']}"
    again = await asyncio.to_thread(flowmesh, "audit", "verify", "--anchor", anchor, *options)
    assert again.returncode == 0, again.stderr
    wrong = f"{head['sequence']}:{'0' * 64}"
    forged = await asyncio.to_thread(flowmesh, "audit", "verify", "--anchor", wrong, *options)
    assert forged.returncode == 1
    assert "tampered" in forged.stderr
    listed = await asyncio.to_thread(flowmesh, "audit", "list", "--limit", "5", *options)
    assert "UploadDeployment" in listed.stdout or "CreateUser" in listed.stdout, listed.stdout + listed.stderr
    file = tmp_path / "audit.jsonl"
    exported = await asyncio.to_thread(flowmesh, "audit", "export", "--out", str(file), *options)
    assert exported.returncode == 0, exported.stderr
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    entries = [line["entry"] for line in lines if "entry" in line]
    assert [int(entry["sequence"]) for entry in entries] == list(range(1, len(entries) + 1))
    assert all(later["previousHash"] == earlier["hash"] for earlier, later in itertools.pairwise(entries))
    streamed = await rest.get("/v1/auditRecords:verify", params={"maxEntries": 3})
    assert streamed.status_code == 200, streamed.text


async def test_history_is_built_again_by_one_command(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await _deployed(rest, "rebuilt")
    started = await rest.post("/v1/processInstances", json={"processDefinitionKey": "rebuilt"})
    body = started.json()
    path = f"/v1/history/processInstances/{body['processInstance']['id']}"
    before = await rest.get(path, params={"afterCommitToken": body["commitToken"]})
    assert before.status_code == 200, before.text
    options = ("--url", mesh.url)
    done = await asyncio.to_thread(flowmesh, "history", "rebuild", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (await rest.get(path)).json() == before.json()
    listed = await asyncio.to_thread(flowmesh, "rebuilds", "list", *options)
    assert "succeeded" in listed.stdout
    (told, *_) = await _records(rest, method="flowmesh.history.v1.RebuildService/StartRebuild")
    assert told["resourceType"] == "historyRebuild"
