"""Why a command failed, for people and as an exit code."""

from __future__ import annotations

from typing import ClassVar


class CommandFailed(Exception):
    """The mesh refused the command, or it makes no sense. The message is shown as it is."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """The machine-readable reason of the service, empty where there is none."""


class Unreachable(CommandFailed):
    """The mesh does not answer."""

    exit_code = 3


class NotSignedIn(CommandFailed):
    """The mesh does not know who calls, or not any more. The message says what to do."""

    exit_code = 4


class StoreUnusable(CommandFailed):
    """The file of credentials cannot be read or written."""
