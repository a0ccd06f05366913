"""Calls on one instance reach one engine, so that it finds the instance in its cache.

Only a hint: any engine may serve any call. The id is taken out of the request message, behind the transcoder, so
REST, gRPC and gRPC-Web are all the same. Ids of tasks, jobs and incidents begin with the instance's id, so that what is
hashed is the part that they share. Calls without such an id go anywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from gateway_envoy.contract import Contract, Method
from gateway_envoy.settings import GatewaySettings

INSTANCE_COLLECTIONS = frozenset(
    {"processInstances", "userTasks", "jobs", "incidents", "activityInstances", "adHocSubProcesses", "variables"}
)
"""Collections of the engine whose ids are an instance's, or begin with it."""
PACKAGE = "flowmesh.engine.v1"

_KEY = "flowmesh.instance"
_EXTRACTION = "envoy.filters.http.grpc_field_extraction"
_PRINTED_ID = len('["') + 36
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"


def instance_field(method: Method) -> str | None:
    """Return the request field that holds the id of an instance or of a part of one; None where there is none."""
    if method.package != PACKAGE or method.client_streaming:
        return None
    for rule in method.rules:
        template = rule.template
        if len(template.segments) > 2 and template.segments[1] in INSTANCE_COLLECTIONS and template.segments[2] is None:
            return template.variables[0]
    return None


def hashing_filters(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> list[dict[str, Any]]:
    """Return the HTTP filters that take the id out of the request, to stand behind the transcoder."""
    if not settings.hash_on_instance:
        return []
    fields = {f"{method.service}.{method.name}": instance_field(method) for method in contract.methods}
    extractions: dict[str, Any] = {
        name: {"request_field_extractions": {field: {}}} for name, field in fields.items() if field is not None
    }
    # One key for all methods: what the fields are called differs, and only one of them is ever there.
    names = sorted({field for field in fields.values() if field is not None})
    printed = "".join(f"%DYNAMIC_METADATA({_EXTRACTION}:{name}):{_PRINTED_ID}%" for name in names)
    key = {
        "object_key": _KEY,
        "factory_key": "envoy.hashable_string",
        "skip_if_empty": True,
        "format_string": {"omit_empty_values": True, "text_format_source": {"inline_string": printed}},
    }
    return [
        {
            "name": _EXTRACTION,
            "typed_config": {
                "@type": f"{_HTTP}.grpc_field_extraction.v3.GrpcFieldExtractionConfig",
                "descriptor_set": {"inline_bytes": base64.b64encode(descriptor_set).decode()},
                "extractions_by_method": extractions,
            },
        },
        {
            "name": "envoy.filters.http.set_filter_state",
            "typed_config": {"@type": f"{_HTTP}.set_filter_state.v3.Config", "on_request_headers": [key]},
        },
    ]


def hash_policy(method: Method, settings: GatewaySettings) -> Sequence[dict[str, Any]]:
    """Return what the route of a method is hashed by; nothing lets the call go anywhere."""
    if not settings.hash_on_instance or instance_field(method) is None:
        return ()
    return ({"filter_state": {"key": _KEY}},)


def balancing(package: str, settings: GatewaySettings) -> dict[str, Any]:
    """Return how a cluster chooses among its backends."""
    if settings.hash_on_instance and package == PACKAGE:
        # When one of N goes, its calls move and few others: that is all a cache wants.
        return {"lb_policy": "MAGLEV"}
    return {"lb_policy": "LEAST_REQUEST"}
