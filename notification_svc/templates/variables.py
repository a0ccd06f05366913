"""The variables that an event gives its templates: names, kinds, samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit


class Kind(StrEnum):
    """What a variable is."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "true or false"
    MOMENT = "moment"
    SECONDS = "duration in seconds"
    LINK = "link"
    OBJECT = "object"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, or a field of one. `parts`: the fields of an object; of a list, those of what is in it.

    Of an event that does not have it, one that is not `required` is nothing: templates ask with `{% if %}`.
    """

    name: str
    kind: Kind
    about: str
    sample: Any = None
    required: bool = True
    parts: tuple[Variable, ...] = ()

    def part(self, name: str) -> Variable | None:
        """Return a field."""
        return next((each for each in self.parts if each.name == name), None)


def sample_of(variables: Sequence[Variable], *, everything: bool = True) -> dict[str, Any]:
    """Return sample data: of all variables, or only of those that every event has."""
    return {each.name: _sample(each, everything) for each in variables if everything or each.required}


def _sample(variable: Variable, everything: bool) -> Any:
    if variable.kind is Kind.OBJECT:
        return sample_of(variable.parts, everything=everything)
    if variable.kind is Kind.LIST:
        if variable.sample is None:
            return [sample_of(variable.parts, everything=everything)]
        return [{**sample_of(variable.parts, everything=everything), **each} for each in variable.sample]
    return variable.sample


def prepared(variables: Sequence[Variable], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an event as templates see it.

    Moments become datetimes, links that are none become nothing, and what an event may leave out is nothing. What the
    event does not declare is left out, so that it cannot become something that templates rely on.
    """
    result: dict[str, Any] = {}
    for variable in variables:
        value = data.get(variable.name)
        if value is not None:
            result[variable.name] = _value(variable, value)
        elif not variable.required:
            result[variable.name] = None
    return result


def _value(variable: Variable, value: Any) -> Any:
    match variable.kind:
        case Kind.OBJECT:
            return prepared(variable.parts, value) if isinstance(value, Mapping) else {}
        case Kind.LIST:
            entries = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
            return [prepared(variable.parts, each) for each in entries if isinstance(each, Mapping)]
        case Kind.MOMENT:
            return _moment(value)
        case Kind.LINK:
            return value if _is_link(value) else None
        case Kind.TEXT:
            return value if isinstance(value, str) else str(value)
        case _:
            return value if isinstance(value, int | float) else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _is_link(value: Any) -> bool:
    """Tell whether a link may stand in an e-mail: `javascript:` and its like may not."""
    try:
        return isinstance(value, str) and value.isprintable() and urlsplit(value).scheme in ("https", "http")
    except ValueError:
        return False
