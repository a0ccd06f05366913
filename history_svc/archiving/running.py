"""Starts the process that works on archives, and hears what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from history_svc.storage.archives import Archive
from mesh.child_process import end_now

MAX_ERROR: Final = 2_000


class ArchiveFailed(Exception):
    """The process could not do its work; the message is for people."""


@dataclass(slots=True, frozen=True)
class ArchiveFiles:
    """The folder with archives, the same for all history processes, and the database that they come from.

    Without a folder nothing can be archived.
    """

    folder: Path | None
    database_url: str

    def path(self, archive_id: str) -> Path:
        """Return the folder of an archive. Raises `ArchiveFailed`."""
        if self.folder is None:
            raise ArchiveFailed("no folder for archives is set: FLOWMESH_HISTORY_ARCHIVE_DIR")
        return self.folder / archive_id

    async def write(self, archive: Archive) -> dict[str, Any]:
        """Write an archive's files. Raises `ArchiveFailed`."""
        return await self._run("write", archive)

    async def verify(self, archive: Archive) -> dict[str, Any]:
        """Compare an archive's files with its manifest. Raises `ArchiveFailed`."""
        return await self._run("verify", archive)

    async def restore(self, archive: Archive) -> dict[str, Any]:
        """Make an archive readable. Raises `ArchiveFailed`."""
        return await self._run("restore", archive)

    async def _run(self, work: str, archive: Archive) -> dict[str, Any]:
        folder = self.path(archive.id).parent
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "history_svc.archiving.process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        order = {
            "work": work,
            "archive": asdict(archive),
            "folder": str(folder),
            "database_url": self.database_url,
        }
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            # The URL may hold a password, which the list of processes must not show. Standard input stays open: its
            # end tells the process that this one is gone.
            process.stdin.write(orjson.dumps(order) + b"\n")
            output, errors = await asyncio.gather(process.stdout.read(), process.stderr.read())
            code = await process.wait()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ArchiveFailed("the process for archives ended before it began") from error
        finally:
            await end_now(process)
        if code != 0 or not output:
            text = errors.decode(errors="replace")[-MAX_ERROR:]
            raise ArchiveFailed(f"the process for archives ended with code {code}: {text}")
        outcome: dict[str, Any] = orjson.loads(output)
        if "error" in outcome:
            raise ArchiveFailed(outcome["error"])
        return outcome
