"""The filter that turns REST calls into gRPC calls and their answers back.

What a REST user sees: camelCase names; every field without presence stands in the answer, also where it is
`false`, `0`, `""`, `[]` or `{}`, and unset messages do not; enums by name; streams as one JSON object a line.
"""

from __future__ import annotations

import base64
from typing import Any

from gateway_envoy.contract import Contract
from gateway_envoy.settings import GatewaySettings

FILTER = "envoy.filters.http.grpc_json_transcoder"
TYPE = "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"


def transcoder_config(
    services: list[str], descriptor_set: bytes, settings: GatewaySettings, *, server_sent_events: bool
) -> dict[str, Any]:
    """Return the transcoder's typed configuration for these services."""
    style = "stream_sse_style_delimited" if server_sent_events else "stream_newline_delimited"
    return {
        "@type": TYPE,
        "proto_descriptor_bin": base64.b64encode(descriptor_set).decode(),
        "services": services,
        "print_options": {
            "add_whitespace": False,
            "always_print_primitive_fields": True,
            "always_print_enums_as_ints": False,
            "preserve_proto_field_names": False,
            style: True,
        },
        "request_validation_options": {
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        "convert_grpc_status": True,
        "query_param_unescape_plus": True,
        "max_request_body_size": settings.body_limit,
        # Answers are pages of the service's choosing; what the service may send is not the gateway's to cut.
        "max_response_body_size": 64 * 1024 * 1024,
    }


def transcoder_filter(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> dict[str, Any]:
    """Return the HTTP filter for every service with HTTP rules."""
    config = transcoder_config(contract.services, descriptor_set, settings, server_sent_events=False)
    return {"name": FILTER, "typed_config": config}


def no_transcoding() -> dict[str, Any]:
    """Return the per-route setting under which the transcoder lets every request pass."""
    config = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {FILTER: config}
