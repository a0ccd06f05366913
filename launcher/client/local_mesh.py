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
BOOTSTRAP_FILE = "bootstrap-token"
"""In the data folder of a mesh without an administrator: what makes the first one."""
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
        if not _serves(data, url, file):
            continue
        try:
            return LocalKey(json.loads(file.read_text("utf-8"))["api_key"], file)
        except (OSError, ValueError, KeyError, TypeError):
            # There is none, or another user's; the command says that nobody is signed in.
            continue
    return None


def local_bootstrap_token(url: str) -> str:
    """Return what makes the first administrator of the mesh of this machine at a URL; empty where it cannot be had."""
    for data in _folders(url):
        file = data / BOOTSTRAP_FILE
        if _serves(data, url, file):
            return file.read_text("utf-8").strip()
    return ""


def _serves(data: Path, url: str, file: Path) -> bool:
    """Tell whether the mesh of a folder answers at a URL, asks who calls, and has a file that is this user's."""
    try:
        state = json.loads((data / "run" / "mesh.json").read_text("utf-8"))
        os.kill(state["supervisor"], 0)
        return (
            state["authentication"] != "off"
            and _plain(state["gateway"]) == _plain(url)
            and file.stat().st_uid == os.geteuid()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


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
