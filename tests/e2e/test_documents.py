"""A YAML definition through the whole mesh, uploaded by curl."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.arch.test_definitions_page import examples
from tests.e2e.processes import call, ended_in_history, only_task, read, start
from tests.infrastructure.mesh import Mesh


def upload(mesh: Mesh, file: Path) -> Any:
    signed = f"authorization: {mesh.auth.headers['authorization']}"
    url = f"{mesh.url}/v1/deployments:upload?resourceName={file.name}"
    command = ["curl", "-sS", "-H", signed, "--data-binary", f"@{file}", url]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout)


async def test_refund_uploaded_by_curl(rest: httpx.AsyncClient, mesh: Mesh, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    file.write_bytes(examples()[0])
    (definition,) = upload(mesh, file)["deployment"]["processDefinitions"]
    instance = await start(rest, "refund", customer="Ada", amount=0)
    await call(rest, f"/v1/userTasks/{(await only_task(rest, instance))['id']}:complete")
    assert (await ended_in_history(rest, instance))["status"] == "STATUS_COMPLETED"

    path = f"/v1/processDefinitions/{definition['id']}/document"
    document = await read(rest, path)
    assert document["transitions"][0] == {"from": "check", "to": "granted"}
    as_yaml = await rest.get(path, params={"format": "DOCUMENT_FORMAT_YAML"})
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert as_yaml.text.startswith("id: refund\n")
    xml = await rest.get(f"/v1/processDefinitions/{definition['id']}/xml")
    assert '<userTask id="check"' in xml.text


async def test_a_problem_tells_its_place(mesh: Mesh, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    file.write_bytes(examples()[0].replace(b"to: granted", b"to: grunted"))
    answer = upload(mesh, file)
    assert answer["details"][0]["reason"] == "BPMN_INVALID"
    described = [violation["description"] for violation in answer["details"][1]["fieldViolations"]]
    line = file.read_text().splitlines().index("  - {from: check, to: grunted}") + 1
    assert any(text.startswith(f"line {line}, column 23, SEQUENCE_FLOW_TARGET_UNKNOWN: transitions[0].to: ") for text in described), described  # fmt: skip
