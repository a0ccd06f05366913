"""What queries can be ordered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from history_svc.queries.listings import (
    ACTIVITIES,
    INCIDENTS,
    INSTANCES,
    JOB_LOG,
    TASKS,
    VARIABLE_CHANGES,
    VARIABLES,
)
from history_svc.queries.pages import Listing
from history_svc.queries.sorting import Sort, by_column, by_duration, by_text
from mesh.errors import InvalidField, Violation


@dataclass(slots=True, frozen=True)
class Orders:
    """The names that a query can be ordered by; `own` is that of the list's own order."""

    listing: Listing
    own: str
    sorts: Mapping[str, Sort]


def _orders(
    listing: Listing,
    own: str,
    *,
    texts: tuple[str, ...] = (),
    numbers: tuple[str, ...] = (),
    long_texts: tuple[str, ...] = (),
    times: Mapping[str, tuple[str, bool]] | None = None,
    lasting: str = "",
) -> Orders:
    """`times` are the columns by name, and whether they may be missing; `lasting` is the column of the start."""
    columns = listing.columns
    sorts = {name: by_column(columns, name, str) for name in texts}
    sorts |= {name: by_column(columns, name, int) for name in numbers}
    sorts |= {name: by_text(columns, name) for name in long_texts}
    for name, (column, nullable) in (times or {}).items():
        sorts[name] = by_column(columns, column, int, nullable=nullable)
    if lasting:
        sorts["duration"] = by_duration(columns, lasting, "end_micros")
    return Orders(listing, own, sorts)


INSTANCE_ORDERS: Final = _orders(
    INSTANCES,
    "start_time",
    texts=("id", "business_key", "initiator", "process_definition_id", "process_definition_key", "tenant_id"),
    numbers=("process_definition_version", "status"),
    times={"start_time": ("start_micros", False), "end_time": ("end_micros", True)},
    lasting="start_micros",
)
ACTIVITY_ORDERS: Final = _orders(
    ACTIVITIES,
    "start_time",
    texts=(
        "id",
        "element_id",
        "element_type",
        "process_definition_id",
        "process_definition_key",
        "process_instance_id",
        "tenant_id",
    ),
    numbers=("state",),
    long_texts=("element_name",),
    times={"start_time": ("start_micros", False), "end_time": ("end_micros", True)},
    lasting="start_micros",
)
TASK_ORDERS: Final = _orders(
    TASKS,
    "create_time",
    texts=(
        "id",
        "assignee",
        "category",
        "element_id",
        "owner",
        "process_definition_id",
        "process_definition_key",
        "process_instance_id",
        "tenant_id",
    ),
    numbers=("priority", "state"),
    long_texts=("name",),
    times={
        "create_time": ("create_micros", False),
        "end_time": ("end_micros", True),
        "due_time": ("due_micros", True),
        "follow_up_time": ("follow_up_micros", True),
    },
    lasting="create_micros",
)
VARIABLE_ORDERS: Final = _orders(
    VARIABLES,
    "id",
    texts=("name", "process_instance_id", "tenant_id"),
    times={"update_time": ("update_micros", False)},
)
VARIABLE_CHANGE_ORDERS: Final = _orders(VARIABLE_CHANGES, "id")
INCIDENT_ORDERS: Final = _orders(
    INCIDENTS,
    "create_time",
    texts=("id", "element_id", "process_definition_key", "tenant_id", "type"),
    numbers=("state",),
    times={"create_time": ("create_micros", False), "end_time": ("end_micros", True)},
    lasting="create_micros",
)
JOB_EVENT_ORDERS: Final = _orders(JOB_LOG, "id")


def parse_order(text: str, orders: Orders) -> tuple[bool, tuple[Sort, ...]]:
    """Return whether the list's own order is turned round, and the other order, empty where it is the list's own.

    Raises `InvalidField` for a name that there is not, or not once.
    """
    if not text:
        return False, ()
    parts = [part.strip().split(" ") for part in text.split(",")]
    names = [part[0] for part in parts]
    downward = [len(part) > 1 for part in parts]
    if names == [orders.own]:
        return downward[0] != orders.listing.descending, ()
    known = {*orders.sorts, orders.own}
    for place, name in enumerate(names):
        if name not in orders.sorts or name in names[:place]:
            listed = ", ".join(f"`{each}`" for each in sorted(known))
            raise InvalidField(
                "FIELD_INVALID",
                f"order_by: `{name}` is nothing to order by, or is there twice.",
                violations=[Violation("order_by", f"Names each once, of {listed}.")],
            )
    return False, tuple(orders.sorts[name].turned(descending=down) for name, down in zip(names, downward, strict=True))
