"""What `flowmesh up` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATA = Path(".flowmesh")
REQUIRED, OFF = "required", "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshOptions:
    """Where the mesh keeps its data and where it listens. A port of 0 takes any free one."""

    data: Path = DEFAULT_DATA
    host: str = "127.0.0.1"
    port: int = 8080
    """REST, gRPC and gRPC-Web, through the gateway."""
    engine_port: int = 3001
    identity_port: int = 3002
    form_port: int = 3003
    notification_port: int = 3004
    history_port: int = 3005
    monitoring_port: int = 3006
    engine_metrics_port: int = 9301
    history_metrics_port: int = 9305
    cors_origins: tuple[str, ...] = ()
    """Origins that may call from a browser; `*` allows every one."""
    clock: str = "system"
    """`controlled`: for tests, callers turn the engine's clock, and timers wait for `flowmesh clock drain`."""
    authentication: str = REQUIRED
    """`off`: nobody has to sign in and everybody may do everything; only on loopback addresses."""
    verbose: bool = False
    """Show every log line on the console, not only warnings and errors."""

    def ports(self) -> dict[str, int]:
        """Return every port by the option that sets it."""
        return {
            "--port": self.port,
            "--engine-port": self.engine_port,
            "--identity-port": self.identity_port,
            "--form-port": self.form_port,
            "--notification-port": self.notification_port,
            "--history-port": self.history_port,
            "--monitoring-port": self.monitoring_port,
            "--engine-metrics-port": self.engine_metrics_port,
            "--history-metrics-port": self.history_metrics_port,
        }
