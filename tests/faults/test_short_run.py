"""A few faults, one of each of the most telling kinds: `make test-faults` does two hundred."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.__main__ import run
from tests.infrastructure import kafka, mariadb

KINDS = (
    "relay paused",
    "all engines killed",
    "MariaDB killed",
    "history killed",
    "one of three brokers killed",
    "connection cut in COMMIT",
)


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    try:
        kafka.libraries()
    except RuntimeError as error:
        kafka.unavailable(str(error))
    if mariadb.binary("mariadbd") is None or mariadb.binary("mariadb-install-db") is None:
        pytest.skip("needs mariadbd and mariadb-install-db on this machine")
    seed = int(os.environ.get("FLOWMESH_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    assert await run(len(KINDS), seed, KINDS, tmp_path), f"FLOWMESH_TEST_SEED={seed}"
