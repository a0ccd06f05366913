"""The secret by which the services of a mesh know each other: made at its first start, kept in its data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from launcher.private_files import write_private
from mesh.startup import StartupError

VARIABLE = "FLOWMESH_MESH_SECRET"
LEAST_CHARACTERS = 32
_BYTES = 32


def mesh_secrets(data: Path) -> dict[str, str]:
    """Return the variable that tells processes the secret: the one of this environment, else that of the folder.

    Raises StartupError where it cannot be read or written.
    """
    return {VARIABLE: os.environ.get(VARIABLE, "") or mesh_secret(data)}


def mesh_secret(data: Path) -> str:
    """Return the secret of the mesh on a data folder that this process holds; made where there is none.

    Raises StartupError where it cannot be read or written.
    """
    path = data / "mesh-secret"
    try:
        found = path.read_text("utf-8").strip() if path.exists() else ""
        if found and len(found) < LEAST_CHARACTERS:
            raise StartupError(
                f"{path} has fewer than {LEAST_CHARACTERS} characters: delete it, and the mesh makes a new one."
            )
        if not found:
            found = secrets.token_urlsafe(_BYTES)
            write_private(path, f"{found}\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StartupError(f"{path} cannot be used ({reason}).") from error
    return found
