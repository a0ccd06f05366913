"""What every answer has to be, beside what the OpenAPI document says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flowmesh.errors.v1 import error_reason_pb2

REASONS = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name} - {
    "UNSPECIFIED"
}
_HTTP_OF_CODES = {
    3: (400, 415), 9: (400,), 11: (400,), 16: (401,), 7: (403,), 5: (404,), 6: (409,), 10: (409,), 8: (429, 413, 431),
    1: (499,), 12: (501, 404, 405),
}  # fmt: skip
"""gRPC code → the HTTP statuses that tell it. None of a failing server is among them."""
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_HEADERS = ("x-correlation-id", "x-content-type-options", "cache-control")


def faults(status: int, headers: Mapping[str, str], content: bytes) -> Iterator[str]:
    """Yield what is wrong with an answer, a sentence each."""
    for name in _HEADERS:
        if name not in headers:
            yield f"the answer has no header {name}"
    if status >= 500:
        yield f"the server failed with {status}"
    if 200 <= status < 300:
        return
    if headers.get("content-type") != "application/json":
        yield f"the content type of an error is {headers.get('content-type')}"
        return
    try:
        body = json.loads(content)
    except ValueError:
        yield "an error is no JSON"
        return
    yield from _error_faults(status, body)


def _error_faults(status: int, body: Any) -> Iterator[str]:
    if not isinstance(body, dict) or set(body) != {"code", "message", "details"}:
        yield "an error is no google.rpc.Status"
        return
    if status < 500 and status not in _HTTP_OF_CODES.get(body["code"], ()):
        yield f"{status} does not tell the code {body['code']}"
    if not body["message"]:
        yield "an error has no message"
    details = {detail.get("@type"): detail for detail in body["details"]}
    info = details.get(_INFO)
    if info is None:
        yield "an error has no ErrorInfo"
        return
    if info["reason"] not in REASONS:
        yield f"the reason {info['reason']} is not in the contract"
    if not info["domain"].startswith("flowmesh."):
        yield f"the domain of an error is {info['domain']}"
    if info["reason"] == "FIELD_INVALID":
        violations = details.get(_BAD_REQUEST, {}).get("fieldViolations", [])
        if not violations or not all(violation["description"] for violation in violations):
            yield "FIELD_INVALID names no field"


def reason_of(content: bytes) -> str:
    """Return the reason of an error, empty where there is none."""
    try:
        return str(json.loads(content)["details"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return ""


def blamed(content: bytes) -> str:
    """Return the fields that an error blames, its message where there are none."""
    body = json.loads(content)
    fields = [
        f"{violation['field']} {violation['description']}"
        for detail in body["details"]
        for violation in detail.get("fieldViolations", [])
    ]
    return "; ".join(fields)[:200] or body["message"][:200]
