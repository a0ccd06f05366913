"""The bus for single tests, once in a file and once on Kafka."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty bus, once in a file and once on Kafka."""
    if request.param == "local":
        return f"sqlite:///{tmp_path / 'bus.db'}"
    url: str = request.getfixturevalue("kafka_url")
    return url
