"""How many calls a caller may make: a user or service account by its token, anybody else by the address.

The limit stands behind the check of tokens, whose claims it counts by, and before everything that costs. Each gateway
counts by itself; where there are several, what its own count lets pass is asked from the rate limit service as well,
which counts for all. So that what a gateway refuses costs nobody else anything, and the own limit is what is left
where the service or its Redis does not answer. Service accounts are counted by each gateway alone: their limit stops
what runs away, and a question to another process for each of a worker's calls would cost more than it guards.
"""

from __future__ import annotations

import math
from typing import Any

from gateway_envoy.headers import KIND, SERVICE_ACCOUNT, SUBJECT
from gateway_envoy.settings import GatewaySettings

DOMAIN = "flowmesh"
SOCKET = "rate-limit.sock"
"""Of the rate limit service, in Envoy's working directory."""
CLUSTER = "rate-limit"
USER, ADDRESS, SERVICE = "user", "remote_address", "service_account"
"""Keys of the descriptors, each of which counts one kind of caller."""
SHARED_TIMEOUT = 0.05
"""Seconds after which a call goes on without an answer of the rate limit service."""

_LOCAL = "envoy.filters.http.local_ratelimit"
_SHARED = "envoy.filters.http.ratelimit"
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_EVERY = {"numerator": 100, "denominator": "HUNDRED"}


def rate_limit_filters(settings: GatewaySettings) -> list[dict[str, Any]]:
    """Return the HTTP filters; none where nothing is limited."""
    if not _limited(settings):
        return []
    filters = [{"name": _LOCAL, "typed_config": _local(settings)}]
    if shared(settings):
        filters.append({"name": _SHARED, "typed_config": _shared_config()})
    return filters


def no_rate_limit(settings: GatewaySettings) -> dict[str, Any]:
    """Return the per-route setting under which calls are not counted."""
    config = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    names = ([_LOCAL] if _limited(settings) else []) + ([_SHARED] if shared(settings) else [])
    return dict.fromkeys(names, config)


def retry_seconds(settings: GatewaySettings) -> int:
    """Return after how many whole seconds a caller that was refused may make a call again, at the latest."""
    return max(1, math.ceil(settings.rate_limit_period / settings.rate_limit)) if settings.rate_limit else 1


def _limited(settings: GatewaySettings) -> bool:
    # Without tokens all programs of this machine are one caller.
    return settings.tokens_required and bool(settings.rate_limit or settings.rate_limit_service_accounts)


def shared(settings: GatewaySettings) -> bool:
    """Tell whether several gateways count together."""
    return _limited(settings) and settings.shared_rate_limit and bool(settings.rate_limit)


def _of_subject(key: str, *, expected: bool) -> dict[str, Any]:
    kind = {"name": KIND, "string_match": {"exact": SERVICE_ACCOUNT}, "treat_missing_header_as_empty": True}
    return {
        "actions": [
            {
                "header_value_match": {
                    "descriptor_key": "service",
                    "descriptor_value": "yes" if expected else "no",
                    "expect_match": expected,
                    "headers": [kind],
                }
            },
            {"request_headers": {"header_name": SUBJECT, "descriptor_key": key}},
        ]
    }


def _without_token() -> dict[str, Any]:
    return {
        "header_value_match": {
            "descriptor_key": "anonymous",
            "descriptor_value": "yes",
            "expect_match": False,
            "headers": [{"name": SUBJECT, "present_match": True}],
        }
    }


def _users_and_addresses() -> list[dict[str, Any]]:
    return [
        _of_subject(USER, expected=False),
        {"actions": [_without_token(), {"remote_address": {}}]},
    ]


def _local(settings: GatewaySettings) -> dict[str, Any]:
    descriptors: list[dict[str, Any]] = []
    counted: list[dict[str, Any]] = []
    if number := settings.rate_limit:
        bucket = _bucket(settings, number, settings.rate_limit_burst or number)
        counted += _users_and_addresses()
        descriptors += [
            {"entries": [{"key": "service", "value": "no"}, {"key": USER}], "token_bucket": bucket},
            {"entries": [{"key": "anonymous", "value": "yes"}, {"key": ADDRESS}], "token_bucket": bucket},
        ]
    if number := settings.rate_limit_service_accounts:
        bucket = _bucket(settings, number, number)
        counted.append(_of_subject(SERVICE, expected=True))
        descriptors.append({"entries": [{"key": "service", "value": "yes"}, {"key": SERVICE}], "token_bucket": bucket})
    return {
        "@type": f"{_HTTP}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "callers",
        "filter_enabled": {"default_value": _EVERY},
        "filter_enforced": {"default_value": _EVERY},
        # The filter wants a limit for all calls together; it is never reached, and no call is counted by it.
        "token_bucket": {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"},
        "always_consume_default_token_bucket": False,
        "rate_limits": counted,
        "descriptors": descriptors,
        "max_dynamic_descriptors": settings.rate_limit_callers,
        "rate_limited_as_resource_exhausted": True,
        "enable_retry_after_header": True,
        # The rate limit service writes them itself, and knows of calls to other gateways.
        "enable_x_ratelimit_headers": "OFF" if shared(settings) else "DRAFT_VERSION_03",
    }


def _bucket(settings: GatewaySettings, number: int, burst: int) -> dict[str, Any]:
    return {
        "max_tokens": burst,
        "tokens_per_fill": number,
        "fill_interval": f"{settings.rate_limit_period:g}s",
    }


def _shared_config() -> dict[str, Any]:
    timeout = f"{SHARED_TIMEOUT:g}s"
    return {
        "@type": f"{_HTTP}.ratelimit.v3.RateLimit",
        "domain": DOMAIN,
        "rate_limits": _users_and_addresses(),
        "timeout": timeout,
        "failure_mode_deny": False,
        "rate_limited_as_resource_exhausted": True,
        "rate_limit_service": {
            "grpc_service": {"envoy_grpc": {"cluster_name": CLUSTER}, "timeout": timeout},
            "transport_api_version": "V3",
        },
    }
