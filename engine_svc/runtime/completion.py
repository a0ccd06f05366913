"""What happens to an instance after its completion, where the business system has to acknowledge it."""

from __future__ import annotations

from engine_svc.events.record import COMPLETION_PENDING, INSTANCE_FAILED
from engine_svc.runtime.changes import Changes
from engine_svc.state.instance import Instance, Status


def ask_again(attempt: int, until: int) -> Changes:
    """Tell once more that the completion waits for its acknowledgement, until a time in microseconds."""
    changes = Changes()
    changes.events.append((COMPLETION_PENDING, attempt, until))
    return changes


def fail_completion(instance: Instance, reason: str, now: int) -> Changes:
    """Turn a completed instance into a failed one. What its activities did is not undone."""
    instance.status = Status.FAILED
    instance.end_micros = now
    changes = Changes()
    changes.events.append((INSTANCE_FAILED, instance.start_micros, reason))
    return changes
