"""What a filter asks for, as conditions that are all met, or as alternatives.

Each thing that is asked for is a condition to be looked at row by row. Where an index can be chosen by it, or leads to
few rows, it says so as well; among alternatives that does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.queries.dialect import Dialect, literal_prefix
from history_svc.queries.leads import Lead, lead_of
from history_svc.queries.pages import Filters, Listing
from history_svc.queries.sorting import Sort
from mesh.access.row_conditions import NOTHING, Condition, beside

LISTED_VALUES: Final = 500
"""From 1,000 values on MariaDB turns a list into a table that it joins."""
_LAST: Final = "\U0010ffff"


@dataclass(slots=True, frozen=True)
class _Asked:
    condition: Condition
    equal: tuple[str, Any] | None = None
    at_least: tuple[str, Any] | None = None
    below: tuple[str, Any] | None = None
    states: tuple[int, ...] | None = None
    lead: Lead | None = None


class Narrowing:
    """Collects what one filter asks for of the rows of a listing."""

    def __init__(self, listing: Listing, dialect: Dialect) -> None:
        self.listing = listing
        self.dialect = dialect
        self._asked: list[_Asked] = []
        self._implied: list[_Asked] = []
        self._leads: list[Lead] = []

    def one_of(self, column: str, values: Iterable[Any], *, leads: bool = False, unique: bool = False) -> None:
        """Ask for one of some values, if there are any; `leads` where an index begins with the column."""
        wanted = tuple(dict.fromkeys(values))
        if not wanted:
            return
        sql, parameters = one_of(beside(column), wanted)
        equal = (column, wanted[0]) if len(wanted) == 1 and not unique else None
        lead = None
        if leads and equal is None:
            plain, _ = one_of(column, wanted)
            if column in self.listing.indexed:
                plain = f"{plain} AND {column}<>''"
            if column not in self.listing.indexed or "" not in wanted:
                lead = lead_of(self.listing.table, plain, wanted, len(wanted) if unique else None)
        self._asked.append(_Asked((sql, parameters), equal=equal, lead=lead))

    def none_of(self, column: str, values: Iterable[Any]) -> None:
        """Ask for none of some values."""
        wanted = tuple(dict.fromkeys(values))
        if wanted:
            sql, parameters = one_of(beside(column), wanted)
            self._asked.append(_Asked((f"NOT {sql}", parameters)))

    def like(self, column: str, pattern: str, *, leads: bool = False) -> None:
        """Ask for what looks like a pattern, if there is one."""
        if not pattern:
            return
        prefix = literal_prefix(pattern)
        lead = None
        if leads and prefix:
            lead = lead_of(self.listing.table, f"{column}>=? AND {column}<? AND {column}<>''", (prefix, prefix + _LAST))
        self._asked.append(_Asked(self.dialect.like(beside(column), pattern), lead=lead))

    def set(self, column: str, wanted: bool | None) -> None:
        """Ask for a text that is not empty, or for one that is."""
        if wanted is not None:
            self._asked.append(_Asked((f"{beside(column)}{'<>' if wanted else '='}''", ())))

    def known(self, column: str, wanted: bool | None) -> None:
        """Ask for a value that is there, or for none."""
        if wanted is not None:
            self._asked.append(_Asked((f"{beside(column)} IS {'NOT ' if wanted else ''}NULL", ())))

    def between(
        self, column: str, first: int | None, end: int | None, *, leads_in: Sequence[int] | None = None
    ) -> None:
        """Ask for values from `first` on, and for such before `end`.

        `leads_in` are the states whose index has the column behind them.
        """
        lead = None
        if leads_in and (first is not None or end is not None):
            bounds = [(f"{column}>=?", first), (f"{column}<?", end)]
            conditions = [sql for sql, value in bounds if value is not None]
            states = ",".join(str(state) for state in leads_in)
            sql = f"{self.listing.state_column} IN ({states}) AND {' AND '.join(conditions)}"
            lead = lead_of(self.listing.table, sql, [value for _, value in bounds if value is not None])
        if first is not None:
            self._asked.append(_Asked((f"{beside(column)}>=?", (first,)), at_least=(column, first), lead=lead))
            lead = None
        if end is not None:
            self._asked.append(_Asked((f"{beside(column)}<?", (end,)), below=(column, end), lead=lead))

    def lasting(self, start: str, end: str, shortest: int | None, longest: int | None) -> None:
        """Ask for what took as long as `shortest`, or less than `longest`."""
        if shortest is not None:
            self._asked.append(_Asked((f"({end}-{start})>=?", (shortest,))))
        if longest is not None:
            self._asked.append(_Asked((f"({end}-{start})<?", (longest,))))

    def in_states(self, states: Iterable[int]) -> None:
        """Ask for one of some states, if there are any."""
        wanted = tuple(dict.fromkeys(states))
        if wanted:
            self._asked.append(_Asked(one_of(beside(self.listing.state_column), wanted), states=wanted))

    def finished(self, wanted: bool | None, live: tuple[int, ...], ended: tuple[int, ...]) -> None:
        """Ask for what has ended, or for what has not."""
        if wanted is not None:
            self.in_states(ended if wanted else live)

    def ask(self, condition: Condition, lead: Lead | None = None) -> None:
        """Ask for what meets a condition that no index of the listing is chosen by."""
        self._asked.append(_Asked(condition, lead=lead))

    def implied(self, column: str, value: Any) -> None:
        """Say what all that is asked for has in a column, so that an index can be chosen by it."""
        self._implied.append(_Asked((f"{beside(column)}=?", (value,)), equal=(column, value)))

    def led_by(self, lead: Lead) -> None:
        """Say what leads to all that is asked for, and to more."""
        self._leads.append(lead)

    def all_of(self, *, further: Sequence[Condition] = (), reverse: bool = False, order: tuple[Sort, ...]) -> Filters:
        """Return the filters for rows that meet everything, and `further` conditions."""
        equal: dict[str, Any] = {}
        at_least: dict[str, Any] = {}
        below: dict[str, Any] = {}
        states: tuple[int, ...] | None = None
        checked: list[Condition] = []
        for asked in (*self._asked, *self._implied):
            if asked.states is not None:
                states = tuple(state for state in asked.states if states is None or state in states)
            elif asked.equal is not None and asked.equal[0] not in equal:
                equal[asked.equal[0]] = asked.equal[1]
            elif asked.at_least is not None and asked.at_least[0] not in at_least:
                at_least[asked.at_least[0]] = asked.at_least[1]
            elif asked.below is not None and asked.below[0] not in below:
                below[asked.below[0]] = asked.below[1]
            else:
                checked.append(asked.condition)
        return Filters(
            equal,
            states=states,
            at_least=at_least,
            below=below,
            further=(*checked, *further),
            leads=(*self._leads, *(asked.lead for asked in self._asked if asked.lead is not None)),
            reverse=reverse,
            order=order,
        )

    def any_of(self) -> Condition | None:
        """Return the condition that one thing at least is met, None where nothing is asked for."""
        if not self._asked:
            return None
        alternatives = [asked.condition for asked in self._asked]
        sql = " OR ".join(sql for sql, _ in alternatives)
        return f"({sql})", tuple(value for _, values in alternatives for value in values)


def one_of(expression: str, values: Sequence[Any]) -> Condition:
    """Return the condition for one of some values."""
    if not values:
        return NOTHING
    if len(values) == 1:
        return f"{expression}=?", (values[0],)
    lists = [values[start : start + LISTED_VALUES] for start in range(0, len(values), LISTED_VALUES)]
    sql = " OR ".join(f"{expression} IN ({','.join('?' * len(part))})" for part in lists)
    return f"({sql})" if len(lists) > 1 else sql, tuple(values)
