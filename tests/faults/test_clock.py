"""The clock that jumps really does, in another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.clock import FaultyClock

PROGRAM = "import time\nfor _ in range(2): print(time.time_ns() - time.clock_gettime_ns(time.CLOCK_REALTIME), flush=True); input()"


def test_the_clock_of_a_running_process_jumps(tmp_path: Path) -> None:
    clock = FaultyClock(tmp_path / "clock")
    clock.set(-30)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=dict(clock.environment("")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for seconds in (-30, 3600):
            clock.set(seconds)
            assert seconds == round(int(process.stdout.readline()) / 1e9)
            clock.set(3600)
            print(file=process.stdin, flush=True)
