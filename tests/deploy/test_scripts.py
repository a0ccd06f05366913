"""scripts/: what they refuse, and what they ask of Docker."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT

SECRET = "0123456789abcdef" * 2
GOOD = (
    "FLOWMESH_DB_ROOT_PASSWORD=r00t\nFLOWMESH_ENGINE_DB_PASSWORD=e.1\nFLOWMESH_HISTORY_DB_PASSWORD=h-2\nFLOWMESH_FORM_DB_PASSWORD=f-3\n"
    f"FLOWMESH_MESH_SECRET={SECRET}\n"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Scripts and deployment files, with a `docker` that says what it is asked."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns(".env", "stores.env"))
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\necho docker "$@"\n')
    docker.chmod(0o755)
    return tmp_path


def _run(checkout: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "scripts" / script, *arguments],
        env={"PATH": f"{checkout / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", ["start", "status", "backup", "stop"])
def test_usage_is_told(checkout: Path, script: str) -> None:
    for arguments in ((), ("somewhere",)):
        done = _run(checkout, script, *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"usage: scripts/{script} compose|local")


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (None, "deploy/.env is missing"),
        (GOOD.replace("r00t", "change-me"), "empty or change-me"),
        (GOOD.replace("e.1", ""), "empty or change-me"),
        (GOOD.replace("h-2", "p@ss/word"), "letters, digits"),
        (GOOD.replace(SECRET, "change-me"), "empty or change-me"),
        (GOOD.replace(SECRET, SECRET[1:]), "openssl rand -hex 32"),
    ],
)
def test_passwords_that_are_none_are_refused(checkout: Path, env: str | None, sentence: str) -> None:
    if env is not None:
        (checkout / "deploy" / ".env").write_text(env)
    done = _run(checkout, "start", "compose")
    assert done.returncode == 2
    assert sentence in done.stderr


def test_the_example_is_refused(checkout: Path) -> None:
    shutil.copy(checkout / "deploy" / ".env.example", checkout / "deploy" / ".env")
    assert "change-me" in _run(checkout, "start", "compose").stderr


def test_docker_is_asked(checkout: Path) -> None:
    (checkout / "deploy" / ".env").write_text(GOOD)
    compose = "docker compose -f deploy/compose.yaml"
    assert _run(checkout, "start", "compose").stdout == f"{compose} up --detach --build --wait\n"
    assert _run(checkout, "stop", "compose").stdout == f"{compose} stop\n"
    assert _run(checkout, "status", "compose").stdout.startswith(f"{compose} ps --all")


def test_nothing_to_stop_is_said(checkout: Path) -> None:
    done = _run(checkout, "stop", "local", str(checkout / "data"))
    assert done.returncode == 3
    assert "No mesh is running" in done.stderr
