"""What the history service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
    consumer_batch: int = setting(1000, "Events that go into one transaction at most.", minimum=1, maximum=10_000)
