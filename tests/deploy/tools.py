"""The checkers of the deployment files: programs in Go over the tools' own libraries."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BACKENDS = {
    "flowmesh.engine.v1": ["engine:3001"],
    "flowmesh.identity.v1": ["identity:3002"],
    "flowmesh.form.v1": ["form:3003"],
    "flowmesh.notification.v1": ["notification:3004"],
    "flowmesh.history.v1": ["history:3005"],
    "flowmesh.monitoring.v1": ["monitoring:3006"],
}
_SOURCES = Path(__file__).parent / "go"


def checker(name: str, folder: Path) -> Path:
    """Build a checker; skip where Go or its modules cannot be had."""
    if shutil.which("go") is None:
        pytest.skip("needs Go")
    sources = folder / name
    shutil.copytree(_SOURCES / name, sources)
    modules = subprocess.run(["go", "mod", "download"], cwd=sources, capture_output=True, text=True, check=False)
    if modules.returncode != 0:
        pytest.skip(f"needs the Go modules of the checker: {modules.stderr.strip()}")
    subprocess.run(["go", "build", "-mod=readonly", "-o", "checker", "."], cwd=sources, check=True)
    return sources / "checker"
