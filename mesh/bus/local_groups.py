"""Consumer groups of the local bus: who is a member, who works which partition, how far the group has come.

A partition is claimed by one member at a time. Which member should have it follows from the list of members; a
member gives up what is no longer its own when it asks for more messages, and takes what is its own once nobody
claims it. So a partition changes hands without two members working on it. A member whose process died, or that
does not send heartbeats, loses its claims; should it wake up, its commits are refused and it has to join anew.
The generation of a group rises with each change, so that members notice by reading one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from mesh.bus.local_store import Topic, first_published_at
from mesh.bus.port import GroupOffset, RewindTarget
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany
from mesh.process_owner import is_surely_dead

SESSION_MICROS = 5_000_000
"""How long a member lives without a heartbeat."""


@dataclass(slots=True, frozen=True)
class Claims:
    """What a member works on. `offsets`: partition id to the offset that the group goes on from."""

    generation: int
    offsets: Mapping[int, int]


def share_out(members: Mapping[str, Sequence[str]], topics: Mapping[str, Topic]) -> dict[int, str]:
    """Return which member should have which partition id. `members`: name to the topics it reads."""
    shares: dict[int, str] = {}
    for name in sorted({topic for wanted in members.values() for topic in wanted}):
        readers = sorted(member for member, wanted in members.items() if name in wanted)
        for number, partition_id in enumerate(topics[name].partition_ids):
            shares[partition_id] = readers[number % len(readers)]
    return shares


def join(
    group: str, member: str, wanted: Sequence[str], topics: Mapping[str, Topic], now: int, *, new: bool
) -> Program[Claims | None]:
    """Become (`new`) or stay a member, give up and take partitions.

    Result: what the member works on from now on; None where it wanted to stay and is a member no longer.
    """
    members = yield from _living(group, now, [member])
    if not new and member not in members:
        return None
    members[member] = list(wanted)
    yield UpsertMany(
        "group_member",
        ("consumer_group", "member", "topics", "expires_at"),
        ("consumer_group", "member"),
        ("expires_at",),
        [(group, member, orjson.dumps(list(wanted)).decode(), now + SESSION_MICROS)],
    )
    shares = share_out(members, topics)
    rows: list[Row] = yield Fetch("SELECT partition_id, member FROM partition_claim WHERE consumer_group=?", (group,))
    claims: dict[int, str] = dict(rows)
    given_up = [(group, pid) for pid, holder in claims.items() if holder == member and shares.get(pid) != member]
    taken = [pid for pid, holder in shares.items() if holder == member and pid not in claims]
    yield DeleteMany("partition_claim", ("consumer_group", "partition_id"), given_up)
    yield InsertMany(
        "partition_claim", ("consumer_group", "partition_id", "member"), [(group, pid, member) for pid in taken]
    )
    if new or given_up:
        yield from _next_generation(group)
    mine = [pid for pid, holder in claims.items() if holder == member and shares.get(pid) == member] + taken
    offsets: list[Row] = yield FetchKeys(
        "group_offset",
        ("partition_id", "next_offset"),
        ("consumer_group", "partition_id"),
        [(group, pid) for pid in mine],
    )
    known: dict[int, int] = dict(offsets)
    generation = yield from group_generation(group)
    return Claims(generation, {pid: known.get(pid, 0) for pid in sorted(mine)})


def heartbeat(members: Sequence[tuple[str, str]], now: int) -> Program[list[str]]:
    """Keep members alive and drop dead ones of their groups. Result: those that are members no longer.

    `members`: group and member name of each.
    """
    lost = []
    for group in sorted({group for group, _ in members}):
        yield from _living(group, now, [member for of, member in members if of == group])
    for group, member in members:
        matched: int = yield Execute(
            "UPDATE group_member SET expires_at=? WHERE consumer_group=? AND member=?",
            (now + SESSION_MICROS, group, member),
        )
        if matched == 0:
            lost.append(member)
    return lost


def leave(group: str, member: str) -> Program[None]:
    """Give up membership and claims."""
    yield from _remove(group, [member])


def group_generation(group: str) -> Program[int]:
    """Return the number that rises with each change of the group."""
    rows: list[Row] = yield Fetch("SELECT generation FROM consumer_group WHERE name=?", (group,))
    return rows[0][0] if rows else 0


def commit(group: str, member: str, offsets: Mapping[int, int]) -> Program[list[int]]:
    """Note offsets to go on from. Result: partitions that the member does not have any more."""
    keys = [(group, partition_id) for partition_id in offsets]
    rows: list[Row] = yield FetchKeys(
        "partition_claim", ("partition_id", "member"), ("consumer_group", "partition_id"), keys
    )
    mine = {partition_id for partition_id, holder in rows if holder == member}
    yield UpsertMany(
        "group_offset",
        ("consumer_group", "partition_id", "next_offset"),
        ("consumer_group", "partition_id"),
        ("next_offset",),
        [(group, partition_id, offset) for partition_id, offset in offsets.items() if partition_id in mine],
    )
    return sorted(set(offsets) - mine)


def groups() -> Program[list[str]]:
    """Return the names of the groups that have committed something or have members."""
    rows: list[Row] = yield Fetch(
        "SELECT consumer_group FROM group_offset UNION SELECT consumer_group FROM group_member ORDER BY 1"
    )
    return [name for (name,) in rows]


def offsets(group: str) -> Program[list[GroupOffset]]:
    """Return where a group stands in the topics that it has read or that its members want to read."""
    members: list[Row] = yield Fetch("SELECT topics FROM group_member WHERE consumer_group=?", (group,))
    wanted = {topic for (topics,) in members for topic in orjson.loads(topics)}
    rows: list[Row] = yield Fetch(
        "SELECT t.name, p.number, o.next_offset, p.first_offset, p.next_offset FROM topic_partition p "
        "JOIN topic t ON t.id=p.topic_id LEFT JOIN group_offset o ON o.partition_id=p.id AND o.consumer_group=? "
        "ORDER BY t.name, p.number",
        (group,),
    )
    wanted |= {row[0] for row in rows if row[2] is not None}
    return [GroupOffset(*row) for row in rows if row[0] in wanted]


def rewind(group: str, topic: Topic, target: RewindTarget, now: int) -> Program[bool]:
    """Set where a group goes on in a topic. False, and nothing is set, where it has living members."""
    members = yield from _living(group, now)
    if members:
        return False
    keys = [(partition_id,) for partition_id in topic.partition_ids]
    ends: list[Row] = yield FetchKeys("topic_partition", ("id", "first_offset", "next_offset"), ("id",), keys)
    bounds = {partition_id: (first, end) for partition_id, first, end in ends}
    wanted: dict[int, int] = {}
    for number, partition_id in enumerate(topic.partition_ids):
        if target.published_at_micros is not None:
            wanted[partition_id] = yield from first_published_at(partition_id, target.published_at_micros)
        elif target.offsets is not None and number in target.offsets:
            first, end = bounds[partition_id]
            wanted[partition_id] = min(max(target.offsets[number], first), end)
    yield UpsertMany(
        "group_offset",
        ("consumer_group", "partition_id", "next_offset"),
        ("consumer_group", "partition_id"),
        ("next_offset",),
        [(group, partition_id, offset) for partition_id, offset in wanted.items()],
    )
    return True


def _living(group: str, now: int, own: Sequence[str] = ()) -> Program[dict[str, list[str]]]:
    """Drop the dead members; return the others with their topics."""
    rows: list[Row] = yield Fetch(
        "SELECT member, topics, expires_at FROM group_member WHERE consumer_group=?", (group,)
    )
    members = {member: orjson.loads(topics) for member, topics, _ in rows}
    # A member that is late itself is alive, unless another one has dropped it already.
    dead = [
        member for member, _, expires_at in rows if member not in own and (expires_at <= now or is_surely_dead(member))
    ]
    if dead:
        yield from _remove(group, dead)
    return {member: topics for member, topics in members.items() if member not in dead}


def _remove(group: str, members: Sequence[str]) -> Program[None]:
    for member in members:
        yield Execute("DELETE FROM partition_claim WHERE consumer_group=? AND member=?", (group, member))
    yield DeleteMany("group_member", ("consumer_group", "member"), [(group, member) for member in members])
    yield from _next_generation(group)


def _next_generation(group: str) -> Program[None]:
    yield Execute(
        "INSERT INTO consumer_group (name, generation) VALUES (?, 1) "
        "ON CONFLICT (name) DO UPDATE SET generation=generation+1",
        (group,),
    )
