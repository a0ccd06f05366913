"""Request ids: the same request sent again gets the answer of the first one."""

from __future__ import annotations

import hashlib

from google.protobuf.message import Message

from engine_svc.storage.commit import RequestRecord
from mesh.call import find_call

_SCOPED = "of:"


def request_record(method: str, request_id: str, request: Message) -> RequestRecord | None:
    """Return the record of a request; None where the caller gave no id and so asked for no idempotency.

    Each caller has request ids of its own: what one was answered is nobody else's.
    """
    if not request_id:
        return None
    # Maps have no order on the wire, so two serialisations of one request may differ unless told not to.
    content = request.SerializeToString(deterministic=True)
    fingerprint = hashlib.blake2b(content, digest_size=16).hexdigest()
    call = find_call()
    caller = (call.user_id or "") if call is not None else ""
    if not caller:
        return RequestRecord(method, request_id, fingerprint)
    # Where callers are known each has one, so that none can send what is stored for another.
    scoped = hashlib.blake2b(f"{len(caller)}:{caller}:{request_id}".encode(), digest_size=32).hexdigest()
    return RequestRecord(method, f"{_SCOPED}{scoped}", fingerprint, sent_id=request_id)


def digest_of(request: RequestRecord) -> str:
    """Return a digest of a request's id, short enough to stand in the ids of its parts."""
    return hashlib.blake2b(request.request_id.encode(), digest_size=16).hexdigest()
