"""By what a command shows who it is: a token, an API key or a session; of the environment, a sign-in or this machine.

It imports neither gRPC nor Protobuf: what has to be asked of the mesh goes through `SignIns`, opened when it is needed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import uuid
from collections.abc import Callable
from typing import Protocol

from launcher.client.credentials import Credentials, CredentialStore
from launcher.client.failure import NotSignedIn, StoreUnusable
from launcher.client.local_mesh import local_api_key

TOKEN_VARIABLE = "FLOWMESH_TOKEN"  # noqa: S105 - the name of a variable
API_KEY_VARIABLE = "FLOWMESH_API_KEY"
SIGNING_VARIABLES = (TOKEN_VARIABLE, API_KEY_VARIABLE)
"""Variables of the commands; they are no settings of a service."""


class SignIns(Protocol):
    """What is asked of the mesh. Each raises NotSignedIn where it refuses."""

    def exchange(self, api_key: str) -> Credentials:
        """Begin a session with an API key."""

    def refresh(self, refresh_token: str, request_id: str) -> Credentials:
        """Go on with a session."""


class Signing(Protocol):
    """A way to show who one is."""

    source: str
    """Where it comes from, for people."""
    advice: str
    """What to do when the mesh refuses it."""

    def token(self) -> str:
        """Return an access token, empty where there is none. Raises NotSignedIn, CommandFailed."""

    def renewed(self, refused: str) -> str:
        """Return another token than the one that was refused, empty where there is none to be had."""


class Nobody:
    """Nobody is signed in; a mesh without authentication takes such calls."""

    source = "nobody is signed in"

    def __init__(self, url: str) -> None:
        others = f"set {API_KEY_VARIABLE} or {TOKEN_VARIABLE}"
        self.advice = f"You are not signed in at {url}: flowmesh login --url {url}, or {others}."

    def token(self) -> str:
        """Return nothing."""
        return ""

    def renewed(self, refused: str) -> str:
        """Return nothing."""
        return ""


class GivenToken:
    """A token that somebody else looks after."""

    source = TOKEN_VARIABLE
    advice = f"The token in {TOKEN_VARIABLE} is not taken: set a fresh one, or remove it and sign in (flowmesh login)."

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Return it."""
        return self._token

    def renewed(self, refused: str) -> str:
        """Return nothing: there is no other."""
        return ""


class ApiKey:
    """An API key; what it is exchanged for is kept until it runs out."""

    def __init__(
        self, url: str, api_key: str, store: CredentialStore, sign_ins: Callable[[], SignIns], source: str
    ) -> None:
        self._name = f"{url} {hashlib.sha256(api_key.encode()).hexdigest()[:32]}"
        self._api_key = api_key
        self._store = store
        self._sign_ins = sign_ins
        self.source = source
        self.advice = f"The API key ({source}) is not taken at {url}: it was revoked, or belongs to another mesh."

    def token(self) -> str:
        """Return what it was exchanged for before, or is now."""
        kept = self._kept()
        return kept.access_token if kept is not None and kept.lasts() else self._exchanged("")

    def renewed(self, refused: str) -> str:
        """Exchange it again."""
        return self._exchanged(refused)

    def _exchanged(self, refused: str) -> str:
        try:
            with self._store.locked():
                kept = self._kept()
                if kept is not None and kept.lasts() and kept.access_token != refused:
                    return kept.access_token
                fresh = self._exchange()
                self._store.keep(self._name, fresh)
        except StoreUnusable:
            # A script may run where there is no home; it exchanges its key each time.
            fresh = self._exchange()
        return fresh.access_token

    def _exchange(self) -> Credentials:
        try:
            return self._sign_ins().exchange(self._api_key)
        except NotSignedIn as error:
            raise NotSignedIn(self.advice, error.reason) from error

    def _kept(self) -> Credentials | None:
        return self._store.find(self._name)


class Session:
    """The session of somebody who signed in by `flowmesh login`."""

    source = "flowmesh login"

    def __init__(self, url: str, store: CredentialStore, sign_ins: Callable[[], SignIns]) -> None:
        self._url = url
        self._store = store
        self._sign_ins = sign_ins
        self.advice = f"Your session at {url} has ended: sign in again (flowmesh login --url {url})."

    def token(self) -> str:
        """Return the access token, a fresh one where it has run out."""
        kept = self._store.find(self._url)
        if kept is None:
            raise NotSignedIn(self.advice)
        return kept.access_token if kept.lasts() else self._refreshed("")

    def renewed(self, refused: str) -> str:
        """Refresh the session, unless another command just did."""
        return self._refreshed(refused)

    def _refreshed(self, refused: str) -> str:
        # The lock is held until the answer is stored: a refresh token that is shown twice ends its session.
        with self._store.locked():
            kept = self._store.find(self._url)
            if kept is None:
                raise NotSignedIn(self.advice)
            if kept.lasts() and kept.access_token != refused:
                return kept.access_token
            if not kept.refreshing:
                # Stored first: where this process ends before it has the answer, the next one asks with the same id.
                kept = dataclasses.replace(kept, refreshing=str(uuid.uuid4()))
                self._store.keep(self._url, kept)
            try:
                fresh = self._sign_ins().refresh(kept.refresh_token, kept.refreshing)
            except NotSignedIn as error:
                raise NotSignedIn(self.advice, error.reason) from error
            self._store.keep(self._url, fresh)
            return fresh.access_token


def find_signing(url: str, store: CredentialStore, sign_ins: Callable[[], SignIns]) -> Signing:
    """Return how commands sign in at a gateway: by the environment, else by a sign-in, else as this machine may.

    Raises CommandFailed where what is kept cannot be read.
    """
    if token := os.environ.get(TOKEN_VARIABLE, ""):
        return GivenToken(token)
    if api_key := os.environ.get(API_KEY_VARIABLE, ""):
        return ApiKey(url, api_key, store, sign_ins, API_KEY_VARIABLE)
    if store.find(url) is not None:
        return Session(url, store, sign_ins)
    if found := local_api_key(url):
        return ApiKey(url, found.api_key, store, sign_ins, str(found.file))
    return Nobody(url)
