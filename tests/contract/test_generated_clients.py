"""Clients generated from the contract in other languages run a process through the gateway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.generated_clients import HERE, build_go_client, build_typescript_client
from tests.infrastructure.mesh import Mesh, running_mesh


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with running_mesh(Path(tmp_path_factory.mktemp("mesh"))) as running:
        yield running


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("tool", "build"),
    [
        pytest.param("go", build_go_client, id="Go"),
        pytest.param("npm", build_typescript_client, id="TypeScript"),
    ],
)
def test_client_runs_a_process(mesh: Mesh, tmp_path: Path, tool: str, build: Callable[[Path], list[str]]) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    command = build(tmp_path)
    done = subprocess.run(
        [*command, mesh.target, str(HERE / "clients.bpmn")],
        env={**os.environ, "FLOWMESH_TOKEN": mesh.auth.token()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["task_name"] == "Approve the order of 王芳"
    assert seen["job_variables"]["amount"] == 1250
    assert set(seen["job_variables"]) == {"amount", "customer"}
    assert seen["history_status"] in ("STATUS_COMPLETED", "COMPLETED")
    assert seen["history_activities"] == 5
    assert seen["total"] == 1487.5
