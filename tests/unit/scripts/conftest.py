from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine_svc.scripts.sandbox import ScriptLimits, ScriptRunner


@pytest.fixture
async def runner() -> AsyncIterator[ScriptRunner]:
    runner = ScriptRunner(limits=ScriptLimits(seconds=0.3, grace_seconds=20))
    yield runner
    await runner.close()
