"""Request ids: the same request sent again gets the answer of the first one."""

from __future__ import annotations

import hashlib

from google.protobuf.message import Message

from engine_svc.storage.commit import RequestRecord


def request_record(method: str, request_id: str, request: Message) -> RequestRecord | None:
    """Return the record of a request; None where the caller gave no id and so asked for no idempotency."""
    if not request_id:
        return None
    # Maps have no order on the wire, so two serialisations of one request may differ unless told not to.
    content = request.SerializeToString(deterministic=True)
    return RequestRecord(method, request_id, hashlib.blake2b(content, digest_size=16).hexdigest())


def digest_of(request: RequestRecord) -> str:
    """Return a digest of a request's id, short enough to stand in the ids of its parts."""
    return hashlib.blake2b(request.request_id.encode(), digest_size=16).hexdigest()
