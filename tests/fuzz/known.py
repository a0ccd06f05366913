"""Values that the mesh gave: with them a request gets further than the look-up of an id that never was."""

from __future__ import annotations

import random
import re
from collections import defaultdict, deque
from typing import Any

KEPT = 40
LONGEST = 8192
SHARE = 0.6
"""How often a known value takes the place of a generated one."""
_OF_ANY = "id"


class KnownValues:
    """The latest values of each name. `id` is known by the collection that it is of: `/v1/users/{id}` and `userId`."""

    def __init__(self, protected: set[str]) -> None:
        self.protected = protected
        self._values: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))

    def learn(self, answer: Any, kind: str = "") -> None:
        """Keep what stands in an answer; `kind`: of what it is, where that is known."""
        if isinstance(answer, list):
            for part in answer:
                self.learn(part, kind)
        elif isinstance(answer, dict):
            for name, value in answer.items():
                if isinstance(value, str):
                    self._keep(f"{kind}Id" if name == _OF_ANY and kind else name, value)
                elif isinstance(value, dict | list):
                    self.learn(value, _singular(name))

    def _keep(self, name: str, value: str) -> None:
        kept = self._values[name]
        if value and len(value) <= LONGEST and value not in self.protected and value not in kept:
            kept.append(value)

    def value(self, chance: random.Random, name: str, path: str = "") -> str | None:
        """Return a value for a parameter of this name, None for the generated one."""
        if chance.random() > SHARE:
            return None
        if name == _OF_ANY:
            name = f"{_singular(_collection(path))}Id"
        kept = self._values.get(name)
        if not kept and name.endswith("Id"):
            # `adHocSubProcesses/{id}`, `sagaId`: ids of a kind that no answer is called by.
            kept = self._values.get("activityInstanceId" if "rocess" in name else "processInstanceId")
        return chance.choice(kept) if kept else None

    def put_in(self, chance: random.Random, value: Any) -> Any:
        """Return the body of a request with known values in some of its text fields."""
        if isinstance(value, list):
            return [self.put_in(chance, part) for part in value]
        if not isinstance(value, dict):
            return value
        put: dict[str, Any] = {}
        for name, part in value.items():
            known = self.value(chance, name) if isinstance(part, str) else None
            put[name] = self.put_in(chance, part) if known is None else known
        return put


def _collection(path: str) -> str:
    return next((part for part in reversed(path.split("/")) if re.fullmatch(r"[A-Za-z]+", part)), "")


def _singular(name: str) -> str:
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("s", "")):
        if name.endswith(plural) and not name.endswith("ss"):
            return name[: -len(plural)] + singular
    return name
