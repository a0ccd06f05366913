"""What every test may use."""

from __future__ import annotations

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage in slow tests: it doubles their time, and what they run others run as well."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")
