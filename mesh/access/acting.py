"""On whose behalf a call acts, where its request may name somebody."""

from __future__ import annotations

from mesh.call import CallContext
from mesh.errors import Denied, Violation

ACT_AS = "users.actAs"
"""The permission to act as another user."""


def acting_user(call: CallContext | None, field: str, asked: str) -> str:
    """Return the user that a call acts as: the one it asks for, else its caller; empty where neither is known.

    `field` is the request's. Raises `Denied` where another than the caller is asked for without the permission.
    """
    if call is None:
        return asked
    caller = call.user_id or ""
    if not asked or asked == caller:
        return caller
    if not call.may_act_as:
        description = f"you may name nobody but yourself here; leave it empty, or ask for the permission {ACT_AS}"
        raise Denied(
            "ACCESS_DENIED",
            f"{field}: {description}",
            metadata={"permission": ACT_AS, "field": field},
            violations=[Violation(field, description)],
        )
    return asked
