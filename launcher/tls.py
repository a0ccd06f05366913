"""TLS of a mesh that the launcher starts: a folder of certificates, or the settings of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway_envoy.tls import GatewayTls
from launcher.distributed.services import SERVICES
from mesh.startup import StartupError
from mesh.tls import TlsFiles, read_identity

AUTHORITY, AUTHORITY_KEY = "ca.crt", "ca.key"
GATEWAY, EDGE = "gateway", "edge"
"""Names in a folder of certificates: its authority, and the folders beside those of the services."""

_FIELDS = ("tls_certificate_file", "tls_key_file", "tls_ca_file")
_EDGE_FIELDS = ("edge_certificate_file", "edge_key_file")
_NAME = "tls_server_name"


def process_files(folder: Path, name: str) -> TlsFiles:
    """Return the files of a process in a folder of certificates, named as in the secrets of Kubernetes."""
    return TlsFiles(folder / name / "tls.crt", folder / name / "tls.key", folder / name / "ca.crt")


def check_files(tls: GatewayTls) -> None:
    """Check the gateway's files before Envoy does, which tells in other words. Raises TlsFault."""
    if tls.edge_certificate is not None and tls.edge_key is not None:
        read_identity(TlsFiles(tls.edge_certificate, tls.edge_key))
    if tls.certificate is not None and tls.key is not None:
        read_identity(TlsFiles(tls.certificate, tls.key, tls.ca))


@dataclass(frozen=True, slots=True)
class MeshTls:
    """Where the processes of a mesh have their certificates from."""

    environ: Mapping[str, str]
    folder: Path | None = None
    """Of `flowmesh certificates`; it wins over the environment."""

    def environment(self) -> dict[str, str]:
        """Return the variables that say where each service has its files; empty where the environment says it."""
        if self.folder is None:
            return {}
        return {
            f"FLOWMESH_{service.name.upper()}_{field.upper()}": str(path)
            for service in SERVICES
            for field, path in zip(_FIELDS, process_files(self.folder, service.name).paths(), strict=True)
        }

    def gateway(self) -> GatewayTls:
        """Return what the gateway is to have. Raises StartupError where files that go together are not all named."""
        if self.folder is not None:
            edge, own = process_files(self.folder, EDGE), process_files(self.folder, GATEWAY)
            return GatewayTls(
                edge_certificate=edge.certificate,
                edge_key=edge.key,
                certificate=own.certificate,
                key=own.key,
                ca=own.ca,
            )
        certificate, key, ca = self._all_or_none(_FIELDS)
        edge_certificate, edge_key = self._all_or_none(_EDGE_FIELDS)
        return GatewayTls(
            edge_certificate=edge_certificate,
            edge_key=edge_key,
            certificate=certificate,
            key=key,
            ca=ca,
            server_name=self._value(_NAME) or "",
        )

    def _all_or_none(self, fields: tuple[str, ...]) -> list[Path | None]:
        values = {f"FLOWMESH_GATEWAY_{field.upper()}": self._value(field) for field in fields}
        given = [name for name, value in values.items() if value]
        if given and len(given) < len(values):
            missing = " and ".join(name for name, value in values.items() if not value)
            raise StartupError(f"{given[0]} is set: set {missing} as well, or none of them.")
        return [Path(value).absolute() if value else None for value in values.values()]

    def _value(self, field: str) -> str | None:
        own = self.environ.get(f"FLOWMESH_GATEWAY_{field.upper()}")
        # What is only the edge's nobody else knows.
        return own or (None if field in _EDGE_FIELDS else self.environ.get(f"FLOWMESH_{field.upper()}"))
