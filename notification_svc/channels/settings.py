"""What the notification service can be told about its channels."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from mesh.settings import MeshSettings, SettingsError, setting
from notification_svc.channels.network_rules import Network, NetworkRules

STARTTLS = "starttls"
TLS = "tls"
PLAIN = "none"

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class ChannelSettings(MeshSettings):
    """The settings of e-mail, of webhooks and of the services that apprise knows."""

    smtp_host: str = setting("", "Mail server; empty: no e-mail is sent.", pattern=r"|\S+", example="smtp.example.com")
    smtp_port: int = setting(587, "Its port.", minimum=1, maximum=65535)
    smtp_security: str = setting(
        STARTTLS,
        "How the connection is encrypted: starttls (port 587), tls from the first byte (port 465), or none.",
        choices=(STARTTLS, TLS, PLAIN),
    )
    smtp_user: str = setting("", "Who signs in there; empty: nobody does.")
    smtp_password: str = setting("", "With which password.", secret=True)
    smtp_ca_file: Path | None = setting(None, "Authorities (PEM) of the mail server; empty: the system's.")
    smtp_sender: str = setting(
        "", "Address that e-mail comes from.", pattern=r"|[^@\s<>]+@[^@\s<>]+", example="flowmesh@example.com"
    )
    smtp_sender_name: str = setting("Flowmesh", "Name beside it.", pattern=r"[^\r\n]*", example="Flowmesh")
    smtp_reply_to: str = setting(
        "", "Address that answers go to.", pattern=r"|[^@\s<>]+@[^@\s<>]+", example="workflow@example.com"
    )
    smtp_connections: int = setting(4, "Connections to the mail server.", minimum=1, maximum=100)
    smtp_idle_seconds: float = setting(20.0, "How long an unused connection is kept.", minimum=0, maximum=300)
    smtp_answer_seconds: float = setting(30.0, "How long one answer of it may take.", minimum=0.1, maximum=300)
    smtp_send_seconds: float = setting(60.0, "How long sending one e-mail may take.", minimum=0.1, maximum=600)
    webhook_connections: int = setting(50, "Webhooks under way at once.", minimum=1, maximum=1000)
    webhook_host_connections: int = setting(
        10, "Webhooks under way at once to one host; to one that keeps them waiting it is one.", minimum=1, maximum=1000
    )
    webhook_connect_seconds: float = setting(5.0, "How long a connection may take.", minimum=0.1, maximum=60)
    webhook_seconds: float = setting(15.0, "How long a webhook may take in all.", minimum=0.1, maximum=120)
    webhook_plain_http: bool = setting(False, "Whether webhooks may go to http:// URLs, which anybody can read.")
    webhook_ca_file: Path | None = setting(None, "Authorities (PEM) of the receivers of webhooks; empty: the system's.")
    push_services: bool = setting(True, "Whether chats, SMS and push services may be addressed by URLs of apprise.")
    push_threads: int = setting(8, "Messages to them under way at once.", minimum=1, maximum=64)
    push_answer_seconds: float = setting(10.0, "How long one answer of them may take.", minimum=0.1, maximum=60)
    push_seconds: float = setting(30.0, "How long sending one message may take.", minimum=0.1, maximum=120)
    push_idle_seconds: float = setting(300.0, "After which time without a message its process ends.", minimum=1)
    push_ca_file: Path | None = setting(None, "Authorities (PEM) of push services; empty: the usual ones.")
    push_key_dir: Path | None = setting(
        None, "Folder of the key files that URLs of apprise may name (of FCM, for example); empty: none."
    )
    outgoing_networks: str = setting(
        "",
        "Private networks that users' URLs may name: webhooks and push services reach no other private address.",
        pattern=r"|[0-9a-fA-F.:/]+(,\s*[0-9a-fA-F.:/]+)*",
        example="10.20.0.0/16,192.168.7.4/32",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smtp_host and not self.smtp_sender:
            raise SettingsError(
                f"{self.variable('smtp_host')} is set: set {self.variable('smtp_sender')} as well, the address that "
                "e-mail comes from."
            )
        if self.smtp_user and self.smtp_security == PLAIN and self.smtp_host not in _LOCAL:
            raise SettingsError(
                f"{self.variable('smtp_password')} would go over the network for all to read: set "
                f"{self.variable('smtp_security')} to starttls or tls."
            )
        _ = self.network_rules

    @property
    def network_rules(self) -> NetworkRules:
        """Which addresses may be connected to on behalf of users. Raises SettingsError."""
        return NetworkRules(tuple(self._network(text.strip()) for text in self.outgoing_networks.split(",") if text))

    def _network(self, text: str) -> Network:
        try:
            return ipaddress.ip_network(text)
        except ValueError as error:
            raise SettingsError(
                f"{self.variable('outgoing_networks')} must be networks like 10.20.0.0/16, with commas between them: "
                f"{error}."
            ) from None
