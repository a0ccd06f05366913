"""The API key by which commands on the machine of a mesh sign in, in its data folder.

It is made once. A start that is killed in between is made good by the next one: what is asked of the identity service
is noted before, and the same request gets the same key. One that was revoked is not replaced while its file is there.
"""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from pathlib import Path
from typing import Any, Final, Protocol

from launcher.client.local_mesh import API_KEY_FILE
from launcher.private_files import write_private
from mesh.errors import NotFound, WrongState
from mesh.logs import get_log
from mesh.startup import StartupError

ACCOUNT_ID: Final = "cli"

_log = get_log(__name__)


class MachineAccount(Protocol):
    """The account, as the identity service has it; see `identity_svc.commands.machine_account`."""

    async def known(self) -> bool:
        """Tell whether there is, or once was, somebody of its id."""

    async def key(self, machine: str, request_id: str) -> str:
        """Return a key, the same for the same request id. Raises NotFound, WrongState."""


async def keep_machine_key(data: Path, account: MachineAccount) -> None:
    """Put a key into the data folder where none is there. Raises StartupError where the folder cannot be used."""
    path = data / API_KEY_FILE
    kept = await asyncio.to_thread(_read, path)
    if kept.get("api_key") and await account.known():
        return
    request_id = str(kept.get("request_id") or "") if "api_key" not in kept else ""
    try:
        key = await _made(path, account, request_id)
    except (NotFound, WrongState) as error:
        _log.warning("Commands on this machine are not signed in by themselves", detail=error.message)
        return
    await _keep(path, {"service_account_id": ACCOUNT_ID, "api_key": key})


async def _made(path: Path, account: MachineAccount, request_id: str) -> str:
    if request_id:
        try:
            return await account.key(socket.gethostname(), request_id)
        except NotFound as error:
            if error.reason != "API_KEY_NOT_FOUND":
                raise
            # It was revoked before anybody had it.
    request_id = str(uuid.uuid4())
    await _keep(path, {"request_id": request_id})
    return await account.key(socket.gethostname(), request_id)


async def _keep(path: Path, content: dict[str, str]) -> None:
    try:
        await asyncio.to_thread(write_private, path, json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return content if isinstance(content, dict) else {}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise StartupError(f"{path} is damaged: delete it, and the mesh makes another key.") from error
