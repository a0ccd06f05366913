"""feelin, the FEEL interpreter of form-js, for tests: fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "feelin"
CACHE = Path(__file__).parents[2] / ".cache" / "feelin"
FETCH_SECONDS = 180.0
ANSWER_SECONDS = 60.0

Feelin = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
"""Evaluates a batch: `expression`, `context`, and `value` for unary tests; see `feelin/evaluate.js` for the answers."""


def _installed() -> Path:
    """Return the folder with the interpreter, fetched if need be. Raises RuntimeError where that cannot be done."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise RuntimeError("there is no node or no npm on this machine")
    wanted = (SOURCE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(wanted).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fresh = CACHE / "fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(SOURCE, fresh, ignore=shutil.ignore_patterns("node_modules"))
            fetched = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=fresh,
                capture_output=True,
                timeout=FETCH_SECONDS,
                text=True,
            )
            if fetched.returncode != 0:
                raise RuntimeError(f"npm could not fetch feelin:\n{fetched.stderr[-2000:]}")
            fresh.rename(folder)
        shutil.copy(SOURCE / "evaluate.js", folder)
    return folder


@pytest.fixture(scope="session")
def feelin() -> Feelin:
    """Give the interpreter; skip where it cannot be had."""
    try:
        folder = _installed()
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
