"""What a deployment may choose about the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway_envoy.tls import GatewayTls

STATIC_FOLDER = Path(__file__).resolve().parent / "static"
"""The pages of our own that the gateway serves."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Addresses, limits and times of one gateway. All times are seconds, all sizes bytes.

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

    cors_origins: Sequence[str] = ()
    """Origins such as `https://app.example.com` that may call from a browser; `*` allows every one."""
    openapi: Path | None = None
    """The OpenAPI document of `/api-docs`; without it there is no such page."""
    definition_schema: Path | None = None
    """The JSON Schema of process definitions, beside the OpenAPI document."""
    static_folder: Path = STATIC_FOLDER

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
