"""What the monitoring service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh.settings import MeshSettings, setting


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings(MeshSettings):
    """The settings of every service, and those of monitoring."""

    service_name: ClassVar[str] = "monitoring"
    default_port: ClassVar[int] = 3006

    admin_port: int = setting(9306, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    bus_timeout_seconds: float = setting(10.0, "How long the bus may take to answer.", minimum=0.1, maximum=600)
    lag_interval_seconds: float = setting(15.0, "How often lag and drift are measured.", minimum=0.1, maximum=3600)
