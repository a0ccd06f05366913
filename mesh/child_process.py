"""Signals for child processes of the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal


def send_signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send a signal to a child; does nothing where it has ended.

    `Process.send_signal`, `terminate` and `kill` first ask for the child's end, and where they are the ones to learn
    it, the event loop warns of an unknown child and reports exit code 255 (CPython issue 127049, mended in 3.12.9).
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


async def end_now(process: asyncio.subprocess.Process) -> None:
    """Kill a child and wait until it is gone; does nothing where it has ended."""
    send_signal(process, signal.SIGKILL)
    await process.wait()
