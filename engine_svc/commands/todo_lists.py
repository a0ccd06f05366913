"""Todo lists from a cache that never shows a list older than its reader's call.

Each call reads the stamps of the page's tasks: which they are, in their order, and the revision of each. An answer is
kept under the digest of its stamps, so that one which any change has touched, of whatever task, assignee, candidate or
group, in whatever process, is not found again. What is saved is reading the rows and writing them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine_svc.storage.user_task_lists import Order, UserTaskFilter, list_stamps, list_user_tasks, read_stamped
from mesh.cache.port import Cache
from mesh.db.database import Database
from mesh.db.statements import Row

_DIGEST_BYTES = 16


@dataclass(slots=True, frozen=True)
class TodoPage:
    """A page of a todo list. `key` names all that decides the answer beside the tasks themselves."""

    key: str
    wanted: UserTaskFilter
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


@dataclass(slots=True)
class TodoLists:
    """Reads pages of todo lists."""

    database: Database
    cache: Cache

    async def read(self, page: TodoPage, respond: Callable[[list[Row]], bytes]) -> bytes:
        """Return the answer that `respond` makes of the rows, each as `USER_TASK_COLUMNS`, from the cache or anew."""
        stamps = await self.database.read(list_stamps(page.wanted, page.order, page.after, page.limit))

        async def load() -> bytes | None:
            rows = await self.database.read(read_stamped(stamps))
            return None if rows is None else respond(rows)

        version = hashlib.blake2b(orjson.dumps(stamps), digest_size=_DIGEST_BYTES).hexdigest()
        answer = await self.cache.get_or_load(page.key, version, load)
        if answer is not None:
            return answer
        # Something changed since the stamps were read.
        rows = await self.database.read(list_user_tasks(page.wanted, page.order, page.after, page.limit))
        return respond(rows)
