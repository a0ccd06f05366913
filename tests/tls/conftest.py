from __future__ import annotations

from pathlib import Path

import pytest

import mesh.tls
from tests.tls.files import Certificates


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new files be seen soon."""
    monkeypatch.setattr(mesh.tls, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(mesh.tls, "SETTLE_SECONDS", 0.1)
