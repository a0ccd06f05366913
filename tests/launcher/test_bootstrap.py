"""The environment: made from the lock by a Python without pip."""

from __future__ import annotations

import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import bootstrap
from tests.launcher.running import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, as far as the environment is concerned."""
    folder = tmp_path / "clone"
    (folder / "launcher").mkdir(parents=True)
    for name in ("launcher/bootstrap.py", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "launcher/bootstrap.py"],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def interpreter(folder: Path, version: str, seconds: str = "0.01") -> Path:
    """Make a program that says about itself what a Python of this version would say."""
    path = folder / f"python-{version}"
    major, minor = version.split(".")
    path.write_text(f"#!/bin/sh\nprintf '%s\\n%s %s %s' {path} {major} {minor} {seconds}\n")
    path.chmod(0o755)
    return path


class Index(http.server.BaseHTTPRequestHandler):
    pages: dict[str, tuple[str, bytes]]

    def do_GET(self) -> None:
        found = self.pages.get(self.path)
        self.send_response(200 if found else 404)
        kind, body = found or ("text/plain", b"")
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, tuple[str, bytes]]]]:
    pages: dict[str, tuple[str, bytes]] = {}
    handler = type("Handler", (Index,), {"pages": pages})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple", pages
        server.shutdown()
        thread.join()


def test_too_old_a_python_is_named(checkout: Path, tmp_path: Path) -> None:
    old = interpreter(tmp_path, "3.9")
    done = run(checkout, PYTHON=str(old))
    assert done.returncode == 2
    assert done.stderr == (
        f"Cannot prepare Flowmesh's environment: PYTHON={old} is Python 3.9; 3.11 or newer is needed.\n"
    )
    assert "not a Python that can be run" in run(checkout, PYTHON=str(tmp_path / "none")).stderr


def test_the_fastest_known_python_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = interpreter(tmp_path, "3.13", "0.02"), interpreter(tmp_path, "3.11", "0.01")
    unknown, old = interpreter(tmp_path, "3.99", "0.001"), interpreter(tmp_path, "3.10", "0.001")
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / "none"))
    monkeypatch.setattr(bootstrap, "_candidates", lambda: [str(one) for one in (slow, fast, unknown, old)])
    assert bootstrap.choose_python() == str(fast)
    monkeypatch.setattr(bootstrap, "_candidates", lambda: [str(old)])
    with pytest.raises(bootstrap.CannotPrepare, match=r"Python 3\.11 or newer is needed \(found: 3\.10\)"):
        bootstrap.choose_python()


def test_an_index_that_cannot_be_reached(checkout: Path) -> None:
    done = run(checkout, PIP_INDEX_URL="http://user:secret@127.0.0.1:9/simple", PYTHON=sys.executable)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert "the package index cannot be reached (http://***@127.0.0.1:9/simple/pip/" in last
    assert "secret" not in done.stderr


@pytest.mark.parametrize("kind", ["json", "html"])
def test_a_pip_that_is_not_the_locked_one_is_refused(
    index: tuple[str, dict[str, tuple[str, bytes]]], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, pages = index
    version, hashes = bootstrap.pins_of("pip")
    assert hashes
    name = f"pip-{version}-py3-none-any.whl"
    if kind == "json":
        page = f'{{"files": [{{"url": "../../files/{name}"}}]}}'
        pages["/simple/pip/"] = ("application/vnd.pypi.simple.v1+json", page.encode())
    else:
        page = f"<!DOCTYPE html><a href='other.whl'>o</a><a href=\"../../files/{name}#sha256=0\">{name}</a>"
        pages["/simple/pip/"] = ("text/html", page.encode())
    pages[f"/files/{name}"] = ("application/octet-stream", b"not pip")
    monkeypatch.setenv("PIP_INDEX_URL", url)
    with pytest.raises(bootstrap.CannotPrepare, match="is not the file that the lock names"):
        bootstrap.fetch_pip(str(tmp_path))
    digest = hashlib.sha256(b"not pip").hexdigest()
    monkeypatch.setattr(bootstrap, "pins_of", lambda _: (version, {digest}))
    assert Path(bootstrap.fetch_pip(str(tmp_path))).read_bytes() == b"not pip"


def test_the_index_of_pips_configuration_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://index.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    assert bootstrap.index_url() == "https://index.example/simple"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert bootstrap.index_url() == bootstrap.DEFAULT_INDEX


@pytest.mark.slow
def test_a_fresh_clone_gets_its_environment_and_then_waits_for_nothing(checkout: Path) -> None:
    done = run(checkout)
    if "cannot be reached" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    python = checkout / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import grpc, lxml, envoy"]).returncode == 0
    assert (checkout / ".venv" / "bin" / "flowmesh").exists()
    started = time.monotonic()
    assert run(checkout).stderr == ""
    print(f"nothing to do: {(time.monotonic() - started) * 1000:.0f} ms")


def test_locks_name_exact_versions_with_hashes_and_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert packages
        assert all("==" in package for package in packages)
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(packages)
