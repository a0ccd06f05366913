"""What a deployment may choose about the gateway."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway_envoy.tls import GatewayTls

REQUIRED: Final = "required"
OFF: Final = "off"
YEAR_SECONDS: Final = 365 * 24 * 3600

STATIC_FOLDER = Path(__file__).resolve().parent / "static"
"""The pages of our own that the gateway serves."""


class GatewaySettingsError(ValueError):
    """A setting holds what a gateway must not be told; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Addresses, limits and times of one gateway. All times are seconds, all sizes bytes.

    Raises `GatewaySettingsError` for an admin interface that others could reach, for calls without sign-in from
    other machines, and for limits that are none.

    `backends` maps a proto package (`flowmesh.engine.v1`) to the `host:port` addresses of the service that
    serves it. Every package of the descriptors that has HTTP rules needs one.
    """

    backends: Mapping[str, Sequence[str]]
    reflection_package: str | None = None
    """Package whose backend answers `grpc.reflection` and `grpc.health`; the first of `backends` where unset."""
    listen_host: str = "0.0.0.0"  # noqa: S104 - the gateway is the public entry
    listen_port: int = 8080
    """0 takes any free port; `EnvoyProcess.port` tells which."""
    reuse_port: bool = False
    """Lets the next Envoy bind the same port while this one drains; two meshes on one port go unnoticed then."""
    admin_host: str = "127.0.0.1"
    admin_port: int = 0
    """0 takes any free port; `EnvoyProcess.admin_port` tells which."""
    concurrency: int = 1
    """Worker threads. One carries what a Python backend on two cores can answer."""
    tls: GatewayTls = field(default_factory=GatewayTls)
    """Certificates; without them nothing is encrypted."""

    authentication: str = REQUIRED
    """`required`: every call but the public ones needs an access token; `off`: none does, on loopback only."""
    token_issuer: str = "flowmesh"  # noqa: S105 - a name
    token_audience: str = "flowmesh"  # noqa: S105 - a name
    key_set_seconds: float = 30.0
    """How old the known keys of access tokens may be: a new key signs no earlier, a removed one is good no longer."""

    rate_limit: int = 100
    """Calls that a user, or an address without a token, may make in `rate_limit_period`; 0 for any number."""
    rate_limit_burst: int | None = None
    """How many of them at once; `rate_limit` where unset."""
    rate_limit_service_accounts: int = 600_000
    """Calls of a service account in `rate_limit_period`; 0 for any number. Workers poll, and one account may be many
    of them: the number is above what a gateway carries on a core, and stops only what runs away."""
    rate_limit_period: float = 60.0
    rate_limit_callers: int = 100_000
    """How many callers are counted at once; who has not called for longest is forgotten and begins anew."""
    shared_rate_limit: bool = False
    """Asks the rate limit service of `gateway_envoy.rate_limit` as well, on `RATE_LIMIT_SOCKET` in the run folder."""
    trusted_proxies: int = 0
    """How many proxies before the gateway may be believed what they write into `x-forwarded-for`."""
    hsts_seconds: int | None = None
    """How long browsers are to remember that the gateway is reached by TLS alone, 0 for not at all; where unset, a
    year where it has TLS at its edge, and not at all elsewhere."""

    cors_origins: Sequence[str] = ()
    """Origins such as `https://app.example.com` that may call from a browser; `*` allows every one."""
    openapi: Path | None = None
    """The OpenAPI document of `/api-docs`; without it there is no such page."""
    definition_schema: Path | None = None
    """The JSON Schema of process definitions, beside the OpenAPI document."""
    static_folder: Path = STATIC_FOLDER
    release: str = ""
    """Version of the program: callers ask again for what they keep when it is another one."""

    unary_timeout: float = 15.0
    """How long a unary call may take where the caller sets no deadline."""
    long_poll_timeout: float = 60.0
    """How long a call may wait by its own `request_timeout`; `unary_timeout` comes on top."""
    max_deadline: float = 120.0
    """The longest deadline that a caller may set by `grpc-timeout`."""
    stream_idle_timeout: float = 60.0
    """How long a server stream may be silent; services send heartbeats more often."""
    request_timeout: float = 30.0
    """How long a client may take to send its request."""
    body_limit: int = 7 * 1024 * 1024
    """The largest body of a unary REST call: a resource of 5 MiB, as the contract allows it, in base64."""
    headers_limit_kib: int = 32
    headers_timeout: float = 10.0
    """How long a client may take to send the head of a request."""
    idle_timeout: float = 300.0
    """How long a connection without a call stays open."""
    heap_limit: int = 1024 * 1024 * 1024
    """Memory of Envoy above which calls are refused and the largest ones cut, so that it is not killed."""
    max_connections: int = 10_000
    max_requests_per_backend: int = 10_000
    """Calls in flight to one service; long polls and streams count."""
    access_log: bool = True
    otlp_endpoint: str | None = None
    """`host:port` of an OTLP/gRPC collector; spans are sent where set."""
    trace_sampling_percent: float = 1.0
    health_check_interval: float = 5.0
    hash_on_instance: bool = False
    """Sends calls on one process instance to one engine, for its cache; of no use before a single one."""

    def __post_init__(self) -> None:
        if not _is_loopback(self.admin_host):
            raise GatewaySettingsError(
                f"The admin interface of Envoy ends the process for whoever asks: admin_host must be a loopback "
                f"address such as 127.0.0.1, not {self.admin_host!r}."
            )
        if self.authentication not in (REQUIRED, OFF):
            raise GatewaySettingsError(f"authentication must be {REQUIRED} or {OFF}, not {self.authentication!r}.")
        if self.authentication == OFF and not _is_loopback(self.listen_host):
            raise GatewaySettingsError(
                f"Without authentication the gateway listens on loopback addresses only, not on {self.listen_host!r}."
            )
        for name in ("rate_limit", "rate_limit_service_accounts", "trusted_proxies", "hsts_seconds"):
            if (getattr(self, name) or 0) < 0:
                raise GatewaySettingsError(f"{name} must not be negative.")
        if self.rate_limit_burst is not None and self.rate_limit_burst < 1:
            raise GatewaySettingsError("rate_limit_burst must be at least 1.")
        if self.rate_limit_period < 1 or self.rate_limit_callers < 1:
            raise GatewaySettingsError("rate_limit_period and rate_limit_callers must be at least 1.")

    @property
    def strict_transport_seconds(self) -> int:
        """What browsers are told of TLS: for so long nothing else; 0 for nothing."""
        if self.hsts_seconds is None:
            return YEAR_SECONDS if self.tls.edge else 0
        return self.hsts_seconds

    @property
    def tokens_required(self) -> bool:
        """Whether calls need an access token."""
        return self.authentication != OFF


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
