"""The version of the program."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path


def version() -> str:
    """Return the version: of the sources where they are run in place, else of the installed package."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if project.exists():
        found = re.search(r'(?m)^version = "([^"]+)"', project.read_text("utf-8"))
        if found:
            return found.group(1)
    return metadata.version("flowmesh")
