"""Every case of the suite, on the engine service with its database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from tests.conformance.case import Case, all_cases
from tests.conformance.driver import CannotDo
from tests.conformance.engine_driver import EngineDriver, Stubs
from tests.conformance.running import run_case
from tests.integration.engine.serving import Engine

CASES = all_cases()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stubs(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stubs]:
    """One engine for all cases: starting one takes longer than a case."""
    url = f"sqlite:///{tmp_path_factory.mktemp('conformance') / 'engine.db'}"
    migrate(url, MIGRATIONS, MIGRATIONS_HEAD)
    database = await open_database(url)
    engine = await Engine.started(database, controlled=True)
    yield Stubs(engine, database)
    await engine.stop()
    await database.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_the_engine_service(case: Case, stubs: Stubs) -> None:
    driver = EngineDriver(stubs)
    try:
        await run_case(case, driver)
    except CannotDo as unknown:
        pytest.skip(f"not by this driver: {unknown}")
    finally:
        await driver.close()
