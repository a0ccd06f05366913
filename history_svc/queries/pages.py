"""Pages of lists, each read from one index in its order, however many rows there are.

An index serves a list where it begins with the columns that the list is filtered by and goes on with those that
it is ordered by. An index for each choice of filters would cost every write dearly, so the more selective filter
leads and the others are checked row by row. The state stands between the two in most indexes: a list without a
state filter is the few lists with one, merged.

Where filters that no index has let few rows pass, a page ends after so many rows were looked at: it is short, or empty,
and the next one goes on from there. What leads to few rows is gathered and sorted instead, by whatever is asked for.

What is open to a call is a condition more. Rows that are open because the caller takes part in them are read from the
caller's own tasks and instances, which are few, and sorted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from history_svc.queries.involvement import in_instance, in_task, own_instances, own_tasks
from history_svc.queries.leads import FEW, SORTABLE, Lead, lead_of, shortest
from history_svc.queries.sorting import Key, Sort, behind, by_column, comparable, key_of, order_by
from mesh.access.row_conditions import Condition, beside, row_condition
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row
from mesh.errors import WrongState

TENANT: Final = "tenant_id"
KEY: Final = "process_definition_key"

FIRST_WINDOW_ROWS: Final = 125
WINDOW_ROWS: Final = 2_000
"""So many rows of an index are looked at in one go where filters are checked row by row: the first ones show how long
that takes, which is much longer where rows come from the disk, and then ever more."""
LOOKING_SECONDS: Final = 0.03
"""After which time a page that is not full is answered as it is."""
COUNTED_ROWS: Final = 10_000
"""So many rows are looked at by a count that checks filters row by row."""

_NUMBERS: Final = frozenset(
    {"start_micros", "create_micros", "end_micros", "due_micros", "follow_up_micros", "sequence", "position"}
)


@dataclass(slots=True, frozen=True)
class AccessPath:
    """An index to read a list by: the filters it begins with; `by_state` where the state follows them."""

    filters: frozenset[str]
    by_state: bool
    index: str

    @property
    def hint(self) -> str:
        """What keeps MariaDB and MySQL from reading less of another index and sorting it; SQLite sees a comment."""
        return f" /*! FORCE INDEX ({self.index}) */" if self.index else ""


def by_state(*filters: str, index: str) -> AccessPath:
    """Return the path of an index on the filters, the state and the order."""
    return AccessPath(frozenset(filters), by_state=True, index=index)


def in_order(*filters: str, index: str) -> AccessPath:
    """Return the path of an index on the filters and the order."""
    return AccessPath(frozenset(filters), by_state=False, index=index)


_SELECT: Final = "SELECT /*! STRAIGHT_JOIN */"
"""Keeps MariaDB and MySQL from turning conditions into tables that they begin with; SQLite sees a comment."""
_NO_PATH: Final = AccessPath(frozenset(), by_state=False, index="")
"""Of rows that are not read in an order."""


@dataclass(slots=True, frozen=True)
class Listing:
    """A table as it is listed. `paths` go from the most selective to one that serves every list."""

    table: str
    columns: tuple[str, ...]
    """The first one is the id."""
    order: tuple[str, ...]
    descending: bool
    paths: tuple[AccessPath, ...]
    instance_id: str
    """Column with the id of the instance; empty where the rows are tasks, in which one takes part by themselves."""
    state_column: str = ""
    states: tuple[int, ...] = ()
    indexed: frozenset[str] = frozenset()
    """Columns with an index that leads to few rows, though not in the order of the list."""
    by_time: Mapping[str, str] = field(default_factory=dict)
    """Columns that may be missing, each with the index on the state and it."""
    task_id: str = ""
    """Column with the id of a task, for rows that may belong to a task without an instance."""

    def sorts(self, *, descending: bool) -> tuple[Sort, ...]:
        """Return the order of the list as sorts."""
        return tuple(
            by_column(self.columns, column, int if column in _NUMBERS else str).turned(descending=descending)
            for column in self.order
        )


@dataclass(slots=True, frozen=True)
class Filters:
    """What a list is narrowed to.

    `equal` and `checked` hold only the filters that are set; an index may be chosen by the first, the second are
    looked at row by row, as are `unlike` (another value) and `further`. `states` None means every state. `at_least` and
    `below` bound columns. `leads` are what may lead to the rows instead of an index in their order. `reverse` turns the
    order of the listing round; `order` is another one.
    """

    equal: Mapping[str, Any]
    states: tuple[int, ...] | None = None
    at_least: Mapping[str, Any] = field(default_factory=dict)
    below: Mapping[str, Any] = field(default_factory=dict)
    checked: Mapping[str, Any] = field(default_factory=dict)
    unlike: Mapping[str, Any] = field(default_factory=dict)
    further: tuple[Condition, ...] = ()
    leads: tuple[Lead, ...] = ()
    reverse: bool = False
    order: tuple[Sort, ...] = ()

    def sorts(self, listing: Listing) -> tuple[Sort, ...]:
        """Return what rows are sorted by; the last one tells all rows apart."""
        if not self.order:
            return listing.sorts(descending=listing.descending != self.reverse)
        last = by_column(listing.columns, listing.columns[0], str).turned(descending=self.order[-1].descending)
        return (*self.order, last)


@dataclass(slots=True, frozen=True)
class Page:
    """Rows in the columns of their listing, and the sort key that the next page goes on from.

    There may be fewer rows than were asked for, and none, while there is a next page.
    """

    rows: list[Row]
    next_key: Key | None


@dataclass(slots=True, frozen=True)
class Count:
    """How many rows there are; at least so many where not all were looked at."""

    rows: int
    complete: bool


def read_page(listing: Listing, filters: Filters, opened: Rows, after: Key | None, size: int) -> Program[Page]:
    """Read the rows behind the sort key `after` that are open to a call, at most `size` of them.

    Raises `WrongState` (HISTORY_QUERY_TOO_WIDE) where no index has the order, and too many rows would be sorted.
    """
    sorts = filters.sorts(listing)
    lead = yield from _lead(listing, filters, opened)
    horizon: Key | None = None
    if lead is not None:
        rows = yield from _gathered(listing, filters, opened, lead, sorts, after, size + 1)
    else:
        rows, horizon = yield from _in_order(listing, filters, opened, sorts, after, size + 1)
    if len(rows) > size:
        del rows[size:]
        return Page(rows, key_of(sorts, rows[-1]))
    return Page(rows, horizon)


def count_rows(listing: Listing, filters: Filters, opened: Rows, most: int) -> Program[Count]:
    """Count the rows that are open to a call, no further than `most`."""
    filters = replace(filters, order=())
    lead = yield from _lead(listing, filters, opened, counted=True)
    if lead is not None:
        source, conditions, parameters = _led(listing, filters, opened, lead)
        found = yield _counted(source, conditions, parameters, most + 1)
        return _count(found, most, looked_at_all=True)
    if not opened.unrestricted and not opened.only_involved:
        filters = _within(filters, opened)
    path = _path(listing, filters)
    indexed, checked = _conditions(listing, filters, path)
    if not path.by_state and filters.states is not None:
        checked.append(_in_states(listing, filters.states))
    if not opened.unrestricted:
        wall = row_condition(opened, beside(TENANT), beside(KEY), _takes_part(listing, opened))
        checked += [] if wall is None else [wall]
    total, looked_at_all = 0, True
    sorts = filters.sorts(listing)
    segments = _segments(listing, filters, path, sorts)
    source = f"{listing.table}{path.hint}"
    for segment in segments:
        narrowed = [*indexed, *segment.conditions]
        if checked:
            ends = yield _select(
                source, segment.columns, narrowed, segment, 1, max(0, COUNTED_ROWS // len(segments) - 1)
            )
            if ends:
                looked_at_all = False
                narrowed.append(_until(segment.columns, ends[0], segment.descending))
        conditions, parameters = _joined([*narrowed, *checked])
        found = yield _counted(source, conditions, parameters, most + 1 - total)
        total += found[0][0] if found else 0
        if total > most:
            break
    return Count(min(total, most), looked_at_all and total <= most)


def _count(found: list[Row], most: int, *, looked_at_all: bool) -> Count:
    total = found[0][0] if found else 0
    return Count(min(total, most), looked_at_all and total <= most)


def _counted(source: str, conditions: str, parameters: Sequence[Any], limit: int) -> Fetch:
    sql = f"SELECT COUNT(*) FROM ({_SELECT} 1 FROM {source}{conditions} LIMIT ?) some"
    return Fetch(sql, (*parameters, limit))


def read_row(listing: Listing, key: str, opened: Rows, among: Mapping[str, Any] | None = None) -> Program[Row | None]:
    """Read the row with this id, None where there is none or it is closed to the call.

    `among` are columns that the primary key has before the id.
    """
    columns = ",".join(listing.columns)
    wall, values = row_condition(opened, TENANT, KEY, _takes_part(listing, opened)) or ("1=1", ())
    before = "".join(f"{column}=? AND " for column in among or ())
    sql = f"SELECT {columns} FROM {listing.table} WHERE {before}{listing.columns[0]}=? AND {wall}"
    rows: list[Row] = yield Fetch(sql, (*(among or {}).values(), key, *values))
    return rows[0] if rows else None


def _lead(listing: Listing, filters: Filters, opened: Rows, *, counted: bool = False) -> Program[Lead | None]:
    """Return what leads to few enough rows, None where they are better read in their order.

    `counted` where rows are counted, which are not read from the caller's own otherwise.
    """
    leads = list(filters.leads)
    leads += [
        # SQLite uses an index of some rows only where the query says that it wants no others.
        lead_of(listing.table, f"{column}=? AND {column}<>''", (value,))
        for column, value in filters.equal.items()
        if column in listing.indexed and value
    ]
    readable = not filters.order or (len(filters.order) == 1 and filters.order[0].expression in listing.by_time)
    if filters.order:
        leads += [
            Lead(f"SELECT id AS own_id FROM {listing.table} WHERE {column}=?", (value,))
            for column, value in filters.equal.items()
            if any(path.filters == {column} for path in listing.paths)
        ]
    if (filters.order or counted) and not opened.unrestricted and opened.only_involved:
        query, values = own_instances(opened) if listing.instance_id else own_tasks(opened)
        leads.append(Lead(query, values, listing.instance_id or "id"))
    found = (yield from shortest(leads, FEW if readable else SORTABLE)) if leads else None
    if found is None and not readable:
        raise WrongState(
            "HISTORY_QUERY_TOO_WIDE",
            f"More than {SORTABLE:,} records would be sorted: narrow the query by an instance, a business key, a user, "
            "a variable's value or what else is rare, or leave the order as it is.",
            metadata={"limit": str(SORTABLE)},
        )
    return found


def _led(listing: Listing, filters: Filters, opened: Rows, lead: Lead) -> tuple[str, str, list[Any]]:
    """Return source, conditions and parameters of the rows that a lead leads to."""
    table = listing.table
    source = f"(SELECT DISTINCT own_id FROM ({lead.query}) led) own CROSS JOIN {table}"
    conditions: list[Condition] = [(f"{table}.{lead.column}=own_id", ())]
    _, checked = _conditions(listing, filters, _NO_PATH, every_column=True)
    checked = [condition for condition in checked if condition != lead.implies]
    if filters.states is not None:
        checked.append(_in_states(listing, filters.states))
    wall = row_condition(opened, beside(TENANT), beside(KEY), _takes_part(listing, opened))
    if wall is not None:
        checked.append(wall)
    sql, values = _joined([*conditions, *checked])
    return source, sql, [*lead.parameters, *values]


def _gathered(
    listing: Listing,
    filters: Filters,
    opened: Rows,
    lead: Lead,
    sorts: Sequence[Sort],
    after: Key | None,
    limit: int,
) -> Program[list[Row]]:
    source, where, parameters = _led(listing, filters, opened, lead)
    if after is not None:
        condition, values = behind(sorts, after)
        where, parameters = f"{where} AND {condition}", [*parameters, *values]
    columns = ",".join(f"{listing.table}.{column}" for column in listing.columns)
    sql = f"{_SELECT} {columns} FROM {source}{where} ORDER BY {order_by(sorts)} LIMIT ?"
    rows: list[Row] = yield Fetch(sql, (*parameters, limit))
    return rows


def _in_order(
    listing: Listing, filters: Filters, opened: Rows, sorts: Sequence[Sort], after: Key | None, limit: int
) -> Program[tuple[list[Row], Key | None]]:
    """Read rows in the order of an index; and the key up to which all were looked at, None where all were."""
    descending = sorts[0].descending
    found: dict[str, Row] = {}
    horizons: list[Key] = []
    parts = [opened] if opened.unrestricted else opened.parts()
    deadline = time.monotonic() + LOOKING_SECONDS
    for part in parts:
        rows, ends = yield from _read_part(listing, filters, part, sorts, after, limit, deadline)
        found.update((row[0], row) for row in rows)
        horizons += ends
    ordered = sorted(
        ((comparable(key_of(sorts, row)), row) for row in found.values()), key=lambda pair: pair[0], reverse=descending
    )
    if not horizons:
        return [row for _, row in ordered], None
    nearest = (max if descending else min)(horizons, key=comparable)
    bound = comparable(nearest)
    return [row for key, row in ordered if (key >= bound if descending else key <= bound)], nearest


@dataclass(slots=True, frozen=True)
class _Segment:
    """A part of a list that one index has in its order: of one state, with or without the time that it is ordered by.

    `missing` is None where the order has no column that may be missing.
    """

    conditions: tuple[Condition, ...]
    columns: tuple[str, ...]
    descending: bool
    missing: bool | None = None

    def key(self, row: Row) -> Key:
        """Return the sort key of a row in the segment's columns."""
        return (None, *row) if self.missing else tuple(row)

    def after(self, key: Key | None) -> tuple[bool, Key | None]:
        """Tell whether rows of the segment come behind a key, and from where on in its columns."""
        if key is None:
            return True, None
        if self.missing is None:
            return True, key
        if (key[0] is None) == self.missing:
            return True, key[1:] if self.missing else key
        # Without the time is last, and first where the order is turned round.
        return self.missing != self.descending, None


def _segments(listing: Listing, filters: Filters, path: AccessPath, sorts: Sequence[Sort]) -> list[_Segment]:
    columns = tuple(sort.expression for sort in sorts)
    descending = sorts[0].descending
    by_states: list[tuple[Condition, ...]] = [()]
    if path.by_state:
        states = listing.states if filters.states is None else filters.states
        by_states = [((f"{listing.state_column}=?", (state,)),) for state in states]
    if not sorts[0].nullable:
        return [_Segment(conditions, columns, descending) for conditions in by_states]
    time_column = columns[0]
    segments: list[_Segment] = []
    for conditions in by_states:
        known: Condition = (f"{time_column} IS NOT NULL", ())
        segments.append(_Segment((*conditions, known), columns, descending, missing=False))
        if time_column not in filters.at_least and time_column not in filters.below:
            unknown: Condition = (f"{time_column} IS NULL", ())
            segments.append(_Segment((*conditions, unknown), columns[1:], descending, missing=True))
    return segments


def _read_part(
    listing: Listing,
    filters: Filters,
    opened: Rows,
    sorts: Sequence[Sort],
    after: Key | None,
    limit: int,
    deadline: float,
) -> Program[tuple[list[Row], list[Key]]]:
    """Read rows that are all open by themselves, or all by taking part, and the keys up to which this was done."""
    source = listing.table
    path = _path(listing, filters)
    indexed: list[Condition] = []
    walls: list[Condition] = []
    few = False
    if not opened.unrestricted:
        involved = _takes_part(listing, opened)
        if opened.only_involved and "process_instance_id" not in filters.equal:
            # The caller's own are few: they lead, and no index of a filter does.
            path, involved, few = _NO_PATH, ("1=1", ()), True
            own, own_values = own_instances(opened) if listing.instance_id else own_tasks(opened)
            source = f"({own}) own CROSS JOIN {listing.table}"
            walls.append((f"{listing.table}.{listing.instance_id or 'id'}=own_id", ()))
            own_parameters = list(own_values)
        else:
            filters = _within(filters, opened)
            path = _path(listing, filters)
        wall = row_condition(opened, beside(TENANT), beside(KEY), involved)
        if wall is not None:
            walls.append(wall)
    if few:
        _, checked = _conditions(listing, filters, path, every_column=True)
        if filters.states is not None:
            checked.append(_in_states(listing, filters.states))
        if after is not None:
            checked.append(behind(sorts, after))
        where, parameters = _joined([*walls, *checked])
        columns = ",".join(f"{listing.table}.{column}" for column in listing.columns)
        sql = f"{_SELECT} {columns} FROM {source}{where} ORDER BY {order_by(sorts)} LIMIT ?"
        found: list[Row] = yield Fetch(sql, (*own_parameters, *parameters, limit))
        return found, []
    indexed, checked = _conditions(listing, filters, path)
    checked += walls
    if not path.by_state and filters.states is not None:
        checked.append(_in_states(listing, filters.states))
    rows: list[Row] = []
    horizons: list[Key] = []
    segments = _segments(listing, filters, path, sorts)
    for place, segment in enumerate(segments):
        reached, start = segment.after(after)
        if not reached:
            continue
        share = (deadline - time.monotonic()) / (len(segments) - place)
        segment_rows, end = yield from _read_segment(
            listing, path, segment, indexed, checked, start, limit, time.monotonic() + share
        )
        rows += segment_rows
        horizons += [] if end is None else [end]
    return rows, horizons


def _read_segment(
    listing: Listing,
    path: AccessPath,
    segment: _Segment,
    indexed: Sequence[Condition],
    checked: Sequence[Condition],
    after: Key | None,
    limit: int,
    deadline: float,
) -> Program[tuple[list[Row], Key | None]]:
    """Read a segment window by window, until there are enough rows, or no more, or the time is over."""
    rows: list[Row] = []
    source = f"{listing.table}{path.hint}"
    window = min(FIRST_WINDOW_ROWS, WINDOW_ROWS)
    while True:
        narrowed = [*indexed, *segment.conditions]
        if after is not None:
            narrowed.append(_behind(segment.columns, after, segment.descending))
        end: Row | None = None
        if checked:
            ends = yield _select(source, segment.columns, narrowed, segment, 1, window - 1)
            if ends:
                end = ends[0]
                narrowed.append(_until(segment.columns, end, segment.descending))
        rows += yield _select(source, listing.columns, [*narrowed, *checked], segment, limit - len(rows))
        if end is None or len(rows) >= limit:
            return rows, None
        if time.monotonic() >= deadline:
            return rows, segment.key(end)
        after = tuple(end)
        window = min(2 * window, WINDOW_ROWS)


def _path(listing: Listing, filters: Filters) -> AccessPath:
    """Return the index to read the list by."""
    if filters.order:
        # Only the state leads to an order by time.
        return by_state(index=listing.by_time[filters.order[0].expression])
    return next(path for path in listing.paths if path.filters <= filters.equal.keys())


def _conditions(
    listing: Listing, filters: Filters, path: AccessPath, *, every_column: bool = False
) -> tuple[list[Condition], list[Condition]]:
    """Return the conditions by which an index is read, and those that are looked at row by row.

    `every_column` where no order of an index is read: all are of the second kind.
    """
    indexed: list[Condition] = []
    checked: list[Condition] = []
    first = "" if every_column else filters.order[0].expression if filters.order else listing.order[0]
    for column, value in filters.equal.items():
        if column in path.filters:
            indexed.append((f"{column}=?", (value,)))
        else:
            checked.append((_unindexed(column), (value,)))
    for bounds, than in ((filters.at_least, ">="), (filters.below, "<")):
        for column, value in bounds.items():
            if column == first:
                indexed.append((f"{column}{than}?", (value,)))
            else:
                checked.append((f"{beside(column)}{than}?", (value,)))
    checked += [(_unindexed(column), (value,)) for column, value in filters.checked.items()]
    checked += [(f"{column}<>?", (value,)) for column, value in filters.unlike.items()]
    checked += filters.further
    return indexed, checked


def _in_states(listing: Listing, states: Sequence[int]) -> Condition:
    alternatives = " OR ".join(_unindexed(listing.state_column) for _ in states)
    return f"({alternatives or '0=1'})", tuple(states)


def _takes_part(listing: Listing, opened: Rows) -> Condition:
    if not listing.instance_id:
        return in_task(opened)
    sql, values = in_instance(opened, f"{listing.table}.{listing.instance_id}")
    if listing.task_id and opened.user_id:
        task, task_values = in_task(opened)
        sql = f"({sql} OR EXISTS(SELECT 1 FROM history_task s WHERE s.id={listing.table}.{listing.task_id} AND {task}))"
        values = (*values, *task_values)
    return sql, values


def _within(filters: Filters, opened: Rows) -> Filters:
    """Add what all open rows have in common, so that an index can be chosen by it."""
    if len(opened.grants) > 1:
        return filters
    (grant,) = opened.grants
    common: dict[str, Any] = {}
    if grant.tenants is not None and len(grant.tenants) == 1:
        (common[TENANT],) = grant.tenants
    if grant.keys is not None and len(grant.keys) == 1 and not grant.keys[0].endswith("*"):
        (common[KEY],) = grant.keys
    # What the caller asks for counts, and where it is something else, the wall lets nothing pass.
    return replace(filters, equal={**common, **filters.equal})


def _select(
    source: str,
    columns: Sequence[str],
    conditions: Sequence[Condition],
    segment: _Segment,
    limit: int,
    offset: int = 0,
) -> Fetch:
    where, parameters = _joined(conditions)
    direction = " DESC" if segment.descending else ""
    order = ",".join(f"{column}{direction}" for column in segment.columns)
    skip = f" OFFSET {offset}" if offset else ""
    return Fetch(
        f"{_SELECT} {','.join(columns)} FROM {source}{where} ORDER BY {order} LIMIT ?{skip}", (*parameters, limit)
    )


def _joined(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    where = f" WHERE {' AND '.join(sql for sql, _ in conditions)}" if conditions else ""
    return where, [value for _, values in conditions for value in values]


def _unindexed(column: str) -> str:
    return f"{beside(column)}=?"


def _behind(columns: Sequence[str], key: Key, descending: bool) -> Condition:
    """Return the condition for rows behind a key. MariaDB reads no range of an index for `(a,b)<(?,?)`."""
    than = "<" if descending else ">"
    column, value = columns[0], key[0]
    if len(columns) == 1:
        return f"{column}{than}?", (value,)
    rest, values = _behind(columns[1:], key[1:], descending)
    return f"{column}{than}=? AND ({column}{than}? OR {rest})", (value, value, *values)


def _until(columns: Sequence[str], key: Key, descending: bool) -> Condition:
    """Return the condition for rows up to a key, that with the key as well."""
    than = ">" if descending else "<"
    column, value = columns[0], key[0]
    if len(columns) == 1:
        return f"{column}{than}=?", (value,)
    rest, values = _until(columns[1:], key[1:], descending)
    return f"{column}{than}=? AND ({column}{than}? OR {rest})", (value, value, *values)
