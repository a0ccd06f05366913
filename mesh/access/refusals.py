"""What callers are told who may not call. The texts say what to do, and nothing that helps to guess."""

from __future__ import annotations

from mesh.errors import Denied, DependencyDown, Unauthenticated


def token_missing() -> Unauthenticated:
    """Return the refusal of a call without a token."""
    return Unauthenticated(
        "CREDENTIALS_INVALID",
        "The call has no access token: sign in, and send the token in the header 'authorization: Bearer TOKEN'.",
    )


def token_invalid() -> Unauthenticated:
    """Return the refusal of a token that is none of this mesh's, for whatever reason."""
    return Unauthenticated(
        "CREDENTIALS_INVALID", "The access token is not valid: sign in again, and send the token as it was given."
    )


def token_expired() -> Unauthenticated:
    """Return the refusal of a token whose time is over."""
    return Unauthenticated("TOKEN_EXPIRED", "The access token has run out: refresh it, or sign in again.")


def session_revoked() -> Unauthenticated:
    """Return the refusal of a token whose session was ended."""
    return Unauthenticated("SESSION_REVOKED", "The session of the access token was ended: sign in again.")


def subject_inactive() -> Unauthenticated:
    """Return the refusal of a token whose user or service account is disabled or deleted."""
    return Unauthenticated(
        "CREDENTIALS_INVALID", "The account of the access token cannot be used any more: ask an administrator."
    )


def mesh_only() -> Unauthenticated:
    """Return the refusal of a call to a method that is for the services of the mesh alone."""
    return Unauthenticated(
        "CREDENTIALS_INVALID",
        "Only services of the mesh may call this method, with a mesh token made from FLOWMESH_MESH_SECRET.",
    )


def denied(permission: str, *, narrower: bool = False) -> Denied:
    """Return the refusal of a caller without a permission; `narrower`: it was granted, but for less than is needed."""
    text = f"This needs the permission {permission}"
    text += (
        " for more than you were granted it for: ask an administrator for a role that is not narrowed so far."
        if narrower
        else ", which you were not granted: ask an administrator for a role that has it."
    )
    return Denied("ACCESS_DENIED", text, metadata={"permission": permission})


class IdentityDown(DependencyDown):
    """UNAVAILABLE: the identity service does not answer, and what is to be asked of it is not known here."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            "DEPENDENCY_UNAVAILABLE",
            "Who is calling cannot be checked, as the identity service does not answer; call again, with the same "
            "request id where there is one.",
            metadata={"dependency": "identity"},
            retry_after_seconds=1.0,
        )
        self.detail = detail
        """Why, for the log."""
