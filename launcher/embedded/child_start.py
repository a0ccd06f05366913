"""What a child of the supervisor is given, and how it says that it works."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def encode_arguments(report: int, settings: dict[str, dict[str, Any]]) -> str:
    """Return the only argument of a child: the file descriptor for its report, and settings by service."""
    return json.dumps({"report": report, "settings": settings})


class ChildStart:
    """The child's side: read once, at its start."""

    def __init__(self, report: int, settings: dict[str, dict[str, Any]]) -> None:
        self._report = report
        self.settings = settings
        """Values for the fields of each service's settings, which win over the environment."""

    @classmethod
    def from_command_line(cls) -> ChildStart:
        """Read the command line that the supervisor made."""
        content = json.loads(sys.argv[1])
        # What this process starts (migrations) must not keep the report open.
        os.set_inheritable(content["report"], False)
        return cls(content["report"], content["settings"])

    def ready(self) -> None:
        """Tell the supervisor that the child serves."""
        os.write(self._report, b"ready\n")
        os.close(self._report)
