"""What the engine can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh.settings import MeshSettings, SettingsError, setting

CONTROLLED = "controlled"


@dataclass(frozen=True, kw_only=True)
class EngineSettings(MeshSettings):
    """Settings of the engine service. Raises SettingsError for a clock that callers turn on a shared database."""

    service_name: ClassVar[str] = "engine"
    default_port: ClassVar[int] = 3001

    admin_port: int = setting(9301, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    request_retention_seconds: int = setting(
        86_400, "How long the answer to a request id is kept.", minimum=60, maximum=31_536_000
    )
    batch_retention_seconds: int = setting(
        604_800, "How long batches that have ended are kept.", minimum=60, maximum=31_536_000
    )
    migration_retention_seconds: int = setting(
        2_592_000, "How long a migration may be undone.", minimum=60, maximum=31_536_000
    )
    cached_instances: int = setting(4096, "Instances kept in memory between commands.", minimum=0, maximum=1_000_000)
    clock_forced: bool = setting(False, "Allow clock=controlled on a database that several engines may share.")
    background_jobs: str = setting(
        "auto",
        "Whether timers and asynchronous jobs run by themselves; auto: unless clock=controlled.",
        choices=("auto", "on", "off"),
    )
    concurrent_jobs: int = setting(
        32, "Timers and asynchronous jobs that this process does at one time.", minimum=1, maximum=1000
    )
    job_lease_seconds: int = setting(
        30,
        "After which time another process takes over the timers and asynchronous jobs of one that died.",
        minimum=5,
        maximum=3600,
    )
    max_commit_wait_seconds: float = setting(
        2.0,
        "New work gets BACKPRESSURE while a write would wait longer for the database; twice as long: every write.",
        minimum=0.01,
    )
    max_outbox_age_seconds: float = setting(
        600.0, "The same while the oldest event that is not on the bus yet is older.", minimum=1
    )
    max_outbox_rows: int = setting(500_000, "The same while more commits have events that are not.", minimum=1)
    relay_flush_seconds: float = setting(
        2.0, "How long a stopping engine waits for its relay to bring what is left to the bus.", minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clock == CONTROLLED and not self.clock_forced and self.own_database_url.startswith("mariadb:"):
            raise SettingsError(
                f"{self.variable('clock')}={CONTROLLED} is for tests on a database of their own: other engines on this "
                f"one would go by another time. Set {self.variable('clock_forced')}=true if that is what you want."
            )

    @property
    def runs_jobs(self) -> bool:
        """Whether timers and asynchronous jobs run by themselves in this process."""
        return self.background_jobs == "on" or (self.background_jobs == "auto" and self.clock != CONTROLLED)
