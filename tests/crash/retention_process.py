"""Does the work of retention until it is killed: `python -m tests.crash.retention_process DATABASE_URL FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from history_svc.archiving.running import ArchiveFiles
from history_svc.workers.retention import RetentionWork
from mesh.clock import SystemClock
from mesh.db.schema import open_database


async def main(database_url: str, folder: str) -> None:
    database = await open_database(database_url)
    files = ArchiveFiles(Path(folder), database_url)
    work = RetentionWork(database, SystemClock(), files, interval_seconds=0.02, archive_instances=40, lease_seconds=2.0)
    work.start()
    print("working", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
