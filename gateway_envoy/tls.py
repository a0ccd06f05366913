"""TLS of the gateway: at its edge, and towards the services, which want to see its certificate.

Envoy reads the certificates from files that small resource files name (SDS), and watches the folders they lie in: one
that is replaced by a rename is in use for the next connection. One that cannot be used is refused and the old one stays
(`sds.*.key_rotation_failed` of Envoy's statistics).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EDGE = "edge"
OWN = "gateway"
AUTHORITY = "authority"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
_VERSIONS = {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}


@dataclass(frozen=True, slots=True)
class GatewayTls:
    """PEM files, absolute; where those of a side are None it is not encrypted.

    A certificate and its key lie in one folder, which is watched.
    """

    edge_certificate: Path | None = None
    """What clients are shown."""
    edge_key: Path | None = None
    certificate: Path | None = None
    """What services are shown."""
    key: Path | None = None
    ca: Path | None = None
    """The authorities that issue the services' certificates."""
    server_name: str = ""
    """Name that these must have; empty: the host that is called."""

    @property
    def edge(self) -> bool:
        """Whether clients call by TLS."""
        return self.edge_certificate is not None

    @property
    def scheme(self) -> str:
        """Of the gateway's URL."""
        return "https" if self.edge else "http"

    @property
    def inside(self) -> bool:
        """Whether services are called by TLS."""
        return self.certificate is not None

    def fault(self) -> str | None:
        """Return in one sentence what cannot be as it is; None where all is well."""
        for certificate, key in ((self.edge_certificate, self.edge_key), (self.certificate, self.key)):
            if certificate is not None and key is not None and certificate.parent != key.parent:
                return f"{certificate} and {key} must lie in one folder: the gateway watches it for new ones."
        return None


def write_resources(tls: GatewayTls, folder: Path) -> None:
    """Write the resource files that the configuration names. Raises OSError."""
    for name, secret in _secrets(tls).items():
        content = {"resources": [{"@type": f"{_TLS}.Secret", "name": name, **secret}]}
        _resource_file(folder, name).write_text(json.dumps(content), "utf-8")


def edge_socket(tls: GatewayTls, folder: Path) -> dict[str, Any]:
    """Return `transport_socket` of the public listener; nothing where it has none. `folder`: of the resource files."""
    if not tls.edge:
        return {}
    context = {
        "@type": f"{_TLS}.DownstreamTlsContext",
        "common_tls_context": {
            "tls_params": _VERSIONS,
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificate_sds_secret_configs": [_from_file(EDGE, folder)],
        },
    }
    return _socket(context)


def service_socket(tls: GatewayTls, hosts: Sequence[str], folder: Path) -> dict[str, Any]:
    """Return `transport_socket` of a cluster with these hosts; nothing where services are called without TLS."""
    if not tls.inside:
        return {}
    names = [tls.server_name] if tls.server_name else list(dict.fromkeys(hosts))
    context: dict[str, Any] = {
        "@type": f"{_TLS}.UpstreamTlsContext",
        "common_tls_context": {
            "tls_params": _VERSIONS,
            "alpn_protocols": ["h2"],
            "tls_certificate_sds_secret_configs": [_from_file(OWN, folder)],
            "combined_validation_context": {
                "default_validation_context": {"match_typed_subject_alt_names": [_matcher(name) for name in names]},
                "validation_context_sds_secret_config": _from_file(AUTHORITY, folder),
            },
        },
    }
    if not _is_ip(names[0]):
        context["sni"] = names[0]
    return _socket(context)


def _secrets(tls: GatewayTls) -> dict[str, dict[str, Any]]:
    secrets: dict[str, dict[str, Any]] = {}
    if tls.edge_certificate is not None and tls.edge_key is not None:
        secrets[EDGE] = _certificate(tls.edge_certificate, tls.edge_key)
    if tls.certificate is not None and tls.key is not None and tls.ca is not None:
        secrets[OWN] = _certificate(tls.certificate, tls.key)
        secrets[AUTHORITY] = {
            "validation_context": {"trusted_ca": {"filename": str(tls.ca)}, **_watched(tls.ca)},
        }
    return secrets


def _certificate(certificate: Path, key: Path) -> dict[str, Any]:
    return {
        "tls_certificate": {
            "certificate_chain": {"filename": str(certificate)},
            "private_key": {"filename": str(key)},
            **_watched(certificate),
        }
    }


def _watched(path: Path) -> dict[str, Any]:
    return {"watched_directory": {"path": str(path.parent)}}


def _from_file(name: str, folder: Path) -> dict[str, Any]:
    return {
        "name": name,
        "sds_config": {
            "path_config_source": {"path": str(_resource_file(folder, name))},
            "resource_api_version": "V3",
        },
    }


def _resource_file(folder: Path, name: str) -> Path:
    return folder / f"envoy-tls-{name}.json"


def _matcher(name: str) -> dict[str, Any]:
    kind = "IP_ADDRESS" if _is_ip(name) else "DNS"
    return {"san_type": kind, "matcher": {"exact": name}}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _socket(context: dict[str, Any]) -> dict[str, Any]:
    return {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context}}
