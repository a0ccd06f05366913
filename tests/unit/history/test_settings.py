from __future__ import annotations

from pathlib import Path

import pytest

from history_svc.main import serve
from history_svc.settings import HistorySettings
from mesh.db.schema import sqlite_path
from mesh.startup import StartupError


def test_files_lie_in_the_data_folder_where_nothing_is_set() -> None:
    settings = HistorySettings(data_dir=Path("/var/flow mesh #1"))
    assert sqlite_path(settings.own_database_url) == Path("/var/flow mesh #1/history.db")
    assert sqlite_path(settings.own_bus_url) == Path("/var/flow mesh #1/bus.db")
    assert (settings.listen_port, settings.admin_port) == (3005, 9305)


def test_what_is_set_wins() -> None:
    settings = HistorySettings.from_environment(
        {
            "FLOWMESH_HISTORY_DATABASE_URL": "mariadb://u:p@db:3306/history",
            "FLOWMESH_BUS_URL": "sqlite:////srv/bus.db",
            "FLOWMESH_HISTORY_CONSUMER_BATCH": "50",
        }
    )
    assert settings.own_database_url == "mariadb://u:p@db:3306/history"
    assert sqlite_path(settings.own_bus_url) == Path("/srv/bus.db")
    assert settings.consumer_batch == 50


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StartupError, match=r"history\.db"):
        await serve(HistorySettings(data_dir=tmp_path, port=0, admin_port=0))


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="cannot use its database"):
        await serve(HistorySettings(data_dir=tmp_path / "file" / "data", port=0, admin_port=0))


async def test_a_bus_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    settings = HistorySettings(data_dir=tmp_path, bus_url=f"sqlite:///{tmp_path}/missing/bus.db", port=0, admin_port=0)
    with pytest.raises(StartupError, match=r"missing/bus\.db"):
        await serve(settings)
