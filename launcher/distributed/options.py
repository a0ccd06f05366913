"""What `flowmesh up --profile distributed` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from launcher.embedded.options import DEFAULT_DATA, REQUIRED

MAX_PROCESSES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedOptions:
    """How many processes there are, where they listen, and the servers they use.

    The first process of a service has the service's port, the second that port + 100, and so on; 0 takes any free ones.
    An address that is None is taken from the environment.
    """

    data: Path = DEFAULT_DATA
    """Folder of the logs and of what belongs to the run; with `bus` in a file, of the bus."""
    host: str = "127.0.0.1"
    port: int = 8080
    engine_port: int = 3001
    identity_port: int = 3002
    form_port: int = 3003
    notification_port: int = 3004
    history_port: int = 3005
    monitoring_port: int = 3006
    engine_metrics_port: int = 9301
    identity_metrics_port: int = 9302
    form_metrics_port: int = 9303
    notification_metrics_port: int = 9304
    history_metrics_port: int = 9305
    monitoring_metrics_port: int = 9306
    engines: int = 1
    identities: int = 1
    forms: int = 1
    notifications: int = 1
    histories: int = 1
    database: str | None = None
    """`mariadb://USER:PASSWORD@HOST:PORT/`, with a database for each service."""
    bus: str | None = None
    """`kafka://HOST:PORT,HOST:PORT`, or `sqlite:///PATH`."""
    cache: str | None = None
    """`redis://HOST:PORT/0`."""
    certificates: Path | None = None
    """Folder of `flowmesh certificates`; without it the environment says whether there is TLS."""
    cors_origins: tuple[str, ...] = ()
    clock: str = "system"
    force_clock: bool = False
    """Allow `clock=controlled` although other engines on the database would go by another time."""
    authentication: str = REQUIRED
    """`off`: nobody has to sign in and everybody may do everything; only on loopback addresses."""
    verbose: bool = False

    def counts(self) -> dict[str, int]:
        """Return how many processes each service has."""
        return {
            "engine": self.engines,
            "identity": self.identities,
            "form": self.forms,
            "notification": self.notifications,
            "history": self.histories,
            "monitoring": 1,
        }

    def first_ports(self, service: str) -> tuple[int, int]:
        """Return the ports of gRPC and of metrics that the first process of a service was given."""
        return {
            "engine": (self.engine_port, self.engine_metrics_port),
            "identity": (self.identity_port, self.identity_metrics_port),
            "form": (self.form_port, self.form_metrics_port),
            "notification": (self.notification_port, self.notification_metrics_port),
            "history": (self.history_port, self.history_metrics_port),
            "monitoring": (self.monitoring_port, self.monitoring_metrics_port),
        }[service]
