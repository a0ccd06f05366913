"""Certificates in files, as a deployment has them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from launcher.certificates import Authority, Issued
from mesh.settings import MeshSettings

LONG_AGO = datetime.now(UTC) - timedelta(days=400)
HOSTS = ("localhost", "127.0.0.1")


def replace(path: Path, content: bytes) -> None:
    """Replace a file as a careful program does: by a rename."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_bytes(content)
    os.replace(fresh, path)


@dataclass
class Certificates:
    """A folder with an authority, and files that it issues."""

    folder: Path
    authority: Authority = field(default_factory=Authority.new)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca.write_bytes(self.authority.own.certificate)

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def pair(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def write(self, name: str, issued: Issued) -> None:
        """Put a certificate and its key in place, one after the other."""
        certificate, key = self.pair(name)
        replace(certificate, issued.certificate)
        replace(key, issued.key)

    def issue(self, name: str, hosts: tuple[str, ...] = HOSTS, **named: Any) -> tuple[Path, Path]:
        self.write(name, self.authority.issue(name, hosts, **named))
        return self.pair(name)

    def settings(self, name: str, *, hosts: tuple[str, ...] = HOSTS, **named: Any) -> MeshSettings:
        """Settings of a process with a certificate of its own."""
        certificate, key = self.issue(name, hosts)
        options: dict[str, Any] = {"drain_seconds": 0, "call_timeout_seconds": 5, **named}
        return MeshSettings(tls_certificate_file=certificate, tls_key_file=key, tls_ca_file=self.ca, **options)

    def remove(self) -> None:
        shutil.rmtree(self.folder)
