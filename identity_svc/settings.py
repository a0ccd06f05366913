"""What the identity service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from identity_svc.sign_in_settings import SignInSettings
from mesh.settings import setting


@dataclass(frozen=True, kw_only=True)
class IdentitySettings(SignInSettings):
    """The settings of every service, of signing in, and of the directory."""

    service_name: ClassVar[str] = "identity"
    default_port: ClassVar[int] = 3002

    admin_port: int = setting(9302, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    request_retention_seconds: int = setting(
        86_400, "How long the answer to a request id is kept.", minimum=60, maximum=31_536_000
    )

    @property
    def shares_database(self) -> bool:
        """Whether identity services on other machines may work on the database as well."""
        return not self.own_database_url.startswith("sqlite:")
