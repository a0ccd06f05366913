"""Queries against a naive filter over the same records, read one by one: whatever is asked, the same is found.

The world is made up from a seed; filters, or-groups, orders and page sizes are drawn. Small windows make pages end early,
as they do among millions of rows.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from flowmesh.history.v1 import history_filters_pb2 as fpb
from flowmesh.history.v1 import history_query_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from history_svc.api.query_service import HistoryQueryServicer
from history_svc.consumers.projection import project
from history_svc.queries import pages
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.json_values import to_value
from tests.property.history.worlds import Record, World, make_world
from tests.unit.history.event_histories import timestamp

WORLDS = 2
QUERIES = 120

Naive = Callable[[Record], bool]
Draw = Callable[[], tuple[dict[str, Any], Naive]]


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    database = await open_database(database_url)
    yield database
    await database.close()


def _like(pattern: str) -> re.Pattern[str]:
    out, signs = "", iter(pattern)
    for sign in signs:
        if sign == "\\":
            out += re.escape(next(signs, sign))
        else:
            out += {"%": ".*", "_": "."}.get(sign, re.escape(sign))
    return re.compile(out, re.DOTALL)


def _pattern(chance: random.Random, text: str) -> str:
    text = text or "a"
    cut = chance.randrange(len(text))
    return chance.choice(
        [
            f"{text[:cut]}%",
            f"%{text[cut:]}",
            f"%{text[cut : cut + 2]}%",
            f"{text[:cut]}_{text[cut + 1 :]}",
            "%",
            text.upper(),
        ]
    )


def _kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


class Drawing:
    """Draws a filter of one kind together with what it means."""

    def __init__(self, chance: random.Random, world: World, records: list[Record]) -> None:
        self.chance = chance
        self.world = world
        self.records = records

    def one_of(self, field: str, attribute: str, *, known: bool = True) -> tuple[dict[str, Any], Naive]:
        values = {getattr(self.chance.choice(self.records), attribute) for _ in range(self.chance.choice([1, 1, 2, 3]))}
        if self.chance.random() < 0.1 and known:
            values = {type(next(iter(values)))()}
        values.discard(None)
        return {field: sorted(values)}, lambda record: not values or getattr(record, attribute) in values

    def like(self, field: str, attribute: str) -> tuple[dict[str, Any], Naive]:
        pattern = _pattern(self.chance, getattr(self.chance.choice(self.records), attribute))
        wanted = _like(pattern)
        return {field: pattern}, lambda record: wanted.fullmatch(getattr(record, attribute)) is not None

    def time(self, field: str, attribute: str) -> tuple[dict[str, Any], Naive]:
        micros = getattr(self.chance.choice(self.records), attribute) or self.world.start
        if self.chance.random() < 0.5:
            return {f"{field}_from": timestamp(micros)}, lambda record: (getattr(record, attribute) or -1) >= micros
        return {
            f"{field}_to": timestamp(micros)
        }, lambda record: getattr(record, attribute) is not None and getattr(record, attribute) < micros

    def duration(self, start: str) -> tuple[dict[str, Any], Naive]:
        micros = self.chance.choice([0, 1_000_000, 3_000_000])
        limit = Duration(seconds=micros // 1_000_000)

        def took(record: Record) -> Any:
            return None if record.end_micros is None else record.end_micros - getattr(record, start)

        if self.chance.random() < 0.5:
            return {"duration_from": limit}, lambda record: took(record) is not None and took(record) >= micros
        return {"duration_to": limit}, lambda record: took(record) is not None and took(record) < micros

    def flag(self, field: str, holds: Naive) -> tuple[dict[str, Any], Naive]:
        wanted = self.chance.random() < 0.5
        return {field: wanted}, lambda record: holds(record) is wanted

    def variable(
        self, field: str, values_of: Callable[[Record, str, bool], list[Any]], *, scopes: bool = False
    ) -> tuple[dict[str, Any], Naive]:
        name = self.chance.choice(self.world.names)
        operator = self.chance.randrange(11)
        any_scope = scopes and self.chance.random() < 0.3
        value = self.chance.choice(self.world.values)
        if operator in (7, 8):
            value = _pattern(
                self.chance, self.chance.choice([each for each in self.world.values if isinstance(each, str)])
            )
        condition = fpb.VariableCondition(name=name, operator=operator, value=to_value(value), any_scope=any_scope)

        def meets(found: Any) -> bool:
            same = _kind(found) == _kind(value)
            match operator:
                case 0 | 1:
                    return same and found == value
                case 2:
                    return not (same and found == value)
                case 7 | 8:
                    return isinstance(found, str) and (_like(value).fullmatch(found) is not None) is (operator == 7)
                case 9 | 10:
                    return True
            if not same or isinstance(value, list | dict | type(None)):
                return False
            return {3: found < value, 4: found <= value, 5: found > value, 6: found >= value}[operator]

        def holds(record: Record) -> bool:
            met = any(meets(found) for found in values_of(record, name, any_scope))
            return not met if operator == 10 else met

        return {field: [condition]}, holds


def _instance(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    world = draw.world
    options: list[Draw] = [
        lambda: draw.one_of("ids", "id"),
        lambda: draw.one_of("process_definition_ids", "definition_id"),
        lambda: draw.one_of("process_definition_keys", "key"),
        lambda: draw.like("process_definition_key_like", "key"),
        lambda: draw.one_of("business_keys", "business_key"),
        lambda: draw.like("business_key_like", "business_key"),
        lambda: draw.one_of("tenant_ids", "tenant_id"),
        lambda: draw.like("tenant_id_like", "tenant_id"),
        lambda: draw.one_of("statuses", "state", known=False),
        lambda: draw.flag("finished", lambda record: record.state > 2),
        lambda: draw.time("start_time", "start_micros"),
        lambda: draw.time("end_time", "end_micros"),
        lambda: draw.duration("start_micros"),
        lambda: draw.one_of("initiators", "initiator"),
        lambda: draw.like("end_reason_like", "end_reason"),
        lambda: draw.one_of("parent_process_instance_ids", "parent_id"),
        lambda: draw.one_of("root_process_instance_ids", "root_id"),
        lambda: draw.flag("called", lambda record: record.parent_id != ""),
        lambda: draw.variable("variables", world.instance_values, scopes=True),
        lambda: draw.variable("variables", world.instance_values, scopes=True),
        lambda: draw.flag("with_open_incidents", lambda record: world.incidents_of(record.id, 1) != []),
        lambda: _involved(draw, world.involved_in_instance),
        lambda: _at_element(draw, "active_element_ids", 1),
        lambda: _at_element(draw, "completed_element_ids", 2),
    ]
    return draw.chance.choice(options)()


def _task(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    world = draw.world
    options: list[Draw] = [
        lambda: draw.one_of("ids", "id"),
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("process_definition_keys", "key"),
        lambda: draw.one_of("element_ids", "element_id"),
        lambda: draw.like("name_like", "name"),
        lambda: draw.one_of("names", "name"),
        lambda: draw.like("description_like", "description"),
        lambda: draw.one_of("assignees", "assignee"),
        lambda: draw.like("assignee_like", "assignee"),
        lambda: draw.flag("assigned", lambda record: record.assignee != ""),
        lambda: draw.one_of("owners", "owner"),
        lambda: draw.one_of("completed_by", "completed_by"),
        lambda: draw.one_of("priorities", "priority"),
        lambda: draw.one_of("states", "state", known=False),
        lambda: draw.flag("finished", lambda record: record.state > 1),
        lambda: draw.time("create_time", "start_micros"),
        lambda: draw.time("end_time", "end_micros"),
        lambda: draw.time("due_time", "due_micros"),
        lambda: draw.flag("due", lambda record: record.due_micros is not None),
        lambda: draw.duration("start_micros"),
        lambda: draw.one_of("outcomes", "outcome"),
        lambda: draw.one_of("tenant_ids", "tenant_id"),
        lambda: draw.flag("process_finished", lambda record: world.instances[record.instance_id].state > 2),
        lambda: draw.variable("task_variables", world.task_values),
        lambda: draw.variable("process_variables", world.values_of_tasks_instance, scopes=True),
        lambda: _involved(draw, world.involved_in_task),
        lambda: _candidates(draw),
        lambda: _business_keys(draw),
    ]
    return draw.chance.choice(options)()


def _variable(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    options: list[Draw] = [
        lambda: draw.one_of("ids", "id"),
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("process_definition_keys", "key"),
        lambda: draw.one_of("names", "name"),
        lambda: draw.like("name_like", "name"),
        lambda: draw.flag("local", lambda record: record.scope != ""),
        lambda: draw.one_of("scope_activity_ids", "scope"),
        lambda: draw.one_of("tenant_ids", "tenant_id"),
        lambda: draw.one_of("types", "value_type", known=False),
        lambda: draw.time("update_time", "start_micros"),
        lambda: draw.variable(
            "values", lambda record, name, _: [record.value] if record.name == name and not record.deleted else []
        ),
    ]
    return draw.chance.choice(options)()


def _change(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    options: list[Draw] = [
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("names", "name"),
        lambda: draw.like("name_like", "name"),
        lambda: draw.one_of("variable_ids", "variable_id"),
        lambda: draw.flag("local", lambda record: record.scope != ""),
        lambda: draw.flag("deleted", lambda record: record.deleted),
        lambda: draw.one_of("user_ids", "user_id"),
        lambda: draw.time("change_time", "start_micros"),
        lambda: draw.one_of("types", "value_type", known=False),
    ]
    return draw.chance.choice(options)()


def _activity(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    world = draw.world
    options: list[Draw] = [
        lambda: draw.one_of("ids", "id"),
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("process_definition_keys", "key"),
        lambda: draw.one_of("element_ids", "element_id"),
        lambda: draw.like("element_name_like", "name"),
        lambda: draw.one_of("element_types", "element_type"),
        lambda: draw.one_of("states", "state", known=False),
        lambda: draw.flag("finished", lambda record: record.state > 1),
        lambda: draw.time("start_time", "start_micros"),
        lambda: draw.time("end_time", "end_micros"),
        lambda: draw.duration("start_micros"),
        lambda: draw.one_of("tenant_ids", "tenant_id"),
        lambda: draw.one_of("parent_activity_ids", "parent_id"),
        lambda: _assignees(draw, world),
    ]
    return draw.chance.choice(options)()


def _incident(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    options: list[Draw] = [
        lambda: draw.one_of("ids", "id"),
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("types", "name"),
        lambda: draw.like("message_like", "description"),
        lambda: draw.one_of("states", "state", known=False),
        lambda: draw.time("create_time", "start_micros"),
        lambda: draw.time("end_time", "end_micros"),
    ]
    return draw.chance.choice(options)()


def _job_event(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    options: list[Draw] = [
        lambda: draw.one_of("process_instance_ids", "instance_id"),
        lambda: draw.one_of("job_ids", "job_id"),
        lambda: draw.one_of("job_types", "name"),
        lambda: draw.one_of("events", "state", known=False),
        lambda: draw.like("error_message_like", "description"),
        lambda: draw.time("event_time", "start_micros"),
        lambda: draw.one_of("tenant_ids", "tenant_id"),
    ]
    return draw.chance.choice(options)()


def _involved(draw: Drawing, involved: Callable[[Record, str], bool]) -> tuple[dict[str, Any], Naive]:
    user = draw.chance.choice(draw.world.users)
    return {"involved_user": user}, lambda record: not user or involved(record, user)


def _at_element(draw: Drawing, field: str, state: int) -> tuple[dict[str, Any], Naive]:
    element = draw.chance.choice(draw.world.elements)
    return {field: [element]}, lambda record: draw.world.is_at(record.id, element, state)


def _candidates(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    group = draw.chance.choice(["it", "sales"])
    return {"candidate_groups": [group]}, lambda record: group in record.groups


def _business_keys(draw: Drawing) -> tuple[dict[str, Any], Naive]:
    key = draw.chance.choice(list(draw.world.instances.values())).business_key
    return {"business_keys": [key]}, lambda record: draw.world.instances[record.instance_id].business_key == key


def _assignees(draw: Drawing, world: World) -> tuple[dict[str, Any], Naive]:
    user = draw.chance.choice([user for user in world.users if user])
    return {"assignees": [user]}, lambda record: record.id in world.tasks and world.tasks[record.id].assignee == user


KINDS: dict[str, tuple[Any, Callable[[Drawing], tuple[dict[str, Any], Naive]], dict[str, str], tuple[str, bool]]] = {
    "HistoricProcessInstances": (
        fpb.HistoricProcessInstanceFilter,
        _instance,
        {"start_time": "start_micros", "end_time": "end_micros", "business_key": "business_key", "status": "state"},
        ("start_time", True),
    ),
    "HistoricActivities": (
        fpb.HistoricActivityFilter,
        _activity,
        {"end_time": "end_micros", "element_id": "element_id", "element_name": "name", "state": "state"},
        ("start_time", False),
    ),
    "HistoricTasks": (
        fpb.HistoricTaskFilter,
        _task,
        {
            "create_time": "start_micros",
            "end_time": "end_micros",
            "due_time": "due_micros",
            "name": "name",
            "priority": "priority",
            "assignee": "assignee",
        },
        ("create_time", True),
    ),
    "HistoricVariables": (
        fpb.HistoricVariableFilter,
        _variable,
        {"name": "name", "update_time": "start_micros"},
        ("id", False),
    ),
    "HistoricVariableChanges": (fpb.HistoricVariableChangeFilter, _change, {}, ("id", False)),
    "HistoricIncidents": (
        fpb.HistoricIncidentFilter,
        _incident,
        {"create_time": "start_micros", "end_time": "end_micros", "state": "state"},
        ("create_time", True),
    ),
    "HistoricJobEvents": (fpb.HistoricJobEventFilter, _job_event, {}, ("id", False)),
}


def _merged(parts: list[tuple[dict[str, Any], Naive]]) -> tuple[dict[str, Any], list[Naive]]:
    fields: dict[str, Any] = {}
    naive = []
    for asked, holds in parts:
        if not fields.keys() & asked.keys():
            fields.update(asked)
            naive.append(holds)
    return fields, naive


def _empty(fields: dict[str, Any]) -> bool:
    return all(value in ([], "") for value in fields.values())


def _sorted(records: list[Record], attributes: list[tuple[str, bool]], own: tuple[str, bool]) -> list[Record]:
    """Sort as the contract says; the id tells apart what is the same, in the direction of the last field."""
    found = sorted(records, key=lambda record: record.order, reverse=attributes[-1][1] if attributes else own[1])
    if not attributes:
        return found
    found = sorted(records, key=lambda record: record.id, reverse=attributes[-1][1])
    for attribute, down in reversed(attributes):
        found.sort(
            key=lambda record: (
                getattr(record, attribute) is None,
                0 if getattr(record, attribute) is None else getattr(record, attribute),
            ),
            reverse=down,
        )
    return found


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_queries_find_what_a_naive_filter_finds(
    history: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    world = make_world(chance)
    await history.write(project(world.events))
    servicer = HistoryQueryServicer(history)
    for number in range(QUERIES):
        name = chance.choice(list(KINDS))
        filter_type, draw_one, sortable, own = KINDS[name]
        records = world.records[name]
        draw = Drawing(chance, world, records)
        fields, naive = _merged([draw_one(draw) for _ in range(chance.choice([0, 1, 1, 2, 3]))])
        groups, group_naive = [], []
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            asked, alternatives = _merged([draw_one(draw) for _ in range(chance.choice([1, 2]))])
            if any(value in ([], "") for value in asked.values()):
                # What is not set is no alternative.
                continue
            groups.append(filter_type(**asked))
            group_naive.append(alternatives)
        # Many rows that lead nowhere, or few: each is another way to the same rows.
        monkeypatch.setattr(pages, "FEW", chance.choice([0, 3, 2_000]))
        monkeypatch.setattr(pages, "WINDOW_ROWS", chance.choice([1, 3, 2_000]))
        monkeypatch.setattr(pages, "LOOKING_SECONDS", chance.choice([-1.0, 10.0]))
        monkeypatch.setattr(pages, "SORTABLE", 10_000)
        order: list[tuple[str, bool]] = []
        if sortable and chance.random() < 0.4:
            names = chance.sample(list(sortable), k=min(len(sortable), chance.choice([1, 1, 2])))
            by_index = names in (["end_time"], ["due_time"]) and name in ("HistoricProcessInstances", "HistoricTasks")
            if not by_index and names != [own[0]] and not fields.get("ids"):
                # Else there may be nothing that leads to few rows.
                fields["ids"] = [record.id for record in records]
            order = [(each, chance.random() < 0.5) for each in names]
        expected = [
            record
            for record in records
            if all(holds(record) for holds in naive)
            and all(any(holds(record) for holds in alternatives) for alternatives in group_naive)
        ]
        if name == "HistoricVariables":
            expected = [record for record in expected if not record.deleted]
        if [each for each, _ in order] == [own[0]]:
            expected = _sorted(expected, [], (own[0], order[0][1]))
        else:
            expected = _sorted(expected, [(sortable[each], down) for each, down in order], own)
        text = ", ".join(f"{each} desc" if down else each for each, down in order)
        asked = filter_type(**fields)
        request = getattr(pb, f"Query{name}Request")(
            filter=asked, or_groups=groups, order_by=text, page_size=chance.choice([2, 5, 1000])
        )
        found: list[str] = []
        while True:
            answer = await getattr(servicer, f"Query{name}")(request)
            (listed,) = [
                getattr(answer, each.name) for each in answer.DESCRIPTOR.fields if each.name != "next_page_token"
            ]
            assert len(listed) <= request.page_size
            found += [record.id for record in listed]
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        assert found == [record.id for record in expected], (seed, number, request)
        counted = getattr(pb, f"Count{name}Request")(filter=asked, or_groups=groups, max_count=10_000)
        count = await getattr(servicer, f"Count{name}")(counted)
        assert (count.count, count.at_least) == (len(expected), False), (seed, number, request)
