"""Whether the time that an answer takes tells who there is."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.attacks.accounts import done, login, make_user, new_name
from tests.infrastructure.mesh import Mesh, running_mesh

SAMPLES = 60
DIFFERENCE = 0.5
"""How far medians may be apart, as a share of them. A hash that is left out would leave a tenth of the time; a look-up
more, which is below a hundredth, is lost in what the machine does beside."""
SETTINGS = {
    "FLOWMESH_GATEWAY_RATE_LIMIT": "0",
    # Who is locked out learns nothing; here it is about those who are not.
    "FLOWMESH_IDENTITY_SIGN_IN_FAILURES": "1000000",
    "FLOWMESH_IDENTITY_SPRAYING_FAILURES": "1000000",
}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with running_mesh(Path(tmp_path_factory.mktemp("patient")), settings=SETTINGS) as mesh:
        yield mesh


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nobody_is_found_by_the_clock(patient: Mesh) -> None:
    async with patient.rest() as rest:
        user, without = await make_user(rest), await make_user(rest, password="")
        disabled = await make_user(rest)
        await done(rest.post(f"/v1/users/{disabled}:disable", json={}))
    kinds: dict[str, Callable[[], str]] = {
        "wrong password": lambda: user,
        "by address": lambda: f"{user}@example.com",
        "nobody": lambda: new_name("nobody"),
        "nobody by address": lambda: f"{new_name('nobody')}@example.com",
        "disabled": lambda: disabled,
        "no password": lambda: without,
        "service account": lambda: "cli",
    }
    taken: dict[str, list[float]] = defaultdict(list)
    async with httpx.AsyncClient(base_url=patient.url, timeout=30) as http:
        for number in range(SAMPLES + 5):
            # In turn and in another order each time: what the machine does beside is the same for all of them.
            for kind in random.sample(sorted(kinds), len(kinds)):
                begun = time.perf_counter()
                answer = await login(http, kinds[kind](), "a password that is wrong")
                seconds = time.perf_counter() - begun
                assert answer.status_code == 401, answer.text
                if number >= 5:
                    taken[kind].append(seconds)
    medians = {kind: statistics.median(seconds) for kind, seconds in taken.items()}
    assert all(len(seconds) == SAMPLES for seconds in taken.values())
    assert max(medians.values()) / min(medians.values()) - 1 < DIFFERENCE, medians
