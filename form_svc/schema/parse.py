"""Reads a form: bytes to a `FormSchema`, or all that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from form_svc.schema.field_types import FIELD_TYPES, FORM, FieldType, Input
from form_svc.schema.fields import (
    check_shown,
    read_binding,
    read_computation,
    read_constraints,
    read_date_time,
    read_default,
    read_files,
    read_number,
    read_options,
    read_readonly,
    read_rows,
)
from form_svc.schema.json_reading import NotReadable, read_json
from form_svc.schema.limits import MAX_FIELD_DEPTH, MAX_FIELDS, MAX_INSTANCES
from form_svc.schema.model import MISSING, Field, FormSchema
from form_svc.schema.paths import PathClaims
from form_svc.schema.problems import FormSchemaInvalid, Problems, SchemaProblem
from form_svc.schema.properties import Properties, Reading, shown

NEWEST_VERSION: Final = 19
"""The newest version of the format; form-js reads all older ones as they are."""

_ROOT: Final = "$"


def parse(document: bytes) -> FormSchema:
    """Return the form. Raises `FormSchemaInvalid` with all its problems."""
    try:
        content = read_json(document)
    except NotReadable as error:
        raise FormSchemaInvalid((SchemaProblem(_ROOT, "", str(error)),)) from None
    if not isinstance(content, dict):
        raise FormSchemaInvalid((SchemaProblem(_ROOT, "", "the form is no JSON object; export it as JSON"),))
    return _FormReader(content).read()


class _FormReader:
    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._problems = Problems()
        self._reading = Reading(self._problems, frozenset(_names(content)))
        self._fields: dict[str, Field] = {}
        self._count = 0
        self._claims = PathClaims()

    def read(self) -> FormSchema:
        properties = Properties(self._content, _ROOT, "", self._reading)
        version = self._version(properties)
        if self._content.get("type", MISSING) != FORM.name:
            properties.problem("type", f'{shown_type(self._content)}; a form has "type": "default"')
        root = self._field(self._content, _ROOT, FORM, None, 0)
        if _instances(root) > MAX_INSTANCES:
            properties.problem(
                "components",
                f"lists begin with so many rows that there are more than {MAX_INSTANCES} fields; use fewer",
            )
        if self._problems.found:
            raise FormSchemaInvalid(self._problems.found)
        fields = self._fields.values()
        return FormSchema(
            id=root.id,
            version=version,
            root=root,
            fields=self._fields,
            has_conditions=any(field.hide is not None for field in fields),
            data_roots=frozenset(field.value_path[0] for field in fields if field.value_path),
        )

    def _version(self, properties: Properties) -> int | None:
        version = properties.raw("schemaVersion")
        if version is MISSING or version is None:
            return None
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            properties.problem("schemaVersion", f"{shown(version)} is no version; write a whole number from 1 on")
            return None
        if version > NEWEST_VERSION:
            properties.problem(
                "schemaVersion",
                f"version {version} is newer than {NEWEST_VERSION}, the newest that is known; export the form from an"
                " editor of that version",
            )
        return version

    def _field(
        self, content: dict[str, Any], path: str, field_type: FieldType, parent: Field | None, depth: int
    ) -> Field:
        given_id = content.get("id")
        field_id = given_id if isinstance(given_id, str) and given_id else f"{field_type.name}{path[1:]}"
        properties = Properties(content, path, field_id, self._reading)
        if given_id is not None and not isinstance(given_id, str):
            properties.problem("id", f"{shown(given_id)} is no text; write it in quotes")
        field = Field(id=field_id, type=field_type, json_path=path, parent=parent)
        if field_id in self._fields:
            other = self._fields[field_id].json_path
            properties.problem("id", f"{shown(field_id)} is the id of {other} already; give each field its own")
        else:
            self._fields[field_id] = field
        self._read_common(field, properties)
        self._read_own(field, properties)
        if field_type.is_container:
            field.components = self._components(field, properties, depth)
        elif "components" in properties:
            properties.problem("components", f"fields of type {field_type.name} hold no others; use a group")
        return field

    def _read_common(self, field: Field, properties: Properties) -> None:
        label = properties.raw("label")
        field.label = label if isinstance(label, str) else ""
        check_shown(properties, field.type)
        field.hide = properties.part("conditional").unary_tests("hide")
        field.readonly = read_readonly(properties)
        field.disabled = properties.flag("disabled")

    def _read_own(self, field: Field, properties: Properties) -> None:
        kind = field.type
        above = field.parent.value_path if field.parent is not None else ()
        if kind.is_keyed or kind.has_path:
            field.binding = read_binding(properties, kind)
        field.value_path = above + field.binding
        if (kind.has_path or field.binding) and (obstacle := self._claims.claim(field)) is not None:
            properties.problem(
                "key" if kind.is_keyed else "path",
                f"{'.'.join(field.value_path)} belongs to {obstacle.json_path} ({obstacle.id}); choose another name",
            )
        if not kind.is_keyed:
            if kind.is_list:
                field.rows = read_rows(properties)
            return
        field.constraints = read_constraints(properties, kind)
        if kind.has_options:
            field.options = read_options(properties)
        match kind.input:
            case Input.NUMBER:
                field.number = read_number(properties)
            case Input.DATE_TIME:
                field.date_time = read_date_time(properties)
            case Input.FILES:
                field.files = read_files(properties)
            case Input.COMPUTED:
                field.computation = read_computation(properties)
            case _:
                pass
        field.default = read_default(properties, kind, field.number, field.options)

    def _components(self, field: Field, properties: Properties, depth: int) -> tuple[Field, ...]:
        components = properties.raw("components")
        if components is MISSING or components is None:
            return ()
        if not isinstance(components, list):
            properties.problem("components", f"{shown(components)} is no list; write [ … ]")
            return ()
        if depth >= MAX_FIELD_DEPTH:
            properties.problem("components", f"groups and lists lie more than {MAX_FIELD_DEPTH} deep; flatten them")
            return ()
        read = []
        for at, content in enumerate(components):
            path = f"{properties.path}.components[{at}]"
            if self._count >= MAX_FIELDS:
                self._problems.add(path, field.id, f"there are more than {MAX_FIELDS} fields; split the form")
                break
            self._count += 1
            field_type = self._type(content, path)
            if field_type is not None:
                read.append(self._field(content, path, field_type, field, depth + 1))
        return tuple(read)

    def _type(self, content: Any, path: str) -> FieldType | None:
        if not isinstance(content, dict):
            self._problems.add(path, "", f"{shown(content)} is no field; write {{…}} with a type")
            return None
        name = content.get("type")
        field_type = FIELD_TYPES.get(name) if isinstance(name, str) else None
        if field_type is None:
            field_id = content.get("id")
            self._problems.add(
                f"{path}.type",
                field_id if isinstance(field_id, str) else "",
                f"{shown_type(content)}; use one of {', '.join(sorted(FIELD_TYPES))}",
            )
        return field_type


def shown_type(content: dict[str, Any]) -> str:
    """Return what is to be said of a component's type that is unknown."""
    return f"the type {shown(content['type'])} is unknown" if "type" in content else "there is no type"


def _names(content: dict[str, Any]) -> Iterator[str]:
    """Yield the names that the form's fields have in the data."""
    for name in ("key", "path"):
        binding = content.get(name)
        if isinstance(binding, str):
            yield from filter(None, binding.split("."))
    components = content.get("components")
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict):
            yield from _names(component)


def _instances(field: Field) -> float:
    """Return how many fields there are at first, rows counted."""
    below = 1.0 + math.fsum(_instances(component) for component in field.components)
    return below * field.rows.first_rows if field.type.is_list else below
