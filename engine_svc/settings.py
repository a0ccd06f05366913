"""What the engine can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh.settings import MeshSettings, setting


@dataclass(frozen=True, kw_only=True)
class EngineSettings(MeshSettings):
    """Settings of the engine service."""

    service_name: ClassVar[str] = "engine"
    default_port: ClassVar[int] = 3001

    admin_port: int = setting(9301, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    request_retention_seconds: int = setting(
        86_400, "How long the answer to a request id is kept.", minimum=60, maximum=31_536_000
    )
    cached_instances: int = setting(4096, "Instances kept in memory between commands.", minimum=0, maximum=1_000_000)
