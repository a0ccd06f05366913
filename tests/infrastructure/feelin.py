"""feelin, the FEEL interpreter of form-js, for tests: fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.npm import installed

SOURCE = Path(__file__).parent / "feelin"
ANSWER_SECONDS = 60.0

Feelin = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
"""Evaluates a batch: `expression`, `context`, and `value` for unary tests; see `feelin/evaluate.js` for the answers."""


@pytest.fixture(scope="session")
def feelin() -> Feelin:
    """Give the interpreter; skip where it cannot be had."""
    try:
        folder = installed(SOURCE, "feelin", "evaluate.js")
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"feelin is missing: {error}")
        pytest.skip(f"needs feelin: {error}")

    def evaluate(batch: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        done = subprocess.run(
            ["node", "evaluate.js"],
            cwd=folder,
            input="".join(json.dumps(each) + "\n" for each in batch),
            capture_output=True,
            timeout=ANSWER_SECONDS,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(batch), done.stderr[-2000:]
        return answers

    return evaluate
