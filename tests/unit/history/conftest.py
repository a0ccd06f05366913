from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase


@pytest.fixture(scope="session")
def empty_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables and no rows; migrated once, copied for each test."""
    path = tmp_path_factory.mktemp("history") / "empty.db"
    asyncio.run(ensure_schema(f"sqlite:///{path}", MIGRATIONS, HEAD))
    return path


@pytest.fixture
def history_file(empty_history: Path, tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    shutil.copy(empty_history, path)
    return path


@pytest.fixture
async def history(history_file: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(history_file)
    yield database
    await database.close()
