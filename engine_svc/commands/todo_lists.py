"""Todo lists from a cache that never shows a list older than its reader's call.

A call reads the stamps of the page's tasks: which they are, in their order, and the revision of each. An answer is
kept under the digest of its stamps, so that one which any change has touched, of whatever task, assignee, candidate or
group, in whatever process, is not found again. What is saved is reading the rows and writing them out.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine_svc.storage.user_task_lists import (
    Order,
    UserTaskFilter,
    list_stamps,
    list_user_tasks,
    read_stamped,
    stamp_of,
)
from mesh.access.rows import Rows
from mesh.cache.port import LOCAL_ENTRIES, Cache
from mesh.db.database import Database
from mesh.db.statements import Row

_DIGEST_BYTES = 16


@dataclass(slots=True, frozen=True)
class TodoPage:
    """A page of a todo list. `key` names all that decides the answer beside the tasks themselves."""

    key: str
    wanted: UserTaskFilter
    opened: Rows
    order: Sequence[Order]
    after: Sequence[Any] | None
    limit: int


def is_todo_list(wanted: UserTaskFilter) -> bool:
    """Whether a list is of what a user or a group has to do, which is asked for again and again."""
    return bool(
        wanted.assignee
        or wanted.assignee_or_candidate
        or wanted.candidate_user
        or wanted.candidate_groups
        or wanted.involved_user
    )


class TodoLists:
    """Reads pages of todo lists. What is asked for once, or is another page each time, is not kept: to look for it and
    to keep it would take longer than to read it.
    """

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._seen: OrderedDict[str, str] = OrderedDict()
        """The version of each page when it was last read; a page that was another one then is read anew once."""

    async def read(self, page: TodoPage, respond: Callable[[list[Row]], bytes]) -> bytes:
        """Return the answer that `respond` makes of the rows, each as `USER_TASK_COLUMNS`, from the cache or anew."""
        seen = self._seen.get(page.key)
        if seen is None:
            rows = await self._read_rows(page)
            self._see(page.key, _version([stamp_of(row) for row in rows]))
            return respond(rows)
        stamps = await self._database.read(list_stamps(page.wanted, page.opened, page.order, page.after, page.limit))

        async def load() -> bytes | None:
            rows = await self._database.read(read_stamped(stamps))
            return None if rows is None else respond(rows)

        version = _version(stamps)
        if version == seen:
            self._see(page.key, version)
            answer = await self._cache.get_or_load(page.key, version, load)
        else:
            self._seen.pop(page.key, None)
            answer = await load()
        if answer is None:
            # Something changed since the stamps were read.
            answer = respond(await self._read_rows(page))
        return answer

    async def _read_rows(self, page: TodoPage) -> list[Row]:
        return await self._database.read(list_user_tasks(page.wanted, page.opened, page.order, page.after, page.limit))

    def _see(self, key: str, version: str) -> None:
        self._seen[key] = version
        self._seen.move_to_end(key)
        if len(self._seen) > LOCAL_ENTRIES:
            self._seen.popitem(last=False)


def _version(stamps: list[Row]) -> str:
    return hashlib.blake2b(orjson.dumps(stamps), digest_size=_DIGEST_BYTES).hexdigest()
