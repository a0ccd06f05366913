"""What the history service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mesh.db.schema import sqlite_path
from mesh.settings import MeshSettings, setting


@dataclass(frozen=True, kw_only=True)
class HistorySettings(MeshSettings):
    """The settings of every service, and those of history's consumer."""

    service_name: ClassVar[str] = "history"
    default_port: ClassVar[int] = 3005

    admin_port: int = setting(9305, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    event_topics: str = setting(
        "domain",
        "As for every service, but history needs the events of an instance in their order, which topics for each type "
        "alone do not keep.",
        choices=("domain", "both"),
    )
    audit_secret: str = setting(
        "",
        "What the key is derived from that signs the end of the audit trail; empty: the mesh_secret. The same for all "
        "processes of the service.",
        pattern=r"|\S{32,}",
        example="at least 32 random characters without blanks",
        secret=True,
    )
    audit_public_keys: str = setting(
        "",
        "Public keys of earlier audit secrets, 64 hexadecimal digits each, separated by commas: what they have signed "
        "is believed.",
        pattern=r"|[0-9a-f]{64}(,[0-9a-f]{64})*",
        example="64 hexadecimal digits, or several such keys with commas between them",
    )
    audit_retention_days: int = setting(
        0,
        "How many days entries of the audit trail are kept at least; 0: for ever. What is kept begins with a signed "
        "note of the last one that is gone.",
        minimum=0,
        maximum=36_500,
    )
    consumer_batch: int = setting(1000, "Events that go into one transaction at most.", minimum=1, maximum=10_000)
    search_url: str = setting(
        "",
        "Search server (OpenSearch, Elasticsearch) that answers full-text searches, one for all history processes; "
        "empty: the database does. `index`: what the names of its indexes begin with, `shards`: how many an index has.",
        pattern=r"|https?://\S+",
        example="https://USER:PASSWORD@HOST:PORT,HOST:PORT?index=flowmesh-history&shards=1",
        secret=True,
    )
    search_ca_file: Path | None = setting(
        None, "Certificate authorities (PEM) for the search server; without it those of the system."
    )
    search_interval_seconds: float = setting(
        0.5, "How often it is looked for what the search server is to be told.", minimum=0.05, maximum=60
    )
    archive_dir: Path | None = setting(
        None,
        "Folder of archives, the same one for all history processes, on a disk that stays. Without it `archives` in "
        "data_dir where the database is a file there, and no archives where it is a server.",
    )
    archive_instances: int = setting(5000, "Instances that an archive has at most.", minimum=1, maximum=10_000)
    retention_interval_seconds: float = setting(
        10.0, "How often retention looks for instances whose time is over.", minimum=0.05, maximum=3600
    )

    @property
    def own_archive_dir(self) -> Path | None:
        """The folder of archives: as set, else one in the data folder, None where that may not outlive the process."""
        if self.archive_dir is not None:
            return self.archive_dir.absolute()
        return (self.data_dir / "archives").absolute() if sqlite_path(self.own_database_url) is not None else None
