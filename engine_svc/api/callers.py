"""Who calls, where a request does not say on whose behalf."""

from __future__ import annotations

from mesh.call import find_call


def user_or_caller(user_id: str) -> str:
    """Return the user that a request names, else the caller; empty where neither is known."""
    if user_id:
        return user_id
    call = find_call()
    return (call.user_id or "") if call else ""
