"""Who calls, where what it does is its own, or needs more than the permission of the method."""

from __future__ import annotations

from identity_svc.queries.caller import Caller
from identity_svc.storage.audit import Actor
from mesh.call import current_call
from mesh.errors import Unauthenticated


def caller() -> Actor:
    """Return who makes the call that is being served; without an id where it has not signed in."""
    call = current_call()
    return Actor(call.user_id or "", call.session_id, call.correlation_id, call.traceparent)


def caller_of_rows() -> Caller:
    """Return who makes the call, with the tenants that are open to it. For methods that tell rows apart by tenant."""
    call = current_call()
    tenants: frozenset[str] | None = frozenset()
    for grant in call.rows.grants:
        tenants = None if tenants is None or grant.tenants is None else tenants | grant.tenants
    return Caller(caller(), tenants, bound=call.grants is not None)


def signed_in_caller() -> Actor:
    """Return who makes the call. Raises Unauthenticated where nobody has to sign in and nobody did."""
    actor = caller()
    if not actor.id:
        raise Unauthenticated("CREDENTIALS_INVALID", "Nobody has signed in for this call; there is nothing of its own.")
    return actor
