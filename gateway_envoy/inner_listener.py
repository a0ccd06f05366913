"""How Envoy itself gets the keys of access tokens: a second listener, on a socket in its run folder.

The filter that checks tokens asks by plain HTTP, the identity service answers by gRPC, so that the question goes
through a transcoder. Through the public listener keys would come late, and a TCP port could be taken by another program
of the machine, whose keys would then be believed.
"""

from __future__ import annotations

from typing import Any

from gateway_envoy.access_tokens import KEY_SET_PATH, key_set_method
from gateway_envoy.contract import Contract
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.transcoding import FILTER, transcoder_config

SOCKET = "key-set.sock"
"""In the run folder, which is Envoy's working directory: an absolute path could be too long for a socket."""
_OWNER_ALONE = 0o600
_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_NAME = "inner"


def inner_listener(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> dict[str, Any]:
    """Return the listener; it has one route. Raises `ContractError` where no method answers with the keys."""
    method = key_set_method(contract)
    to_service = {"cluster": method.package, "timeout": "1s"}
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": _NAME,
        "codec_type": "HTTP1",
        "normalize_path": True,
        "route_config": {
            "name": _NAME,
            "virtual_hosts": [
                {
                    "name": _NAME,
                    "domains": ["*"],
                    "routes": [
                        {"match": {"path": KEY_SET_PATH}, "route": to_service},
                        {"match": {"path": method.grpc_path}, "route": to_service},
                    ],
                }
            ],
        },
        "http_filters": [
            {
                "name": FILTER,
                "typed_config": transcoder_config([method.service], descriptor_set, settings, server_sent_events=False),
            },
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
            },
        ],
    }
    return {
        "name": _NAME,
        "address": {"pipe": {"path": SOCKET, "mode": _OWNER_ALONE}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
