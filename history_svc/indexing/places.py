"""Records by words: asked of the search server, and of the database's own words while that one does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from history_svc.indexing.server import IndexMissing, SearchServer, SearchServerAway
from history_svc.queries.search import HitKey, Narrowed, Places, Read
from history_svc.storage.search_index import serving_index
from mesh.access.rows import Rows
from mesh.errors import DependencyDown
from mesh.logs import get_log
from mesh.resilience.breaker import BreakerLimits, BreakerMetrics, CircuitBreaker

PAGE: Final = 500
LIMITS: Final = BreakerLimits(failures_in_row=2, open_seconds=1.0, longest_open_seconds=15.0)

_log = get_log(__name__)


@dataclass(slots=True)
class SearchCounters:
    """What was asked since the start: of the search server, and of the database instead of it."""

    answered: int = 0
    fallbacks: int = 0


class IndexedPlaces:
    """Records by words on a search server. Both ways tell them in one order, so each goes on where the other was."""

    def __init__(
        self, server: SearchServer, words: Places, read: Read, *, breaker_metrics: BreakerMetrics | None = None
    ) -> None:
        """`words`: the database's own."""
        self._server = server
        self._words = words
        self._read = read
        self._breaker = CircuitBreaker("search server", (SearchServerAway,), limits=LIMITS, metrics=breaker_metrics)
        self.counters = SearchCounters()

    async def read(
        self, words: Sequence[str], narrowed: Narrowed, opened: Rows, after: HitKey | None
    ) -> tuple[list[HitKey], HitKey | None]:
        """See `Places.read`."""
        index = await self._read(serving_index())
        if index is not None:
            name = index.name
            try:
                keys = await self._breaker.run(lambda: self._server.search(name, words, narrowed, opened, after, PAGE))
            except (SearchServerAway, IndexMissing, DependencyDown) as error:
                if not isinstance(error, DependencyDown):
                    _log.warning("The search server did not answer, the database does instead", error=error)
            else:
                self.counters.answered += 1
                return keys, keys[-1] if len(keys) == PAGE else None
        self.counters.fallbacks += 1
        return await self._words.read(words, narrowed, opened, after)
