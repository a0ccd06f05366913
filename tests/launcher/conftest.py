from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.launcher.running import Up

StartUp = Callable[..., Up]


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[StartUp]:
    """Start meshes that are ended with the test."""
    started: list[Up] = []

    def start(*options: str, folder: Path | None = None, **more: str) -> Up:
        up = Up(folder or tmp_path / "data", *options, **more)
        started.append(up)
        return up

    yield start
    for up in started:
        up.end()


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One mesh for the tests of the commands."""
    up = Up(tmp_path_factory.mktemp("cli") / "data").ready()
    yield up
    up.end()
