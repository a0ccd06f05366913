"""Migrations: run once, by one process, and never backwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.db.database import DatabaseUnavailable
from mesh.db.schema import SchemaError, SchemaUnready, ensure_schema, open_database
from mesh.db.statements import Fetch, Program, Row

VERSIONS = {
    "0001": (
        "None",
        "from mesh.db.tables import inbox_table\n",
        "    metadata = sa.MetaData()\n    inbox_table(metadata)\n    metadata.create_all(op.get_bind())\n",
    ),
    "0002": ("'0001'", "", "    op.add_column('inbox', sa.Column('extra', sa.Integer))\n"),
    "0003": (
        "'0002'",
        "",
        "    op.add_column('inbox', sa.Column('more', sa.Integer))\n    raise ValueError('broken')\n",
    ),
    # Takes its time, but only once.
    "0005": (
        "None",
        "import pathlib, time\nfrom mesh.db.tables import inbox_table\n",
        "    metadata = sa.MetaData()\n    inbox_table(metadata)\n"
        "    metadata.create_all(op.get_bind(), checkfirst=True)\n"
        "    begun = pathlib.Path(__file__).with_name('begun')\n"
        "    if not begun.exists():\n        begun.touch()\n        time.sleep(60)\n",
    ),
}


def package(folder: Path, name: str, versions: list[str]) -> str:
    """Write a package with migrations and return its name."""
    home = folder / name
    (home / "versions").mkdir(parents=True)
    (home / "__init__.py").write_text("")
    for version in versions:
        down, imports, body = VERSIONS[version]
        (home / "versions" / f"{version}_step.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n{imports}\n"
            f"revision = {version!r}\ndown_revision = {down}\n\n\ndef upgrade():\n{body}"
        )
    return name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


async def read_inbox(database_url: str) -> None:
    def program() -> Program[list[Row]]:
        rows: list[Row] = yield Fetch("SELECT * FROM inbox")
        return rows

    database = await open_database(database_url)
    try:
        await database.read(program())
    finally:
        await database.close()


async def test_new_database_and_upgrade(database_url: str, folder: Path) -> None:
    await ensure_schema(database_url, package(folder, "first_release", ["0001"]), "0001")
    await read_inbox(database_url)
    second = package(folder, "second_release", ["0001", "0002"])
    await ensure_schema(database_url, second, "0002")
    await ensure_schema(database_url, second, "0002")


async def test_up_to_date_database_loads_nothing(database_url: str, folder: Path) -> None:
    await ensure_schema(database_url, package(folder, "release", ["0001"]), "0001")
    # The package is not even looked at.
    await ensure_schema(database_url, "no_such_package", "0001")
    code = (
        "import asyncio, sys; sys.path[:0]=['.', 'gen']\n"
        "from mesh.db.schema import ensure_schema\n"
        "asyncio.run(ensure_schema(sys.argv[1], 'none', '0001'))\n"
        "assert not {'sqlalchemy', 'alembic', 'pymysql'} & set(sys.modules)\n"
    )
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, database_url], check=True)


async def test_starting_at_once(database_url: str, folder: Path) -> None:
    name = package(folder, "release_at_once", ["0001", "0002"])
    await asyncio.gather(*(ensure_schema(database_url, name, "0002") for _ in range(4)))


async def test_newer_database_is_refused(database_url: str, folder: Path) -> None:
    await ensure_schema(database_url, package(folder, "new_release", ["0001", "0002"]), "0002")
    with pytest.raises(SchemaError, match=r"version 0002, which this release does not know \(it ends at 0001\)"):
        await ensure_schema(database_url, package(folder, "old_release", ["0001"]), "0001")


async def test_head_that_is_not_the_newest_migration(database_url: str, folder: Path) -> None:
    with pytest.raises(SchemaError, match="wants version 0007"):
        await ensure_schema(database_url, package(folder, "odd_release", ["0001"]), "0007")


async def test_broken_migration(tmp_path: Path, folder: Path) -> None:
    """On SQLite a migration that breaks leaves nothing behind, not even the column that it had added."""
    url = f"sqlite:///{tmp_path / 'broken.db'}"
    broken = package(folder, "broken_release", ["0001", "0002", "0003"])
    for _ in range(2):
        with pytest.raises(SchemaError, match="broken"):
            await ensure_schema(url, broken, "0003")
    VERSIONS["0004"] = ("'0002'", "", "    op.add_column('inbox', sa.Column('more', sa.Integer))\n")
    await ensure_schema(url, package(folder, "mended_release", ["0001", "0002", "0004"]), "0004")


async def test_no_database(folder: Path) -> None:
    name = package(folder, "unreachable_release", ["0001"])
    with pytest.raises(DatabaseUnavailable):
        await ensure_schema("mariadb://root@127.0.0.1:1/none", name, "0001")
    with pytest.raises(SchemaError, match="could not be migrated"):
        await ensure_schema(f"sqlite:///{folder}/missing/x.db", name, "0001")


async def test_a_migration_that_is_killed_is_done_by_another_process(database_url: str, folder: Path) -> None:
    """Its lock goes with it, and whoever waits for the lock is told that it is worth waiting."""
    name = package(folder, "killed_release", ["0005"])
    begun = folder / name / "versions" / "begun"
    first = asyncio.create_task(ensure_schema(database_url, name, "0005"))
    while not begun.exists():
        await asyncio.sleep(0.01)
    with pytest.raises(SchemaUnready, match="another process is migrating"):
        await ensure_schema(database_url, name, "0005")
    listed = await asyncio.to_thread(
        subprocess.run, ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True
    )
    (migrating,) = [line.split()[0] for line in listed.stdout.splitlines() if name in line]
    os.kill(int(migrating), signal.SIGKILL)
    with pytest.raises(SchemaUnready, match="ended by signal 9"):
        await first
    await ensure_schema(database_url, name, "0005")
    await read_inbox(database_url)
