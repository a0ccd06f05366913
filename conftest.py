"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = [
    "tests.infrastructure.mariadb",
    "tests.infrastructure.migrated",
    "tests.infrastructure.kafka",
    "tests.infrastructure.buses",
    "tests.infrastructure.redis",
    "tests.infrastructure.opensearch",
    "tests.infrastructure.feelin",
    "tests.infrastructure.oidc",
    "tests.infrastructure.form_js",
]


UNMEASURED = tuple(
    Path(__file__).parent / "tests" / "integration" / name for name in ("form", "history", "identity", "notification")
)
"""Tests of services whose coverage is not reported."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage in slow tests: it doubles their time, and what they run others run as well."""
    for item in items:
        if item.get_closest_marker("slow") or any(map(item.path.is_relative_to, UNMEASURED)):
            item.add_marker("no_cover")
