"""Conditions on the values of variables.

An index on name and value leads to the few variables that have a rare one; what it cannot say is looked at row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from google.protobuf.struct_pb2 import Value

from history_svc.queries.dialect import Dialect, literal_prefix
from history_svc.queries.leads import Lead
from history_svc.storage.layout import VARIABLE_TABLE
from history_svc.storage.values import BOOLEAN, NUMBER, STRING, compared, value_to_json
from history_svc.storage.variable_id import name_part
from mesh.access.row_conditions import NOTHING, Condition

_LAST: Final = "\U0010ffff"


class Comparison(IntEnum):
    """How a value is compared, numbered as in the contract."""

    EQUAL = 1
    NOT_EQUAL = 2
    LESS = 3
    LESS_OR_EQUAL = 4
    GREATER = 5
    GREATER_OR_EQUAL = 6
    LIKE = 7
    NOT_LIKE = 8
    EXISTS = 9
    NOT_EXISTS = 10


_SIGNS: Final = {
    Comparison.LESS: "<",
    Comparison.LESS_OR_EQUAL: "<=",
    Comparison.GREATER: ">",
    Comparison.GREATER_OR_EQUAL: ">=",
}


@dataclass(slots=True, frozen=True)
class WantedVariable:
    """What a variable has to be. `value` is a text with a pattern for LIKE and NOT_LIKE."""

    name: str
    comparison: Comparison
    value: Value
    any_scope: bool = False


def of_variable(wanted: WantedVariable, dialect: Dialect, alias: str) -> Condition:
    """Return the condition for a variable itself, a row with this alias."""
    name = f"{alias}.name=? AND {alias}.deleted=0"
    condition = _has_value(wanted, dialect, alias)
    return (name, (wanted.name,)) if condition is None else (f"{name} AND {condition[0]}", (wanted.name, *condition[1]))


def in_instance_of(wanted: WantedVariable, dialect: Dialect, instance_id: str) -> Condition:
    """Return the condition for rows whose instance, its id in a column that is named with its table, has it."""
    sql, values = of_variable(wanted, dialect, "v")
    if wanted.any_scope:
        where: Condition = (f"v.process_instance_id={instance_id}", ())
    else:
        where = (f"v.id={dialect.joined(instance_id, '?')}", (f".0.{name_part(wanted.name)}",))
    return _exists(wanted, where, (sql, values))


def in_task_of(wanted: WantedVariable, dialect: Dialect, task_id: str) -> Condition:
    """Return the condition for tasks, their ids in a column that is named with its table, that have it themselves."""
    where: Condition = (f"v.id={dialect.joined(task_id, '?')}", (f".{name_part(wanted.name)}",))
    return _exists(wanted, where, of_variable(wanted, dialect, "v"))


def lead_to(wanted: WantedVariable, owner: str, column: str) -> Lead | None:
    """Return what leads to the owners of such variables (and of others): their ids are in the column `owner`."""
    condition = _indexed(wanted)
    if condition is None:
        return None
    sql, values = condition
    query = f"SELECT {owner} AS own_id FROM {VARIABLE_TABLE} WHERE name=? AND {sql}"
    return Lead(query, (wanted.name, *values), column)


def _exists(wanted: WantedVariable, where: Condition, condition: Condition) -> Condition:
    negation = "NOT " if wanted.comparison is Comparison.NOT_EXISTS else ""
    sql = f"{negation}EXISTS(SELECT 1 FROM {VARIABLE_TABLE} v WHERE {where[0]} AND {condition[0]})"
    return sql, (*where[1], *condition[1])


def _has_value(wanted: WantedVariable, dialect: Dialect, alias: str) -> Condition | None:
    kind, number, text = compared(wanted.value)
    match wanted.comparison:
        case Comparison.EXISTS | Comparison.NOT_EXISTS:
            return None
        case Comparison.EQUAL:
            return f"{alias}.value_type=? AND {alias}.value_json=?", (kind, value_to_json(wanted.value))
        case Comparison.NOT_EQUAL:
            return f"{alias}.value_json<>?", (value_to_json(wanted.value),)
        case Comparison.LIKE:
            return dialect.like(f"{alias}.text_value", wanted.value.string_value)
        case Comparison.NOT_LIKE:
            sql, values = dialect.like(f"{alias}.text_value", wanted.value.string_value)
            return f"{alias}.value_type={STRING} AND NOT {sql}", values
        case _:
            sign = _SIGNS[wanted.comparison]
            if kind == STRING:
                return f"{alias}.text_value{sign}?", (text,)
            if kind in (NUMBER, BOOLEAN):
                return f"{alias}.value_type=? AND {alias}.number_value{sign}?", (kind, number)
            return NOTHING


def _indexed(wanted: WantedVariable) -> Condition | None:
    """Return what an index on the value tells of it, None where it leads nowhere."""
    kind, number, text = compared(wanted.value)
    values: tuple[Any, ...]
    match wanted.comparison:
        case Comparison.NOT_EXISTS:
            return None
        case Comparison.EXISTS | Comparison.NOT_EQUAL:
            return "1=1", ()
        case Comparison.LIKE:
            prefix = literal_prefix(wanted.value.string_value)
            sql, values = "text_value>=? AND text_value<?", (prefix, prefix + _LAST)
            return (sql, values) if prefix else ("text_value IS NOT NULL", ())
        case Comparison.NOT_LIKE:
            return "text_value IS NOT NULL", ()
        case Comparison.EQUAL if kind == STRING:
            return "text_value=?", (text,)
        case Comparison.EQUAL if kind in (NUMBER, BOOLEAN):
            return "text_value IS NULL AND number_value=?", (number,)
        case Comparison.EQUAL:
            return "text_value IS NULL AND number_value IS NULL", ()
        case _:
            sign = _SIGNS[wanted.comparison]
            if kind == STRING:
                return f"text_value{sign}?", (text,)
            return (f"text_value IS NULL AND number_value{sign}?", (number,)) if number is not None else None
