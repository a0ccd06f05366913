"""Envoy's own errors in the shape of everyone's: `google.rpc.Status` with `ErrorInfo`.

REST callers get it as JSON, gRPC callers as `grpc-status`, `grpc-message` and `grpc-status-details-bin`.
The first mapper that matches decides. Replies that were written in that shape already (by the strict JSON check)
carry a mark in the dynamic metadata and pass as they are.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from gateway_envoy.headers import set_header
from gateway_envoy.rate_limiting import retry_seconds
from gateway_envoy.settings import GatewaySettings

DOMAIN = "flowmesh.gateway"
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
METADATA_NAMESPACE = "flowmesh"
WRITTEN_MARK = "status_written"
"""Key in the dynamic metadata that says: the body of this local reply is a Status already."""

_INVALID_ARGUMENT, _DEADLINE_EXCEEDED, _NOT_FOUND, _PERMISSION_DENIED = 3, 4, 5, 7
_RESOURCE_EXHAUSTED, _UNIMPLEMENTED, _INTERNAL, _UNAVAILABLE, _UNAUTHENTICATED = 8, 12, 13, 14, 16

_REFUSED = "jwt_authn_access_denied"
_CHALLENGE = "www-authenticate"
_REALM = 'Bearer realm="flowmesh"'
_INVALID_TOKEN = {_CHALLENGE: f'{_REALM}, error="invalid_token"'}


@dataclass(frozen=True, slots=True)
class LocalError:
    """What an HTTP status of Envoy's own becomes.

    `rest_message` may hold Envoy's format operators; `message` may not, for it is also in the binary details, and
    is plain ASCII without `%`, for it is a header.
    """

    http: int
    code: int
    reason: str
    message: str
    rest_message: str = ""
    rest_code: int | None = None
    rest_http: int | None = None
    """HTTP status to answer, where it differs from the one Envoy chose."""
    metadata: dict[str, str] = field(default_factory=dict)
    code_details: str = ""
    """Only where Envoy's `response.code_details` begins with this."""
    headers: dict[str, str] = field(default_factory=dict)
    retry_seconds: int = 0
    """When the call may be made again, where that is known: `RetryInfo`. REST callers get what `retry-after` says."""


def local_errors(settings: GatewaySettings) -> list[LocalError]:
    """Return the errors in the order in which they are tried."""
    limit = str(settings.body_limit)
    malformed = "REQUEST_MALFORMED"
    return [
        LocalError(
            400,
            _INVALID_ARGUMENT,
            malformed,
            "The path holds an escaped slash or backslash, or cannot be normalized.",
            code_details="path_normalization_failed",
        ),
        LocalError(
            400,
            _INVALID_ARGUMENT,
            malformed,
            "A header's name or value is not allowed.",
            code_details="http1.",
        ),
        LocalError(
            400,
            _INVALID_ARGUMENT,
            malformed,
            "The request could not be read.",
            rest_message="The request could not be read. %LOCAL_REPLY_BODY%",
        ),
        LocalError(
            401,
            _UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "The keys of access tokens are not known yet: the identity service does not answer.",
            rest_http=503,
            metadata={"dependency": "identity"},
            code_details=f"{_REFUSED}{{Jwks_remote_fetch",
            # Envoy's own would repeat the address that was called.
            headers={_CHALLENGE: _REALM},
        ),
        LocalError(
            401,
            _UNAUTHENTICATED,
            "TOKEN_EXPIRED",
            "The access token has run out; refresh it.",
            code_details=f"{_REFUSED}{{Jwt_is_expired",
            headers=_INVALID_TOKEN,
        ),
        LocalError(
            401,
            _UNAUTHENTICATED,
            "CREDENTIALS_INVALID",
            "There is no access token: send it in the header authorization, after the word Bearer.",
            code_details=f"{_REFUSED}{{Jwt_is_missing",
            headers={_CHALLENGE: _REALM},
        ),
        LocalError(
            401,
            _UNAUTHENTICATED,
            "CREDENTIALS_INVALID",
            "The credentials are missing, wrong or ended.",
            headers=_INVALID_TOKEN,
        ),
        LocalError(
            403,
            _UNAUTHENTICATED,
            "CREDENTIALS_INVALID",
            "The access token is for somebody else.",
            # To Envoy a token for another audience is good and lacks a right.
            rest_http=401,
            code_details=_REFUSED,
            headers=_INVALID_TOKEN,
        ),
        LocalError(403, _PERMISSION_DENIED, "ACCESS_DENIED", "The caller may not do this."),
        LocalError(
            404,
            _UNIMPLEMENTED,
            "METHOD_UNKNOWN",
            "There is no such method.",
            rest_message="There is no %REQ(:METHOD)% method at this path.",
            rest_code=_NOT_FOUND,
        ),
        LocalError(408, _DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The request was not sent in time."),
        LocalError(
            413,
            _RESOURCE_EXHAUSTED,
            "MESSAGE_TOO_LARGE",
            f"The body is larger than {limit} bytes.",
            metadata={"limit": limit},
        ),
        LocalError(415, _INVALID_ARGUMENT, malformed, "The content type is not supported."),
        LocalError(426, _INVALID_ARGUMENT, malformed, "HTTP/1.1 or HTTP/2 is needed."),
        LocalError(
            429,
            _RESOURCE_EXHAUSTED,
            "RATE_LIMITED",
            "Too many calls; try again later.",
            retry_seconds=retry_seconds(settings),
        ),
        LocalError(
            431,
            _RESOURCE_EXHAUSTED,
            "MESSAGE_TOO_LARGE",
            f"The headers are larger than {settings.headers_limit_kib} KiB.",
            metadata={"limit": str(settings.headers_limit_kib * 1024)},
        ),
        LocalError(500, _INTERNAL, "INTERNAL", "The gateway failed."),
        LocalError(501, _UNIMPLEMENTED, malformed, "The transfer encoding is not supported."),
        LocalError(
            502, _UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", "The service's answer could not be read.", rest_http=503
        ),
        LocalError(
            503,
            _UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "The service does not answer.",
        ),
        LocalError(
            504,
            _DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            "The service did not answer in time. Whether the call took effect is settled by sending it again "
            "with the same request id.",
        ),
    ]


def local_reply_config(settings: GatewaySettings) -> dict[str, Any]:
    """Return the `local_reply_config` of the HTTP connection manager."""
    mappers: list[dict[str, Any]] = [_written_mapper()]
    for error in local_errors(settings):
        mappers.extend(_mappers(error))
    return {"mappers": mappers}


def rest_status(code: int, message: str, reason: str, metadata: dict[str, str]) -> dict[str, Any]:
    """Return a Status as REST callers see it."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": DOMAIN,
        "metadata": metadata,
    }
    return {"code": code, "message": message, "details": [info]}


def _written_mapper() -> dict[str, Any]:
    matcher = {
        "filter": METADATA_NAMESPACE,
        "path": [{"key": WRITTEN_MARK}],
        "value": {"bool_match": True},
    }
    return {
        "filter": {"metadata_filter": {"matcher": matcher, "match_if_key_not_found": False}},
        "body_format_override": {
            "content_type": "application/json",
            "text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"},
        },
    }


def _mappers(error: LocalError) -> Iterator[dict[str, Any]]:
    conditions: list[dict[str, Any]] = [
        {"status_code_filter": {"comparison": {"op": "EQ", "value": {"default_value": error.http, "runtime_key": "-"}}}}
    ]
    if error.code_details:
        conditions.append(
            {
                "extension_filter": {
                    "name": "cel",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                        "expression": f"response.code_details.startsWith('{error.code_details}')",
                    },
                }
            }
        )
    own_headers = [set_header(name, value) for name, value in error.headers.items()]
    # A transcoded REST call looks like gRPC behind the transcoder; only its original path gives it away.
    grpc_only: list[dict[str, Any]] = [
        _header_filter("content-type", {"string_match": {"prefix": "application/grpc"}}),
        _header_filter("x-envoy-original-path", {"present_match": False}),
    ]
    yield {
        "filter": {"and_filter": {"filters": [*conditions, *grpc_only]}},
        # gRPC-Web would guess a code out of any other HTTP status, and take a body for a message.
        "status_code": 200,
        "body": {"inline_string": ""},
        "headers_to_add": [
            set_header("grpc-status", str(error.code)),
            set_header("grpc-message", error.message),
            set_header("grpc-status-details-bin", _binary_status(error)),
            *own_headers,
        ],
    }
    status = rest_status(
        error.code if error.rest_code is None else error.rest_code,
        error.rest_message or error.message,
        error.reason,
        error.metadata,
    )
    if error.retry_seconds:
        status["details"].append({"@type": _RETRY_INFO, "retryDelay": "%RESP(RETRY-AFTER)%s"})
    rest: dict[str, Any] = {
        "filter": conditions[0] if len(conditions) == 1 else {"and_filter": {"filters": conditions}},
        "body_format_override": {
            "content_type": "application/json",
            "json_format": status,
        },
    }
    if own_headers:
        rest["headers_to_add"] = own_headers
    if error.rest_http is not None:
        rest["status_code"] = error.rest_http
    yield rest


def _header_filter(name: str, match: dict[str, Any]) -> dict[str, Any]:
    return {"header_filter": {"header": {"name": name, **match}}}


def _binary_status(error: LocalError) -> str:
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)]
    if error.retry_seconds:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=error.retry_seconds)))
    status = status_pb2.Status(code=error.code, message=error.message)
    for detail in details:
        status.details.add().Pack(detail)
    # gRPC writes binary headers without padding.
    return base64.b64encode(status.SerializeToString(deterministic=True)).decode().rstrip("=")
