"""The answers to who cannot sign in. They say nothing about why, nor whether there is such a user."""

from __future__ import annotations

import math

from mesh.errors import NotFound, Overload, Unauthenticated, WrongState


def credentials_invalid() -> Unauthenticated:
    """Return the one answer to credentials that are wrong, unknown, run out, or of somebody who may not sign in."""
    return Unauthenticated("CREDENTIALS_INVALID", "The credentials are not valid; sign in with others.")


def sign_in_locked(seconds: float) -> Overload:
    """Return the answer to who has to wait, because of failures of this name or of too many others."""
    wait = max(1, math.ceil(seconds))
    return Overload(
        "SIGN_IN_LOCKED", f"Too many failures to sign in; try again in {wait} s.", retry_after_seconds=float(wait)
    )


def session_not_found(session_id: str) -> NotFound:
    """Return the answer to a session that is over, never was, or is not the caller's to see."""
    return NotFound("SESSION_NOT_FOUND", f"There is no session {session_id}.", metadata={"id": session_id})


def user_not_found(user_id: str) -> NotFound:
    """Return the answer to a user that is not there."""
    return NotFound("USER_NOT_FOUND", f"There is no user {user_id}.", metadata={"id": user_id})


def bootstrap_done() -> WrongState:
    """Return the answer to a bootstrap that is over."""
    return WrongState("BOOTSTRAP_DONE", "There is an administrator already; sign in, or ask it for a user.")
