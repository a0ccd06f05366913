"""`python -m tests.fuzz [--requests 20000] [--seed N] [--only PART-OF-A-NAME]`: generated requests to a whole mesh.

Prints what was answered and every answer that the OpenAPI document does not tell of, with the request as a line of curl
($TOKEN: what `flowmesh token` prints); exits 1 where there is one. The same seed makes the same requests but for the ids
that the mesh gave.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.run import Run, log_lines
from tests.infrastructure.mesh import running_mesh

SETTINGS = {"FLOWMESH_GATEWAY_RATE_LIMIT": "0", "FLOWMESH_GATEWAY_RATE_LIMIT_SERVICE_ACCOUNTS": "0"}
"""Requests that are counted would find out one thing, that they are."""


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--only", default="", help="operations whose id holds this")
    parsed = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="flowmesh-fuzz-"))
    print(f"seed {parsed.seed}, logs in {folder}", flush=True)
    with running_mesh(folder, settings=SETTINGS) as mesh:
        begun = time.monotonic()
        processes = mesh.state()["processes"]
        report = Run(mesh, parsed.seed).go(parsed.requests, parsed.only)
        took = time.monotonic() - begun
        replaced = mesh.state()["processes"] != processes
    print("\n".join(report.lines()))
    logged = log_lines(folder)
    print("\n".join(logged[:50]))
    if replaced:
        print("a process of the mesh ended and was started again")
    print(f"{report.requests} requests in {took:.0f} s, {len(report.defects)} defects, {len(logged)} lines logged")
    failed = bool(report.defects or logged or replaced)
    if not failed:
        shutil.rmtree(folder)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
