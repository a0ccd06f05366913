"""What callers do with deliveries: send again, give up."""

from __future__ import annotations

from mesh.db.statements import Execute, Program
from mesh.errors import WrongState
from notification_svc.commands.refusals import delivery_missing
from notification_svc.queries.caller import Caller
from notification_svc.storage.audit import tell_change
from notification_svc.storage.deliveries import NO_LEASE, DeliveryRow, find_delivery, write_delivery
from notification_svc.storage.layout import DeliveryState

_ENDED = (DeliveryState.DELIVERED, DeliveryState.SKIPPED, DeliveryState.DEAD, DeliveryState.DISCARDED)


def resend(caller: Caller, delivery_id: str, now: int) -> Program[DeliveryRow]:
    """Send a delivery again that has ended. Raises `NotFound`, `WrongState`."""
    row = yield from _require(caller, delivery_id)
    if row.state not in _ENDED:
        raise WrongState(
            "DELIVERY_UNDER_WAY",
            f"delivery {delivery_id} is not at its end: it is sent anyway",
            metadata={"id": delivery_id, "state": DeliveryState(row.state).name},
        )
    was, row.state = row.state, int(DeliveryState.PENDING)
    row.forced = 1
    row.earlier_attempts += row.attempts
    row.attempts = 0
    row.next_attempt_at = now
    row.lease, row.reason, row.ended_at = NO_LEASE, "", None
    if row.digest_id:
        # By itself now: its digest has gone.
        row.digest_id = ""
    yield from write_delivery(row)
    if row.is_digest:
        yield Execute(
            "UPDATE delivery SET state=?, ended_at=NULL WHERE digest_id=? AND state IN (?,?)",
            (int(DeliveryState.IN_DIGEST), row.id, int(DeliveryState.DELIVERED), int(DeliveryState.SKIPPED)),
        )
    yield from _audit(caller, now, row, was)
    return row


def discard(caller: Caller, delivery_id: str, now: int) -> Program[DeliveryRow]:
    """Give up a delivery that is pending, in a digest or dead. Raises `NotFound`, `WrongState`."""
    row = yield from _require(caller, delivery_id)
    if row.state not in (DeliveryState.PENDING, DeliveryState.IN_DIGEST, DeliveryState.DEAD):
        raise WrongState(
            "DELIVERY_ENDED",
            f"delivery {delivery_id} has ended",
            metadata={"id": delivery_id, "state": DeliveryState(row.state).name},
        )
    was, row.state = row.state, int(DeliveryState.DISCARDED)
    row.lease, row.ended_at = NO_LEASE, now
    yield from write_delivery(row)
    yield from _audit(caller, now, row, was)
    return row


def _audit(caller: Caller, now: int, row: DeliveryRow, was: int) -> Program[None]:
    before, after = ({"state": DeliveryState(state).name} for state in (was, row.state))
    yield from tell_change(caller.maker, now, "delivery", row.id, [row.tenant_id], before, after)


def _require(caller: Caller, delivery_id: str) -> Program[DeliveryRow]:
    row = yield from find_delivery(delivery_id, lock=True)
    if row is None or not caller.sees(row.tenant_id):
        raise delivery_missing(delivery_id)
    return row
