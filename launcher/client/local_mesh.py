"""Finds the mesh of this machine that answers at a URL, and the API key that it keeps for commands run here.

A mesh notes its data folder for its user (`note_mesh`), so that commands find it from every folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from launcher.client.credentials import config_folder
from launcher.private_files import make_private_folder, write_private

API_KEY_FILE = "cli-credentials.json"
"""In the data folder of a mesh: what its commands sign in with."""
_DATA_VARIABLE = "FLOWMESH_DATA_DIR"
_DEFAULT_DATA = Path(".flowmesh")
_LOOPBACK = {"localhost": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class LocalKey:
    """An API key and the file that it is from."""

    api_key: str
    file: Path


def note_mesh(url: str, data: Path) -> None:
    """Note for commands of this user that the mesh at a URL has its data there. Raises OSError."""
    note = _note(url)
    make_private_folder(note.parent.parent)
    make_private_folder(note.parent)
    write_private(note, f"{data}\n")


def local_api_key(url: str) -> LocalKey | None:
    """Return the key of the mesh that runs on this machine and answers at a URL; None where there is none.

    A folder counts only where it belongs to this user and its mesh is alive.
    """
    for data in _folders(url):
        file = data / API_KEY_FILE
        try:
            state = json.loads((data / "run" / "mesh.json").read_text("utf-8"))
            if state["authentication"] == "off" or _plain(state["gateway"]) != _plain(url):
                continue
            if file.stat().st_uid != os.geteuid():
                continue
            os.kill(state["supervisor"], 0)
            return LocalKey(json.loads(file.read_text("utf-8"))["api_key"], file)
        except (OSError, ValueError, KeyError, TypeError):
            # There is no mesh, or none that this user may command; the command says that nobody is signed in.
            continue
    return None


def _folders(url: str) -> Iterator[Path]:
    if given := os.environ.get(_DATA_VARIABLE, ""):
        yield Path(given)
    yield _DEFAULT_DATA
    note = _note(url)
    if note.exists():
        yield Path(note.read_text("utf-8").strip())


def _note(url: str) -> Path:
    return config_folder() / "meshes" / str(_plain(url)[2])


def _plain(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme, _LOOPBACK.get(host, host), parts.port or {"https": 443}.get(parts.scheme, 80)
