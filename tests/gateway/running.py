"""What the gateway's tests share: a real Envoy before real backends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import httpx

from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings
from tests.gateway.backend import Backend

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTORS = (ROOT / "gen" / "descriptors.binpb").read_bytes()
ORIGIN = "https://app.example.com"


@dataclass
class Mesh:
    engine: Backend
    history: Backend
    monitoring: Backend
    identity: Backend
    form: Backend
    notification: Backend
    envoy: EnvoyProcess
    access_log: Path
    http: httpx.AsyncClient
    channel: grpc.aio.Channel

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.envoy.port}"

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.access_log.read_text().splitlines()]


def settings_for(
    engine: Backend,
    history: Backend,
    monitoring: Backend | None = None,
    identity: Backend | None = None,
    form: Backend | None = None,
    notification: Backend | None = None,
    **changes: Any,
) -> GatewaySettings:
    """Settings for these backends, without sign-in; where one is missing nothing answers that is called by its name."""
    chosen: dict[str, Any] = {
        "backends": {
            "flowmesh.engine.v1": [f"127.0.0.1:{engine.port}"],
            "flowmesh.history.v1": [f"127.0.0.1:{history.port}"],
            "flowmesh.monitoring.v1": [f"127.0.0.1:{(monitoring or engine).port}"],
            "flowmesh.identity.v1": [f"127.0.0.1:{(identity or engine).port}"],
            "flowmesh.form.v1": [f"127.0.0.1:{(form or engine).port}"],
            "flowmesh.notification.v1": [f"127.0.0.1:{(notification or engine).port}"],
        },
        "listen_host": "127.0.0.1",
        "listen_port": 0,
        "authentication": OFF,
        "cors_origins": [ORIGIN],
        "openapi": ROOT / "gen" / "openapi.json",
        "definition_schema": ROOT / "gen" / "process-definition.schema.json",
        "unary_timeout": 1.0,
        "long_poll_timeout": 1.0,
        "stream_idle_timeout": 1.0,
        "request_timeout": 1.0,
        "health_check_interval": 0.2,
        **changes,
    }
    return GatewaySettings(**chosen)
