"""The URL of a gateway, as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from launcher.client.failure import CommandFailed
from mesh.listening import is_loopback

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class GatewayUrl:
    """Where a gateway answers. `text` is the same for all spellings of one URL."""

    text: str
    target: str
    """`host:port`"""
    secure: bool
    local: bool
    """Whether it is on this machine, so that what is sent there crosses no network."""
    ca: Path | None = None
    """PEM file of the authorities to trust instead of gRPC's own."""

    @classmethod
    def parse(cls, url: str, ca: Path | None = None) -> GatewayUrl:
        """Read `http://host:port` or `https://host:port`. Raises CommandFailed for another one."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.username is not None:
            raise CommandFailed("--url has no place for a user or a password: flowmesh login asks for them.")
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise CommandFailed(f"--url must read http://HOST:PORT or https://HOST:PORT, not {url}")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise CommandFailed(f"--url has no usable port: {url}") from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        local = is_loopback(parts.hostname)
        return cls(f"{parts.scheme}://{host}:{port}", f"{host}:{port}", parts.scheme == "https", local, ca)
