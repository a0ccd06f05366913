from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.embedded.data_folder import DataFolder
from launcher.embedded.log_files import InheritedLogFile, LogFile, ProcessLog
from mesh.startup import StartupError
from tests.launcher.running import environment


def unexpected() -> None:
    raise AssertionError("there is nothing to wait for")


def test_a_folder_is_free_again_once_it_is_closed(tmp_path: Path) -> None:
    for _ in range(2):
        DataFolder.open(tmp_path / "data", unexpected).close()


def test_a_folder_whose_mesh_is_alive_is_refused(tmp_path: Path) -> None:
    held = DataFolder.open(tmp_path, unexpected)
    with pytest.raises(StartupError, match=f"Another mesh \\(process {os.getpid()}\\)"):
        DataFolder.open(tmp_path, unexpected)
    held.close()


def test_children_of_a_killed_mesh_are_waited_for(tmp_path: Path) -> None:
    # The child inherits the lock, as the services do, and outlives the process that took it.
    program = (
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "from launcher.embedded.data_folder import DataFolder\n"
        "folder = DataFolder.open(Path(sys.argv[1]), lambda: None)\n"
        "child = subprocess.Popen(['cat'], stdin=0, pass_fds=[folder.lock])\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, tmp_path], env=environment(), stdin=subprocess.PIPE)
    assert parent.wait(20) == 0
    assert parent.stdin is not None
    waits: list[str] = []

    def end_the_child() -> None:
        waits.append("waited")
        assert parent.stdin is not None
        parent.stdin.close()

    DataFolder.open(tmp_path, end_the_child).close()
    assert waits == ["waited"]


def test_a_log_starts_afresh_when_it_is_large(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "a.log", max_bytes=100, kept=2)
    for number in range(40):
        log.write(f"line {number:03}\n".encode())
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a.log", "a.log.1", "a.log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    kept = "".join((tmp_path / name).read_text() for name in ("a.log.2", "a.log.1", "a.log")).splitlines()
    assert kept == [f"line {number:03}" for number in range(40 - len(kept), 40)]


def test_a_log_that_another_process_writes_is_cut(tmp_path: Path) -> None:
    log = InheritedLogFile(tmp_path / "access.log", max_bytes=10, kept=2)
    for number in range(5):
        subprocess.run(["echo", f"a line {number}"], stdout=log.fileno(), check=True)
        log.rotate_if_large()
    log.close()
    stored = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert stored == {
        "access.log": "a line 4\n",
        "access.log.1": "a line 2\na line 3\n",
        "access.log.2": "a line 0\na line 1\n",
    }


def test_the_console_gets_what_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = b'{"time":"2026-01-02T03:04:05.678Z","level":"info","message":"all is well"}\n'
    grave = b'{"time":"2026-01-02T03:04:05.678Z","level":"error","message":"it broke","code":7,"stack":"Traceback"}\n'
    log = ProcessLog("engine", LogFile(tmp_path / "engine.log"), verbose=False)
    # In pieces, as pipes deliver them.
    for piece in (quiet[:20], quiet[20:] + grave[:10], grave[10:], b"no JSON\n", b"the end"):
        log.feed(piece)
    log.line("warning", "It runs again", pid=9)
    log.close()
    shown = capsys.readouterr().err.splitlines()
    assert shown[0] == "03:04:05 engine   ERROR   it broke  code=7"
    assert shown[1:3] == ["Traceback", "engine   no JSON"]
    assert "It runs again  pid=9" in shown[-1]
    stored = (tmp_path / "engine.log").read_bytes()
    assert stored.startswith(quiet + grave + b"no JSON\n")
    assert json.loads(stored.splitlines()[-1])["message"] == "It runs again"


def test_a_full_disk_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = ProcessLog("engine", LogFile(Path("/dev/full")), verbose=False)
    log.feed(b'{"level":"info"}\n')
    log.feed(b'{"level":"info"}\n')
    log.close()
    assert capsys.readouterr().err == "The log of engine cannot be written: No space left on device.\n"
