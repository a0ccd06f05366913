"""Rows of what is sent: claimed in batches, each for a time, by whoever sends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mesh.db.statements import (
    DeleteMany,
    Execute,
    Fetch,
    FetchKeys,
    InsertMany,
    Program,
    Row,
    UpdateKeys,
    UpsertMany,
)
from notification_svc.storage.layout import DELIVERY, DELIVERY_COLUMNS, NOTIFICATION, DeliveryState

PRUNE_BATCH = 500
MAX_DETAIL = 2000
NO_LEASE = ""
ATTEMPT = "delivery_attempt"
ATTEMPT_COLUMNS = ("delivery_id", "number", "attempted_at", "delivered", "detail")


@dataclass(slots=True)
class DeliveryRow:
    """A delivery; the fields are the columns, in their order. Times are microseconds since the Unix epoch.

    `attempts`: since it was made, or since a caller wanted it sent again; `earlier_attempts`: those before that.
    """

    id: str
    notification_id: str
    digest_id: str
    digest_key: str | None
    recipient_kind: int
    recipient_id: str
    tenant_id: str
    process_instance_id: str
    event_type: int
    channel: int
    state: int
    forced: int
    attempts: int
    next_attempt_at: int
    lease: str
    reason: str
    created_at: int
    ended_at: int | None
    earlier_attempts: int = 0

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in DELIVERY_COLUMNS)

    @property
    def is_digest(self) -> bool:
        """Whether it is the message that has several notifications."""
        return self.digest_key is not None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of a delivery that was claimed under `lease`.

    `state` PENDING: it is tried again at `next_attempt_at`. `attempted_at`: when something was sent, None where nothing
    was; then the attempt does not count.
    """

    delivery: DeliveryRow
    state: DeliveryState
    reason: str = ""
    next_attempt_at: int = 0
    attempted_at: int | None = None


def insert_deliveries(rows: Sequence[DeliveryRow]) -> Program[None]:
    """Write new deliveries."""
    if rows:
        yield InsertMany(DELIVERY, DELIVERY_COLUMNS, [row.values() for row in rows])


def ensure_digests(rows: Iterable[DeliveryRow]) -> Program[dict[str, str]]:
    """Write digests that are not there yet; return the ids of those that are to be sent still, by their keys."""
    wanted = {row.digest_key: row for row in rows}
    if not wanted:
        return {}
    values = [row.values() for _, row in sorted(wanted.items(), key=lambda pair: pair[0] or "")]
    yield UpsertMany(DELIVERY, DELIVERY_COLUMNS, ("digest_key",), (), values)
    found: list[Row] = yield FetchKeys(
        DELIVERY,
        ("digest_key", "id", "state", "attempts"),
        ("digest_key",),
        sorted((key,) for key in wanted),
        lock=True,
    )
    # One that is being sent takes nothing more in.
    return {key: one for key, one, state, attempts in found if state == DeliveryState.PENDING and not attempts}


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose deliveries are taken until when. `under`: those that the process has under way, and does not take again
    although their lease has ended by a clock that was turned."""

    now: int
    until: int
    lease: str
    under: Collection[str] = ()


def claim(channels: Collection[int], claimed: Claim, limit: int) -> Program[list[DeliveryRow]]:
    """Take up to `limit` due deliveries until a time; nobody else takes them before. The attempt counts from now on."""
    rows: list[Row] = []
    for channel in sorted(channels):
        if len(rows) < limit:
            rows += yield from _due(channel, claimed, limit - len(rows))
    return (yield from _taken(rows, claimed))


def claim_for(channel: int, rooms: Mapping[str, int], claimed: Claim, limit: int) -> Program[list[DeliveryRow]]:
    """Take up to `limit` due deliveries to some recipients, of each no more than there is room for."""
    rows: list[Row] = []
    for recipient_id, room in rooms.items():
        if room > 0 and len(rows) < limit:
            rows += yield from _due(channel, claimed, min(room, limit - len(rows)), recipient_id)
    return (yield from _taken(rows, claimed))


def receivers_after(channel: int, now: int, after: str, limit: int) -> Program[list[str]]:
    """Return the next recipients by id that something is to be sent to, up to `limit`; none where nothing is due."""
    state = int(DeliveryState.PENDING)
    due: list[Row] = yield Fetch(
        "SELECT 1 FROM delivery WHERE state=? AND channel=? AND next_attempt_at<=? LIMIT 1", (state, channel, now)
    )
    found: list[str] = []
    while due and len(found) < limit:
        # One seek each: what lies there for one of them is not read, however much it is.
        rows: list[Row] = yield Fetch(
            "SELECT recipient_id FROM delivery WHERE state=? AND channel=? AND recipient_id>? "
            "ORDER BY recipient_id LIMIT 1",
            (state, channel, after),
        )
        if not rows:
            break
        after = rows[0][0]
        found.append(after)
    return found


def _due(channel: int, claimed: Claim, limit: int, recipient_id: str = "") -> Program[list[Row]]:
    whose, parameters = ("AND recipient_id=? ", (recipient_id,)) if recipient_id else ("", ())
    found: list[Row] = []
    # Those under way are due only where a clock was turned; then they must not take the places of others.
    for most in (limit, limit + len(claimed.under)):
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join(DELIVERY_COLUMNS)} FROM delivery WHERE state=? AND channel=? {whose}"
            "AND next_attempt_at<=? ORDER BY next_attempt_at, id LIMIT ?",
            (int(DeliveryState.PENDING), channel, *parameters, claimed.now, most),
            lock=True,
            skip_locked=True,
        )
        found = [row for row in rows if row[0] not in claimed.under]
        if len(found) == len(rows):
            break
    return found[:limit]


def _taken(rows: Sequence[Row], claimed: Claim) -> Program[list[DeliveryRow]]:
    if rows:
        yield UpdateKeys(
            DELIVERY,
            "lease=?,next_attempt_at=?,attempts=attempts+1",
            (claimed.lease, claimed.until),
            ("id",),
            [(row[0],) for row in rows],
        )
    found = [DeliveryRow(*row) for row in rows]
    for delivery in found:
        delivery.lease = claimed.lease
        delivery.next_attempt_at = claimed.until
        delivery.attempts += 1
    return found


def settle(settlements: Sequence[Settlement], now: int) -> Program[None]:
    """Write what became of deliveries; of one that was taken over by another, or given up, nothing."""
    ids = [(one.delivery.id,) for one in sorted(settlements, key=lambda one: one.delivery.id)]
    rows: list[Row] = yield FetchKeys(DELIVERY, ("id", "lease", "state"), ("id",), ids, lock=True)
    states = {one: state for one, _, state in rows}
    leases = {one: lease for one, lease, _ in rows}
    ours = [
        done
        for done, state in ((done, states.get(done.delivery.id)) for done in settlements)
        if state == DeliveryState.PENDING and leases[done.delivery.id] == done.delivery.lease
    ]
    attempts: list[Row] = []
    for done in settlements:
        delivery = done.delivery
        # What was sent is logged, also where the lease has ended meanwhile.
        if done.attempted_at is not None and delivery.id in leases:
            attempts.append(
                (
                    delivery.id,
                    delivery.earlier_attempts + delivery.attempts,
                    done.attempted_at,
                    int(done.state == DeliveryState.DELIVERED),
                    done.reason[:MAX_DETAIL],
                )
            )
    for done in ours:
        delivery = done.delivery
        pending = done.state == DeliveryState.PENDING
        yield Execute(
            "UPDATE delivery SET state=?, lease=?, reason=?, next_attempt_at=?, ended_at=?, attempts=attempts-? "
            "WHERE id=?",
            (
                int(done.state),
                NO_LEASE,
                done.reason[:MAX_DETAIL],
                done.next_attempt_at if pending else 0,
                None if pending else now,
                int(done.attempted_at is None),
                delivery.id,
            ),
        )
    if attempts:
        yield UpsertMany(ATTEMPT, ATTEMPT_COLUMNS, ATTEMPT_COLUMNS[:2], ATTEMPT_COLUMNS[2:], sorted(attempts))
    for done in ours:
        # A dead digest keeps what is in it, for the time when it is sent again.
        if done.delivery.is_digest and done.state in (DeliveryState.DELIVERED, DeliveryState.SKIPPED):
            yield Execute(
                "UPDATE delivery SET state=?, ended_at=? WHERE digest_id=? AND state=?",
                (int(done.state), now, done.delivery.id, int(DeliveryState.IN_DIGEST)),
            )


def in_digest(digest_id: str, limit: int) -> Program[list[str]]:
    """Return the notifications of a digest, the newest first, up to `limit`."""
    rows: list[Row] = yield Fetch(
        "SELECT notification_id FROM delivery WHERE digest_id=? AND state=? ORDER BY id DESC LIMIT ?",
        (digest_id, int(DeliveryState.IN_DIGEST), limit),
    )
    return [row[0] for row in rows]


def count_in_digest(digest_id: str, *, forced: bool) -> Program[int]:
    """Return how many notifications of a digest there are that are not deleted and, unless `forced`, not obsolete."""
    current = "" if forced else " AND n.obsolete=0"
    rows: list[Row] = yield Fetch(
        f"SELECT COUNT(*) FROM delivery d JOIN {NOTIFICATION} n ON n.id=d.notification_id "
        f"WHERE d.digest_id=? AND d.state=? AND n.deleted=0{current}",
        (digest_id, int(DeliveryState.IN_DIGEST)),
    )
    return int(rows[0][0])


def find_delivery(delivery_id: str, *, lock: bool = False) -> Program[DeliveryRow | None]:
    """Return a delivery, None where there is none."""
    rows: list[Row] = yield FetchKeys(DELIVERY, DELIVERY_COLUMNS, ("id",), [(delivery_id,)], lock=lock)
    return DeliveryRow(*rows[0]) if rows else None


def write_delivery(row: DeliveryRow) -> Program[None]:
    """Write a changed delivery."""
    yield UpsertMany(DELIVERY, DELIVERY_COLUMNS, ("id",), DELIVERY_COLUMNS[1:], [row.values()])


def attempts_of(delivery_id: str) -> Program[list[Row]]:
    """Return the attempts at a delivery, rows of `ATTEMPT_COLUMNS`, the first one first."""
    rows: list[Row] = yield FetchKeys(ATTEMPT, ATTEMPT_COLUMNS, ("delivery_id",), [(delivery_id,)])
    return sorted(rows)


def prune_deliveries(before: int) -> Program[int]:
    """Forget a bounded batch of deliveries older than `before` (microseconds); return how many."""
    sql = f"SELECT id FROM delivery WHERE created_at<? ORDER BY created_at LIMIT {PRUNE_BATCH}"
    rows: list[Row] = yield Fetch(sql, (before,), lock=True, skip_locked=True)
    if rows:
        yield DeleteMany(ATTEMPT, ("delivery_id",), rows)
        yield DeleteMany(DELIVERY, ("id",), rows)
    return len(rows)
