"""What belongs to the newest version of a key alone."""

from __future__ import annotations

from engine_svc.storage.start_events import activate_starts, deactivate_starts
from mesh.db.statements import Program, UpdateKeys


def replace_newest(tenant_id: str, key: str, *, before: str | None, after: str | None, now: int) -> Program[None]:
    """Let the newest version of a key in a tenant change from one definition to another.

    Runs in the transaction that deploys or begins to delete, under the lock of `lock_definitions`; the rows of both
    definitions are there. `before` None: the key is new; `after` None: its last version goes. `now` in microseconds.
    The one place for all that moves with the newest version.
    """
    if before is not None:
        yield UpdateKeys("process_definition", "latest=0", (), ("id",), [(before,)])
        yield from deactivate_starts(before)
    if after is not None:
        yield UpdateKeys("process_definition", "latest=1", (), ("id",), [(after,)])
        yield from activate_starts(after, now)
