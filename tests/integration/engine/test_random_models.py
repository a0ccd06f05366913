"""Random models on two engine processes at once, one of which is killed now and then: whatever is open is completed
through both at the same time, and every instance does what it must, once."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from tests.infrastructure.engine_process import EngineProcess
from tests.infrastructure.ports import free_ports
from tests.integration.engine.both_engines import BothEngines, Outcome, Told
from tests.property.engine.blocks.choosing import random_block
from tests.property.engine.blocks.writer import Expected, model_of
from tests.property.engine.seeds import seeds, told

MODELS = 10
INSTANCES = 5
"""Of each model."""
KILLS = 2
LEAVES = 12
RUN_SECONDS = 100.0
THOROUGH = range(100, 104)


async def kill_now_and_then(engines: tuple[EngineProcess, EngineProcess], chance: random.Random, times: int) -> None:
    """Kill one of the engines and start it again."""
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        engine = chance.choice(engines)
        await engine.kill()
        await engine.start()


async def run(url: str, seed: int) -> None:
    """Run the models of a seed on two engines with this database."""
    chance = random.Random(seed)
    models: dict[str, tuple[bytes, Expected]] = {}
    for number in range(MODELS):
        key = f"r{seed}m{number}"
        models[key] = model_of(random_block(seed * 1000 + number, LEAVES), key)
    first, second = (EngineProcess(url, port) for port in free_ports(2))
    async with contextlib.AsyncExitStack() as closing:
        for engine in (first, second):
            closing.push_async_callback(engine.close)
        await asyncio.gather(first.start(), second.start())
        both = BothEngines((first, second), chance)
        await both.deploy([xml for xml, _ in models.values()])
        killing = asyncio.create_task(kill_now_and_then((first, second), chance, KILLS))
        keys = [key for key in models for _ in range(INSTANCES)]
        chance.shuffle(keys)
        ids = await asyncio.gather(*[both.start(key) for key in keys])
        started = {instance_id: models[key][1] for instance_id, key in zip(ids, keys, strict=True)}
        try:
            async with asyncio.timeout(RUN_SECONDS):
                await both.run()
        except TimeoutError as late:
            for instance_id in await both.running():
                late.add_note(f"{instance_id} is in {[one.element_id for one in await both.waiting(instance_id)]}")
            raise
        await killing
        assert both.won[Outcome.DONE]
    (await Told.read(url)).check(started)


@pytest.mark.parametrize("seed", seeds(1, 1))
async def test_two_engines_do_random_models_once(engine_url: str, seed: int) -> None:
    with told(seed):
        await run(engine_url, seed)


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("seed", seeds(THOROUGH.start, len(THOROUGH)))
async def test_two_engines_do_many_random_models_once(engine_url: str, seed: int) -> None:
    with told(seed):
        await run(engine_url, seed)
