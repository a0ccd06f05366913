"""The frame of a process: event loop, signals, and how it ends.

`run` is the last line of every entry point. The first SIGTERM or SIGINT cancels `main`, whose `async with` blocks
and `finally` clauses stop what they started; a second one ends the process at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

from mesh.logs import get_log
from mesh.startup import StartupError

EXIT_FAILED = 1
"""The process failed by a bug or lost something it cannot be without."""
EXIT_CANNOT_START = 2
"""Something outside the program keeps it from starting; standard error says what in one sentence."""

COLLECT_AFTER = 10_000
"""Objects that may hold others made since the last look for garbage among the new ones. Calls leave next to none."""

LOOP_WAITS_SECONDS = 0.000_5
"""How long a busy thread may keep the interpreter lock from the event loop. A call takes the lock some ten times; with
Python's 5 ms, compiling a model of 1,000 elements in a thread made every call beside it wait for 100 ms."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = get_log(__name__)


def run(main: Callable[[], Awaitable[None]]) -> NoReturn:
    """Run `main` on uvloop until it ends or a signal stops it, then exit.

    Exit codes: 0 after a signal or the end of `main`, `EXIT_CANNOT_START` for StartupError (one sentence on standard
    error), `EXIT_FAILED` for everything else (logged with its stack), 128 + n for a second signal n.
    """
    sys.exit(run_until_stopped(main))


def run_until_stopped(main: Callable[[], Awaitable[None]]) -> int:
    """Do what `run` does, and return the exit code."""
    # gRPC's C core reads it when it starts; its own lines are not JSON, and what fails is raised in any case.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # A child becomes another program at once; made ready for going on in it, gRPC complains where a channel is busy.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    import uvloop

    sys.setswitchinterval(LOOP_WAITS_SECONDS)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_stopped_by_signals(main))
    except StartupError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the person who started it reads it
        return EXIT_CANNOT_START
    except Exception as error:  # noqa: BLE001 - the last place where it can be told
        _log.error("The process failed", error=error)
        return EXIT_FAILED
    return 0


async def _stopped_by_signals(main: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main())
    stopping = False

    def stop(number: signal.Signals) -> None:
        nonlocal stopping
        if stopping:
            os._exit(128 + number)
        stopping = True
        _log.info("Stopping", signal=number.name)
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not stopping:
            raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def collect_rarely() -> None:
    """Leave what was loaded to serve out of the search for garbage: it stays as long as the process.

    Looked through again and again, it holds every call up for some 50 ms each time.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def until_stopped() -> None:
    """Wait for the signal that stops the process: the last line of a `main` that only serves."""
    collect_rarely()
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        # In a task that is being cancelled asyncio.timeout ends with CancelledError, and clean-up would be cut short.
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        raise
