"""Entry points as processes of their own: signals, exit codes, what is said."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PREAMBLE = """
import asyncio, sys
sys.path[:0] = [{root!r}, {gen!r}]
from mesh.process import run, until_stopped
from mesh.startup import StartupError
"""


def start(body: str) -> subprocess.Popen[str]:
    code = PREAMBLE.format(root=str(ROOT), gen=str(ROOT / "gen")) + body + "\nrun(main)\n"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


SERVING = """
async def main():
    print("up", type(asyncio.get_running_loop()).__module__, flush=True)
    try:
        await until_stopped()
    finally:
        {ending}
        print("down", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_in_order(number: signal.Signals) -> None:
    with start(SERVING.format(ending="await asyncio.sleep(0)")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up uvloop\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "down\n", "")


def test_second_signal_ends_at_once() -> None:
    ending = "print('stopping', flush=True); await asyncio.get_running_loop().create_future()"
    with start(SERVING.format(ending=ending)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return", 0, ""),
        ("raise StartupError('Port 3001 is in use.')", 2, "Port 3001 is in use.\n"),
        ("raise RuntimeError('a bug')", 1, "RuntimeError: a bug"),
        ("raise asyncio.CancelledError", 1, "CancelledError"),
    ],
)
def test_exit_codes(body: str, code: int, said: str) -> None:
    with start(f"async def main():\n    {body}\n") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert said in err
    if code == 2:
        assert err == said
