"""What Envoy does before clients use up its memory, its connections or its time."""

from __future__ import annotations

from typing import Any, Final

from gateway_envoy.settings import GatewaySettings

RUNTIME: Final = {
    # Frames of HTTP/2 cost their sender nothing: whoever opens calls and takes them back at once, many times over, is
    # cut off, and no connection is read from for long while others wait.
    "overload.premature_reset_total_stream_count": 500,
    "overload.premature_reset_min_stream_lifetime_seconds": 1,
    "http.max_requests_per_io_cycle": 16,
    # One pattern has the paths of all streams; 100, which is the default, is enough for four of them.
    "re2.max_program_size.error_level": 2000,
}
"""Limits that Envoy has no other place for."""

_HEAP = "envoy.resource_monitors.fixed_heap"
_MONITORS = "type.googleapis.com/envoy.extensions.resource_monitors"


def overload_manager(settings: GatewaySettings) -> dict[str, Any]:
    """Return the overload manager of the bootstrap configuration."""
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{_MONITORS}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": settings.max_connections,
                },
            },
            {
                "name": _HEAP,
                "typed_config": {
                    "@type": f"{_MONITORS}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": settings.heap_limit,
                },
            },
        ],
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": 20},
        "actions": [
            _above("shrink_heap", 0.8),
            # The largest bodies first, more of them the less memory there is.
            {
                "name": "envoy.overload_actions.reset_high_memory_stream",
                "triggers": [{"name": _HEAP, "scaled": {"scaling_threshold": 0.85, "saturation_threshold": 0.95}}],
            },
            _above("disable_http_keepalive", 0.9),
            _above("stop_accepting_requests", 0.95),
            _above("reject_incoming_connections", 0.98),
        ],
    }


def _above(action: str, share: float) -> dict[str, Any]:
    return {
        "name": f"envoy.overload_actions.{action}",
        "triggers": [{"name": _HEAP, "threshold": {"value": share}}],
    }
