"""The answers to who cannot sign in. They say nothing about why, nor whether there is such a user."""

from __future__ import annotations

import math

from mesh.errors import NotFound, Overload, RequestIdReused, Unauthenticated, WrongState


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


def bootstrap_done() -> WrongState:
    """Return the answer to a bootstrap that is over."""
    return WrongState("BOOTSTRAP_DONE", "There is an administrator already; sign in, or ask it for a user.")


def api_key_not_found(key_id: str) -> NotFound:
    """Return the answer to an API key that is not there."""
    return NotFound("API_KEY_NOT_FOUND", f"There is no API key {key_id}.", metadata={"id": key_id})


def too_many_api_keys(account_id: str, limit: int) -> WrongState:
    """Return the answer to who wants more keys than an account may have."""
    return WrongState(
        "API_KEYS_TOO_MANY",
        f"The service account {account_id} has {limit} API keys; revoke one first.",
        metadata={"id": account_id, "limit": str(limit)},
    )


def request_id_reused() -> RequestIdReused:
    """Return the answer to a request id that came with another request before."""
    return RequestIdReused(
        "REQUEST_ID_REUSED", "The request id belongs to a request with other content; choose a new one."
    )
