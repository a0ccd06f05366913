"""What the notification service can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mesh.settings import SettingsError, setting
from notification_svc.channels.settings import ChannelSettings

CONTROLLED = "controlled"


@dataclass(frozen=True, kw_only=True)
class NotificationSettings(ChannelSettings):
    """The settings of every service, of the channels, and of what is told when."""

    service_name: ClassVar[str] = "notification"
    default_port: ClassVar[int] = 3004

    admin_port: int = setting(9304, "Port of /metrics, /healthz, /readyz; 0: any free.", minimum=0, maximum=65535)
    event_topics: str = setting(
        "domain",
        "As for every service, but notifications need the events of an instance in their order, which topics for each "
        "type alone do not keep.",
        choices=("domain", "both"),
    )
    consumer_batch: int = setting(500, "Events that go into one transaction at most.", minimum=1, maximum=10_000)
    console_url: str = setting(
        "",
        "Where people look at tasks and instances; empty: notifications have no links.",
        pattern=r"|https?://[^\s/]+(/\S*)?",
        example="https://flowmesh.example.com",
    )
    max_group_recipients: int = setting(
        200, "Members of one group that are told of one event at most.", minimum=1, maximum=10_000
    )
    due_soon_seconds: int = setting(
        86_400, "How long before its due time a task is reminded of.", minimum=60, maximum=31_536_000
    )
    escalation_seconds: int = setting(
        86_400, "How long after its due time a task is told to the manager.", minimum=0, maximum=31_536_000
    )
    retry_first_seconds: float = setting(
        10.0, "Pause before the first of three further attempts; each next one is six times longer.", minimum=0.01
    )
    webhook_failures: int = setting(
        20, "Failed attempts in a row after which a webhook is disabled.", minimum=1, maximum=10_000
    )
    notification_retention_seconds: int = setting(
        90 * 86_400, "How long notifications are kept.", minimum=14 * 86_400, maximum=3_650 * 86_400
    )
    delivery_retention_seconds: int = setting(
        30 * 86_400, "How long the delivery log is kept.", minimum=86_400, maximum=3_650 * 86_400
    )
    request_retention_seconds: int = setting(
        86_400, "How long the answer to a request id is kept.", minimum=60, maximum=31_536_000
    )
    secret_encryption_secret: str = setting(
        "",
        "With what secrets of webhooks and addresses are encrypted; empty: with mesh_secret.",
        pattern=r"|\S{32,}",
        example="at least 32 random characters without blanks",
        secret=True,
    )

    @property
    def own_secret(self) -> str:
        """What stored secrets are encrypted with. Raises SettingsError where nothing is set."""
        secret = self.secret_encryption_secret or self.mesh_secret
        if not secret:
            raise SettingsError(
                f"{self.variable('mesh_secret')} or {self.variable('secret_encryption_secret')} must be set: at least "
                "32 random characters, the same for all processes of the notification service."
            )
        return secret

    @property
    def shares_database(self) -> bool:
        """Whether notification services on other machines may work on the database as well."""
        return not self.own_database_url.startswith("sqlite:")
