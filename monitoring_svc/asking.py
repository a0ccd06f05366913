"""Asking the bus on behalf of a caller: bounded in time, and what fails is told in the contract's words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mesh.bus.port import BusError
from mesh.call import find_call
from mesh.errors import DependencyDown

SERVICE: Final = "monitoring"
"""Under which name the audit is told what is done."""
_BUS = {"dependency": "bus"}


@asynccontextmanager
async def asking(seconds: float) -> AsyncIterator[None]:
    """Bound what the block asks of the bus. Raises `DependencyDown` where the bus fails or takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        text = f"The event bus did not answer within {seconds:g} s."
        raise DependencyDown("DEPENDENCY_UNAVAILABLE", text, metadata=_BUS) from error
    except BusError as error:
        text = f"The event bus cannot do it: {error}"
        raise DependencyDown("DEPENDENCY_UNAVAILABLE", text, metadata=_BUS) from error


def caller() -> str | None:
    """Return who calls, for the log; None where that is not known, as on a command line."""
    call = find_call()
    return None if call is None else call.user_id
