"""Which browser pages may call, from the settings."""

from __future__ import annotations

from typing import Any

from gateway_envoy.settings import GatewaySettings

FILTER = "envoy.filters.http.cors"
REQUEST_HEADERS = (
    "accept,authorization,content-type,grpc-timeout,if-match,if-none-match,last-event-id,traceparent,tracestate,"
    "x-correlation-id,x-grpc-web,x-user-agent"
)
RESPONSE_HEADERS = "etag,grpc-message,grpc-status,grpc-status-details-bin,retry-after,x-correlation-id"


def cors_filter() -> dict[str, Any]:
    """Return the HTTP filter; the policy is the virtual host's."""
    return {
        "name": FILTER,
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"},
    }


def cors_policy(settings: GatewaySettings) -> dict[str, Any]:
    """Return the per-route setting of the virtual host; empty where no origin may call."""
    if not settings.cors_origins:
        return {}
    origins: list[dict[str, Any]] = [
        {"safe_regex": {"regex": ".*"}} if origin == "*" else {"exact": origin} for origin in settings.cors_origins
    ]
    return {
        FILTER: {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
            "allow_origin_string_match": origins,
            "allow_methods": "GET,POST,PUT,PATCH,DELETE,OPTIONS",
            "allow_headers": REQUEST_HEADERS,
            "expose_headers": RESPONSE_HEADERS,
            "max_age": "3600",
            # Bearer tokens travel in a header of their own; cookies are not used, so no credentials mode.
            "allow_credentials": False,
        }
    }
