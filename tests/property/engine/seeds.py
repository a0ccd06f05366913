"""Which random models a run tries, and how one of them is tried again.

`FLOWMESH_RANDOM_SEED=4711 pytest tests/property/engine/...` tries that model alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "FLOWMESH_RANDOM_SEED"


def seeds(first: int, count: int) -> list[int]:
    """Return the seeds of a run; only one where the environment names it."""
    named = os.environ.get(VARIABLE)
    return [int(named)] if named else list(range(first, first + count))


@contextmanager
def told(seed: int, model: bytes = b"") -> Iterator[None]:
    """Tell with whatever fails in the block which seed it was, and the model."""
    try:
        yield
    except BaseException as failure:
        failure.add_note(f"seed {seed}; try it again with {VARIABLE}={seed}\n{model.decode()}")
        raise
