"""Random forms, variables and submissions, with every type of field and every constraint."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
SHOWN = ("text", "html", "image", "table", "documentPreview", "spacer", "separator", "iframe", "button")
WORDS = (
    "",
    "a",
    "b",
    "ab",
    "hello",
    "中文字",
    "😀x",
    "  padded ",
    "two\nlines",
    "a@b.co",
    "+4930664040900",
    "x@",
    "007",
)
NUMBERS: tuple[Any, ...] = (0, 1, 2, 5, 7, 10, -3, 0.5, 1.25, 12.345, 100, 1e-7, 123456789012)
NUMBER_TEXTS = ("1", "0", "2.50", "-3", "7.125", "1e3", "5.")
OPTION_LISTS: tuple[list[Any], ...] = (
    ["a", "b", "ab"],
    [1, 2, 7],
    [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
    [{"label": "One", "value": {"id": 1}}, {"label": "Two", "value": {"id": 2}}, {"value": "b"}],
    [True, False, "a"],
    [{"label": "Nothing"}, "", None, {"label": "A", "value": "a"}],
)
JUNK: tuple[Any, ...] = (True, 3, "zz", ["a"], {"a": 1}, [], None, "", 0, False)


@dataclass
class Case:
    """A form, the variables it is shown with, and what is entered."""

    schema: Json
    variables: Json
    submitted: Json
    zone: str
    files: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    """Ids of the fields that can only be read, whatever is entered elsewhere."""


def random_case(seed: int) -> Case:
    """Return the case of a seed."""
    return _Maker(random.Random(seed)).case()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0
        self.depth = 0
        self.zone = chance.choice(ZONES)
        self.entering = False
        self.files: dict[str, list[dict[str, str]]] = {}
        self.today = datetime.datetime.now(ZoneInfo(self.zone)).date()
        # Names that conditions may read, by what they hold.
        self.numbers = ["n1", "n2", "nothing"]
        self.texts = ["s1", "nothing"]
        self.flags = ["f1", "f2"]

    def case(self) -> Case:
        chance = self.chance
        schema: Json = {"type": "default", "id": "Form", "components": self.components(chance.randint(2, 9), 0, [])}
        if chance.random() < 0.7:
            schema["schemaVersion"] = chance.randint(1, 19)
        variables = {
            "n1": chance.choice((0, 3, 6)),
            "n2": chance.choice((1, 4, 10)),
            "s1": chance.choice(("a", "b", "")),
            "f1": chance.random() < 0.5,
            "f2": chance.random() < 0.5,
            "choices": chance.choice(OPTION_LISTS),
            "unrelated": {"deep": [1, {"x": None}]},
        }
        self.fill(schema, variables, 0.4)
        submitted: Json = {"stranger": 1}
        self.entering = True
        self.fill(schema, submitted, 0.85)
        holding = {True, "=true"}
        if variables["f1"]:
            holding.add("=f1")
        if not variables["f2"]:
            holding.add("=not(f2)")
        fixed = [one["id"] for one in _all(schema) if one.get("readonly") in holding]
        return Case(schema, variables, submitted, self.zone, self.files, fixed)

    # The form.

    def components(self, count: int, depth: int, rows: list[str]) -> list[Json]:
        return [self.component(depth, rows) for _ in range(count)]

    def component(self, depth: int, rows: list[str]) -> Json:
        chance = self.chance
        self.count += 1
        name = f"k{self.count}"
        one: Json = {"id": f"Field_{self.count}", "label": f"Label {self.count}"}
        kind = chance.random()
        if kind < 0.14 and depth < 3:
            one |= {"type": "group"}
            if chance.random() < 0.6:
                one["path"] = chance.choice((name, f"{name}.in", "shared"))
            if depth and one.get("path") == "shared":
                one["path"] = name
            one["components"] = self.inside(chance.randint(0, 4), depth, rows)
        elif kind < 0.28 and depth < 3:
            one |= {"type": "dynamiclist", "path": chance.choice((name, f"{name}.rows"))}
            one["components"] = self.inside(chance.randint(1, 4), depth, [*rows, one["path"]])
            if chance.random() < 0.5:
                one["defaultRepetitions"] = chance.randint(0, 3)
            if chance.random() < 0.2:
                one["allowAddRemove"] = False
        elif kind < 0.33:
            one |= {"type": chance.choice(SHOWN), "text": "Hello {{s1}}"}
        else:
            self.value_field(one, name, rows)
        if chance.random() < 0.3:
            one["conditional"] = {"hide": self.condition(rows)}
        return one

    def inside(self, count: int, depth: int, rows: list[str]) -> list[Json]:
        # What lies deeper has other paths, so conditions outside do not name it.
        kept = self.numbers[:], self.texts[:], self.flags[:]
        self.depth += 1
        components = self.components(count, depth + 1, rows)
        self.depth -= 1
        self.numbers, self.texts, self.flags = kept
        return components

    def value_field(self, one: Json, name: str, rows: list[str]) -> None:
        chance = self.chance
        one["key"] = name if chance.random() < 0.8 else f"{name}.part"
        kind = chance.choice(
            [
                "textfield",
                "textarea",
                "number",
                "number",
                "checkbox",
                "radio",
                "select",
                "checklist",
                "taglist",
                "datetime",
                "datetime",
                "expression",
                "filepicker",
                "textfield",
                "number",
            ]
        )
        one["type"] = kind
        validate: Json = {}
        if chance.random() < 0.4:
            validate["required"] = chance.random() < 0.8
        getattr(self, f"as_{kind}", lambda *_: None)(one, validate, rows)
        if validate:
            one["validate"] = validate
        fate = chance.random()
        if fate < 0.06:
            one["disabled"] = True
        elif fate < 0.1 and kind != "datetime" and not rows:
            # In rows that come and go the server cannot tell which row it was.
            one["readonly"] = True
        elif fate < 0.12 and kind != "datetime" and not rows:
            one["readonly"] = chance.choice(("=true", "=f1", "=not(f2)"))
        elif fate < 0.14 and kind != "datetime" and len(self.flags) > 2 and not self.depth:
            one["readonly"] = f"={self.flags[-1]}"

    def as_textfield(self, one: Json, validate: Json, rows: list[str]) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            validate["minLength"] = chance.choice((0, 1, 2, 3, f"={chance.choice(self.numbers)}"))
        if chance.random() < 0.3:
            validate["maxLength"] = chance.choice((1, 3, 5, f"={chance.choice(self.numbers)}", "=s1"))
        if chance.random() < 0.2:
            validate["pattern"] = chance.choice(("^a", "[0-9]+", "^.{2}$", "^\\w+$", "(?<!x)b$"))
            if chance.random() < 0.5:
                validate["patternErrorMessage"] = "own words"
        if chance.random() < 0.2:
            validate["validationType"] = chance.choice(("email", "phone", "custom", ""))
        if chance.random() < 0.2:
            one["defaultValue"] = chance.choice(WORDS).replace("\n", " ")
        if not rows and "." not in one["key"]:
            self.texts.append(one["key"])

    as_textarea = as_textfield

    def as_number(self, one: Json, validate: Json, rows: list[str]) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            validate["min"] = chance.choice((0, 2, -1.5, "3", f"={chance.choice(self.numbers)}", "=s1"))
        if chance.random() < 0.3:
            validate["max"] = chance.choice((5, 10.5, f"={chance.choice(self.numbers)} + 1"))
        if chance.random() < 0.3:
            one["decimalDigits"] = chance.randint(0, 2)
        if chance.random() < 0.3:
            one["increment"] = chance.choice((1, 0.5, "0.25", 3, "0.1"))
        if chance.random() < 0.25:
            one["serializeToString"] = True
        elif chance.random() < 0.2:
            one["defaultValue"] = chance.choice(NUMBERS)
        if not rows and "." not in one["key"] and "serializeToString" not in one:
            self.numbers.append(one["key"])

    def as_checkbox(self, one: Json, validate: Json, rows: list[str]) -> None:
        if self.chance.random() < 0.2:
            one["defaultValue"] = self.chance.random() < 0.5
        if not rows and "." not in one["key"]:
            self.flags.append(one["key"])

    def as_select(self, one: Json, validate: Json, rows: list[str]) -> None:
        chance = self.chance
        source = chance.random()
        if source < 0.5:
            one["values"] = chance.choice(OPTION_LISTS)
            if chance.random() < 0.2 and one["type"] in ("select", "radio"):
                option = chance.choice(one["values"])
                value = option.get("value") if isinstance(option, dict) else option
                if value not in (None, ""):
                    one["defaultValue"] = value
        elif source < 0.7:
            one["valuesKey"] = chance.choice(("choices", "choices", "missing", "s1"))
        elif source < 0.95:
            one["valuesExpression"] = chance.choice(
                (
                    "=choices",
                    f'=if {chance.choice(self.flags)} then ["a", "b"] else ["ab", 1]',
                    "=[1, 2, n1]",
                    "=missing",
                    f'=if {chance.choice(self.numbers)} > 4 then ["a"] else [{{label: "L", value: "b"}}]',
                )
            )
        if one["type"] == "select" and chance.random() < 0.3:
            one["searchable"] = True

    as_radio = as_checklist = as_taglist = as_select

    def as_datetime(self, one: Json, validate: Json, rows: list[str]) -> None:
        chance = self.chance
        one["subtype"] = chance.choice(("date", "time", "datetime"))
        if chance.random() < 0.5:
            one["timeSerializingFormat"] = chance.choice(("utc_offset", "utc_normalized", "no_timezone"))
        if chance.random() < 0.5:
            one["timeInterval"] = chance.choice((1, 5, 10, 15, 30, 60))
        if chance.random() < 0.3:
            one["disallowPassedDates"] = True

    def as_expression(self, one: Json, validate: Json, rows: list[str]) -> None:
        chance = self.chance
        choices = [
            f"={chance.choice(self.numbers)} + {chance.choice(self.numbers)}",
            f"=if {chance.choice(self.flags)} then 1 else 2",
            f'={chance.choice(self.texts)} + "x"',
            "=n1 * 2",
            "=[n1, s1]",
            "={a: n2}",
        ]
        if rows:
            choices += ["=i[1]", "=this", "=count(parent.choices)"]
        one["expression"] = chance.choice(choices)
        if one["expression"] == "=this":
            one["expression"] = "=i"
        if chance.random() < 0.25:
            one["computeOn"] = "presubmit"
        elif not rows and "." not in one["key"] and one["expression"] in choices[:2]:
            self.numbers.append(one["key"])

    def condition(self, rows: list[str]) -> str:
        chance = self.chance
        number, words, flag = chance.choice(self.numbers), chance.choice(self.texts), chance.choice(self.flags)
        choices = [
            f"={flag}",
            f"=not({flag})",
            f"={number} > 4",
            f"={number} = null",
            f'={words} = "a"',
            f'={words} != "a"',
            f"={flag} and {number} < 5",
            "=true",
            f'={words} = null or {words} = ""',
        ]
        if rows:
            choices += ["=i[1] = 2", "=parent.n1 > 4", f"=_parent_.{flag}", f"=this.k{self.count - 1} = null"]
        return chance.choice(choices)

    # What is in it.

    def fill(self, container: Json, data: Json, likely: float) -> None:
        chance = self.chance
        for one in container["components"]:
            if one["type"] == "group":
                target = data
                for step in (one.get("path") or "").split("."):
                    if step:
                        target = target.setdefault(step, {})
                self.fill(one, target, likely)
            elif one["type"] == "dynamiclist":
                if chance.random() < likely:
                    rows: list[Json] = [{} for _ in range(chance.randint(0, 3))]
                    for row in rows:
                        self.fill(one, row, likely)
                    self.put(data, one["path"], rows)
            elif "key" in one and chance.random() < likely:
                self.put(data, one["key"], self.value(one))

    def put(self, data: Json, path: str, value: Any) -> None:
        *above, last = path.split(".")
        for step in above:
            data = data.setdefault(step, {})
        data[last] = value

    def value(self, one: Json) -> Any:
        chance = self.chance
        kind = one["type"]
        # What is no list takes form-js's page down where the options are computed.
        breaks_page = kind in ("checklist", "taglist") and "valuesExpression" in one
        if chance.random() < 0.07 and not breaks_page:
            return chance.choice(JUNK)
        if kind in ("textfield", "textarea"):
            return chance.choice(WORDS)
        if kind == "number":
            return chance.choice(NUMBERS if chance.random() < 0.8 else NUMBER_TEXTS)
        if kind == "checkbox":
            return chance.random() < 0.6
        if kind in ("select", "radio"):
            return self.option(one)
        if kind in ("checklist", "taglist"):
            chosen = [self.option(one) for _ in range(chance.randint(0, 3))]
            return [value for at, value in enumerate(chosen) if value not in chosen[:at]]
        if kind == "datetime":
            return self.moment(one)
        if kind == "filepicker":
            if not self.entering or chance.random() < 0.3:
                return "files::unknown"
            key = f"files::{len(self.files)}"
            self.files[key] = [{"name": "a.txt"}]
            return key
        return chance.choice((1, "x", None))

    def option(self, one: Json) -> Any:
        chance = self.chance
        options = one.get("values") or chance.choice(OPTION_LISTS)
        option = chance.choice(options)
        value = option.get("value") if isinstance(option, dict) else option
        return value if chance.random() < 0.93 else chance.choice(("zz", 99, {"id": 3}))

    def moment(self, one: Json) -> str:
        chance = self.chance
        date = chance.choice(
            (
                (self.today + datetime.timedelta(days=chance.randint(-2, 2))).isoformat(),
                "2031-07-04",
                "2030-01-31",
                "1899-06-01",
            )
        )
        minute = chance.choice((0, 0, 15, 30, 5, 20, 7))
        if not self.entering:
            # Whether form-js moves a time with which a field begins depends on what else the page has to do just then.
            minute -= minute % one.get("timeInterval", 15)
        time = f"{chance.randint(0, 23):02}:{minute:02}"
        offset = f"{datetime.datetime.now(ZoneInfo(self.zone)):%z}"
        zone_format = one.get("timeSerializingFormat", "")
        zone = {"utc_offset": f"{offset[:3]}:{offset[3:]}", "utc_normalized": "Z"}.get(zone_format, "")
        # What is typed is written as the field writes it; only a date in another form is put right at once.
        if self.entering and one["subtype"] == "time":
            return f"{time}{zone}"
        if chance.random() < 0.2:
            zone = chance.choice(("", "Z", "+02:00", "-05:00"))
        if chance.random() < 0.15:
            time += chance.choice((":00", ":30.125"))
        if chance.random() < 0.05:
            return chance.choice(("tomorrow", "2030-13-01", "25:00", "2030-01", f"{date}T{time}", date, time))
        if one["subtype"] == "date":
            return date
        return f"{time}{zone}" if one["subtype"] == "time" else f"{date}T{time}{zone}"


def _all(container: Json) -> Iterator[Json]:
    for one in container["components"]:
        yield one
        if "components" in one:
            yield from _all(one)
