"""One JSON line for each call on standard output."""

from __future__ import annotations

from typing import Any

from gateway_envoy.access_tokens import CLAIMS
from gateway_envoy.access_tokens import FILTER as TOKEN_FILTER
from gateway_envoy.errors import METADATA_NAMESPACE
from gateway_envoy.settings import GatewaySettings


def access_log(settings: GatewaySettings) -> list[dict[str, Any]]:
    """Return the access logs of the HTTP connection manager."""
    if not settings.access_log:
        return []
    trace_id = "%TRACE_ID%" if settings.otlp_endpoint else f"%DYNAMIC_METADATA({METADATA_NAMESPACE}:trace_id)%"
    line = {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "logger": "gateway",
        "correlation_id": "%REQ(X-CORRELATION-ID)%",
        "trace_id": trace_id,
        "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
        # Query strings stay out: filters may hold personal data.
        "path": "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "route": "%ROUTE_NAME%",
        "status": "%RESPONSE_CODE%",
        # As the service sent it; the operator of that name would guess one out of the HTTP status of REST errors.
        "grpc_status": "%RESP(GRPC-STATUS)%%TRAILER(GRPC-STATUS)%",
        "duration_ms": "%DURATION%",
        "upstream_ms": "%RESPONSE_DURATION%",
        "bytes_received": "%BYTES_RECEIVED%",
        "bytes_sent": "%BYTES_SENT%",
        "protocol": "%PROTOCOL%",
        "user": f"%DYNAMIC_METADATA({TOKEN_FILTER}:{CLAIMS}:sub)%",
        "session": f"%DYNAMIC_METADATA({TOKEN_FILTER}:{CLAIMS}:sid)%",
        "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "user_agent": "%REQ(USER-AGENT)%",
        "upstream": "%UPSTREAM_HOST%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
    }
    formatter = {
        "name": "envoy.formatter.req_without_query",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery"
        },
    }
    config = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        "log_format": {
            "json_format": line,
            "omit_empty_values": True,
            "formatters": [formatter],
            "json_format_options": {"sort_properties": False},
        },
    }
    return [{"name": "envoy.access_loggers.stdout", "typed_config": config}]
