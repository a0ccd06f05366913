"""What a process loads before anybody asks it for something."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.launcher.running import ROOT, environment

LATER = {
    "aiokafka": "the bus of the distributed profile",
    "alembic": "a migration, which has a process of its own",
    "apprise": "a push message, in a process of its own",
    "asyncmy": "MariaDB",
    "babel": "a text with a date or number",
    "jinja2": "the first text of a notification",
    "lark": "FEEL, with the first form that has an expression",
    "pyarrow": "an archive, in a process of its own",
    "redis": "the cache of the distributed profile",
    "sqlalchemy": "a migration",
}
ENGINE = set(LATER) - {"lark"}
"""Expressions of processes are the engine's daily work."""


@pytest.mark.parametrize(
    ("module", "later"),
    [
        ("launcher.cli", set(LATER) | {"grpc", "google.protobuf", "lxml"}),
        ("launcher.embedded.services_process", set(LATER) | {"lxml"}),
        ("launcher.embedded.engine_process", ENGINE),
    ],
)
def test_heavy_libraries_come_when_they_are_needed(module: str, later: set[str]) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & later == set()
