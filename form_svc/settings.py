"""What the form service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh.settings import MeshSettings, setting


@dataclass(frozen=True, kw_only=True)
class FormSettings(MeshSettings):
    """The settings of every service, and those of forms."""

    service_name: ClassVar[str] = "form"
    default_port: ClassVar[int] = 3003

    admin_port: int = setting(9303, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    request_retention_seconds: int = setting(
        86_400, "How long the answer to a request id is kept.", minimum=60, maximum=31_536_000
    )
    engine_request_retention_seconds: int = setting(
        86_400,
        "FLOWMESH_ENGINE_REQUEST_RETENTION_SECONDS as the engines have it: after which time a task that is gone does "
        "not tell any more whether a submission has completed it.",
        minimum=60,
        maximum=31_536_000,
    )
    settle_after_seconds: float = setting(
        10.0, "After which time a submission whose call broke off is brought to its end.", minimum=0.1, maximum=3600
    )
    max_file_bytes: int = setting(20 << 20, "Size of a file of a form.", minimum=1024, maximum=1 << 30)
    max_loose_files: int = setting(200, "Files of one user that are in no submission yet.", minimum=1, maximum=100_000)
    file_retention_seconds: int = setting(
        86_400, "How long a file is kept that is in no submission.", minimum=60, maximum=31_536_000
    )
    draft_retention_seconds: int = setting(
        7_776_000, "How long a draft is kept after its last change.", minimum=60, maximum=315_360_000
    )
    file_types: str = setting(
        "*/*",
        "Types of files that are taken, with commas between; image/* stands for all images, */* for everything.",
        pattern=r"[^\s,/]+/[^\s,/]+(,[^\s,/]+/[^\s,/]+)*",
        example="image/*,application/pdf",
    )

    @property
    def shares_database(self) -> bool:
        """Whether form services on other machines may work on the database as well."""
        return not self.own_database_url.startswith("sqlite:")
