"""The real form-js for tests, on Node without a browser; fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "form_js"
CACHE = Path(__file__).parents[2] / ".cache" / "form-js"
FETCH_SECONDS = 240.0
FILL_SECONDS = 60.0
"""Time after which a page that does not come to rest is ended, and the process with it."""


class FormJs:
    """One process that fills in one form after another."""

    def __init__(self, installed: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(installed / "fill.js")],
            cwd=installed,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def fill(
        self,
        schema: dict[str, Any],
        variables: dict[str, Any],
        submitted: dict[str, Any],
        *,
        files: dict[str, list[dict[str, str]]] | None = None,
        zone: str = "UTC",
        fixed: list[str] | None = None,
    ) -> dict[str, Any]:
        """Show the form with the variables, enter what is submitted, submit; return the outcome.

        `fixed`: ids of fields into which nothing can be entered.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        case: dict[str, Any] = {"schema": schema, "variables": variables, "submitted": submitted, "files": files}
        case |= {"zone": zone, "fixed": fixed}
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        with _ended_after(self._process, FILL_SECONDS):
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"form-js ended with {self._process.wait()}")
        outcome: dict[str, Any] = json.loads(line)
        return outcome

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def _ended_after(process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _installed() -> Path:
    """Return the folder with form-js, fetched if need be. Raises RuntimeError where that cannot be done."""
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
                raise RuntimeError(f"npm could not fetch form-js:\n{fetched.stderr[-2000:]}")
            fresh.rename(folder)
        shutil.copy(SOURCE / "fill.js", folder)
    return folder


@pytest.fixture(scope="session")
def form_js() -> Iterator[FormJs]:
    """Give a running form-js; skip where it cannot be had."""
    try:
        installed = _installed()
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"form-js is missing: {error}")
        pytest.skip(f"needs form-js: {error}")
    running = FormJs(installed)
    yield running
    running.close()
