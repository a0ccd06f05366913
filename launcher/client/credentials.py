"""Where commands keep who is signed in where: a file that only its owner can read.

Reading it needs neither gRPC nor Protobuf, so that `flowmesh token` is quick.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.client.failure import CommandFailed, StoreUnusable
from launcher.private_files import make_private_folder, write_private

LEAST_SECONDS = 30.0
"""An access token with less time than this left is not begun with: the call may take a while to get there."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Credentials:
    """The tokens of one session; times are seconds since 1970."""

    access_token: str
    access_expires: float
    session_id: str = ""
    subject_id: str = ""
    refresh_token: str = ""
    """Empty where the session was begun by an API key, which is shown again instead."""
    refresh_expires: float = 0.0
    refreshing: str = ""
    """Request id of a refresh that was begun and whose answer is not known yet: it is sent again with the same."""

    def lasts(self) -> bool:
        """Tell whether the access token can still be used."""
        return self.access_expires > time.time() + LEAST_SECONDS


def config_folder() -> Path:
    """Return the folder of what the commands keep for their user."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "flowmesh"


class CredentialStore:
    """The file. Entries have a name: the URL of a gateway, or that and what tells an API key."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder()
        self._file = self._folder / "credentials.json"

    def find(self, name: str) -> Credentials | None:
        """Return an entry. Raises CommandFailed where the file cannot be read."""
        entry = self._entries().get(name)
        return None if entry is None else Credentials(**entry)  # type: ignore[arg-type] # checked by _entries

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file for the block: two commands that refresh one session at the same time would end it.

        Raises StoreUnusable where the folder cannot be written.
        """
        try:
            make_private_folder(self._folder)
            lock = os.open(self._folder / "credentials.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def keep(self, name: str, credentials: Credentials | None) -> None:
        """Put an entry in place of what is there, None to forget it; within `locked`. Raises StoreUnusable."""
        entries = {
            other: entry
            for other, entry in self._entries().items()
            # What an API key gave is of no use once it has run out.
            if other != name and (entry["refresh_token"] or Credentials(**entry).lasts())  # type: ignore[arg-type]
        }
        if credentials is not None:
            entries[name] = dataclasses.asdict(credentials)
        content = json.dumps({"format": _FORMAT, "credentials": entries}, indent=2) + "\n"
        try:
            write_private(self._file, content)
        except OSError as error:
            raise self._unusable(error) from error

    def _entries(self) -> dict[str, dict[str, object]]:
        try:
            content = json.loads(self._file.read_text("utf-8"))
            if content["format"] != _FORMAT:
                raise CommandFailed(f"{self._file} was written by another release: move it away and sign in again.")
            entries: dict[str, dict[str, object]] = content["credentials"]
            for entry in entries.values():
                Credentials(**entry)  # type: ignore[arg-type] # this finds out
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandFailed(f"{self._file} is damaged: move it away and sign in again.") from error
        return entries

    def _unusable(self, error: OSError) -> StoreUnusable:
        return StoreUnusable(f"{self._file} cannot be used ({error.strerror}); XDG_CONFIG_HOME names another place.")
