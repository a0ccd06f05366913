"""Pages of lists, each read from one index in its order, however many rows there are.

An index serves a list where it begins with the columns that the list is filtered by and goes on with those that
it is ordered by. An index for each choice of filters would cost every write dearly, so the more selective filter
leads and the others are checked row by row. The state stands between the two in most indexes: a list without a
state filter is the few lists with one, merged.

What is open to a call is a condition more. Rows that are open because the caller takes part in them are read from the
caller's own tasks and instances, which are few, and sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final

from history_svc.queries.involvement import in_instance, in_task, own_instances, own_tasks
from mesh.access.row_conditions import Condition, beside, row_condition
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row

TENANT: Final = "tenant_id"
KEY: Final = "process_definition_key"


@dataclass(slots=True, frozen=True)
class AccessPath:
    """An index to read a list by: the filters it begins with; `by_state` where the state follows them."""

    filters: frozenset[str]
    by_state: bool


def by_state(*filters: str) -> AccessPath:
    """Return the path of an index on the filters, the state and the order."""
    return AccessPath(frozenset(filters), by_state=True)


def in_order(*filters: str) -> AccessPath:
    """Return the path of an index on the filters and the order."""
    return AccessPath(frozenset(filters), by_state=False)


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


@dataclass(slots=True, frozen=True)
class Filters:
    """What a list is narrowed to.

    `equal` and `checked` hold only the filters that are set; an index may be chosen by the first, the second are
    looked at row by row, as are `unlike` (another value). `states` None means every state. `at_least` and `below`
    bound columns. `reverse` turns the order of the listing round.
    """

    equal: Mapping[str, Any]
    states: tuple[int, ...] | None = None
    at_least: Mapping[str, Any] = field(default_factory=dict)
    below: Mapping[str, Any] = field(default_factory=dict)
    checked: Mapping[str, Any] = field(default_factory=dict)
    unlike: Mapping[str, Any] = field(default_factory=dict)
    reverse: bool = False


@dataclass(slots=True, frozen=True)
class Page:
    """Rows in the columns of their listing, and the sort key that the next page goes on from."""

    rows: list[Row]
    next_key: tuple[Any, ...] | None


def read_page(
    listing: Listing, filters: Filters, opened: Rows, after: tuple[Any, ...] | None, size: int
) -> Program[Page]:
    """Read the rows behind the sort key `after` that are open to a call, at most `size` of them."""
    descending = listing.descending != filters.reverse
    found: dict[str, Row] = {}
    for part in [opened] if opened.unrestricted else opened.parts():
        for row in (yield from _read_part(listing, filters, part, after, size + 1, descending)):
            found[row[0]] = row
    key_of = _key_of(listing)
    rows = sorted(found.values(), key=key_of, reverse=descending)
    if len(rows) <= size:
        return Page(rows, None)
    del rows[size:]
    return Page(rows, key_of(rows[-1]))


def _read_part(
    listing: Listing, filters: Filters, opened: Rows, after: tuple[Any, ...] | None, limit: int, descending: bool
) -> Program[list[Row]]:
    """Read rows that are all open by themselves, or all by taking part."""
    source = listing.table
    conditions: list[str] = []
    parameters: list[Any] = []
    path = next(path for path in listing.paths if path.filters <= filters.equal.keys())
    if not opened.unrestricted:
        involved = _takes_part(listing, opened)
        if opened.only_involved and "process_instance_id" not in filters.equal:
            # The caller's own are few: they lead, and no index of a filter does.
            path, involved = in_order(), ("1=1", ())
            own, own_values = own_instances(opened) if listing.instance_id else own_tasks(opened)
            source = f"({own}) own CROSS JOIN {listing.table}"
            conditions.append(f"{listing.table}.{listing.instance_id or 'id'}=own_id")
            parameters += own_values
        else:
            filters = _within(filters, opened)
            path = next(path for path in listing.paths if path.filters <= filters.equal.keys())
        wall = row_condition(opened, beside(TENANT), beside(KEY), involved)
        if wall is not None:
            conditions.append(wall[0])
            parameters += wall[1]
    for column, value in filters.equal.items():
        conditions.append(f"{column}=?" if column in path.filters else _unindexed(column))
        parameters.append(value)
    for column, value in filters.at_least.items():
        conditions.append(f"{column}>=?")
        parameters.append(value)
    for column, value in filters.below.items():
        conditions.append(f"{column}<?")
        parameters.append(value)
    for column, value in filters.checked.items():
        conditions.append(_unindexed(column))
        parameters.append(value)
    for column, value in filters.unlike.items():
        conditions.append(f"{column}<>?")
        parameters.append(value)
    if after is not None:
        condition, values = _behind(listing.order, after, "<" if descending else ">")
        conditions.append(condition)
        parameters += values
    rows: list[Row] = []
    if path.by_state:
        for state in listing.states if filters.states is None else filters.states:
            by_state = [*conditions, f"{listing.state_column}=?"]
            rows += yield _select(listing, source, by_state, [*parameters, state], limit, descending)
    else:
        if filters.states is not None:
            conditions.append(f"({' OR '.join(_unindexed(listing.state_column) for _ in filters.states) or '0=1'})")
            parameters += filters.states
        rows += yield _select(listing, source, conditions, parameters, limit, descending)
    return rows


def read_row(listing: Listing, key: str, opened: Rows) -> Program[Row | None]:
    """Read the row with this id, None where there is none or it is closed to the call."""
    columns = ",".join(listing.columns)
    wall, values = row_condition(opened, TENANT, KEY, _takes_part(listing, opened)) or ("1=1", ())
    rows: list[Row] = yield Fetch(f"SELECT {columns} FROM {listing.table} WHERE id=? AND {wall}", (key, *values))
    return rows[0] if rows else None


def _takes_part(listing: Listing, opened: Rows) -> Condition:
    if not listing.instance_id:
        return in_task(opened)
    return in_instance(opened, f"{listing.table}.{listing.instance_id}")


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
    listing: Listing,
    source: str,
    conditions: Sequence[str],
    parameters: Sequence[Any],
    limit: int,
    descending: bool,
) -> Fetch:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    direction = " DESC" if descending else ""
    order = ",".join(f"{column}{direction}" for column in listing.order)
    sql = f"SELECT {','.join(listing.columns)} FROM {source}{where} ORDER BY {order} LIMIT ?"
    return Fetch(sql, (*parameters, limit))


def _unindexed(column: str) -> str:
    return f"{beside(column)}=?"


def _behind(columns: Sequence[str], key: Sequence[Any], than: str) -> tuple[str, list[Any]]:
    """Return the condition for rows behind a key. MariaDB reads no range of an index for `(a,b)<(?,?)`."""
    column, value = columns[0], key[0]
    if len(columns) == 1:
        return f"{column}{than}?", [value]
    rest, values = _behind(columns[1:], key[1:], than)
    return f"{column}{than}=? AND ({column}{than}? OR {rest})", [value, value, *values]


def _key_of(listing: Listing) -> Any:
    places = [listing.columns.index(column) for column in listing.order]
    if len(places) == 1:
        place = places[0]
        return lambda row: (row[place],)
    return itemgetter(*places)
