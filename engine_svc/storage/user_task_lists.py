"""Lists of open user tasks.

A todo list reads no more rows than it shows, however many tasks there are: for each way by which a task may be the
user's, the first rows in the list's order are taken from an index, and then the first of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine_svc.storage.commit import TASK_KEY, USER_TASK_COLUMNS
from engine_svc.storage.involvement import in_task
from engine_svc.storage.user_tasks import CANDIDATE_GROUP, CANDIDATE_USER
from mesh.access.row_conditions import Condition, beside, row_condition
from mesh.access.rows import ALL_ROWS, Rows
from mesh.db.statements import Fetch, FetchKeys, Program, Row

NAME_ORDER_CHARACTERS: Final = 64
"""So many characters of a name order a list: a page token holds them."""

ORDERS: Final = {
    "create_time": "t.created_at",
    "due_time": "t.due_at",
    "priority": "t.priority",
    "name": f"SUBSTR(t.name,1,{NAME_ORDER_CHARACTERS})",
}
"""What a list may be ordered by, and the SQL for it."""

STAMP_COLUMNS: Final = (*TASK_KEY, "revision", "suspended", "definition_id", "element_id")
"""What tells one state of a task's row from every other. Whatever changes a column that is not among them gives the
row the revision of its instance's commit."""

_STAMP_PLACES: Final = tuple(map(USER_TASK_COLUMNS.index, STAMP_COLUMNS))
_KEY: Final = ("t.instance_id", "t.task_key")
_JOINED: Final = "t.instance_id=c.instance_id AND t.task_key=c.task_key"
_NO_TIME: Final = "(t.due_at=0)"


@dataclass(slots=True, frozen=True)
class UserTaskFilter:
    """What to list; empty values do not filter. Times in microseconds, lower bounds included, upper ones not.

    One at most of `candidate_user` with `candidate_groups`, `assignee_or_candidate` and `involved_user` may be given;
    `assignee_or_candidate` takes the groups as well.
    """

    assignee: str = ""
    candidate_user: str = ""
    candidate_groups: tuple[str, ...] = ()
    assignee_or_candidate: str = ""
    involved_user: str = ""
    unassigned: bool = False
    owner: str = ""
    name: str = ""
    name_contains: str = ""
    instance_id: str = ""
    definition_id: str = ""
    definition_key: str = ""
    business_key: str = ""
    element_id: str = ""
    tenant_id: str = ""
    category: str = ""
    delegation_state: int = 0
    parent: tuple[str, int] | None = None
    due: tuple[int, int] = (0, 0)
    """From and until."""
    follow_up: tuple[int, int] = (0, 0)
    created: tuple[int, int] = (0, 0)
    priority_min: int | None = None
    priority_max: int | None = None


@dataclass(slots=True, frozen=True)
class Order:
    """One part of a list's order: a name of `ORDERS`.

    `all_have_it`: no task without a due time passes the filter, so that an index can give the order.
    """

    name: str
    descending: bool = False
    all_have_it: bool = False

    @property
    def empty_last(self) -> bool:
        """Whether tasks without a value come last."""
        return self.name == "due_time" and not self.all_have_it


OLDEST_FIRST: Final = (Order("create_time"),)


def list_user_tasks(
    wanted: UserTaskFilter, opened: Rows, order: Sequence[Order], after: Sequence[Any] | None, limit: int
) -> Program[list[Row]]:
    """Read tasks that are open to a call, in the order of `USER_TASK_COLUMNS`.

    `after`: the sort key of the last row before, see `sort_key`.
    """
    return _list(USER_TASK_COLUMNS, wanted, opened, order, after, limit)


def list_stamps(
    wanted: UserTaskFilter, opened: Rows, order: Sequence[Order], after: Sequence[Any] | None, limit: int
) -> Program[list[Row]]:
    """Read the same as `list_user_tasks`, of each task only its `STAMP_COLUMNS`."""
    return _list(STAMP_COLUMNS, wanted, opened, order, after, limit)


def read_stamped(stamps: Sequence[Row]) -> Program[list[Row] | None]:
    """Read the tasks of stamps in their order, as `USER_TASK_COLUMNS`; None where one is not what it was."""
    rows: list[Row] = yield FetchKeys("user_task", USER_TASK_COLUMNS, TASK_KEY, [stamp[:2] for stamp in stamps])
    found = {row[:2]: row for row in rows}
    tasks = [found.get(stamp[:2]) for stamp in stamps]
    same = [task for task, stamp in zip(tasks, stamps, strict=True) if task is not None and stamp_of(task) == stamp]
    return same if len(same) == len(stamps) else None


def stamp_of(row: Row) -> Row:
    """Return the stamp of a row in the order of `USER_TASK_COLUMNS`."""
    return tuple(row[place] for place in _STAMP_PLACES)


def _list(
    wanted_columns: Sequence[str],
    wanted: UserTaskFilter,
    opened: Rows,
    order: Sequence[Order],
    after: Sequence[Any] | None,
    limit: int,
) -> Program[list[Row]]:
    columns = _sort_columns(order)
    tail = f"ORDER BY {','.join(f'{column}{direction}' for column, direction in columns)} LIMIT {int(limit)}"
    conditions = _conditions(wanted, opened)
    if after is not None:
        conditions = [*conditions, *_behind(columns, after)]
    selected = ",".join(f"t.{column}" for column in wanted_columns)
    ways = _ways(wanted, opened)
    if not ways:
        where, parameters = _where(conditions)
        rows: list[Row] = yield Fetch(f"SELECT {selected} FROM user_task t{where} {tail}", parameters)
        return rows
    keys, parameters = _union(ways, conditions, tail, order)
    rows = yield Fetch(f"SELECT {selected} FROM ({keys}) c CROSS JOIN user_task t ON {_JOINED} {tail}", parameters)
    return rows


def count_user_tasks(wanted: UserTaskFilter, opened: Rows) -> Program[int]:
    """Count the tasks that pass a filter and are open to a call."""
    ways = _ways(wanted, opened)
    if ways:
        keys, parameters = _union(ways, _conditions(wanted, opened), "", ())
        rows: list[Row] = yield Fetch(f"SELECT COUNT(*) FROM ({keys}) c", parameters)
    else:
        where, parameters = _where(_conditions(wanted, opened))
        rows = yield Fetch(f"SELECT COUNT(*) FROM user_task t{where}", parameters)
    count: int = rows[0][0]
    return count


def sort_key(row: Row, order: Sequence[Order]) -> list[Any]:
    """Return the sort key of a row in the order of `USER_TASK_COLUMNS`."""
    values = dict(zip(USER_TASK_COLUMNS, row, strict=True))
    key: list[Any] = []
    for part in order:
        match part.name:
            case "create_time":
                key.append(values["created_at"])
            case "due_time":
                key += [int(values["due_at"] == 0)] * part.empty_last + [values["due_at"]]
            case "priority":
                key.append(values["priority"])
            case _:
                key.append(values["name"][:NAME_ORDER_CHARACTERS])
    return [*key, values["instance_id"], values["task_key"]]


def sort_kinds(order: Sequence[Order]) -> list[type[str] | type[int]]:
    """Return the types of a sort key's parts."""
    kinds: list[type[str] | type[int]] = []
    for part in order:
        kinds += [int] * part.empty_last + [str if part.name == "name" else int]
    return [*kinds, str, int]


def _sort_columns(order: Sequence[Order]) -> list[tuple[str, str]]:
    columns = []
    for part in order:
        if part.empty_last:
            columns.append((_NO_TIME, ""))
        columns.append((ORDERS[part.name], " DESC" if part.descending else ""))
    # Where all parts run down, the key does too: then an index serves the list backwards.
    direction = " DESC" if all(part.descending for part in order) else ""
    return [*columns, *((column, direction) for column in _KEY)]


def _conditions(wanted: UserTaskFilter, opened: Rows) -> list[Condition]:
    tenant, key = "t.tenant_id", "t.definition_key"
    if _is_narrow(wanted, opened):
        # Few tasks are left without the wall; those of a tenant may be many.
        tenant, key = beside(tenant), beside(key)
    wall = row_condition(opened, tenant, key, in_task(opened))
    conditions: list[Condition] = [] if wall is None else [wall]
    conditions += [
        (f"t.{column}=?", (value,))
        for column, value in (
            ("assignee", wanted.assignee),
            ("owner", wanted.owner),
            ("name", wanted.name),
            ("instance_id", wanted.instance_id),
            ("definition_id", wanted.definition_id),
            ("definition_key", wanted.definition_key),
            ("element_id", wanted.element_id),
            ("tenant_id", wanted.tenant_id),
            ("category", wanted.category),
            ("delegation_state", wanted.delegation_state),
        )
        if value
    ]
    if wanted.owner:
        # SQLite uses an index of some rows only where the query says that it wants no others.
        conditions.append(("t.owner<>''", ()))
    if wanted.unassigned:
        conditions.append(("t.assignee=''", ()))
    if wanted.name_contains:
        conditions.append(("INSTR(t.name,?)>0", (wanted.name_contains,)))
    if wanted.business_key:
        ids = "SELECT p.id FROM process_instance p WHERE p.business_key=?"
        conditions.append((f"t.instance_id IN ({ids})", (wanted.business_key,)))
    if wanted.parent is not None:
        conditions.append(("t.instance_id=? AND t.parent_key=?", wanted.parent))
    for column, (start, end) in (
        ("due_at", wanted.due),
        ("follow_up_at", wanted.follow_up),
        ("created_at", wanted.created),
    ):
        if start:
            conditions.append((f"t.{column}>=?", (start,)))
        if end:
            conditions.append((f"t.{column}<?", (end,)))
        if start or end:
            conditions.append((f"t.{column}>0", ()))
    if wanted.priority_min is not None:
        conditions.append(("t.priority>=?", (wanted.priority_min,)))
    if wanted.priority_max is not None:
        conditions.append(("t.priority<=?", (wanted.priority_max,)))
    return conditions


def _ways(wanted: UserTaskFilter, opened: Rows) -> list[tuple[bool, Condition]]:
    """The ways by which a task may be a user's: whether as a candidate, and the condition for it."""
    if not _is_narrow(wanted) and opened.only_involved and opened.user_id:
        # The caller's own tasks are all that is open: they are found as those of a user who is asked for.
        wanted = UserTaskFilter(involved_user=opened.user_id, candidate_groups=tuple(sorted(opened.group_ids)))
    ways: list[tuple[bool, Condition]] = []
    user = wanted.candidate_user
    if wanted.assignee_or_candidate:
        user = wanted.assignee_or_candidate
        ways.append((False, ("t.assignee=?", (user,))))
    # A claimed task is nobody's candidate any more, but still involves its candidates.
    candidate = "c.kind=? AND c.candidate=?" + ("" if wanted.involved_user else " AND t.assignee=''")
    if wanted.involved_user:
        user = wanted.involved_user
        ways += [
            (False, ("t.assignee=?", (user,))),
            (False, ("t.owner=? AND t.owner<>''", (user,))),
        ]
    if user:
        ways.append((True, (candidate, (CANDIDATE_USER, user))))
    ways += [(True, (candidate, (CANDIDATE_GROUP, group))) for group in wanted.candidate_groups]
    return ways


def _is_narrow(wanted: UserTaskFilter, opened: Rows = ALL_ROWS) -> bool:
    """Whether a list is led by something that few tasks have: a person, an instance, or the caller's taking part."""
    return opened.only_involved or bool(
        wanted.assignee
        or wanted.owner
        or wanted.candidate_user
        or wanted.candidate_groups
        or wanted.assignee_or_candidate
        or wanted.involved_user
        or wanted.instance_id
        or wanted.business_key
        or wanted.parent
    )


def _union(
    ways: list[tuple[bool, Condition]], conditions: list[Condition], tail: str, order: Sequence[Order]
) -> tuple[str, list[Any]]:
    """The keys of the tasks that are found by any of the ways, each once: of each way as many as the list needs."""
    selects = []
    parameters: list[Any] = []
    for number, (as_candidate, way) in enumerate(ways):
        where, values = _where([way, *conditions])
        parameters += values
        source = "user_task t"
        if as_candidate:
            source = f"user_task_candidate c CROSS JOIN user_task t ON {_JOINED}"
            if order and order[0].name == "create_time":
                # The same columns of the other table: there they are part of the index that finds the candidate.
                where, tail_of_way = _of_candidate(where), _of_candidate(tail)
            else:
                tail_of_way = tail
        else:
            tail_of_way = tail
        selects.append(f"SELECT * FROM (SELECT t.instance_id,t.task_key FROM {source}{where} {tail_of_way}) w{number}")
    return " UNION ".join(selects), parameters


def _of_candidate(sql: str) -> str:
    for column in ("created_at", "instance_id", "task_key"):
        sql = sql.replace(f"t.{column}", f"c.{column}")
    return sql


def _where(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    parameters = [value for _, values in conditions for value in values]
    return (f" WHERE {' AND '.join(sql for sql, _ in conditions)}" if conditions else ""), parameters


def _behind(columns: Sequence[tuple[str, str]], after: Sequence[Any]) -> list[Condition]:
    column, direction = columns[0]
    # A plain bound on the first column lets every database use the index; comparing whole rows does not.
    bound = (f"{column}{'<' if direction else '>'}=?", (after[0],))
    return [bound, _strictly_behind(columns, after)]


def _strictly_behind(columns: Sequence[tuple[str, str]], after: Sequence[Any]) -> Condition:
    (column, direction), value = columns[0], after[0]
    comparison = f"{column}{'<' if direction else '>'}?"
    if len(columns) == 1:
        return comparison, (value,)
    rest, parameters = _strictly_behind(columns[1:], after[1:])
    return f"({comparison} OR ({column}=? AND {rest}))", (value, value, *parameters)
