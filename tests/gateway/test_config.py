from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

from gateway_envoy.config import ContractError, envoy_config
from gateway_envoy.contract import PathTemplate, read_contract
from gateway_envoy.launch import envoy_path
from gateway_envoy.settings import GatewaySettings, GatewaySettingsError
from gateway_envoy.tls import GatewayTls
from tests.gateway.running import DESCRIPTORS, ROOT

SETTINGS = GatewaySettings(
    backends={
        "flowmesh.engine.v1": ["127.0.0.1:3001"],
        "flowmesh.notification.v1": ["127.0.0.1:3004"],
        "flowmesh.history.v1": ["127.0.0.1:3005"],
        "flowmesh.monitoring.v1": ["127.0.0.1:3006"],
        "flowmesh.identity.v1": ["127.0.0.1:3002"],
        "flowmesh.form.v1": ["127.0.0.1:3003"],
    },
    openapi=ROOT / "gen" / "openapi.json",
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cors_origins": ["*"], "openapi": None, "access_log": False},
        {"otlp_endpoint": "collector:4317", "reuse_port": True, "concurrency": 2},
        {"backends": {p: ["engine-1:3001", "engine-2:3001", "[::1]:3001"] for p in SETTINGS.backends}},
        {"hash_on_instance": True},
        {"shared_rate_limit": True, "trusted_proxies": 2, "hsts_seconds": 3600},
        {"rate_limit": 0, "rate_limit_service_accounts": 0},
        {"authentication": "off", "listen_host": "::1"},
    ],
)
def test_envoy_accepts_the_configuration(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = tmp_path / "envoy.json"
    config.write_text(json.dumps(envoy_config(DESCRIPTORS, dataclasses.replace(SETTINGS, **changes))))
    command = [envoy_path(), "--mode", "validate", "-c", config, "-l", "warn"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr


def test_same_input_gives_the_same_configuration() -> None:
    assert json.dumps(envoy_config(DESCRIPTORS, SETTINGS)) == json.dumps(envoy_config(DESCRIPTORS, SETTINGS))


def test_a_service_without_address_is_refused() -> None:
    with pytest.raises(ContractError, match=r"no backend address for flowmesh\.form\.v1"):
        envoy_config(DESCRIPTORS, dataclasses.replace(SETTINGS, backends={"flowmesh.engine.v1": ["127.0.0.1:1"]}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"admin_host": "0.0.0.0"}, "admin_host must be a loopback address"),
        ({"admin_host": "10.0.0.5"}, "admin_host must be a loopback address"),
        ({"admin_host": "gateway.example.com"}, "admin_host must be a loopback address"),
        ({"admin_host": ""}, "admin_host must be a loopback address"),
        ({"authentication": "off"}, "Without authentication the gateway listens on loopback addresses only"),
        ({"authentication": "maybe"}, "authentication must be required or off"),
        ({"rate_limit": -1}, "rate_limit must not be negative"),
        ({"rate_limit_burst": 0}, "rate_limit_burst must be at least 1"),
        ({"rate_limit_period": 0}, "rate_limit_period"),
        ({"trusted_proxies": -1}, "trusted_proxies must not be negative"),
    ],
)
def test_settings_that_would_harm_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(GatewaySettingsError, match=words):
        dataclasses.replace(SETTINGS, **changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_loopback_addresses(host: str) -> None:
    assert dataclasses.replace(SETTINGS, admin_host=host, listen_host=host, authentication="off")


def test_tls_at_the_edge_is_for_a_year() -> None:
    by_tls = GatewayTls(edge_certificate=Path("/certs/edge.pem"), edge_key=Path("/certs/edge.key"))
    assert SETTINGS.strict_transport_seconds == 0
    assert dataclasses.replace(SETTINGS, tls=by_tls).strict_transport_seconds == 31_536_000
    assert dataclasses.replace(SETTINGS, tls=by_tls, hsts_seconds=0).strict_transport_seconds == 0
    # A balancer before the gateway may end TLS.
    assert dataclasses.replace(SETTINGS, hsts_seconds=60).strict_transport_seconds == 60


def test_without_authentication_nothing_asks_for_tokens_or_counts() -> None:
    open_to_all = dataclasses.replace(SETTINGS, authentication="off", listen_host="127.0.0.1", shared_rate_limit=True)
    config = envoy_config(DESCRIPTORS, open_to_all)
    (listener,) = config["static_resources"]["listeners"]
    (filters,) = (chain["filters"][0]["typed_config"]["http_filters"] for chain in listener["filter_chains"])
    names = [one["name"] for one in filters]
    assert "envoy.filters.http.lua" in names
    assert not [name for name in names if "jwt" in name or "ratelimit" in name]
    assert not {"rate-limit", "key-set"} & {cluster["name"] for cluster in config["static_resources"]["clusters"]}


def test_tokens_without_keys_are_refused() -> None:
    settings = GatewaySettings(backends={"a.v1": ["127.0.0.1:1"]})
    with pytest.raises(ContractError, match=r"no public method answers GET /\.well-known/jwks\.json"):
        envoy_config(small_contract(get="/v1/a"), settings)


@pytest.mark.parametrize("address", ["localhost", ":3001", "host:port"])
def test_addresses_are_checked(address: str) -> None:
    backends = {package: [address] for package in SETTINGS.backends}
    with pytest.raises(ContractError, match="is not host:port"):
        envoy_config(DESCRIPTORS, dataclasses.replace(SETTINGS, backends=backends))


def test_descriptors_without_methods_are_refused() -> None:
    with pytest.raises(ContractError, match="no method with an HTTP rule"):
        envoy_config(b"", SETTINGS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/v1/jobs", PathTemplate(("v1", "jobs"), (), "")),
        ("/v1/jobs:activate", PathTemplate(("v1", "jobs"), (), "activate")),
        ("/v1/jobs/{id}:complete", PathTemplate(("v1", "jobs", None), ("id",), "complete")),
        ("/v1/a/{a.b=*}/c/{d}", PathTemplate(("v1", "a", None, "c", None), ("a.b", "d"), "")),
    ],
)
def test_path_templates(text: str, expected: PathTemplate) -> None:
    assert PathTemplate.parse(text) == expected


@pytest.mark.parametrize("text", ["/v1/{name=a/*}", "/v1/{name=**}", "/v1/x{id}", "/v1/*"])
def test_path_templates_that_cannot_be_carried(text: str) -> None:
    with pytest.raises(ContractError):
        PathTemplate.parse(text)


def small_contract(**rule: str) -> bytes:
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="a.v1")
    file.message_type.add(name="Request").field.add(name="id", number=1, type=9, label=1, json_name="id")
    service = file.service.add(name="AService")
    method = service.method.add(name="Do", input_type=".a.v1.Request", output_type=".a.v1.Request")
    for verb, path in rule.items():
        setattr(method.options.Extensions[annotations_pb2.http], verb, path)
    return descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString()


def test_bodies_that_cannot_be_checked_are_refused() -> None:
    settings = GatewaySettings(backends={"a.v1": ["127.0.0.1:1"]}, authentication="off", listen_host="127.0.0.1")
    with pytest.raises(ContractError, match="a body must be a message"):
        envoy_config(small_contract(post="/v1/a", body="id"), settings)


def test_methods_without_rules_are_left_out() -> None:
    assert read_contract(small_contract()).methods == []
    (method,) = read_contract(small_contract(get="/v1/a/{id}")).methods
    assert method.idempotent
    (method,) = read_contract(small_contract(post="/v1/a/{id}")).methods
    assert not method.idempotent
