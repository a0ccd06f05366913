"""Server streams over REST: one JSON object a line, or server-sent events where the caller accepts them.

An error after the first message cannot become an HTTP status: the contracts give it a message of its own, the last
one. A silent stream is cut after `stream_idle_timeout`, so services send heartbeats.
"""

from __future__ import annotations

import re
from typing import Any

from gateway_envoy.contract import Contract, HttpRule
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.transcoding import FILTER, transcoder_config


def event_stream_routes(
    contract: Contract, descriptor_set: bytes, settings: GatewaySettings, cluster: str
) -> list[dict[str, Any]]:
    """Return the routes that choose the event-stream form; they only lead the request to the transcoder.

    `cluster` is any that exists: the call is routed again when it is transcoded.
    """
    streams = [method for method in contract.methods if method.server_streaming]
    if not streams:
        return []
    services = sorted({method.service for method in streams})
    config = transcoder_config(services, descriptor_set, settings, server_sent_events=True)
    accepts = {"name": "accept", "string_match": {"contains": "text/event-stream", "ignore_case": True}}
    # A route for each path: Envoy refuses patterns as large as all of them together.
    return [
        {
            "name": "event-stream",
            "match": {"safe_regex": {"regex": _path_pattern(rule)}, "headers": [accepts]},
            "route": {"cluster": cluster},
            "typed_per_filter_config": {FILTER: config},
        }
        for method in streams
        for rule in method.rules
    ]


def _path_pattern(rule: HttpRule) -> str:
    template = rule.template
    path = "".join("/[^/]+" if segment is None else "/" + re.escape(segment) for segment in template.segments)
    return path + (":" + re.escape(template.verb) if template.verb else "")
