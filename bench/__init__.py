"""Benchmarks of the mesh: `python -m bench`, `python -m bench.scale`, `python -m bench.profile`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Generated code is imported as `flowmesh.…`; in a checkout without an installed package it lies in gen/.
if (_gen := str(ROOT / "gen")) not in sys.path:
    sys.path.insert(0, _gen)

# gRPC's own lines about child processes being forked would stand between the figures.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
