"""Who calls a method that needs no permission, or to have signed in and nothing more."""

from __future__ import annotations

from identity_svc.storage.audit import Actor, actor_of
from mesh.call import current_call
from mesh.errors import Unauthenticated


def caller() -> Actor:
    """Return who makes the call that is being served; without an id where it has not signed in."""
    call = current_call()
    return actor_of(call)


def signed_in_caller() -> Actor:
    """Return who makes the call. Raises Unauthenticated where nobody has to sign in and nobody did."""
    actor = caller()
    if not actor.id:
        raise Unauthenticated("CREDENTIALS_INVALID", "Nobody has signed in for this call; there is nothing of its own.")
    return actor
